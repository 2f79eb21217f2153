"""Tables of the chapter on storage (Zarcone 2020), and the words and numbers that its figures share with them.

What needs a channel only reads `Stored`; the study on the measurements adds what the paper prints.
"""

import numpy as np

from cosim._types import Array
from cosim.channels.channel import Axis, Discretized
from cosim.reporting.blocks import Block, Column, table
from cosim.reporting.style import MINUS, measured, percent, scientific
from cosim.studies.zarcone2020.pcm.claims import CLAIMS, COMPARED, PAPER_DEVICE, PRINTED, READS, device_bandwidth, excess
from cosim.studies.zarcone2020.pcm.study import PcmResult
from cosim.studies.zarcone2020.storing import USED, Code, Stored

PAPER = "Zarcone 2020"
SMOOTH = {"exact": "sums of Gaussians, trained on the channel", "surrogate": "sums of Gaussians, trained on moments"}  # of `Stored.smooth`
SCALAR = "scalar code"


def paper(name: str) -> float:
    """What the paper prints of a claim on the measurements, by the last part of its id; "devices" is no claim to be met."""
    if name == "devices":
        return PAPER_DEVICE
    printed = next(each for each in CLAIMS if each.id.endswith(f".{name}")).paper
    assert isinstance(printed, float | int)
    return float(printed)


def source_of(study: PcmResult | None, where: str) -> str:
    """The place in the paper beside which a figure or table stands, if it shows the channel of the paper."""
    return f"{PAPER}, {where}" if study else ""


def quantity_name(axis: Axis) -> str:
    """Its name as it is printed: the base of a logarithm is a subscript."""
    return axis.name.replace("log10", "log₁₀")


def amount(value: float, axis: Axis) -> str:
    """A value on an axis with its unit, in three digits."""
    return signed(value, 3) if axis.unit == "1" else measured(value, axis.unit)


def signed(value: float, digits: int, *, plus: bool = False) -> str:
    """A pure number with a fixed number of decimals, a true minus, and no sign on what rounds to zero."""
    shown = f"{value:{'+' if plus else ''}.{digits}f}"
    return f"{0.0:.{digits}f}" if not float(shown) else shown.replace("-", MINUS)


def decibels(value: float) -> str:
    """``10.28 dB``."""
    return f"{signed(value, 2)}\N{NO-BREAK SPACE}dB"


def bits(value: float) -> str:
    """``2.084 bits``."""
    return f"{value:.3f}\N{NO-BREAK SPACE}bits"


def widths(channel: Discretized) -> Array:
    """``(bins,)`` width of each bin; an outer one is given that of its neighbor."""
    inner = np.diff(channel.edges[1:-1])
    if not len(inner):
        return np.full(len(channel.edges) - 1, (channel.read.most - channel.read.least) / (len(channel.edges) - 1))
    return np.concatenate([inner[:1], inner, inner[-1:]])


def read_moments(channel: Discretized) -> tuple[Array, Array]:
    """``(levels,)`` mean and deviation of the reads of each input."""
    means = channel.matrix @ channel.centers
    return means, np.sqrt(np.maximum(channel.matrix @ channel.centers**2 - means**2, 0.0))


def states(stored: Stored, study: PcmResult | None = None) -> Block:
    """Capacity against the number of states, ours and the paper's."""
    found = stored.states
    rows = [[str(writes), *(_cell(stored, writes, reads, compared=study is not None) for reads in found.reads)] for writes in found.writes]
    caption = f"Analog reads and all {len(stored.matrix.inputs)} inputs: {bits(stored.capacity.bits)}."
    if study:
        caption += _compared(study)
    return table(
        "Capacity with so many write and read states (bits a device)",
        [Column("write states"), *(Column(f"{reads} read", "right", "1") for reads in found.reads)],
        rows,
        caption=caption,
        source=source_of(study, "Fig. 5b"),
        size=8.0,
    )


def _cell(stored: Stored, writes: int, reads: int, *, compared: bool) -> str:
    ours = f"{stored.states.at(writes, reads):.3f}"
    printed = PRINTED[writes][READS.index(reads)] if compared and writes in PRINTED and reads in READS else None
    return ours if printed is None else f"{ours} / {printed:.3f}"


def _compared(study: PcmResult) -> str:
    """What the cells say beside the paper's."""
    above = excess(study)
    cells = [(writes, reads) for writes in PRINTED for reads in READS]
    binary = max(PRINTED[writes][READS.index(reads)] for writes, reads in cells if (writes, reads) not in COMPARED)
    most = f" Ours is higher by {signed(min(above.values()), 3)} to {signed(max(above.values()), 3)} in {len(above)} cells." if above else ""
    return (
        f" Behind the slash the values behind the paper's figure, from its authors' repository.{most} Two write or two read states cannot hold more than "
        f"one bit; the paper's values do, up to {binary:.4f}."
    )


def capacities(study: PcmResult) -> Block:
    """Capacities of the measured channels with Scott's bandwidth, ours and the paper's."""
    count = len(study.devices)
    mean = float(np.mean([each.bits for each in study.devices]))
    rows = [
        ["all, each relative to its own reset", f"{study.stored.capacity.bits:.3f}", f"{paper('capacity_normalized'):g}", str(len(study.stored.capacity.used))],
        ["all, as they are", f"{study.raw.bits:.3f}", f"{paper('capacity_raw'):g}", str(len(study.raw.used))],
        *([f"device {number} alone", f"{each.bits:.3f}", "", str(len(each.used))] for number, each in enumerate(study.devices)),
        ["mean of the single devices", f"{mean:.3f}", f"{paper('devices'):g}", ""],
    ]
    factor = device_bandwidth(study)
    reached = f"needs {factor:.2f} times Scott's bandwidth" if np.isfinite(factor) else f"is not met up to {study.bandwidths.max():g} times Scott's bandwidth"
    gap = study.stored.capacity.upper - study.stored.capacity.bits
    return table(
        f"Capacity of {count} phase-change cells (bits a device)",
        [Column("devices", width="1"), Column("ours", "right"), Column("paper", "right"), Column("levels used", "right")],
        rows,
        caption=f"Kernel densities with Scott's bandwidth, {len(study.stored.matrix.centers)} bins; a level is used if it is written in more than "
        f"{percent(USED)} of all cases. No distribution exceeds the first value by more than "
        f"{scientific(max(gap, float(np.finfo(float).eps)))} bits. The paper's mean of single devices {reached}.",
        source=f"{PAPER}, Fig. 4",
        size=8.0,
    )


def codes(stored: Stored, study: PcmResult | None = None) -> Block:
    """Codes for one Gaussian sample a device."""
    rows = [_code_row(stored, "scalar code, exact encoder and decoder", stored.scalar)]
    coarse = stored.coarse
    used = len(np.unique(coarse.written))
    rows.append([coarse_name(stored), signed(coarse.snr, 2), signed(stored.opta - coarse.snr, 2), "", f"{used} of {len(stored.matrix.inputs)}", ""])
    rows += [_code_row(stored, SMOOTH[name], stored.smooth[name]) for name in SMOOTH if name in stored.smooth]
    caption = (
        f"No code for one Gaussian sample a device exceeds {decibels(stored.opta)}, which {bits(stored.capacity.bits)} allow (OPTA). "
        "Exact, by expectation over the channel. Best decoder: the mean of the source given the read, with the same encoder."
    )
    if study:
        printed = paper("sum_of_gaussians")
        rows.append(["sums of Gaussians, the paper's", f"{printed:.1f}", signed(stored.opta - printed, 2), "", "", ""])
        caption += (
            f" Designed on a part of the trials, the scalar code expects {decibels(study.unseen.expected)} and has "
            f"{decibels(study.unseen.scored)} on the raw reads of the others."
        )
    return table(
        "Codes for a Gaussian sample in one device",
        [
            Column("code", width="1"),
            Column("SNR (dB)", "right"),
            Column("below OPTA (dB)", "right"),
            Column("best decoder (dB)", "right"),
            Column("inputs written", "right"),
            Column("information (bits)", "right"),
        ],
        rows,
        caption=caption,
        source=source_of(study, "section on joint coding"),
        size=8.0,
    )


def coarse_name(stored: Stored) -> str:
    """The code with few states, in words."""
    return f"scalar code, {stored.coarse.writes} write levels, {stored.coarse.reads} read intervals"


def _code_row(stored: Stored, name: str, code: Code) -> list[str]:
    numbers = (signed(code.snr, 2), signed(stored.opta - code.snr, 2), signed(code.best_decoder_snr, 2))
    return [name, *numbers, f"{code.levels} of {len(code.distribution)}", f"{code.information:.3f}"]


def equal(stored: Stored, study: PcmResult | None = None) -> Block:
    """What is lost when levels are written equally often."""
    found, best = stored.equal, stored.capacity.bits
    rows = [[f"best {count}", f"{value:.3f}", percent(1.0 - value / best)] for count, value in zip(found.counts, found.bits, strict=True)]
    rows.append([f"the {len(stored.capacity.used)} of the optimum", f"{found.support:.3f}", percent(1.0 - found.support / best)])
    said = f" The paper: about {paper('equal_probabilities'):g}\N{NO-BREAK SPACE}%, for the levels of its optimum." if study else ""
    return table(
        "Levels that are written equally often",
        [Column("levels", width="1"), Column("information (bits)", "right"), Column("below the capacity", "right")],
        rows,
        caption=f"Capacity {bits(best)}. The best sets are chosen for equal probabilities.{said}",
        source=source_of(study, "section on capacity"),
        size=8.0,
    )


def levels(stored: Stored) -> Block:
    """The levels that the optimum writes: how often, and what is read."""
    channel, found = stored.matrix, stored.capacity
    means, deviations = read_moments(channel)
    rows = [
        [amount(float(channel.inputs[level]), channel.written), percent(float(found.distribution[level]), digits=2)]
        + [amount(float(each[level]), channel.read) for each in (means, deviations)]
        for level in found.used
    ]
    rest = 1.0 - float(np.sum(found.distribution[found.used]))
    return table(
        f"The {len(found.used)} levels of the optimum",
        [Column(quantity_name(channel.written), width="1"), Column("written", "right"), Column("mean read", "right"), Column("deviation", "right")],
        rows,
        caption=f"Reads: {quantity_name(channel.read)}. Inputs that are written in at most {percent(USED)} of all cases are left out, "
        f"together {percent(max(rest, 0.0), digits=2)}.",
        size=8.0,
    )
