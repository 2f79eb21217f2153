"""One small study, simulated once, for all tests of the report."""

from dataclasses import replace
from pathlib import Path

import pytest

import cosim
from cosim.claims import Verdict, judge
from cosim.design import CornersSection, Design, LevelsSection, NeuronSection, NoiseSection, TransistorSection, TuningSection, VariabilitySection
from cosim.reporting.document import Document, build
from cosim.spice.engines import Engine, find_engine
from cosim.studies.lim2025 import neuron, synapse, tuning
from cosim.studies.lim2025.neuron import NeuronResult
from cosim.studies.lim2025.synapse import SynapseResult
from cosim.studies.lim2025.tuning import TuningResult
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store

DESIGN = Design(
    name="small",
    transistor=TransistorSection(w_over_l=(20.0, 65.0, 130.0)),
    corners=CornersSection(temperature=(27.0, 85.0)),
    levels=LevelsSection(step=10e-3, seeds=3),
    variability=VariabilitySection(spreads=(0.05, 0.5), cycles=3),
    noise=NoiseSection(duration=10.0),
    tuning=TuningSection(targets=(40e-6, 100e-6, 180e-6), seeds=5, rows=8, columns=3),
    neuron=NeuronSection(temperature=(17.0, 27.0, 37.0, 85.0), draws=2, images=2, trains=1),
)
RUN_NEURON = neuron.run  # itself, also while a test has put another in its place


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The simulator of this machine."""
    return find_engine()


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs of the study are kept."""
    return tmp_path_factory.mktemp("report") / "store"


@pytest.fixture(scope="session")
def result(engine: Engine, store_folder: Path) -> SynapseResult:
    """The study, really simulated."""
    with Store.open(store_folder) as store:
        found = synapse.run(DESIGN, Lab(engine=engine, store=store))
    assert found.failures == {}
    return found


@pytest.fixture(scope="session")
def tuned(engine: Engine, store_folder: Path) -> TuningResult:
    """The tuning study of the same design, its examples and its audit really simulated."""
    with Store.open(store_folder) as store:
        return tuning.run(DESIGN, Lab(engine=engine, store=store))


@pytest.fixture(scope="session")
def fired(engine: Engine, store_folder: Path) -> NeuronResult:
    """The neuron study of the same design."""
    with Store.open(store_folder) as store:
        return RUN_NEURON(DESIGN, Lab(engine=engine, store=store))


@pytest.fixture(scope="session")
def verdicts(result: SynapseResult, tuned: TuningResult, fired: NeuronResult, engine: Engine) -> list[Verdict]:
    """On the claims of the three studies."""
    versions = {"cosim": cosim.__version__, engine.kind: engine.version}
    claims = ((synapse.CLAIMS, result), (tuning.CLAIMS, tuned), (neuron.CLAIMS, fired))
    return [verdict for some, found in claims for verdict in judge(some, found, seed=1, versions=versions)]


@pytest.fixture(scope="session")
def document(result: SynapseResult, tuned: TuningResult, fired: NeuronResult, verdicts: list[Verdict], engine: Engine) -> Document:
    """The report of the three studies."""
    return build(result, verdicts, engine, tuning=tuned, neuron=fired, command="cosim report small.toml")


@pytest.fixture(scope="session")
def broken(result: SynapseResult) -> SynapseResult:
    """The study as it is when nothing could be simulated."""
    parts = ("loops", "stairs", "levels", "traces", "variability", "transistors", "table", "bipolar", "load_curves", "cells", "advice", "mirrored")
    return replace(result, **dict.fromkeys(parts), failures=dict.fromkeys(parts, "device_bench: timeout, took too long"))
