"""Training through a channel: what an array really multiplies with takes the place of the weights while they are trained.

A weight becomes a target conductance in the writer's window, the target what cells that were written to it hold: normal draws of the mean and deviation that
were measured on such cells at some levels (`cosim.channels.surrogates.TableSurrogate`), fresh in each batch. Cells that have been written already, and read
back, stand in it with what they hold, so that an array can be written in stages and the cells still to come make up for the errors of those before
(`write_in_stages`).
`open_cells` are the measured cells of an open loop: written by one pulse that nothing reads, on devices whose spread leaves the error that is wanted
(`spread_of_error`).
Not here: the channel of the closed loop (`cosim.codesign.circuit_channel.measure`); stuck cells, which an open loop cannot find.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cosim._types import Array
from cosim.codesign.circuit_channel.writer import Writer
from cosim.codesign.network.gain import firing_rates
from cosim.codesign.network.mapping import Window
from cosim.codesign.tuning.pulses import Lanes
from cosim.devices.memristor.read_noise import ReadNoise
from cosim.errors import DesignError, InputError, reject
from cosim.snn.data import Examples
from cosim.snn.network import TrainedNetwork
from cosim.snn.plan import TrainingPlan

Order = Literal["important", "random"]
SPREAD_ROUNDS, SPREAD_CLOSE = 8, 1e-3  # of the search for a spread, and how near its error must come, relative


@dataclass(frozen=True, kw_only=True, eq=False)
class WrittenCells:
    """Cells that were written to some levels.

    Attributes:
        levels: ``(levels,)`` targets that rise [S].
        conductance: ``(levels, cells)`` that they hold, or that they are read as [S].
    """

    levels: Array
    conductance: Array

    @property
    def deviation(self) -> float:
        """Standard deviation of conductance over target, less 1, over all cells."""
        return float(np.std(self.conductance / self.levels[:, None]))


def open_cells(writer: Writer, *, levels: int, cells: int, spread: float, rng: np.random.Generator, wire: Array | None = None) -> WrittenCells:
    """Cells written by one pulse, without a read, to levels equally far apart in the writer's window.

    Args:
        levels, cells: how many, and how many at each.
        spread: of the devices.
        wire: ``(levels * cells,)`` resistance of the lines up to each [ohm], level by level; none if left out.
    """
    wanted = np.linspace(writer.window.low, writer.window.high, levels)
    target = np.repeat(wanted, cells)
    held = writer.write_open(target, writer.lanes(len(target), rng=rng, wire=wire, spread=spread)).conductance
    return WrittenCells(levels=wanted, conductance=held.reshape(levels, cells))


def spread_of_error(writer: Writer, error: float, *, target: Array, rng: np.random.Generator, wire: Array | None = None) -> float:
    """Device-to-device spread with which one pulse and no read leaves a relative error of this standard deviation at ``target (cells,)`` [S].

    Args:
        rng: gives one set of devices, whose deviations are scaled until the error is there; measure it on other devices.
        wire: ``(cells,)`` resistance of the lines up to each [ohm]; none if left out.

    Raises:
        DesignError: no spread was found.
    """
    seed, spread = int(rng.integers(2**31)), error
    for _ in range(SPREAD_ROUNDS):
        lanes = writer.lanes(len(target), rng=np.random.default_rng(seed), wire=wire, spread=spread)
        found = float(np.std(writer.write_open(target, lanes).conductance / target))
        if abs(found / error - 1.0) < SPREAD_CLOSE:
            return spread
        spread *= error / found
    raise reject(DesignError, "[loop]", "error", error, f"one that a pulse without a read can leave; a spread of {spread:.3g} leaves {found:.3g}")


def read_back(noise: ReadNoise, conductance: Array, *, reads: int, interval: float, rng: np.random.Generator) -> Array:
    """Mean of some reads, `interval` [s] apart, of conductances of any shape [S]: all that a controller knows of a cell."""
    return np.asarray(conductance * (1.0 + noise.trace(conductance, np.arange(reads) * interval, rng=rng).mean(axis=-1)))


class ChannelLayer:
    """Weights ``(inputs, outputs)`` to what an array multiplies with, over the highest conductance: the `through` of a training.

    Args:
        cells: what was measured.
        window: of the mapping.
        seed: of the draws; each call draws anew.
        held: ``(inputs, outputs)`` conductances of cells that have been written, as they were read back [S]; NaN for the others. None if none has been.
    """

    def __init__(self, cells: WrittenCells, window: Window, *, seed: int, held: Array | None = None) -> None:
        import torch

        from cosim.channels.surrogates import TableSurrogate

        mean, deviation = cells.conductance.mean(axis=1), cells.conductance.std(axis=1)
        self.surrogate = TableSurrogate(*(window.weight(each) for each in (cells.levels, mean, deviation)))
        self.pedestal = window.low / window.high
        self.generator = torch.Generator().manual_seed(seed)
        self.held = None if held is None else torch.as_tensor(window.weight(held))

    def __call__(self, weights: Array) -> Array:
        """One draw in torch, differentiable in the weights of the cells that are still to be written."""
        import torch

        drawn = self.surrogate(self.pedestal + weights * (1.0 - self.pedestal), generator=self.generator)
        if self.held is None:
            return drawn
        held = self.held.to(drawn)
        return torch.where(held.isnan(), drawn, held)


@dataclass(frozen=True, kw_only=True)
class StagePlan:
    """How an array is written in stages.

    Attributes:
        stages: in each an equal share of the cells is written and read back.
        training: of the cells not yet written, between two stages.
        order: "important" writes first where a relative error moves the potentials most, by firing rate times conductance squared; "random" any.
        reads, interval: of reading a cell back, and how far apart they are [s].
    """

    stages: int
    training: TrainingPlan
    order: Order
    reads: int
    interval: float

    def __post_init__(self) -> None:
        if not self.stages >= 1:
            raise reject(InputError, "writing in stages", "stages", self.stages, ">= 1")
        if self.order not in ("important", "random"):
            raise reject(InputError, "writing in stages", "order", self.order, "important or random")
        if not self.reads >= 1:
            raise reject(InputError, "writing in stages", "reads", self.reads, ">= 1")


@dataclass(frozen=True, kw_only=True, eq=False)
class StagedArray:
    """``(inputs, outputs)`` conductances that are there, and as they were read back [S]; states of the filaments, as a circuit of the cells takes them."""

    conductance: Array
    known: Array
    state: Array


def write_open_loop(writer: Writer, weights: Array, lanes: Lanes) -> Array:
    """Conductances ``(inputs, outputs)`` of an array whose cells are written by one pulse each [S]; devices in the order of the rows."""
    target = writer.window.conductance(weights)
    return np.asarray(writer.write_open(target.ravel(), lanes).conductance.reshape(target.shape))


def write_in_stages(
    network: TrainedNetwork, images: Examples, writer: Writer, lanes: Lanes, cells: WrittenCells, plan: StagePlan, *, rng: np.random.Generator
) -> StagedArray:
    """Write one array open loop while its network is trained.

    Args:
        network: where it starts, as it was trained through the channel.
        images: to train on.
        lanes: ``(inputs * outputs,)`` devices of the array, in the order of the rows.
        cells: the channel of the cells still to be written.
        rng: of reads, draws and random order.
    """
    from cosim.snn.training import retrain

    shape = network.shape
    true, known, state = (np.full(shape[0] * shape[1], np.nan) for _ in range(3))
    rates, chance = np.array(firing_rates(network, images)), rng.random(len(true))
    for stage, share in enumerate(np.array_split(np.arange(len(true)), plan.stages)):
        target = writer.window.conductance(network.layers[0].plus)
        worth = chance if plan.order == "random" else (rates[:, None] * target**2).ravel()
        chosen = np.argsort(np.where(np.isnan(true), -worth, np.inf), kind="stable")[: len(share)]
        step = writer.write_open(target.ravel()[chosen], lanes.pick(chosen))
        true[chosen], state[chosen] = step.conductance, step.state
        known[chosen] = read_back(writer.noise, true[chosen], reads=plan.reads, interval=plan.interval, rng=rng)
        if stage + 1 < plan.stages:
            channel = ChannelLayer(cells, writer.window, seed=int(rng.integers(2**31)), held=known.reshape(shape))
            network = retrain(network, images, replace(plan.training, seed=int(rng.integers(2**31))), through=channel)
    return StagedArray(conductance=true.reshape(shape), known=known.reshape(shape), state=state.reshape(shape))
