"""Tables of the report on the loop, and the words and numbers that its figures and chapters share with them."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.claims import Verdict
from cosim.codesign.circuit_channel.measure import MeasuredCells
from cosim.codesign.circuit_channel.models import FLOOR, REJECTED, ModelFit
from cosim.codesign.network.levels import Kind
from cosim.reporting.blocks import Block, Column, marked, table
from cosim.reporting.style import MINUS, band, listing, measured, percent, pretty, quantity, scientific
from cosim.studies.loop.channel import ChannelResult
from cosim.studies.loop.levels import LevelsResult, LevelsRow
from cosim.studies.loop.training import TrainingResult, Which
from cosim.studies.loop.tuned import TunedResult
from cosim.sweep.yields import clopper_pearson

KINDS: tuple[Kind, ...] = ("uniform", "searched", "designed")
AUDITED: tuple[Kind, ...] = ("uniform", "designed")  # kinds of levels that the circuit is asked about
WAYS: dict[str, str] = {
    "plain": "as trained",
    "longer": "trained on for as long, without the channel (control)",
    "aware": "trained through the channel",
    "staged": "trained while it is written in stages, with read-back",
}
TAUGHT: tuple[Which, ...] = ("longer", "aware", "staged")  # ways that may give accuracy back
SMALL = 1e-3  # a p-value below is written as a power of ten
LEVEL_95 = 0.95
LONG = 1000.0  # [s] delays from which on seconds are written out
FEW = 4  # delays that are named one by one
NO_SHARE = "no share"  # too little accuracy was lost for one, or more than all came back
NEAR = 0.1  # bits to a ceiling, within which a capacity is said to lie near it


def delay_name(delay: float) -> str:
    """``10 ms``, ``10,000 s``."""
    return quantity(float(delay), "s") if delay < LONG else f"{delay:,.0f}\N{NO-BREAK SPACE}s"


def delay_names(delays: Sequence[float] | Array) -> str:
    """``10 ms, 1 s and 100 s``; of many delays their number, the first and the last."""
    shown = [delay_name(float(each)) for each in delays]
    return listing(shown) if len(shown) <= FEW else f"{len(shown)} delays, {shown[0]} to {shown[-1]}"


def duration(seconds: float) -> str:
    """``22.1 s``, ``2.1 h``."""
    return measured(seconds, "s") if seconds < LONG else f"{seconds / 3600.0:.2g}\N{NO-BREAK SPACE}h"


def tuning_error(cells: MeasuredCells) -> Array:
    """``(cells,)`` true conductance against its target, relative."""
    return np.asarray(cells.true / cells.target - 1.0)


def signed_points(value: float, *, digits: int = 2) -> str:
    """Points of accuracy with a sign: ``+1.25``; a dash where there are none."""
    if not math.isfinite(value):
        return "-"
    shown = f"{value:+.{digits}f}"
    return f"{0.0:.{digits}f}" if not float(shown) else shown.replace("-", MINUS)


def probability(value: float) -> str:
    """A p-value: ``0.031``, or a power of ten where it is small; a dash where there is none."""
    if math.isnan(value):
        return "-"
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


def chip_range(result: ChannelResult) -> tuple[float, float, int] | None:
    """Least and most bits of one read after the longest delay behind the amplifiers of all chips, this one among them, and their number; None for one chip."""
    if result.chips is None or not len(result.chips):
        return None
    every = [result.longest.bits, *(float(each) for each in result.chips)]
    return min(every), max(every), len(every)


def bits_of_chips(result: ChannelResult) -> str:
    """``4.87 bits on this chip, 4.61 to 4.89 on 9``."""
    known = chip_range(result)
    here = f"{result.longest.bits:.2f} bits"
    return f"{here} on this chip, {known[0]:.2f} to {known[1]:.2f} on {known[2]}" if known else f"{here} on this chip"


def near_ceiling(result: ChannelResult) -> bool:
    """Whether the tuned conductance holds nearly as much as the written levels allow at most."""
    return result.tuned is not None and math.log2(len(result.cells.written)) - result.tuned.bits < NEAR


def capacities(result: ChannelResult) -> Block:
    """Bits of one read, and what bands that do not touch would hold."""
    found = [(f"one read after {each.name}" if each.delay is not None else "one read without noise", each.estimate) for each in result.capacities]
    found += [("the tuned conductance itself, no amplifier", result.tuned)] if result.tuned is not None else []
    rows = [[name, f"{each.bits:.3f}", f"{each.low:.3f} to {each.high:.3f}", f"{each.kernel_bits:.3f}", str(each.samples)] for name, each in found]
    known, written = chip_range(result), len(result.cells.written)
    if known is not None:
        late = f"one read after {delay_name(result.cells.delays[-1])}: range over {known[2]} chips, this one among them"
        rows.insert(len(result.capacities) - 1, [late, f"{known[0]:.3f} to {known[1]:.3f}", "", "", ""])
    width = band(result.design.tuning.band)
    for count, words in (
        (written, "written levels: a ceiling, no row above can hold more"),
        (result.uniform_levels, f"levels, equally far apart, bands of {width} that do not touch"),
        (result.touching_levels, f"levels whose bands of {width} touch end to end"),
    ):
        rows.append([f"{count} {words}", f"{math.log2(count):.3f}", "", "", ""])
    near = (
        f" The tuned conductance lies within {NEAR:g} bit of the ceiling: it is the number of levels that ends its capacity, and more levels would show more."
        if near_ceiling(result)
        else ""
    )
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
        caption="A lower bound, scored on devices that its laws have not seen; intervals are over the devices of this chip. In sample: the plain capacity of "
        "kernel densities of all devices; it errs both ways, as the kernels know the noise that they are asked about and widen every law, and so may lie below "
        f"the bound. The last two rows count levels: what a band promises.{near}",
    )


def models(result: ChannelResult) -> Block:
    """Which models describe the cell, a row each."""
    names = list(dict.fromkeys(each.model for each in result.fits))
    rows = [_model([each for each in result.fits if each.model == name]) for name in names]
    return table(
        "Models held against the measurement",
        [
            Column("model", width="1.0"),
            Column("statistic", width="0.45"),
            Column("its value and p on each condition", width="1.15"),
            Column("bits", "right"),
            Column("accepted on", width="0.5"),
            Column("where it fits least", width="1.0"),
        ],
        rows,
        caption=f"Accepted: not rejected at {percent(REJECTED, digits=0)}, shared by all conditions of a model. Bits: capacity that the model would give on "
        "its conditions. Nothing but noise moves a cell in this simulation: rows on drift show what such a drift would look like in it, not that the device "
        "has none.",
        size=7.2,
    )


def _model(fits: Sequence[ModelFit]) -> list[Any]:
    """The row of one model, from its conditions."""
    worst = min(fits, key=lambda each: each.p_value)
    held = [each.condition for each in fits if each.accepted]
    bits = sorted({f"{each.bits:.2f}" for each in fits if each.bits is not None})
    accepted = f"{listing(held)} ({len(held)} of {len(fits)})" if held else f"none of {len(fits)}"
    return [
        f"{worst.model} ({worst.source})",
        worst.statistic[0],
        "; ".join(f"{each.condition} {each.statistic[1]:.3g} ({_p_is(each.p_value)})" for each in fits),
        "-" if not bits else bits[0] if len(bits) == 1 else f"{bits[0]} to {bits[-1]}",
        {"text": accepted, "mark": "good" if held else "bad"},
        f"{worst.condition}: {worst.remark}",
    ]


def _p_is(value: float) -> str:
    """``p 0.031``, ``p < 1.0 x 10^-300``."""
    return f"p {probability(value)}"


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
        caption="Drift of the conductance since the last measured delay, of another material: in this simulation no more than noise moves a cell. No claim "
        "rests on it.",
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
        ["accepted although outside; not reached; stuck", f"{result.chip.false_successes}; {result.chip.not_reached}; {int(result.chip.stuck.sum())}"],
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
    """All kinds of levels, back in the array."""
    rows = []
    for row in result.rows:
        low, high = row.interval
        alone, whole = float(np.mean(row.over_searched)), row.gain
        rows.append(
            [
                f"{row.bits:g}",
                *(f"{100 * float(np.mean(row.accuracy[kind])):.2f}" for kind in KINDS),
                f"{signed_points(whole)} ({signed_points(low)} to {signed_points(high)})",
                probability(result.p_values[row.bits]),
                signed_points(whole - alone),
                signed_points(alone),
                ", ".join(f"{getattr(row, kind).gain:.3g}" for kind in KINDS),
                ", ".join(f"{getattr(row, kind).loss:.3f}" for kind in KINDS),
            ]
        )
    networks, draws = result.rows[0].networks, len(result.rows[0].gained)
    over = f"the means of {networks} networks" if networks > 1 else "the arrays of the one network"
    return table(
        "Levels (test images classed right, %)",
        [
            Column("bits", width="1"),
            *(Column(kind, "right") for kind in KINDS),
            Column("difference, points (95 %)", "right"),
            Column("p, Holm", "right"),
            Column("by the gain", "right"),
            Column("by the levels", "right"),
            Column("gains", "right"),
            Column("cross-entropy (nat)", "right"),
        ],
        rows,
        caption=f"Mean of {draws} arrays, {draws // networks} of each of {networks} {'networks' if networks > 1 else 'network'}, tuned by the twin, the same "
        "devices for all kinds. Uniform: equal levels, gain by the accuracy on training images. Searched: equal levels, gain by the loss and the search that "
        f"designed levels have (control). Difference: designed less uniform; its interval and p (paired t, Holm over the widths) are over {over}. By the gain: "
        "searched less uniform; by the levels: designed less searched, in points. Gains and cross-entropy of the training images: first network, in the order "
        "of the kinds.",
        size=7.5,
    )


def audits(result: LevelsResult) -> Block:
    """The first arrays of both kinds in the circuit."""
    rows = []
    for row in result.rows:
        found = row.audit
        same, runs = found.agreement
        points, low, high = row.circuit_gain
        shares = [", ".join(percent(found.right(where, kind)) for kind in AUDITED) for where in ("circuit", "model")]
        shown = f"{signed_points(points)} ({signed_points(low)} to {signed_points(high)})"
        rows.append([f"{row.bits:g}", str(len(found.images)), str(found.differing), *shares, f"{same} of {runs}", shown])
    return table(
        "The first arrays in the circuit (images classed right)",
        [
            Column("bits", width="0.3"),
            Column("images", "right"),
            Column("differ in the model", "right"),
            *(Column(f"right in the {where}: {', '.join(AUDITED)}", "right", "1.3") for where in ("circuit", "model")),
            Column("circuit as model", "right"),
            Column("gain, points (95 %)", "right"),
        ],
        rows,
        caption="Images on which the two arrays differ in the model are taken first, as far as they fit; shares of such images are lower than those of all. "
        "Gain: estimate in points of all test images, the share of differing images times what the circuit says on those that ran.",
        size=7.5,
    )


def training(result: TrainingResult) -> Block:
    """What training gives back."""
    rows = [[name, percent(result.error), *_chips(getattr(result, way)), _recovered(result, way)] for way, name in WAYS.items()]
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
        caption=f"{len(result.plain)} chips of the open loop, the same devices for all ways, and {len(result.tuned_plain)} of the closed loop. Intervals are "
        f"over chips: one network. Reading back takes {result.reads} reads of each cell, {duration(result.read_time)} for the whole array; the other ways of "
        f"the open loop read no cell. {staged_in_circuit(result)}",
    )


def staged_in_circuit(result: TrainingResult) -> str:
    """What the circuit says of the first array that was written in stages."""
    hits, model, ran = circuit_hits(result)
    return f"In the circuit the first staged array classes {hits} of {ran} images right, {model} in the model."


def circuit_hits(result: TrainingResult) -> tuple[int, int, int]:
    """Images that the first staged array classes right in the circuit and in the model, of how many that ran."""
    audit = result.circuit
    ran = np.asarray(audit.circuit) >= 0
    circuit, model = (int(np.sum(each[ran] == audit.labels[ran])) for each in (audit.circuit, audit.model))
    return circuit, model, int(ran.sum())


def share_back(result: TrainingResult, way: Which) -> str:
    """The share of the lost accuracy that a way gives back; in words where none can be given."""
    share = result.recovered(way)
    return NO_SHARE if not math.isfinite(share) else percent(share, digits=0).replace("-", MINUS)


def _recovered(result: TrainingResult, way: str) -> str:
    known = [each for each in TAUGHT if each == way]
    if not known:
        return ""
    share = share_back(result, known[0])
    low, high = (math.nan, math.nan) if share == NO_SHARE else result.interval(known[0])
    return f"{share} ({100 * low:.0f} to {100 * high:.0f})".replace("(-", f"({MINUS}") if math.isfinite(low) and math.isfinite(high) else share


def _chips(values: Array) -> tuple[str, str, str]:
    """Mean, its interval and the worst of ``(chips,)`` accuracies."""
    low, high = interval_of_mean(100 * np.asarray(values))
    return f"{100 * np.mean(values):.2f}", f"{low:.2f} to {high:.2f}", f"{100 * np.min(values):.2f}"


def printed(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The same, p-values at their floor in words: less than that."""
    return [
        replace(each, value=f"< {FLOOR:g}") if isinstance(each.value, float) and each.unit == "1" and 0.0 <= each.value <= FLOOR else each for each in verdicts
    ]


def rules(rows: list[list[str]]) -> Block:
    """The rules of the first page: stage, rule, computed, allowed, verdict."""
    shown = [[*row[:-1], marked(row[-1])] for row in rows]
    columns = [Column("stage"), Column("rule", width="1"), Column("computed", "right"), Column("must be", "right"), Column("verdict")]
    return table("Rules", columns, shown, size=8.5)


def best_levels(result: LevelsResult) -> tuple[LevelsRow, float]:
    """The number of bits at which designed levels gain most, and how much [points]."""
    best = max(result.rows, key=lambda row: row.gain)
    return best, best.gain


def bit_words(bits: float) -> str:
    """``1 bit``, ``2 bits``."""
    return f"{bits:g} bit{'s' if bits != 1 else ''}"
