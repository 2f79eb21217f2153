"""The inference study on few images: every claim is judged, and the circuit says what the network says."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from cosim.claims import STUDIES, judge, registered
from cosim.codesign.network.grids import Grid
from cosim.datasets import available
from cosim.design import Design, NetworkSection, TuningSection
from cosim.devices.memristor.card import load_memristor
from cosim.errors import DataError
from cosim.snn.data import Examples
from cosim.snn.encoding import LatencyCard
from cosim.snn.network import Layer, TrainedNetwork
from cosim.snn.perceptron import Perceptron
from cosim.snn.timing import Trapezoid
from cosim.studies.lim2025 import inference
from cosim.studies.lim2025.inference import InferenceResult, training
from cosim.studies.lim2025.inference.grids import ANALOG, Grids
from cosim.studies.lim2025.inference.points import Setting
from cosim.studies.lim2025.inference.study import SETS, settings_of
from cosim.sweep.jobs import canonical

SMALL = Design(
    name="small",
    network=NetworkSection(
        data="digits",
        seeds=2,
        epochs=2,
        images=20,
        calibration=20,
        few_images=2,
        bits=(1.0, 3.0),
        tuning_errors=(0.0, 0.05, 0.2),
        noises=(0.0, 0.07),
        draws=1,
        chips=2,
        window=0.05,
    ),
    tuning=TuningSection(targets=(40e-6, 100e-6, 180e-6), seeds=5, rows=8, columns=3),
)


@pytest.fixture(scope="module")
def found(lab) -> InferenceResult:
    """The study, really trained and simulated: most of a minute on two processors that have nothing else to do."""
    return inference.run(SMALL, lab)


@pytest.mark.slow
@pytest.mark.timeout(400)  # the first one waits for the study
def test_every_claim_is_judged_but_those_on_images_and_points_that_the_design_leaves_out(found: InferenceResult):
    verdicts = {each.id.rsplit(".", 1)[-1]: each for each in judge(inference.CLAIMS, found)}
    open_claims = {name for name, each in verdicts.items() if each.verdict == "not_run"}
    of_all = {"circuit", "circuit_difference", "circuit_disagreements", "circuit_undecided"}
    assert open_claims == of_all | {"tuning_10_target", "tuning_10_full_scale"} | {f"sparsity_{name}" for name in SETS if not available(name)}
    assert verdicts["circuit_disagreements"].verdict == "not_run"  # stated for all test images
    assert found.check.passed


@pytest.mark.slow
def test_the_circuit_of_the_paper_and_the_model_agree_at_every_point(found: InferenceResult):
    assert set(found.points) == set(settings_of(SMALL))
    equal = sum(each.equal for each in found.points.values())
    assert all(each.done.all() for each in found.points.values())
    assert equal >= 0.9 * sum(len(each.labels) for each in found.points.values())


@pytest.mark.slow
def test_the_error_bound_is_from_images_of_the_training(found: InferenceResult):
    assert found.check.images.tolist() == list(range(20))
    assert found.check.calibration_images.tolist() == list(range(20, 40))
    assert found.check.bound.images == 20
    assert np.isfinite(found.check.agreement.waves).all()


@pytest.mark.slow
def test_gains_are_of_the_networks_and_one_without_levels(found: InferenceResult):
    assert [set(each) for each in found.gains] == [{1, 3, ANALOG}] * 2
    assert {each[ANALOG] for each in found.gains} == {1.0}


@pytest.mark.slow
def test_all_parts_are_there(found: InferenceResult):
    assert [each.source for each in found.budget][-2:] == ["wires", "all together"]
    assert found.grids["target"].measured is not None
    assert {each.shape for each in found.efficiency} >= {(64, 10), (64, 21, 10)}
    assert len(found.drawn) == len(found.chips.accuracies["baseline"]) == 2
    assert found.errors.shape == (24,)
    assert [len(each.whole) for each in found.whole] == [2, 2]
    assert all(each.done.all() for each in found.whole)


def test_points_are_those_of_the_figures():
    settings = settings_of(Design())
    assert len(settings) == len(set(settings))
    assert [each.bits for each in settings if not each.tuning_error] == [1, 2, 3, 4, 5, 6]
    corners = {(each.bits, each.tuning_error) for each in settings if not each.noise}
    assert {(1, 0.0), (6, 0.0), (1, 0.2), (6, 0.2), (3, 0.05), (3, 0.1)} <= corners
    assert {(each.bits, each.noise) for each in settings if each.tuning_error == 0.03} == {(bits, noise) for bits in (1, 3, 6) for noise in (0.0, 0.07)}
    assert Setting(bits=3, tuning_error=0.03, noise=0.07) in settings


def test_a_design_that_does_not_look_at_a_point_leaves_its_claim_open():
    claims = {each.id.rsplit(".", 1)[-1]: each for each in inference.CLAIMS}
    grid = Grid(accuracy=np.ones((1, 1, 1, 1)), bits=(3,), errors=(0.0,), error_of="target")
    other = type("Result", (), {"grids": {"target": grid}})()
    verdicts = judge([claims["tuning_5"], claims["tuning_one_bit"]], other)
    assert [(each.verdict, each.reason) for each in verdicts] == [("not_run", "the result has no value")] * 2


class Keys:
    """A lab that computes nothing and remembers what it was asked."""

    progress = None

    def __init__(self) -> None:
        self.asked: list[str] = []

    def remember(self, name: str, version: int, parts: list[object], compute: object) -> dict[str, np.ndarray]:
        """Numbers of the right form."""
        self.asked.append(f"{name} {version} {[canonical(each) for each in parts]}")
        return {"gain": np.ones(3), "accuracy": np.ones((1, 1, 3, 3)), "measured": np.ones((1, 1, 3, 1))}


def keys(trained: training.Trained, **changed: object) -> list[str]:
    """Of all grids of a design."""
    lab, design = Keys(), replace(SMALL, network=replace(SMALL.network, **changed))
    grids = Grids(design=design, found=trained, memristor=load_memristor("lim2025_analog_window"), errors=(0.01,), lab=lab)
    for compute in (partial(grids.tuning, "target"), grids.ann, grids.noise, grids.ann_noise, grids.curve):
        compute()
    return lab.asked


WEIGHTS = np.full((4, 2), 0.5)
NETWORK = TrainedNetwork(layers=(Layer(plus=WEIGHTS),), encoding=LatencyCard(), dt=1e-3)
IMAGES = Examples("few", WEIGHTS.T, np.array([0, 1]))


def few(network: TrainedNetwork) -> training.Trained:
    """One network and one perceptron."""
    return training.Trained(networks=(network,), perceptrons=(Perceptron(weights=(WEIGHTS,), biases=(np.zeros(2),)),), deep=(), train=IMAGES, test=IMAGES)


@pytest.mark.parametrize("changed", [{"bits": (3.0, 1.0)}, {"draws": 3}, {"tuning_errors": (0.0, 0.3), "tuning_error": 0.3, "noises": (0.0, 0.3)}])
def test_a_changed_design_asks_for_other_grids(changed: dict[str, object]):
    before, after = keys(few(NETWORK)), keys(few(NETWORK), **changed)
    assert keys(few(NETWORK)) == before
    grids = {each for each in before if ".gains" not in each}
    assert len(grids) == 5
    assert not grids & set(after)


def test_another_network_has_other_grids():
    before = set(keys(few(NETWORK)))
    for other in (replace(NETWORK, duration=0.08), replace(NETWORK, encoding=LatencyCard(tau=4e-3)), replace(NETWORK, pulse=Trapezoid(top=1e-3))):
        shared = before & set(keys(few(other)))
        assert all(any(name in each for name in ("perceptron", ".ann")) for each in shared)


def test_the_study_is_registered():
    assert STUDIES["lim2025.inference"] == "cosim.studies.lim2025.inference"
    (study,) = registered("lim2025.inference")
    assert len(study.claims) == len(inference.CLAIMS) == 19


def test_without_torch_nothing_is_trained(monkeypatch: pytest.MonkeyPatch, lab):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "torch" else object())
    design = replace(SMALL, network=replace(SMALL.network, epochs=3))
    with pytest.raises(DataError, match=r"^training: the Python package torch is missing; pip install 'cosim\[snn\]'$"):
        training.trained(design, lab)


def test_a_set_that_was_not_fetched_is_named(monkeypatch: pytest.MonkeyPatch, lab, tmp_path):
    monkeypatch.setenv("COSIM_DATA", str(tmp_path))
    monkeypatch.setattr("cosim.datasets.kept.searched_folders", lambda: [tmp_path])
    with pytest.raises(DataError, match=r"^data set optdigits: not on this machine; `cosim data get optdigits`$"):
        training.trained(Design(), lab)
