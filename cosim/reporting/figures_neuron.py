"""Figures of the neuron chapter (Lim 2025, Figs. 6 and 7): waves, weights, temperature, mismatch, noise, energy, and chains of spiking units.

Circuits keep their color in all figures; the models they are compared with are black.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.claims import Interval
from cosim.codesign.neuron.bench import Response
from cosim.codesign.neuron.equations import cell_current
from cosim.codesign.neuron.model import LAGS, continuous, discrete, scaled_error
from cosim.reporting.style import (
    BLACK,
    BLUE,
    FULL,
    GAP,
    GRAY,
    GREEN,
    HALF,
    MINUS,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    Drawing,
    band,
    canvas,
    drawing_style,
    engineering_ticks,
    listing,
    measured,
    mosaic,
    percent,
    quantity,
    to_svg,
)
from cosim.reporting.tables_neuron import claim, deviation_interval, deviations, limit, lost_trains, loudest, nonlinearity, over_temperature, signed, worst
from cosim.studies.lim2025.neuron import NeuronResult
from cosim.studies.lim2025.neuron.claims import COLD_TO_WARM
from cosim.studies.lim2025.neuron.study import BOARD, BUILT

COLORS = {"as_printed": GRAY, "linear": VERMILLION, "two_pole": ORANGE, BUILT: BLUE, BOARD: GREEN}
LINES = {"as_printed": ":", "linear": "-.", "two_pole": (0, (5, 1.5)), BUILT: "-", BOARD: "--"}
MARKS = {"as_printed": "v", "linear": "D", "two_pole": "^", BUILT: "o", BOARD: "s"}
COMPARED = ("linear", "two_pole", BUILT)  # waves that are drawn over the continuous model
BLOCKS = {  # of the supplies
    "tia": (BLUE, "TIA"),
    "inverter": (SKY, "inverter"),
    "synapse": (GREEN, "synapse"),
    "mirror": (ORANGE, "mirror"),
    "membrane": (VERMILLION, "membrane"),
    "spiking": (PURPLE, "spike output"),
    "bias": (BLACK, "bias"),
    "references": (GRAY, "references"),
}
INSTANCES = {"syn": "synapse", "mem": "membrane", "mir": "mirror", "bias": "bias", "n3": "transconductor"}  # of the unit -> its block
DOTS = (0, (1, 1.5))  # of a model
PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}  # behind words on curves
LEAST = 10**-6.5  # of a response: below it nothing of a signal is left
POINTS = 1001  # of one line in print
BEFORE, AFTER = 5e-3, 35e-3  # [s] around the second spike: the part of the synaptic current that is drawn
BINS = 16  # of the histogram, between the nominal peak and the tolerance
LARGEST = 16  # transistors with the largest contributions


def _beside(response: Response) -> tuple[Array, dict[str, tuple[Array, Array]]]:
    """Time, and for current and membrane the model and the scaled circuit, both over the model's peak."""
    model = continuous(response.times, response.targets, duration=response.duration)
    found = {}
    for name, wave, goal in (("current", response.current, model.current), ("membrane", response.membrane, model.membrane)):
        signal = np.interp(model.time, response.time, wave - wave[0])
        peak, power = float(goal.max()), float(signal @ signal)
        found[name] = (goal / peak, (float(signal @ goal) / power if power else 0.0) * signal / peak)
    return model.time, found


def waves(result: NeuronResult) -> Drawing:
    """Input spikes, membrane and synaptic current of three variants over the continuous model, and what is left between them."""
    parts = ("input", "membrane", "membrane left", "current", "current left")
    figure, axes = mosaic(FULL, 126, [[f"{part} {train}" for train in ("text", "caption")] for part in parts], height_ratios=[0.3, 1.5, 0.85, 1.4, 0.85])
    kept = [100.0 * max(result.waves[name, train].continuous_errors()) for name in COMPARED[1:] for train in ("text", "caption")]
    edge = 1.3 * max(kept)
    for letter, train in zip("ab", ("text", "caption"), strict=True):
        _column(axes, result, train, edge)
        axes[f"input {train}"].set_title(f"{letter}{GAP}spikes of the {train}")
    for part, label in zip(parts, ("input", "Vmem / peak", "residual (%)", "Isyn / peak", "residual (%)"), strict=True):
        axes[f"{part} text"].set_ylabel(label)
    figure.align_ylabels([axes[f"{part} text"] for part in parts])
    axes["membrane text"].legend(loc="upper left", bbox_to_anchor=(0.08, 1.0), ncols=2)
    errors = {name: [100.0 * each for each in result.waves[name, "text"].continuous_errors()] for name in COMPARED}
    words = listing(f"{name} {found[1]:.2g} and {found[0]:.2g} %" for name, found in errors.items())
    return Drawing(
        svg=to_svg(figure),
        title="Membrane and synaptic current over the continuous model, each with one scale and no lag",
        source="Lim 2025, Fig. 7",
        caption=f"Largest deviation of membrane and current for the text's spikes, of the peak: {words}. Gray: the part of the time axis that the current is "
        f"drawn over. The strips end at ±{edge:.1f} %; linear has no pole for the rise and leaves them.",
        alt="Two columns, one for each train of spikes: spikes, membrane with residual, synaptic current with residual; two variants lie on the model.",
        width=FULL,
    )


def _column(axes: dict[str, Any], result: NeuronResult, train: str, edge: float) -> None:
    """One train of `waves`; residuals are drawn up to `edge` [%]."""
    times = result.waves[BUILT, train].times
    zoom = (times[1] - BEFORE, times[1] + AFTER)
    spans = {"membrane": (0.0, result.waves[BUILT, train].duration), "current": zoom}
    axes[f"input {train}"].eventplot([1e3 * np.array(times)], colors=BLACK, linewidths=1.2)
    axes[f"input {train}"].set_yticks([])
    for part, span in spans.items():
        axis = np.linspace(*span, POINTS)
        main, left = axes[f"{part} {train}"], axes[f"{part} left {train}"]
        for name in COMPARED:
            time, found = _beside(result.waves[name, train])
            model, circuit = (np.interp(axis, time, each) for each in found[part])
            style = {"color": COLORS[name], "linestyle": LINES[name], "linewidth": 0.9}
            main.plot(1e3 * axis, circuit, label=name, **style)
            left.plot(1e3 * axis, np.clip(100 * (circuit - model), -1.2 * edge, 1.2 * edge), **style)
            if name == COMPARED[-1]:
                main.plot(1e3 * axis, model, color=BLACK, linewidth=0.7, linestyle=DOTS, label="model", zorder=5)
        index = ("current", "membrane").index(part)
        up_to = 100 * result.waves["linear", train].continuous_errors()[index]
        left.text(0.99, 0.97, f"linear: up to {up_to:.0f} %", ha="right", va="top", color=VERMILLION, transform=left.transAxes, bbox=PLATE)
        left.set_ylim(-edge, edge)
        main.set_ylim(-0.06, 1.3 if part == "membrane" else 1.03 * main.get_ylim()[1])
        main.set_xticklabels([])
        left.set_xlabel("time (ms)")
        for each in (main, left):
            each.set_xlim(*(1e3 * np.array(span)))
    for part in ("input", "membrane", "membrane left"):
        axes[f"{part} {train}"].axvspan(1e3 * zoom[0], 1e3 * zoom[1], color="#EEEEEE", linewidth=0, zorder=0)
    axes[f"input {train}"].set_xlim(axes[f"membrane {train}"].get_xlim())
    axes[f"input {train}"].set_xticklabels([])


def paper(result: NeuronResult) -> Drawing:
    """The paper's comparison: `linear` against the discrete model of 1 ms, moved by the best lag, and what other lags would give."""
    response = result.waves["linear", "text"]
    model = discrete(response.times, response.targets, duration=response.duration)
    lagged = response.discrete_errors()
    figure, axes = canvas(FULL, 58, columns=3, width_ratios=[1.0, 1.35, 1.1])
    pairs = ((response.current, model.current), (response.membrane, model.membrane))
    for panel, (wave, goal), (_, lag) in zip(axes, pairs, lagged, strict=False):
        signal = np.interp(model.time + lag, response.time, wave - wave[0])
        scale = float(signal @ goal) / float(signal @ signal) / goal.max()
        dense = np.linspace(0.0, response.duration, 2 * POINTS)
        panel.plot(1e3 * model.time, goal / goal.max(), ".", color=BLACK, markersize=2.4, label="1 ms model")
        panel.plot(1e3 * dense, scale * np.interp(dense + lag, response.time, wave - wave[0]), color=VERMILLION, linewidth=0.8, label="linear, moved")
        panel.set_xlabel("time (ms)")
        panel.set_ylim(-0.05, 1.3)
    axes[0].set_xlim(1e3 * (response.times[1] - BEFORE), 1e3 * (response.times[1] + 0.5 * AFTER))
    axes[1].set_xlim(0, 1e3 * response.duration)
    for panel, title in zip(axes, ("synaptic current", "membrane", "error over the lag"), strict=True):
        panel.set_title(f"{'abc'[list(axes).index(panel)]}{GAP}{title}")
    axes[0].set_ylabel("over the model's peak")
    axes[0].legend(loc="upper right")
    _lags(axes[2], result)
    (current, current_lag), (membrane, lag) = lagged
    caption_error, caption_lag = result.waves["linear", "caption"].discrete_errors()[1]
    without = [100 * _lag_curve(result.waves["linear", train], "membrane")[int(np.argmin(np.abs(LAGS)))] for train in ("text", "caption")]
    return Drawing(
        svg=to_svg(figure),
        title="The paper's comparison: linear against the discrete model of 1 ms, text spikes",
        source="Lim 2025, Fig. 7",
        caption=f"With one scale and one lag the membrane is {percent(membrane)} off at {measured(lag, 's')} (paper: {claim('linear_membrane').paper} %, no "
        f"lag stated), the current {percent(current)} at {measured(current_lag, 's')}; the caption's spikes give {percent(caption_error)} at "
        f"{measured(caption_lag, 's')}. Without a lag the membrane is {without[0]:.0f} and {without[1]:.0f} % off.",
        alt="Circuit and dots of the model for current and membrane; the error over the lag has a narrow minimum a quarter of a millisecond beside zero.",
        width=FULL,
    )


def _lag_curve(response: Response, which: str) -> Array:
    """``(lags,)`` error of ``current`` or ``membrane`` against the discrete model."""
    model = discrete(response.times, response.targets, duration=response.duration)
    wave, goal = getattr(response, which), getattr(model, which)
    return np.array([scaled_error(np.interp(model.time + lag, response.time, wave - wave[0]), goal) for lag in LAGS])


def _lags(axes: Any, result: NeuronResult) -> None:
    for train, which, line, color in (("text", "membrane", "-", VERMILLION), ("caption", "membrane", "--", VERMILLION), ("text", "current", ":", BLACK)):
        curve = 100 * _lag_curve(result.waves["linear", train], which)
        label = f"{'Vmem' if which == 'membrane' else 'Isyn'}, {train}"
        axes.plot(1e3 * LAGS, curve, color=color, linestyle=line, label=label)
    printed = claim("linear_membrane").paper
    assert isinstance(printed, float)
    axes.axhline(printed, color=GRAY, linewidth=0.7)
    axes.text(0.98, printed, f"paper: {printed:g} %", ha="right", va="bottom", color="#5a5a5a", transform=axes.get_yaxis_transform())
    axes.set_xlim(1e3 * LAGS[0], 1e3 * LAGS[-1])
    axes.set_ylim(0, 30)
    axes.set_xlabel("lag taken off the circuit (ms)")
    axes.set_ylabel("largest deviation (%)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.44, -0.2), ncols=3, columnspacing=0.6, handletextpad=0.3, handlelength=1.2)


def weights(result: NeuronResult) -> Drawing:
    """Peak of the membrane over the conductance of the cell, against proportional."""
    names = ("as_printed", "linear", BUILT, BOARD)
    full = cell_current(result.cards[BUILT], result.parts[BUILT]) / result.cards[BUILT].read_voltage
    conductance = 1e6 * full * result.ideal
    found = {name: 100 * nonlinearity(result, name) for name in names}
    edge = 1.6 * max(float(np.max(np.abs(found[name]))) for name in names[1:])
    figure, (top, bottom) = canvas(HALF, 76, rows=2, height_ratios=[1.6, 1.0], sharex=True)
    top.plot([0, conductance[-1]], [0, 1], color=BLACK, linewidth=0.7, label="proportional")
    for name in names:
        style = {"color": COLORS[name], "linestyle": LINES[name], "marker": MARKS[name], "markersize": 3.0}
        top.plot(conductance, result.linearity[name] / result.linearity[name][-1], label=name, **style)
        bottom.plot(conductance, found[name], **style)
    bottom.axhline(0, color=BLACK, linewidth=0.7)
    bottom.set_ylim(-edge, edge)
    beyond = worst(found["as_printed"])
    if abs(beyond) > edge:
        bottom.text(0.98, 0.95, f"as_printed: to {signed(beyond / 100, digits=0)}", ha="right", va="top", color="#5a5a5a", transform=bottom.transAxes)
    top.set_ylabel("peak / peak at full weight")
    bottom.set_ylabel("deviation (%)")
    bottom.set_xlabel("conductance of the cell (µS)")
    bottom.set_xlim(0, 1.03 * conductance[-1])
    top.legend(loc="upper left")
    words = listing(f"{name} {abs(worst(found[name])):.1f} %" for name in names)
    return Drawing(
        svg=to_svg(figure),
        title="Peak of the membrane over the weight",
        source="",
        caption=f"One spike. Largest deviation from proportional, of the peak at {measured(full, 'S')}: {words}. With MN3's gate driven open-loop the weight "
        "is bent; with the feedback taken from its source it is not.",
        alt="Peaks over conductance: four variants on or near a straight line, the printed one far below it in the middle; deviations below.",
        width=HALF,
    )


def input_range(result: NeuronResult) -> Drawing:
    """How far the membrane follows the current of a column."""
    figure, (top, bottom) = canvas(HALF, 76, rows=2, height_ratios=[1.6, 1.0], sharex=True)
    words = []
    for each, color, line, mark in zip(result.ranges, (VERMILLION, BLUE), ("-.", "-"), ("D", "o"), strict=False):
        relative = 100 * (each.linearity - 1.0)
        top.plot(1e6 * each.current, 1e3 * each.swing, color=color, linestyle=line, marker=mark, markersize=3.0, label=f"Rf {quantity(each.feedback, 'Ω')}")
        bottom.plot(1e6 * each.current, relative, color=color, linestyle=line, marker=mark, markersize=3.0)
        words.append(f"{quantity(each.feedback, 'Ω')}: {signed(relative.min() / 100, digits=0)} to {signed(relative.max() / 100, digits=0)}")
    bottom.axhline(0, color=BLACK, linewidth=0.7)
    top.set_ylabel("swing of the membrane (mV)")
    bottom.set_ylabel("change of gain (%)")
    bottom.set_xlabel("current of the column (µA)")
    top.set_ylim(0, None)
    bottom.set_xlim(0, 1.04e6 * float(result.ranges[0].current[-1]))
    top.legend(loc="upper left")
    count = result.ranges[0].current[-1] / result.ranges[0].current[0]
    return Drawing(
        svg=to_svg(figure),
        title="Input range: several inputs at once",
        source="",
        caption=f"One pulse of one to {count:.0f} full weights together. Gain beside that of the smallest current: {'; '.join(words)}.",
        alt="Swing over the current of the column for two feedback resistors, and the change of the gain below.",
        width=HALF,
    )


def temperature(result: NeuronResult) -> Drawing:
    """Both time constants and the peak over temperature: `linear` on logarithmic axes, the units with PTAT biases against their limits."""
    figure, axes = canvas(FULL, 92, rows=2, columns=3, sharex=True)
    measures = (("fall", 1e3, "decay of the current (ms)"), ("leak", 1e3, "decay of the membrane (ms)"), ("swing", 1e3, "peak, text spikes (mV)"))
    for column, (measure, factor, label) in enumerate(measures):
        for name in ("linear", BUILT, BOARD):
            rows = over_temperature(result.corners[name])
            at = [each for each, _ in rows]
            style = {"color": COLORS[name], "linestyle": LINES[name], "marker": MARKS[name], "markersize": 3.0, "label": name}
            axes[0][column].semilogy(at, [factor * getattr(each.response, measure) for _, each in rows], **style)
            if name != "linear":
                axes[1][column].plot(at, [100 * each.change(measure) for _, each in rows], **style)
        axes[0][column].set_title(f"{'abc'[column]}{GAP}{label}")
        _plain_decades(axes[0][column].yaxis)
        axes[1][column].set_xlabel("temperature (°C)")
        _limits(axes[1][column], measure, at)
    rows = over_temperature(result.untempered)
    bare = axes[1][2].plot([each for each, _ in rows], [100 * each.change("swing") for _, each in rows], color=BLUE, linestyle=":")
    axes[1][0].set_ylabel("change from 27 °C (%)")
    axes[0][0].legend(loc="upper right")
    axes[1][2].legend(bare, [f"{BUILT}, R without tempco"], loc="lower right", bbox_to_anchor=(1.0, 0.05))
    return Drawing(svg=to_svg(figure), title="Time constants and peak over temperature", source="", caption=_temperature_caption(result), alt=_HOT, width=FULL)


_HOT = "Three columns of time constants and peak: the printed unit moves over decades, the robust one stays within limits of a few percent."


def _temperature_caption(result: NeuronResult) -> str:
    def span(name: str, measure: str) -> str:
        values = [getattr(each.response, measure) for _, each in over_temperature(result.corners[name])]
        return f"{measured(max(values), 's')} to {measured(min(values), 's')}"

    changes = [100 * each.change("leak") for _, each in over_temperature(result.corners[BOARD])]
    return (
        f"With bare gate voltages tau_mem of linear goes from {span('linear', 'leak')}, with PTAT currents from {span(BUILT, 'leak')}. Dashed: limits of "
        f"{BUILT}, {band(limit('robust_tau') / 100)} up to {COLD_TO_WARM:g} °C and {band(limit('robust_tau_hot') / 100)} above for both time constants, "
        f"{band(limit('robust_peak') / 100)} for the peak. The membrane of {BOARD} follows its resistor ({min(changes):+.1f} to {max(changes):+.1f} %)."
    )


def _plain_decades(axis: Any) -> None:
    """Ticks of a logarithmic axis as plain numbers, at 1, 2 and 5 where few decades are seen."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0,) if high / low > 300 else (1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _limits(axes: Any, measure: str, at: Sequence[float]) -> None:
    """Dashed lines at what the claims of the built unit ask for, and an axis that shows them."""
    cold, hot = min(at), max(at)
    pieces = [(cold, hot, limit("robust_peak"))]
    if measure != "swing":
        pieces = [(cold, min(hot, COLD_TO_WARM), limit("robust_tau")), (min(hot, COLD_TO_WARM), hot, limit("robust_tau_hot"))]
    for low, high, edge in pieces:
        for sign in (-1, 1):
            axes.plot([low, high], [sign * edge, sign * edge], color=BLACK, linewidth=0.8, linestyle="--")
    lowest, highest = axes.get_ylim()
    axes.set_ylim(min(lowest, -1.1 * pieces[-1][2]), max(highest, 1.1 * pieces[-1][2]))


def mismatch(result: NeuronResult) -> Drawing:
    """Peaks of drawn units, and their standard deviation over the area of the matched transistors."""
    draws, nominal, allowed = result.draws[BUILT], result.single[BUILT].swing, result.design.neuron.peak_tolerance
    change = 100 * (draws.swing / nominal - 1.0)
    figure, (left, right) = canvas(FULL, 60, columns=2, width_ratios=[1.25, 1.0])
    reach = max(1.15 * 100 * allowed, 1.05 * float(np.max(np.abs(change))))
    bins = np.ceil(BINS * reach / (100 * allowed))
    left.hist(change, bins=np.arange(-bins, bins + 1) * 100 * allowed / BINS, color=SKY, edgecolor="white", linewidth=0.4)
    center, sd = float(np.mean(change)), 100 * draws.deviation
    for edge in (-100 * allowed, 100 * allowed):
        left.axvline(edge, color=BLACK, linewidth=0.9, linestyle="--")
    left.axvspan(center - sd, center + sd, color=ORANGE, alpha=0.22, linewidth=0)
    left.set_xlabel("peak beside that of the nominal unit (%)")
    left.set_ylabel("units")
    left.yaxis.get_major_locator().set_params(integer=True)
    left.set_title(f"a{GAP}{len(change)} drawn units")
    left.text(100 * allowed, 0.97, f"+{100 * allowed:g} %{GAP}", ha="right", va="top", transform=left.get_xaxis_transform())
    left.text(-100 * allowed, 0.97, f"{GAP}{MINUS}{100 * allowed:g} %", ha="left", va="top", transform=left.get_xaxis_transform())
    _areas(right, result)
    low, high = deviation_interval(draws)
    inside, count = draws.share_within(allowed, nominal)
    smaller = min(result.areas, key=lambda each: each.area)
    return Drawing(
        svg=to_svg(figure),
        title=f"Mismatch of the peak, every MOSFET drawn, A_VT {1e9 * result.design.neuron.a_vt:g} mV µm",
        source="",
        caption=f"The standard deviation is {percent(draws.deviation, digits=2)} (95 %: {100 * low:.2f} to {100 * high:.2f} %; band in a); {inside} of {count} "
        f"units lie within {band(allowed)} (dashed). With {smaller.area:g} of the area of pairs and mirrors it is {percent(smaller.deviation)}: b follows one "
        f"over the root of the area, so that the area is what is paid. Bars: 95 %.",
        alt="A histogram that fits between both limits, and a curve of the standard deviation that falls with the area along a straight line.",
        width=FULL,
    )


def _areas(axes: Any, result: NeuronResult) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    found = sorted([*result.areas, result.draws[BUILT]], key=lambda each: each.area)
    area, sd = np.array([each.area for each in found]), np.array([100 * each.deviation for each in found])
    spans = np.array([[100 * end for end in deviation_interval(each)] for each in found]).T
    axes.loglog(area, sd[-1] * np.sqrt(area[-1] / area), color=BLACK, linewidth=0.8, linestyle="--", label="1/√area, through the full area")
    axes.errorbar(area, sd, yerr=np.abs(spans - sd), color=BLUE, marker="o", linestyle="", elinewidth=0.7, label="drawn")
    axes.xaxis.set_major_locator(FixedLocator(area.tolist()))
    axes.yaxis.set_major_locator(FixedLocator([1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20]))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("area of pairs and mirrors, over that of the card")
    axes.set_ylabel("sd of the peak (%)")
    axes.set_title(f"b{GAP}what area buys")
    axes.legend(loc="upper right")


def contributions(result: NeuronResult) -> Drawing:
    """The transistors that spread the peak most."""
    from matplotlib.patches import Patch

    shown = list(result.contributions[:LARGEST])
    blocks = [INSTANCES[each.name.split(".")[0]] for each in shown]
    colors = {"synapse": GREEN, "membrane": VERMILLION, "mirror": ORANGE, "bias": BLACK, "transconductor": SKY}
    figure, axes = canvas(HALF, 82)
    place = np.arange(len(shown))[::-1]
    axes.barh(place, [100 * each.share for each in shown], color=[colors[each] for each in blocks], height=0.72)
    axes.set_yticks(place, [f"{each.name}  {1e6 * each.width:g}/{1e6 * each.length:g}" for each in shown])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("sd of the peak by this transistor alone (%)")
    axes.set_ylabel("transistor  W/L (µm)")
    axes.legend(handles=[Patch(color=colors[each], label=each) for each in colors if each in blocks], loc="lower right")
    root = float(np.sqrt(sum(each.share**2 for each in result.contributions)))
    return Drawing(
        svg=to_svg(figure),
        title=f"Who spreads the peak: the largest {len(shown)} of {len(result.contributions)} transistors",
        source="",
        caption=f"Slope of the peak over each threshold times its deviation for A_VT {1e9 * result.design.neuron.a_vt:g} mV µm. The root of the sum of squares "
        f"is {percent(root, digits=2)}, the drawn units have {percent(result.draws[BUILT].deviation, digits=2)}.",
        alt="Bars of the contributions of single transistors, the largest on top, colored by the block they stand in.",
        width=HALF,
    )


def read_noise(result: NeuronResult) -> Drawing:
    """Change of the peak by the read noise of the cells, over its correlation time."""
    neuron, circuit = result.design.neuron, result.noise
    times = [each.correlation_time for each in result.noise_curve]
    figure, axes = canvas(HALF, 66)
    for values, point, color, mark, label in (
        ([each.typical_worst for each in result.noise_curve], circuit.typical_worst, BLUE, "s", "worst of ten columns, median"),
        ([each.mean for each in result.noise_curve], circuit.mean, GREEN, "o", "mean of all columns"),
    ):
        axes.semilogx(times, 100 * np.array(values), color=color, marker=mark, markersize=3.0, label=label)
        axes.plot(circuit.correlation_time, 100 * point, "X", color=color, markersize=7, markeredgecolor="white", markeredgewidth=0.6)
    must_be, printed = claim("read_noise").must_be, claim("read_noise").paper
    assert isinstance(must_be, Interval)
    axes.axhline((must_be.least + must_be.most) / 2, color=GRAY, linewidth=0.9, linestyle="--")
    axes.text(0.02, (must_be.least + must_be.most) / 2, f"paper: {printed} %", ha="left", va="bottom", color="#5a5a5a", transform=axes.get_yaxis_transform())
    axes.plot([], [], "X", color=BLACK, markersize=6, label="the circuit")
    axes.set_ylim(0, 1.55 * must_be.most / 4 * 3)
    axes.set_xlabel("correlation time of the noise")
    axes.set_ylabel("change of the peak (%)")
    engineering_ticks(axes.xaxis, "s")
    axes.legend(loc="upper left")
    return Drawing(
        svg=to_svg(figure),
        title=f"Read noise of {percent(neuron.noise, digits=0)} at the peak of the membrane",
        source="Lim 2025, Fig. S7",
        caption=f"{len(circuit.difference)} images through ten columns, linear. At {quantity(circuit.correlation_time, 's')} the circuit's peaks move by "
        f"{percent(circuit.mean, digits=2)} on average, the worst of ten by {percent(circuit.typical_worst, digits=2)}; model and "
        f"circuit differ by {percent(result.noise_difference)} at most. Noise slower than the membrane is not averaged any more.",
        alt="Two curves rise with the correlation time and saturate above a few milliseconds; crosses of the circuit lie on them.",
        width=HALF,
    )


def bode(result: NeuronResult) -> Drawing:
    """Small-signal response of the membrane against the three poles of the model."""
    figure, panels = canvas(FULL, 56, columns=3)
    within = {}
    for name in (BUILT, BOARD, "three poles"):
        found = result.bode.get(name, result.bode[BUILT])
        seen = np.abs(found.model_membrane) > LEAST
        frequency, model = found.frequency[seen], found.model_membrane[seen]
        response = found.membrane[seen] if name in result.bode else model
        style = {"color": COLORS.get(name, BLACK), "linestyle": LINES.get(name, DOTS), "label": name}
        apart = 20 * np.log10(np.abs(response / model))
        within[name] = float(np.max(np.abs(apart[np.abs(model) > 1e-2])))
        for axes, values in zip(panels, (20 * np.log10(np.abs(response)), np.degrees(np.unwrap(np.angle(response))), apart), strict=True):
            axes.semilogx(frequency, values, **style)
    for letter, axes, title in zip("abc", panels, ("magnitude (dB)", "phase (degrees)", "circuit over model (dB)"), strict=True):
        axes.set_title(f"{letter}{GAP}{title}")
        axes.set_xlabel("frequency")
        _hertz(axes)
    panels[1].yaxis.get_major_locator().set_params(steps=[1, 3, 4.5, 9, 10])
    panels[0].legend(loc="lower left")
    return Drawing(
        svg=to_svg(figure),
        title="Response of the membrane to a small change of the weight",
        source="",
        caption=f"Over its value at {quantity(float(frequency[0]), 'Hz')}, against the poles of {quantity(result.targets.rise, 's')}, "
        f"{quantity(result.targets.fall, 's')} and {quantity(result.targets.membrane, 's')}: {BUILT} within {within[BUILT]:.2f} dB and {BOARD} within "
        f"{within[BOARD]:.2f} dB down to {MINUS}40 dB. The lines end where the model is at {20 * np.log10(LEAST):.0f} dB.",
        alt="Magnitude and phase over frequency for two units on those of a three-pole model, and the difference in decibels.",
        width=FULL,
    )


def _hertz(axes: Any) -> None:
    """Frequencies at every second decade."""
    from matplotlib.ticker import LogLocator, NullLocator

    engineering_ticks(axes.xaxis, "Hz", crowded=1.0)
    axes.xaxis.set_major_locator(LogLocator(base=100.0))
    axes.xaxis.set_minor_locator(NullLocator())


def own_noise(result: NeuronResult) -> Drawing:
    """Noise of the unit's own devices at the membrane."""
    figure, (top, bottom) = canvas(HALF, 66, rows=2, sharex=True)
    for each in result.own_noise:
        color, line = (VERMILLION, "-.") if each.conducting else (BLUE, "-")
        label = f"{'cell conducts' if each.conducting else 'at rest'}: {measured(each.rms, 'V')} rms"
        top.loglog(each.frequency, 1e6 * each.density, color=color, linestyle=line)
        bottom.semilogx(each.frequency, 1e3 * each.cumulative, color=color, linestyle=line, label=label)
    top.set_ylabel("density (µV/√Hz)")
    bottom.set_ylabel("rms from left (mV)")
    bottom.set_xlabel("frequency")
    bottom.set_ylim(0, 1.4e3 * max(each.rms for each in result.own_noise))
    _hertz(bottom)
    _plain_decades(top.yaxis)
    bottom.legend(loc="upper left")
    rest, busy = sorted(result.own_noise, key=lambda each: each.conducting)
    middle, share = loudest(rest)
    return Drawing(
        svg=to_svg(figure),
        title="Noise of the unit's own devices at the membrane",
        source="",
        caption=f"At rest {measured(rest.rms, 'V')}, {percent(rest.weight)} of a full weight; {percent(share, digits=0)} of its power lies in the octave "
        f"around {measured(middle, 'Hz')}. A cell that conducts without end has {measured(busy.rms, 'V')} at full weight, an upper bound, "
        f"since a spike lasts 1 ms.",
        alt="Noise density that falls with the frequency, and the rms that grows with the upper frequency, at rest and with a conducting cell.",
        width=HALF,
    )


def energy(result: NeuronResult) -> Drawing:
    """Power at rest and energy of one spike, block by block."""
    names = list(result.energy)
    figure, panels = canvas(FULL, 56, columns=2, sharey=True)
    for axes, kind, factor, unit in ((panels[0], "quiescent", 1e6, "µW"), (panels[1], "spike", 1e9, "nJ")):
        for place, name in zip(range(len(names))[::-1], names, strict=True):
            parts, ends = getattr(result.energy[name], kind), [0.0, 0.0]
            for block, (color, _) in BLOCKS.items():
                value = factor * parts.get(block, 0.0)
                axes.barh(place, value, left=ends[value < 0], color=color, height=0.6, edgecolor="white", linewidth=0.3)
                ends[value < 0] += value
            total = sum(ends)
            axes.text(ends[0], place, f"{GAP}{total:.3g} {unit}", va="center", ha="left")
        axes.set_xlim(axes.get_xlim()[0], 1.2 * axes.get_xlim()[1])
        axes.grid(visible=False, axis="y")
        axes.axvline(0, color=BLACK, linewidth=0.6)
    panels[0].set_yticks(range(len(names))[::-1], [f"{BUILT},\nfiring" if name == "spiking" else name for name in names])
    panels[0].set_xlabel("power at rest (µW)")
    panels[1].set_xlabel("energy that one spike of full weight adds (nJ)")
    for axes, title in zip(panels, ("quiescent power", "energy of a spike"), strict=True):
        axes.set_title(f"{'ab'[list(panels).index(axes)]}{GAP}{title}")
    used = [block for block in BLOCKS if any(abs(each.quiescent.get(block, 0.0)) > 1e-9 for each in result.energy.values())]
    handles = [panels[0].barh([0], [0], color=BLOCKS[block][0], label=BLOCKS[block][1]) for block in used]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(used), columnspacing=1.2, handlelength=1.0)
    built = result.energy[BUILT]
    opamps = sum(built.quiescent.get(block, 0.0) for block in ("tia", "inverter")) / built.supply_quiescent
    return Drawing(
        svg=to_svg(figure),
        title="Energy, block by block",
        source="",
        caption=f"The two op-amps take {percent(opamps, digits=0)} of the power of {BUILT} at rest; those of linear are ideal and take none. Where the "
        "membrane is reset its block gives back part of what it draws at rest: left of zero.",
        alt="Stacked bars of power at rest and of energy per spike for four units; both op-amps dominate the power at rest.",
        width=FULL,
    )


def chain(result: NeuronResult) -> Drawing:
    """Every spike of two units in a row against the model."""
    figure, axes = canvas(HALF, 66)
    allowed, shown = limit("chain"), (("apart", result.trains, BLUE), ("close", result.close, VERMILLION))
    longest = max(1e3 * float(np.nanmax(np.append(deviations(trains, 0)[0], 0.0))) for _, trains, _ in shown)
    first = longest + 5.0
    for name, trains, color in shown:
        for unit, mark in ((0, "o"), (1, "^")):
            since, apart = deviations(trains, unit)
            where = np.where(np.isnan(since), first, 1e3 * since)
            axes.plot(where, 1e3 * apart, mark, color=color, markersize=3.2, markerfacecolor="none", label=f"{name}, unit {unit + 1}")
    for edge in (-allowed, allowed):
        axes.axhline(edge, color=BLACK, linewidth=0.8, linestyle="--")
    ticks = [each for each in range(0, 100, 10) if each < longest - 2]
    axes.set_xticks([*ticks, first], [*map(str, ticks), "first"])
    axes.set_xlim(0, first + 3)
    axes.set_xlabel("time since the previous input spike (ms)")
    axes.set_ylabel("circuit minus model (ms)")
    axes.legend(loc="lower right", ncols=1)
    far, near = (1e3 * max(each.deviation for each in trains) for _, trains, _ in shown)
    lost = lost_trains([*result.trains, *result.close])
    return Drawing(
        svg=to_svg(figure),
        title="Spike times of a chain of two units",
        source="",
        caption=f"Largest deviation {far:.2f} ms with inputs apart, {near:.2f} ms with inputs that are close, where the membrane has not recovered. Dashed: "
        f"{allowed:g} ms. First spikes of a train stand right.{f' Trains of a unit with a spike lost or too many: {lost}.' if lost else ''}",
        alt="Dots of the deviation of each spike: within the limit from twenty milliseconds on, beyond it for shorter times.",
        width=HALF,
    )


FIGURES: dict[str, Callable[[NeuronResult], Drawing]] = {
    "waves": waves,
    "paper": paper,
    "weights": weights,
    "input_range": input_range,
    "bode": bode,
    "temperature": temperature,
    "mismatch": mismatch,
    "contributions": contributions,
    "read_noise": read_noise,
    "own_noise": own_noise,
    "energy": energy,
    "chain": chain,
}


def draw(name: str, result: NeuronResult) -> Drawing:
    """One of `FIGURES`."""
    with drawing_style():
        return FIGURES[name](result)
