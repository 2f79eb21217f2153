"""Tables of the report on the loop, and the words and numbers that its figures and chapters share with them."""

import math
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.codesign.circuit_channel.measure import MeasuredCells
from cosim.codesign.circuit_channel.models import FLOOR, REJECTED
from cosim.codesign.network.levels import Kind
from cosim.reporting.blocks import Block, Column, marked, table
from cosim.reporting.style import MINUS, band, measured, percent, pretty, quantity, scientific
from cosim.studies.loop.channel import ChannelResult
from cosim.studies.loop.levels import LevelsResult, LevelsRow
from cosim.studies.loop.training import TrainingResult, Which
from cosim.studies.loop.tuned import TunedResult
from cosim.sweep.yields import clopper_pearson

KINDS: tuple[Kind, ...] = ("uniform", "designed")
WAYS = {"plain": "as trained", "aware": "trained through the channel", "staged": "trained while it is written, in stages"}
SHORT = {"aware": "training aware", "staged": "in stages"}
SMALL = 1e-3  # a p-value below is written as a power of ten
LEVEL_95 = 0.95
LONG = 1000.0  # [s] delays from which on seconds are written out


def delay_name(delay: float) -> str:
    """``10 ms``, ``10,000 s``."""
    return quantity(float(delay), "s") if delay < LONG else f"{delay:,.0f}\N{NO-BREAK SPACE}s"


def duration(seconds: float) -> str:
    """``22.1 s``, ``2.1 h``."""
    return measured(seconds, "s") if seconds < LONG else f"{seconds / 3600.0:.2g}\N{NO-BREAK SPACE}h"


def tuning_error(cells: MeasuredCells) -> Array:
    """``(cells,)`` true conductance against its target, relative."""
    return np.asarray(cells.true / cells.target - 1.0)


def signed_points(value: float, *, digits: int = 2) -> str:
    """Points of accuracy with a sign: ``+1.25``."""
    shown = f"{value:+.{digits}f}"
    return f"{0.0:.{digits}f}" if not float(shown) else shown.replace("-", MINUS)


def probability(value: float) -> str:
    """A p-value: ``0.031``, or a power of ten where it is small."""
    if value <= FLOOR:
        return f"< {scientific(FLOOR)}"
    return scientific(value) if value < SMALL else f"{value:.3f}"


def interval_of_mean(values: Array) -> tuple[float, float]:
    """95 % interval of a mean by Student's t."""
    from scipy.stats import t

    values = np.asarray(values, dtype=float)
    half = float(t.ppf(0.5 + LEVEL_95 / 2, len(values) - 1)) * float(values.std(ddof=1)) / math.sqrt(len(values))
    return float(values.mean()) - half, float(values.mean()) + half


def right(classes: Array, labels: Array) -> tuple[float, tuple[float, float]]:
    """Share of the images that are classed right among those that ran, and its 95 % interval (Clopper and Pearson)."""
    ran = classes >= 0
    hits, count = int(np.sum(classes[ran] == labels[ran])), int(ran.sum())
    return hits / count, clopper_pearson(hits, count)


def same_classes(result: TunedResult) -> tuple[int, int]:
    """How many images get the same class from the ideal and from the tuned array, of how many that ran with both."""
    return int(np.sum(result.ideal[result.done] == result.tuned[result.done])), int(result.done.sum())


def capacities(result: ChannelResult) -> Block:
    """Bits of one read, and what bands that do not touch would hold."""
    found = [(f"one read after {each.name}" if each.delay is not None else "one read without noise", each.estimate) for each in result.capacities]
    found += [("the tuned conductance itself, no amplifier", result.tuned)] if result.tuned is not None else []
    rows = [[name, f"{each.bits:.3f}", f"{each.low:.3f} to {each.high:.3f}", f"{each.kernel_bits:.3f}", str(each.samples)] for name, each in found]
    width = band(result.design.tuning.band)
    rows += [
        [f"{result.uniform_levels} levels, equally far apart, bands of {width} that do not touch", f"{math.log2(result.uniform_levels):.3f}", "", "", ""],
        [f"{result.touching_levels} levels whose bands of {width} touch end to end", f"{math.log2(result.touching_levels):.3f}", "", "", ""],
    ]
    return table(
        "Bits of a tuned cell",
        [
            Column("what is read", width="1"),
            Column("bits a device", "right"),
            Column("95 % interval", "right"),
            Column("in sample", "right"),
            Column("devices a level", "right"),
        ],
        rows,
        caption="A lower bound, scored on devices that its laws have not seen; in sample: the plain capacity of kernel densities of all devices. The last "
        "two rows count levels: what a band promises.",
    )


def models(result: ChannelResult) -> Block:
    """Which models describe the cell."""
    rows: list[list[Any]] = []
    before = ""
    for each in result.fits:
        rows.append(
            [
                f"{each.model} ({each.source})" if each.model != before else "",
                each.condition,
                f"{each.statistic[0]} {each.statistic[1]:.3g}",
                probability(each.p_value),
                "-" if each.bits is None else f"{each.bits:.2f}",
                {"text": "accepted" if each.accepted else "rejected", "mark": "good" if each.accepted else "bad"},
                each.remark,
            ]
        )
        before = each.model
    return table(
        "Models held against the measurement",
        [
            Column("model", width="1.1"),
            Column("condition", width="0.7"),
            Column("statistic", width="0.7"),
            Column("p", "right"),
            Column("bits", "right"),
            Column("verdict"),
            Column("remark", width="1.7"),
        ],
        rows,
        caption=f"Accepted: not rejected at {percent(REJECTED, digits=0)}, shared by all conditions of a model. Bits: capacity that the model would give.",
        size=7.2,
        long=True,
    )


def assumed(result: ChannelResult) -> Block:
    """What drift would leave, were it that of the assumed model."""
    rows = [
        [
            each.model,
            delay_name(each.delay),
            f"{each.bits.bits:.3f}",
            f"{each.bits.low:.3f} to {each.bits.high:.3f}",
            *_drifted(each.mean_shift, each.deviation),
        ]
        for each in result.assumed
    ]
    return table(
        "ASSUMED drift, beyond what was measured",
        [
            Column("assumed model", width="1"),
            Column("after", "right"),
            Column("bits a device", "right"),
            Column("95 % interval", "right"),
            Column("mean drift", "right"),
            Column("its deviation", "right"),
        ],
        rows,
        caption="Drift of the conductance since the last measured delay. No claim rests on it.",
    )


def _drifted(shift: float, deviation: float) -> tuple[str, str]:
    return pretty(f"{100 * math.expm1(shift):+.1f} %"), percent(deviation)


def costs(result: TunedResult) -> Block:
    """What tuning the whole array took."""
    traces = result.chip.array.traces
    cells = len(traces.target)
    error = traces.conductance / traces.target - 1.0
    inside = int(np.sum(traces.inside))
    rows = [
        ["cells", str(cells)],
        [f"truly inside of {band(result.design.tuning.band)}", f"{inside} of {cells} ({percent(inside / cells, digits=2)})"],
        ["standard deviation and mean of the error", f"{percent(float(error.std()), digits=2)}, {pretty(f'{100 * float(error.mean()):+.2f} %')}"],
        ["pulses, all cells; of a cell", f"{result.pulses:,}; {traces.pulses.mean():.2f}, at most {int(traces.pulses.max())}"],
        ["time, one cell after another", duration(result.time)],
        ["energy of all pulses", measured(result.energy, "J")],
        [f"twin against SPICE, largest difference of {len(result.audited[0])} final conductances", percent(result.audit, digits=3)],
    ]
    return table("Tuning of the whole array, every pulse in SPICE", [Column("what", width="1"), Column("value", "right")], rows)


def accuracies(result: TunedResult) -> Block:
    """Network, model and circuit, ideal and tuned."""
    images = len(result.labels)
    rows: list[list[Any]] = [["network as trained", "", percent(result.network), "all test images"]]
    for name, classes, model in (("ideal mapping", result.ideal, result.model_ideal), ("really tuned array", result.tuned, result.model_tuned)):
        share, (low, high) = right(classes, result.labels)
        rows.append([name, f"{percent(share)} ({100 * low:.1f} to {100 * high:.1f})", percent(model), f"{int((classes >= 0).sum())} of {images} images ran"])
    for name, values in (("further arrays, tuned by the twin", result.tuned_draws), ("shortcut: target plus Gaussian of the band", result.shortcut)):
        low, high = interval_of_mean(100 * np.asarray(values))
        mean = f"{percent(float(np.mean(values)), digits=2)} ({low:.2f} to {high:.2f})"
        rows.append([name, "", mean, f"mean of {len(values)} arrays"])
    same, done = same_classes(result)
    gap = result.difference
    return table(
        "Test images that are classed right",
        [Column("array", width="1"), Column("in the circuit", "right"), Column("in the model", "right"), Column("of")],
        rows,
        caption="In brackets 95 % intervals: in the circuit of a share (Clopper and Pearson), in the model of the mean. "
        f"{same} of {done} images get the same class from the ideal and from the tuned array. Shortcut less tuned arrays: {signed_points(gap.points)} points "
        f"({signed_points(gap.low)} to {signed_points(gap.high)}, p {probability(gap.p_value)}).",
    )


def levels(result: LevelsResult) -> Block:
    """Both kinds of levels, back in the array."""
    rows = []
    for row in result.rows:
        uniform, designed = (100 * np.asarray(row.accuracy[kind]) for kind in KINDS)
        low, high = row.interval
        rows.append(
            [
                f"{row.bits:g}",
                f"{uniform.mean():.2f}",
                f"{designed.mean():.2f}",
                f"{signed_points(row.gain)} ({signed_points(low)} to {signed_points(high)})",
                probability(row.p_value),
                _of_networks(row),
                f"{row.uniform.gain:.3g}, {row.designed.gain:.3g}",
                f"{row.uniform.loss:.3f}, {row.designed.loss:.3f}",
            ]
        )
    draws = len(result.rows[0].accuracy[KINDS[0]])
    return table(
        "Uniform and designed levels (test images classed right, %)",
        [
            Column("bits", width="1"),
            Column("uniform", "right"),
            Column("designed", "right"),
            Column("difference, points (95 %)", "right"),
            Column("p, paired t", "right"),
            Column("95 %, networks", "right"),
            Column("gains", "right"),
            Column("cross-entropy (nat)", "right"),
        ],
        rows,
        caption=f"Mean of {draws} arrays, {draws // result.rows[0].networks} of each of {result.rows[0].networks} networks, that were tuned to these levels by "
        "the twin, the same devices for both kinds; the interval of networks is over their means, what to expect of another training. Gains and levels were "
        "chosen on training images and weights alone. Gains and cross-entropy of the training images, first network: uniform, designed.",
        size=8.0,
    )


def _of_networks(row: LevelsRow) -> str:
    """Interval of the difference over the means of the networks; a dash for one network."""
    low, high = row.interval_of_networks
    return f"{signed_points(low)} to {signed_points(high)}" if row.networks > 1 else "-"


def audits(result: LevelsResult) -> Block:
    """The first arrays of both kinds in the circuit."""
    rows = []
    for row in result.rows:
        found = row.audit
        same, runs = found.agreement
        shares = (percent(found.right(where, kind)) for where in ("circuit", "model") for kind in KINDS)
        rows.append([f"{row.bits:g}", str(len(found.images)), str(found.differing), *shares, f"{same} of {runs}"])
    return table(
        "The first arrays in the circuit (images classed right)",
        [
            Column("bits", width="1"),
            Column("images", "right"),
            Column("differ in the model", "right"),
            *(Column(f"{where}, {kind}", "right") for where in ("circuit", "model") for kind in KINDS),
            Column("circuit as model", "right"),
        ],
        rows,
        caption="Images on which the two arrays differ in the model are taken first, as far as they fit; shares of such images are lower than those of all.",
        size=8.0,
    )


def training(result: TrainingResult) -> Block:
    """What training gives back."""
    shares = {"plain": "", "aware": _recovered(result, "aware"), "staged": _recovered(result, "staged")}
    rows = [[name, percent(result.error), *_chips(getattr(result, way)), shares[way]] for way, name in WAYS.items()]
    rows.append(["closed loop, as trained", percent(result.tuned_error, digits=2), *_chips(result.tuned_plain), ""])
    rows.append(["closed loop, trained through its own channel", percent(result.tuned_error, digits=2), *_chips(result.tuned_aware), ""])
    rows.append(["without errors", "0", f"{100 * result.clean:.2f}", "", "", ""])
    return table(
        "Training for the errors of the cells (test images classed right, %)",
        [
            Column("network", width="1"),
            Column("error", "right"),
            Column("mean", "right"),
            Column("95 % interval", "right"),
            Column("worst chip", "right"),
            Column("loss recovered", "right"),
        ],
        rows,
        caption=f"{len(result.plain)} chips of the open loop, the same devices for all three, and {len(result.tuned_plain)} of the closed loop. Intervals are "
        "over chips.",
    )


def _recovered(result: TrainingResult, which: Which) -> str:
    low, high = result.interval(which)
    return f"{percent(result.recovered(which), digits=0)} ({100 * low:.0f} to {100 * high:.0f})"


def _chips(values: Array) -> tuple[str, str, str]:
    """Mean, its interval and the worst of ``(chips,)`` accuracies."""
    low, high = interval_of_mean(100 * np.asarray(values))
    return f"{100 * np.mean(values):.2f}", f"{low:.2f} to {high:.2f}", f"{100 * np.min(values):.2f}"


def rules(rows: list[list[str]]) -> Block:
    """The rules of the first page: stage, rule, computed, allowed, verdict."""
    shown = [[*row[:-1], marked(row[-1])] for row in rows]
    columns = [Column("stage"), Column("rule", width="1"), Column("computed", "right"), Column("must be", "right"), Column("verdict")]
    return table("Rules", columns, shown, size=8.5)


def best_levels(result: LevelsResult) -> tuple[LevelsRow, float]:
    """The number of bits at which designed levels gain most, and how much [points]."""
    best = max(result.rows, key=lambda row: row.gain)
    return best, best.gain


def best_training(result: TrainingResult) -> tuple[str, float]:
    """The way of training that recovers most of the loss, in short words, and what part of it."""
    aware, staged = result.recovered("aware"), result.recovered("staged")
    return (SHORT["staged"], staged) if staged >= aware else (SHORT["aware"], aware)
