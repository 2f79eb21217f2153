"""One small study, simulated once, for all tests of the report."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import cosim
from cosim.claims import Verdict, judge
from cosim.design import CornersSection, Design, LevelsSection, NoiseSection, TransistorSection, TuningSection, VariabilitySection
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
)


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The simulator of this machine."""
    return find_engine()


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs of the study are kept."""
    return tmp_path_factory.mktemp("report") / "store"


@pytest.fixture(scope="session")
def design(neuron_study: NeuronResult) -> Design:
    """That of the report; its neuron is that of the study which all tests share."""
    return replace(DESIGN, neuron=neuron_study.design.neuron)


@pytest.fixture(scope="session")
def result(engine: Engine, store_folder: Path, design: Design) -> SynapseResult:
    """The study, really simulated."""
    with Store.open(store_folder) as store:
        found = synapse.run(design, Lab(engine=engine, store=store))
    assert found.failures == {}
    return found


@pytest.fixture(scope="session")
def tuned(engine: Engine, store_folder: Path, design: Design) -> TuningResult:
    """The tuning study of the same design, its examples and its audit really simulated."""
    with Store.open(store_folder) as store:
        return tuning.run(design, Lab(engine=engine, store=store))


@pytest.fixture(scope="session")
def fired(neuron_study: NeuronResult, design: Design) -> NeuronResult:
    """The neuron study of the same design."""
    return replace(neuron_study, design=design)


@pytest.fixture(scope="module")
def remembered(design: Design, fired: NeuronResult) -> Iterator[None]:
    """The neuron study of the small design is run once; other designs run their own."""
    real = neuron.run
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neuron, "run", lambda asked, lab: fired if asked.neuron == design.neuron else real(asked, lab))
        yield


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
def bare(result: SynapseResult, verdicts: list[Verdict], engine: Engine) -> Document:
    """The report of the synapse study alone."""
    return build(result, verdicts, engine)


@pytest.fixture(scope="session")
def broken(result: SynapseResult) -> SynapseResult:
    """The study as it is when nothing could be simulated."""
    parts = ("loops", "stairs", "levels", "traces", "variability", "transistors", "table", "bipolar", "load_curves", "cells", "advice", "mirrored")
    return replace(result, **dict.fromkeys(parts), failures=dict.fromkeys(parts, "device_bench: timeout, took too long"))
