"""Training that knows the channel: how much of the accuracy that a large tuning error costs comes back.

Arrays are written by one pulse a cell and never read, on devices whose spread makes that error as large as [loop] error. The same devices of each array hold
the network as it was trained (`plain`), the network trained on through the channel that was measured on such cells (`aware`), that network written in [loop]
stages, trained on between them with what has been written and read back (`staged`), and as a control the network trained on for as many epochs without the
channel (`longer`). Beside them the closed loop, trained through the channel of `cosim.studies.loop.channel`: single reads after the longest delay.
The first staged array stands in the circuit too. Order of the cells, epochs, batch and rate of the stages and the number of reads are constants of this module.
Every cell has its lines; none is stuck, whatever [loop] says of other arrays.
Intervals are over arrays: one network, one set of test images.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.layer import Cells
from cosim.claims import Claim, Kind, Requirement, at_least, at_most
from cosim.codesign.circuit_channel.writer import Writer
from cosim.codesign.network.grids import FastMembranes
from cosim.codesign.network.inference import Hardware
from cosim.codesign.network.through import ChannelLayer, StagePlan, WrittenCells, open_cells, spread_of_error, write_in_stages, write_open_loop
from cosim.codesign.tuning.pulses import Lanes
from cosim.design import Design
from cosim.snn.data import Examples
from cosim.snn.encoding import latency_times
from cosim.snn.network import TrainedNetwork
from cosim.snn.plan import TrainingPlan
from cosim.studies.lim2025.inference.points import run_images
from cosim.studies.lim2025.inference.study import parts_of
from cosim.studies.lim2025.inference.training import digest, first, torch_is_there
from cosim.studies.loop import channel
from cosim.studies.loop.tuned import long_enough
from cosim.sweep.lab import Lab

Which = Literal["aware", "staged", "longer"]
VERSION = 2  # of the computations
LEVELS, CELLS = 32, 400  # of the measured channel of the open loop, and cells at each
COPIES = 10  # devices for each weight in the search for the spread
STAGE_EPOCHS, STAGE_BATCH, STAGE_RATE = 2, 256, 1e-2  # between two stages
READS = 16  # of a cell that has been written, a correlation time of the noise apart
RESAMPLES = 10_000  # of the arrays, for an interval
LEAST_LOSS = 0.005  # of accuracy; no share of less is stated
ROUNDING = 1e-9  # of a share
SPREAD, OPEN, ROWS, DEVICES, STAGES, DRAWS, RESAMPLED, READ = range(730, 738)  # last words of the seeds


@dataclass(frozen=True, kw_only=True, eq=False)
class StagedAudit:
    """The first staged array on some stratified test images, ``(images,)`` each: labels, and classes in circuit and model; -1 where a run failed."""

    labels: Array
    circuit: Array
    model: Array

    @property
    def agreement(self) -> tuple[int, int]:
        """On how many images circuit and model say the same class, and how many there are, those whose run failed among them."""
        return int(np.sum(self.circuit == self.model)), len(self.labels)


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingResult:
    """Accuracies on all test images, in the model with the true conductances of each array.

    Attributes:
        spread: of the devices that are written by one pulse, relative.
        error: standard deviation of the tuning error that it leaves, over the cells of all plain arrays.
        read_error: root of the mean square of what is known of a cell by reading it back, less what it holds, relative.
        clean: the network as it was trained in the same window, without errors.
        plain, aware, staged, longer: ``(chips,)`` on the same devices each.
        tuned_error: as `error`, of the closed loop.
        tuned_plain, tuned_aware: ``(chips,)`` in the closed loop.
        circuit: the first staged array.
        reads: of each cell of a staged array.
        read_time: that they take, one cell of the array after the other [s].
    """

    design: Design
    spread: float
    error: float
    read_error: float
    clean: float
    plain: Array
    aware: Array
    staged: Array
    longer: Array
    tuned_error: float
    tuned_plain: Array
    tuned_aware: Array
    circuit: StagedAudit
    reads: int
    read_time: float

    def recovered(self, which: Which) -> float:
        """Share of the lost accuracy that comes back; NaN where hardly any was lost, and above 1, where more training has helped and not knowing the errors."""
        plain = self.plain.mean()
        share = float(_share(self.clean, plain, getattr(self, which).mean()))
        return share if self.clean - plain >= LEAST_LOSS and share <= 1.0 + ROUNDING else float("nan")

    def interval(self, which: Which) -> tuple[float, float]:
        """Its 95 % interval by a bootstrap over the arrays, each with both of its accuracies; NaN where there is no share."""
        if np.isnan(self.recovered(which)):
            return float("nan"), float("nan")
        rng = np.random.default_rng([self.design.run.seed, RESAMPLED])
        drawn = rng.integers(len(self.plain), size=(RESAMPLES, len(self.plain)))
        shares = _share(self.clean, self.plain[drawn].mean(axis=1), getattr(self, which)[drawn].mean(axis=1))
        low, high = np.quantile(shares, [0.025, 0.975])
        return float(low), float(high)


def _share(clean: float, plain: Array, with_training: Array) -> Array:
    """NaN where nothing was lost."""
    lost = np.asarray(clean - plain)
    return np.where(lost > 0, with_training - plain, np.nan) / np.where(lost > 0, lost, 1.0)


def run(design: Design, lab: Lab) -> TrainingResult:
    """The study of one design.

    Raises:
        DataError: the set of images is not there, or torch is not.
        DesignError: no spread of the devices leaves the error that is wanted, or the channel of the closed loop cannot be measured.
        SimulationError: a run of the read path failed, or images need longer in the circuit.
        Cancelled: Ctrl-C in a training; what was done before is in the store.
    """
    (network,), train, test = first(design, lab)
    ready = FastMembranes.of(network, latency_times(test.pixels, network.encoding))
    bench = _Bench(writer=Writer.of(design, lab), lab=lab, network=network, train=train, test=test, ready=ready)
    spread = bench.spread()
    cells = bench.open_cells(spread)
    networks = {"plain": network, "aware": bench.trained(cells), "longer": bench.trained(None)}
    arrays = []
    for chip in range(design.loop.chips):
        arrays.append(bench.array(chip, spread, cells, networks))
        if lab.progress is not None:
            lab.progress(chip + 1, design.loop.chips)
    tuned = bench.tuned(bench.trained(read_cells(channel.run(design, lab))))
    return TrainingResult(
        design=design,
        spread=spread,
        error=float(np.std([each["errors"] for each in arrays])),
        read_error=float(np.sqrt(np.mean([each["read_errors"] ** 2 for each in arrays]))),
        clean=bench.accuracy(bench.writer.window.conductance(bench.weights)),
        **{name: np.array([each[name] for each in arrays]) for name in ("plain", "aware", "longer", "staged")},
        tuned_error=float(np.std(tuned["errors"])),
        tuned_plain=tuned["plain"],
        tuned_aware=tuned["aware"],
        circuit=bench.audit(arrays[0]["state"], arrays[0]["conductance"], bench.lanes(0, spread)),
        reads=READS,
        read_time=READS * bench.writer.noise.correlation_time * bench.weights.size,
    )


def read_cells(measured: channel.ChannelResult) -> WrittenCells:
    """Single reads of tuned cells after the longest delay."""
    cells = measured.cells
    return WrittenCells(levels=cells.written, conductance=np.stack(cells.groups(cells.reads[-1])))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Bench:
    """What every computation of the study works on; each is kept in the store by everything that it follows from."""

    writer: Writer
    lab: Lab
    network: TrainedNetwork
    train: Examples
    test: Examples
    ready: FastMembranes

    @property
    def weights(self) -> Array:
        return self.network.layers[0].plus

    @property
    def seed(self) -> int:
        return self.writer.design.run.seed

    @property
    def wire(self) -> Array:
        """``(cells,)`` of both lines up to each cell of an array, row by row [ohm]."""
        inputs, outputs = self.weights.shape
        return 2.0 * self.writer.design.tuning.wire_resistance * np.repeat(np.arange(1, inputs + 1), outputs)

    def lanes(self, chip: int, spread: float | None = None) -> Lanes:
        """Devices of an array; `spread` is that of [tuning] if left out."""
        return self.writer.lanes(self.weights.size, rng=np.random.default_rng([self.seed, DEVICES, chip]), wire=self.wire, spread=spread)

    def accuracy(self, conductance: Array) -> float:
        """On the test images, of an array ``(inputs, outputs)`` [S]."""
        return self.ready.accuracy(self.writer.window.weight(conductance), self.test.labels)

    def remember(self, name: str, parts: list[object], compute: Callable[[], dict[str, Array]]) -> dict[str, Array]:
        return self.lab.remember(f"{__name__}.{name}", VERSION, [*self.writer.key(), self.network, digest(self.train), *parts], compute)

    def spread(self) -> float:
        """Of the devices that are written by one pulse."""
        error, target = self.writer.design.loop.error, np.tile(self.writer.window.conductance(self.weights).ravel(), COPIES)

        def compute() -> dict[str, Array]:
            rng = np.random.default_rng([self.seed, SPREAD])
            return {"spread": np.array(spread_of_error(self.writer, error, target=target, rng=rng, wire=np.tile(self.wire, COPIES)))}

        return float(self.remember("spread", [error, COPIES, SPREAD], compute)["spread"])

    def open_cells(self, spread: float) -> WrittenCells:
        """The measured channel of the open loop, cells in any row."""

        def compute() -> dict[str, Array]:
            wire = np.random.default_rng([self.seed, ROWS]).choice(self.wire, LEVELS * CELLS)
            found = open_cells(self.writer, levels=LEVELS, cells=CELLS, spread=spread, rng=np.random.default_rng([self.seed, OPEN]), wire=wire)
            return {"levels": found.levels, "conductance": found.conductance}

        arrays = self.remember("open_cells", [LEVELS, CELLS, spread, OPEN, ROWS], compute)
        return WrittenCells(levels=arrays["levels"], conductance=arrays["conductance"])

    def trained(self, cells: WrittenCells | None) -> TrainedNetwork:
        """The network, trained on for as long as it was trained, through the channel of some cells or without one."""
        plan = TrainingPlan(seed=self.seed, epochs=self.writer.design.network.epochs)
        seed = int(np.random.default_rng([self.seed, DRAWS]).integers(2**31))

        def compute() -> dict[str, Array]:
            torch_is_there()
            from cosim.snn.training import retrain

            layer = None if cells is None else ChannelLayer(cells, self.writer.window, seed=seed)
            return {"weights": retrain(self.network, self.train, plan, through=layer, progress=self.lab.progress).layers[0].plus}

        parts = [] if cells is None else [seed, cells.levels, cells.conductance]
        weights = self.remember("trained", [plan, *parts], compute)["weights"]
        return replace(self.network, layers=(replace(self.network.layers[0], plus=weights),))

    def array(self, chip: int, spread: float, cells: WrittenCells, networks: Mapping[str, TrainedNetwork]) -> dict[str, Array]:
        """One array of devices, written by one pulse a cell with each network, then in stages.

        Returns:
            Accuracies; errors of the plain array; of the staged one its conductances [S], states, and errors of reading it back.
        """
        plan = StagePlan(
            stages=self.writer.design.loop.stages,
            training=TrainingPlan(epochs=STAGE_EPOCHS, batch=STAGE_BATCH, rate=STAGE_RATE),
            order="important",
            reads=READS,
            interval=self.writer.noise.correlation_time,
        )

        def compute() -> dict[str, Array]:
            torch_is_there()
            lanes = self.lanes(chip, spread)
            written = {name: write_open_loop(self.writer, each.layers[0].plus, lanes) for name, each in networks.items()}
            rng = np.random.default_rng([self.seed, STAGES, chip])
            staged = write_in_stages(networks["aware"], self.train, self.writer, lanes, cells, plan, rng=rng)
            return {
                **{name: np.array(self.accuracy(each)) for name, each in written.items()},
                "staged": np.array(self.accuracy(staged.conductance)),
                "errors": written["plain"] / self.writer.window.conductance(self.weights) - 1.0,
                "read_errors": staged.known / staged.conductance - 1.0,
                "state": staged.state,
                "conductance": staged.conductance,
            }

        held = {name: each.layers[0].plus for name, each in networks.items()}
        return self.remember("array", [held, digest(self.test), spread, plan, cells.levels, cells.conductance, chip, DEVICES, STAGES], compute)

    def tuned(self, aware: TrainedNetwork) -> dict[str, Array]:
        """Arrays in the closed loop, the same devices for both networks."""
        chips, window = self.writer.design.loop.chips, self.writer.window

        def compute() -> dict[str, Array]:
            found: dict[str, list[Array]] = {"plain": [], "aware": [], "errors": []}
            for chip in range(chips):
                for name, weights in (("plain", self.weights), ("aware", aware.layers[0].plus)):
                    target, rng = window.conductance(weights), np.random.default_rng([self.seed, READ, chip])
                    written = self.writer.write(target.ravel(), self.lanes(chip), rng=rng).conductance.reshape(target.shape)
                    found[name].append(self.accuracy(written))
                    if name == "plain":
                        found["errors"].append(written / target - 1.0)
            return {name: np.array(each) for name, each in found.items()}

        return self.remember("tuned", [aware.layers[0].plus, digest(self.test), chips, DEVICES, READ], compute)

    def audit(self, state: Array, conductance: Array, lanes: Lanes) -> StagedAudit:
        """An array ``(inputs, outputs)`` in the circuit, and in the model."""
        design, shape = self.writer.design, self.weights.shape
        images = self.test.stratified(min(design.loop.audited, len(self.test)))
        cells = Cells(states=np.clip(state, 0.0, 1.0), current_scale=lanes.current_scale.reshape(shape), series_scale=lanes.series_scale.reshape(shape))
        card, parts, wires = load_neuron(design.network.variant), parts_of(design)["ideal"], design.network.wire_resistance
        hardware = Hardware(card=card, parts=parts, cells=cells, wire_resistance=wires, seed=self.seed)
        found = run_images(hardware, self.network, self.test.pick(images), self.lab, duration=long_enough(self.ready))
        model = self.ready.scores(self.writer.window.weight(conductance)).argmax(axis=1)
        return StagedAudit(labels=self.test.labels[images], circuit=found.classes, model=model[images])


def _claim(name: str, statement: str, must_be: Requirement, value: Callable[[TrainingResult], float | None]) -> Claim:
    kind: Kind = "calibration"
    return Claim(id=f"loop.training.{name}", kind=kind, source="ours", statement=statement, paper=None, unit="%", must_be=must_be, value=value)


def _percent(share: float) -> float | None:
    """None where there is no share."""
    return None if np.isnan(share) else 100.0 * share


CLAIMS = (
    _claim(
        "error",
        "cells written by one pulse without a read, devices whose spread is set for [loop] error: how far the error of other devices is off, relative",
        at_most(5.0),
        lambda r: 100.0 * abs(r.error / r.design.loop.error - 1.0),
    ),
    _claim(
        "recovered",
        "arrays written in [loop] stages by one pulse a cell, each cell read back, the network trained on between: share of the lost accuracy recovered, mean",
        at_least(50.0),
        lambda r: _percent(r.recovered("staged")),
    ),
    _claim(
        "significant",
        "the same share: lower end of its 95 % interval over arrays",
        at_least(50.0),
        lambda r: _percent(r.interval("staged")[0]),
    ),
    _claim(
        "aware",
        "arrays written by one pulse a cell and never read, the network trained through their channel before: share of the lost accuracy recovered, mean",
        at_least(50.0),
        lambda r: _percent(r.recovered("aware")),
    ),
)
