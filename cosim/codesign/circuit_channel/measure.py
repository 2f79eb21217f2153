"""`measure`: the tuned cell as a storage channel: many targets written to many devices in a closed loop, read through the circuit after a delay.

Each cell stands in a random row of the array, and its noise goes on from where its tuning left it: a read soon after still sees what the cell was accepted
with. Nothing but that noise moves a simulated cell between two reads: no drift of this device was measured.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.measured import MeasuredChannel
from cosim.channels.tables import Measurements
from cosim.circuits.neuron.readout import ReadCells
from cosim.codesign.circuit_channel.readpath import ReadPath
from cosim.codesign.circuit_channel.writer import Writer
from cosim.codesign.network.mapping import Window
from cosim.codesign.tuning.pulses import Lanes
from cosim.coding.estimate import CapacityEstimate, estimate_capacity
from cosim.design import Design
from cosim.devices.memristor.read_noise import ReadNoise
from cosim.errors import DesignError, reject
from cosim.sweep.lab import Lab
from cosim.units import engineering

VERSION = 1  # of the computation
CAPACITY_VERSION = 2  # of the estimate
DEVICES, TUNING, READS, ROWS = 700, 701, 702, 703  # last words of the seeds
NAME = "tuned 1T1R cell"
COLUMNS = ("target [S]", "conductance [S]", "delay [s]", "device", "energy [J]")


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredCells:
    """Cells that were written and read; all ``(cells,)`` unless said otherwise.

    Attributes:
        written: ``(levels,)`` targets, rising [S].
        level: index of the target of each cell.
        true: conductance through cell and lines when tuning ended [S].
        quiet: read through the circuit without noise, with the offset of the column's amplifier [S].
        reads: ``(delays, cells)`` read through the circuit, one read each [S].
        delays: ``(delays,)`` after the end of tuning [s].
        pulses, time, energy: of the tuning; seconds, J.
        inside: the true conductance is within the band.
    """

    written: Array
    level: Array
    true: Array
    quiet: Array
    reads: Array
    delays: Array
    pulses: Array
    time: Array
    energy: Array
    inside: Array

    @property
    def target(self) -> Array:
        """Written to each cell [S]."""
        return np.asarray(self.written[self.level])

    def conditions(self) -> list[tuple[str, Array]]:
        """What was measured of every cell: the true conductance, then each read ``(cells,)`` [S]."""
        return [("tuned conductance", self.true), *((f"read after {engineering(float(t), 's')}", row) for t, row in zip(self.delays, self.reads, strict=True))]

    def groups(self, values: Array) -> list[Array]:
        """``(samples,)`` of ``(cells,)`` values for each level."""
        return [values[self.level == level] for level in range(len(self.written))]

    def measurements(self) -> Measurements:
        """All reads as a table, delay by delay."""
        count = len(self.delays)
        return Measurements(
            source=NAME,
            written=np.tile(self.target, count),
            read=self.reads.ravel(),
            delay=np.repeat(self.delays, self.reads.shape[1]),
            device=np.tile(np.arange(self.reads.shape[1]), count),
            energy=np.tile(self.energy, count),
            quantities=(("written value", "S"), ("conductance", "S")),
        )

    def channel(self) -> MeasuredChannel:
        """Of the single reads at all delays, in decades."""
        return MeasuredChannel.from_measurements(self.measurements(), written="target conductance")

    def to_csv(self) -> str:
        """The table as text, for `cosim.channels.tables.read_measurements`."""
        lines = [",".join(COLUMNS)]
        for delay, row in zip(self.delays, self.reads, strict=True):
            cells = enumerate(zip(self.target, row, self.energy, strict=True))
            lines += [f"{written:.7g},{read:.7g},{delay:g},{device},{energy:.5g}" for device, (written, read, energy) in cells]
        return "\n".join(lines) + "\n"


def measure(writer: Writer, lab: Lab) -> MeasuredCells:
    """The channel of [loop]: levels equally far apart in the logarithm, as many devices at each.

    Raises:
        SimulationError: a run of the read path failed; the others are in the store.
        DesignError: cells are tuned and read at different voltages, or offsets are so large that a cell is read as no conductance.
    """
    design = writer.design
    path, loop = ReadPath.of(design, writer.devices), design.loop
    parts = [*writer.key(), loop.levels, loop.samples, loop.delays, design.tuning.rows, *path.key(), str(lab.engine)]
    found = lab.remember(f"{__name__}.measure", VERSION, parts, lambda: _measured(writer, path, lab))
    check_reads(np.vstack([found["quiet"], found["reads"]]), design)
    return MeasuredCells(written=written_levels(design), delays=np.array(loop.delays), inside=found.pop("inside").astype(bool), **found)


def check_reads(reads: Array, design: Design) -> None:
    """Refuse reads ``(...)`` [S] that are no conductances.

    Raises:
        DesignError: names the offset, which alone can do that.
    """
    if not np.min(reads) > 0.0:
        raise reject(DesignError, "[neuron]", "offset", design.neuron.offset, f"smaller: cells of {design.loop.low:g} S are read as {np.min(reads):.3g} S")


def remembered_capacity(cells: MeasuredCells, read: Array, *, seed: Sequence[int], lab: Lab) -> CapacityEstimate:
    """Capacity between the levels and ``read (cells,)`` [S], taken in decades."""
    groups = cells.groups(np.log10(read))

    def compute() -> dict[str, Array]:
        found = estimate_capacity(groups, rng=np.random.default_rng(seed))
        return {"estimate": np.array([found.bits, found.low, found.high, found.kernel_bits, found.samples])}

    known = lab.remember(f"{__name__}.capacity", CAPACITY_VERSION, [cells.level, read, seed], compute)["estimate"].tolist()
    return CapacityEstimate(bits=known[0], low=known[1], high=known[2], kernel_bits=known[3], samples=int(known[4]))


def written_levels(design: Design) -> Array:
    """``(levels,)`` targets, equally far apart in the logarithm [S]."""
    return np.geomspace(design.loop.low, design.loop.high, design.loop.levels)


def _measured(writer: Writer, path: ReadPath, lab: Lab) -> dict[str, Array]:
    """Everything of every cell; levels alternate."""
    design = writer.design
    loop, tuning, seed = design.loop, design.tuning, design.run.seed
    level = np.tile(np.arange(loop.levels), loop.samples)
    rows = np.random.default_rng([seed, ROWS]).integers(1, tuning.rows + 1, len(level))
    lanes = writer.lanes(len(level), rng=np.random.default_rng([seed, DEVICES]), wire=2.0 * tuning.wire_resistance * rows)
    traces = writer.write(written_levels(design)[level], lanes, rng=np.random.default_rng([seed, TUNING]))
    levels = noise_after(writer.noise, traces.noise, loop.delays, rng=np.random.default_rng([seed, READS]))
    deviation = writer.noise.deviation(traces.conductance)
    noise = np.concatenate([np.zeros((1, len(level))), deviation * levels])
    seen = path.read(read_cells(lanes, traces.state, noise=noise, column=columns_of(design)), lab).reshape(noise.shape)
    return {
        "level": level,
        "true": traces.conductance,
        "quiet": seen[0],
        "reads": seen[1:],
        "pulses": traces.pulses,
        "time": traces.time,
        "energy": traces.energy,
        "inside": traces.inside,
    }


def columns_of(design: Design) -> Array:
    """``(cells,)`` whose amplifier reads each cell: every level has cells of every column."""
    return np.repeat(np.arange(design.loop.samples), design.loop.levels) % design.tuning.columns


def noise_after(noise: ReadNoise, level: Array, delays: tuple[float, ...], *, rng: np.random.Generator) -> Array:
    """``(delays, cells)`` the noise processes at each delay, in standard deviations, from where they were: ``level (cells,)`` at delay 0."""
    tau, before, rows = noise.correlation_time, 0.0, []
    for delay in delays:
        kept = math.exp(-(delay - before) / tau) if tau > 0.0 else 0.0
        level = kept * level + math.sqrt(1.0 - kept**2) * rng.standard_normal(len(level))
        before = delay
        rows.append(level)
    return np.stack(rows)


def read_cells(lanes: Lanes, state: Array, *, noise: Array, column: Array) -> ReadCells:
    """Cells of a tuning for the read path, once for each row of ``noise (reads, cells)``, one read behind the other."""
    count = len(noise)
    return ReadCells(
        states=np.tile(np.clip(lanes.held(state), 0.0, 1.0), count),
        current_scale=np.tile(lanes.current_scale, count),
        series_scale=np.tile(lanes.series_scale, count),
        wire=np.tile(lanes.wire, count),
        noise=noise.ravel(),
        column=np.tile(column, count),
    )


def touching_levels(window: Window, band: float) -> int:
    """How many conductances fit into a window whose relative bands touch one another, end to end, with nothing between."""
    return 1 + int(math.log(window.high / window.low) / math.log((1.0 + band) / (1.0 - band)) + 1e-9)
