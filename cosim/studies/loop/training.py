"""Training that knows the channel: how much of the accuracy that a large tuning error costs comes back.

Arrays are written by one pulse a cell and never read, on devices whose spread makes that error as large as [loop] error. The same devices of each array hold
the network as it was trained (`plain`), the network trained through the channel that was measured on such cells (`aware`), and that network written in
[loop] stages, trained on between them with what has been written (`staged`). Beside them the closed loop: its own channel, the network plain and trained.
Order of the cells, epochs, batch and rate of the stages were picked on training images and on other arrays.
Intervals are over arrays: one network, one set of test images.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cosim._types import Array
from cosim.claims import Claim, Kind, Requirement, at_least, between
from cosim.codesign.circuit_channel.writer import Writer
from cosim.codesign.network.grids import FastMembranes
from cosim.codesign.network.through import (
    ChannelLayer,
    StagePlan,
    WrittenCells,
    open_cells,
    spread_of_error,
    tuned_cells,
    write_in_stages,
    write_open_loop,
)
from cosim.design import Design
from cosim.snn.data import Examples
from cosim.snn.encoding import latency_times
from cosim.snn.network import TrainedNetwork
from cosim.snn.plan import TrainingPlan
from cosim.studies.lim2025.inference.training import digest, first, torch_is_there
from cosim.sweep.lab import Lab

Which = Literal["aware", "staged"]
VERSION = 1  # of the computations
LEVELS, CELLS = 32, 400  # of a measured channel, and cells at each
COPIES = 10  # devices for each weight in the search for the spread
STAGE_EPOCHS, STAGE_BATCH, STAGE_RATE = 2, 256, 1e-2  # between two stages
READS = 16  # of a cell that has been written, a correlation time of the noise apart
RESAMPLES = 10_000  # of the arrays, for an interval
SPREAD, OPEN, TUNED, DEVICES, STAGES, DRAWS, RESAMPLED, READ = range(730, 738)  # of the seeds


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingResult:
    """Accuracies on all test images, in the model with the true conductances of each array.

    Attributes:
        spread: of the devices that are written by one pulse, relative.
        error: standard deviation of the tuning error that it leaves, over the cells of all plain arrays.
        read_error: the same of what is known of a cell by reading it back.
        clean: the network as it was trained in the same window, without errors.
        plain, aware, staged: ``(chips,)`` on the same devices each.
        tuned_error: as `error`, of the closed loop.
        tuned_plain, tuned_aware: ``(chips,)`` in the closed loop.
    """

    design: Design
    spread: float
    error: float
    read_error: float
    clean: float
    plain: Array
    aware: Array
    staged: Array
    tuned_error: float
    tuned_plain: Array
    tuned_aware: Array

    def recovered(self, which: Which) -> float:
        """Share of the lost accuracy that comes back."""
        return float(_share(self.clean, self.plain.mean(), getattr(self, which).mean()))

    def interval(self, which: Which) -> tuple[float, float]:
        """Its 95 % interval by a bootstrap over the arrays, each with both of its accuracies."""
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
        DesignError: no spread of the devices leaves the error that is wanted.
        Cancelled: Ctrl-C in a training; what was done before is in the store.
    """
    (network,), train, test = first(design, lab)
    bench = _Bench(writer=Writer.of(design, lab), lab=lab, network=network, train=train, test=test)
    spread = bench.spread()
    channels = {each: bench.cells(each, spread) for each in ("open", "tuned")}
    aware = {each: bench.trained(cells) for each, cells in channels.items()}
    arrays = []
    for chip in range(design.loop.chips):
        arrays.append(bench.array(chip, spread, channels["open"], aware["open"]))
        if lab.progress is not None:
            lab.progress(chip + 1, design.loop.chips)
    chips = {name: np.array([each[name] for each in arrays]) for name in arrays[0]}
    tuned = bench.tuned(aware["tuned"])
    return TrainingResult(
        design=design,
        spread=spread,
        error=float(np.std(chips["errors"])),
        read_error=float(np.sqrt(np.mean(chips["read_errors"] ** 2))),
        clean=bench.accuracy(bench.writer.window.conductance(bench.weights)),
        plain=chips["plain"],
        aware=chips["aware"],
        staged=chips["staged"],
        tuned_error=float(np.std(tuned["errors"])),
        tuned_plain=tuned["plain"],
        tuned_aware=tuned["aware"],
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Bench:
    """What every computation of the study works on; each is kept in the store by everything that it follows from."""

    writer: Writer
    lab: Lab
    network: TrainedNetwork
    train: Examples
    test: Examples

    @property
    def weights(self) -> Array:
        return self.network.layers[0].plus

    @property
    def seed(self) -> int:
        return self.writer.design.run.seed

    def accuracy(self, conductance: Array) -> float:
        """On the test images, of an array ``(inputs, outputs)`` [S]."""
        ready = FastMembranes.of(self.network, latency_times(self.test.pixels, self.network.encoding))
        return ready.accuracy(self.writer.window.weight(conductance), self.test.labels)

    def remember(self, name: str, parts: list[object], compute: Callable[[], dict[str, Array]]) -> dict[str, Array]:
        return self.lab.remember(f"{__name__}.{name}", VERSION, [*self.writer.key(), self.network, digest(self.train), *parts], compute)

    def spread(self) -> float:
        """Of the devices that are written by one pulse."""
        error, target = self.writer.design.loop.error, np.tile(self.writer.window.conductance(self.weights).ravel(), COPIES)

        def compute() -> dict[str, Array]:
            return {"spread": np.array(spread_of_error(self.writer, error, target=target, rng=np.random.default_rng([self.seed, SPREAD])))}

        return float(self.remember("spread", [error, COPIES], compute)["spread"])

    def cells(self, kind: Literal["open", "tuned"], spread: float) -> WrittenCells:
        """The measured channel."""

        def compute() -> dict[str, Array]:
            if kind == "open":
                found = open_cells(self.writer, levels=LEVELS, cells=CELLS, spread=spread, rng=np.random.default_rng([self.seed, OPEN]))
            else:
                found = tuned_cells(self.writer, levels=LEVELS, cells=CELLS, rng=np.random.default_rng([self.seed, TUNED]))
            return {"levels": found.levels, "conductance": found.conductance}

        arrays = self.remember(f"cells.{kind}", [LEVELS, CELLS, spread if kind == "open" else None], compute)
        return WrittenCells(levels=arrays["levels"], conductance=arrays["conductance"])

    def trained(self, cells: WrittenCells) -> TrainedNetwork:
        """The network, trained on through a channel for as long as it was trained without."""
        plan = TrainingPlan(seed=self.seed, epochs=self.writer.design.network.epochs)

        def compute() -> dict[str, Array]:
            torch_is_there()
            from cosim.snn.training import retrain

            layer = ChannelLayer(cells, self.writer.window, seed=DRAWS)
            return {"weights": retrain(self.network, self.train, plan, through=layer, progress=self.lab.progress).layers[0].plus}

        return self.holding(self.remember("aware", [plan, DRAWS, cells.levels, cells.conductance], compute)["weights"])

    def holding(self, weights: Array) -> TrainedNetwork:
        """The network with other weights."""
        return replace(self.network, layers=(replace(self.network.layers[0], plus=weights),))

    def array(self, chip: int, spread: float, cells: WrittenCells, aware: TrainedNetwork) -> dict[str, Array]:
        """One array of devices, written three times by one pulse a cell: accuracies, errors of the plain one and of reading the staged one back."""
        plan = StagePlan(
            stages=self.writer.design.loop.stages,
            training=TrainingPlan(epochs=STAGE_EPOCHS, batch=STAGE_BATCH, rate=STAGE_RATE),
            order="important",
            reads=READS,
            interval=self.writer.noise.correlation_time,
        )

        def compute() -> dict[str, Array]:
            torch_is_there()
            lanes = self.writer.lanes(self.weights.size, rng=np.random.default_rng([self.seed, DEVICES, chip]), spread=spread)
            plain, trained = (write_open_loop(self.writer, each.layers[0].plus, lanes) for each in (self.network, aware))
            rng = np.random.default_rng([self.seed, STAGES, chip])
            staged = write_in_stages(aware, self.train, self.writer, lanes, cells, plan, rng=rng)
            return {
                "plain": np.array(self.accuracy(plain)),
                "aware": np.array(self.accuracy(trained)),
                "staged": np.array(self.accuracy(staged.conductance)),
                "errors": plain / self.writer.window.conductance(self.weights) - 1.0,
                "read_errors": staged.known / staged.conductance - 1.0,
            }

        parts = [aware.layers[0].plus, digest(self.test), spread, plan, cells.levels, cells.conductance, chip]
        return self.remember("array", parts, compute)

    def tuned(self, aware: TrainedNetwork) -> dict[str, Array]:
        """Arrays in the closed loop, the same devices for both networks."""
        chips, window = self.writer.design.loop.chips, self.writer.window

        def compute() -> dict[str, Array]:
            found: dict[str, list[Array]] = {"plain": [], "aware": [], "errors": []}
            for chip in range(chips):
                lanes = self.writer.lanes(self.weights.size, rng=np.random.default_rng([self.seed, DEVICES, chip]))
                for name, weights in (("plain", self.weights), ("aware", aware.layers[0].plus)):
                    target = window.conductance(weights)
                    written = self.writer.write(target.ravel(), lanes, rng=np.random.default_rng([self.seed, READ, chip])).conductance.reshape(target.shape)
                    found[name].append(self.accuracy(written))
                    if name == "plain":
                        found["errors"].append(written / target - 1.0)
            return {name: np.array(each) for name, each in found.items()}

        return self.remember("tuned", [aware.layers[0].plus, digest(self.test), chips, DEVICES, READ], compute)


def _claim(name: str, kind: Kind, statement: str, must_be: Requirement, value: Callable[[TrainingResult], float | None]) -> Claim:
    return Claim(id=f"loop.training.{name}", kind=kind, source="ours", statement=statement, paper=None, unit="%", must_be=must_be, value=value)


CLAIMS = (
    _claim(
        "error",
        "calibration",
        "cells written by one pulse without a read, on devices whose spread was chosen for it: standard deviation of the tuning error, on other devices",
        between(9.5, 10.5),
        lambda r: 100.0 * r.error,
    ),
    _claim(
        "recovered",
        "calibration",
        "array written in stages at that error, the network trained through the channel between them: share of the lost accuracy recovered, mean over arrays",
        at_least(50.0),
        lambda r: 100.0 * r.recovered("staged"),
    ),
    _claim(
        "significant",
        "calibration",
        "the same share: lower end of its 95 % interval over arrays",
        at_least(50.0),
        lambda r: 100.0 * r.interval("staged")[0],
    ),
    _claim(
        "aware",
        "calibration",
        "network trained through the channel once, before anything is written, which alone falls short of half: share recovered, mean over arrays",
        at_least(0.0),
        lambda r: 100.0 * r.recovered("aware"),
    ),
)
