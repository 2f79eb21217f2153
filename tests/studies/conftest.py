"""The study of the paper's design, simulated once; before that with an engine that dies on every transistor."""

import shutil
from pathlib import Path

import pytest

from cosim.design import Design
from cosim.spice.engines import Engine, find_engine
from cosim.studies.lim2025 import synapse
from cosim.studies.lim2025.synapse import SynapseResult
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store

DYING = """#!/bin/sh
if grep -q "^\\* Circuit transistor_bench," deck.cir; then kill -SEGV $$; fi
exec {ngspice} "$@"
"""


@pytest.fixture(scope="session")
def engine() -> Engine:
    """ngspice."""
    return find_engine("ngspice")


@pytest.fixture(scope="session")
def lab(engine: Engine) -> Lab:
    """A lab without a memory."""
    return Lab(engine=engine)


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs of both studies are kept."""
    return tmp_path_factory.mktemp("study") / "store"


@pytest.fixture(scope="session")
def crippled(engine: Engine, store_folder: Path) -> SynapseResult:
    """The study with an ngspice that is killed whenever it gets the transistor alone."""
    script = store_folder.parent / "ngspice"
    script.write_text(DYING.format(ngspice=shutil.which(engine.command[0])), encoding="utf-8")
    script.chmod(0o755)
    with Store.open(store_folder) as store:
        return synapse.run(Design(), Lab(engine=Engine(engine.kind, (str(script),), engine.version), store=store))


@pytest.fixture(scope="session")
def paper(engine: Engine, store_folder: Path, crippled: SynapseResult) -> SynapseResult:
    """The study of the paper's design; what the crippled engine did is taken from the store."""
    with Store.open(store_folder) as store:
        return synapse.run(Design(), Lab(engine=engine, store=store))
