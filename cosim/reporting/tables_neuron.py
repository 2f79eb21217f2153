"""Tables of the neuron chapter, the numbers that its figures share with them, and its assumptions."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.card import CurrentBiasedCard, NeuronCard
from cosim.claims import Claim, Interval
from cosim.codesign.neuron.bench import Response
from cosim.codesign.neuron.equations import Prediction
from cosim.codesign.neuron.firing import APART, CLOSE, THRESHOLD_SHARE, Train
from cosim.codesign.neuron.model import SHORTEST_RISE
from cosim.codesign.neuron.readnoise import COLUMNS, LATENCY
from cosim.codesign.neuron.smallsignal import NOISE_BAND, WEIGHT, OwnNoise
from cosim.codesign.neuron.spread import Contribution, Draws, Moved
from cosim.devices.autozero import READ_AT, ZEROED
from cosim.params import described
from cosim.reporting.blocks import Block, Column, code_cell, table
from cosim.reporting.style import MINUS, TIMES, band, listing, measured, percent, quantity
from cosim.studies.lim2025.neuron import CLAIMS, NeuronResult
from cosim.studies.lim2025.neuron.study import ALIKE, BOARD, BUILT, PRINTED, PRINTED_DEVIATION
from cosim.sweep.yields import clopper_pearson

LEVEL = 0.95  # of intervals
BLOCK_NAMES = {
    "tia": "transimpedance amplifier",
    "inverter": "inverting amplifier",
    "synapse": "synapse",
    "mirror": "mirror",
    "membrane": "membrane",
    "spiking": "spike output",
    "bias": "bias",
    "references": "references",
}
MEASURES = {"gain": "gain", "fall": "decay", "leak": "membrane", "swing": "peak", "baseline": "baseline"}  # of a `Response` -> column
PREDICTED = {"rise": "rise", "fall": "decay", "leak": "membrane", "current_gain": "current gain", "gain": "membrane gain"}
FACTOR = 10.0  # relative change from which a factor is printed
NOWHERE = "\N{EN DASH}"
FAMILIES = {  # transistors of one kind -> what they are
    "syn.n": "the four NMOS of the synapse's pairs",
    "mem.p": "the four PMOS of the membrane's pairs",
    "bias": "the mirrors that carry the Itau currents",
    "mir": "the mirror between synapse and membrane",
    "other": "all others",
}
MIRRORS = ("bias.nb", "bias.pb", "mem.n1", "mem.n2", "syn.p1", "syn.p2")
PAIRS = ("n2", "n4", "n5", "n6", "p2", "p4", "p5", "p6")


def claim(name: str) -> Claim:
    """A claim of the study by the last part of its id."""
    return next(each for each in CLAIMS if each.id.endswith(f".{name}"))


def limit(name: str) -> float:
    """The upper end of what a claim asks for, in its unit."""
    must_be = claim(name).must_be
    assert isinstance(must_be, Interval)
    return must_be.most


def over_temperature(rows: Sequence[Moved]) -> list[tuple[float, Moved]]:
    """Temperature [degC] and row, at the nominal supply, from cold to warm."""
    found = [(float(each.what.split(" degC")[0]), each) for each in rows if each.what.endswith("supply +0 %")]
    return sorted(found, key=lambda pair: pair[0])


def nonlinearity(result: NeuronResult, variant: str) -> Array:
    """``(weights,)`` deviation of the peak from proportional to the conductance, over the peak of the full weight."""
    peaks = result.linearity[variant]
    return np.asarray(peaks / peaks[-1] - result.ideal)


def worst(values: Array) -> float:
    """The value of the largest magnitude, with its sign."""
    return float(values[np.argmax(np.abs(values))])


def signed(share: float, *, digits: int = 1) -> str:
    """``-0.14`` is ``-14.0 %``, with a sign for gains too and none for what rounds to zero."""
    text = f"{100 * share:+.{digits}f}"
    return f"{text if float(text) else text[1:]}\N{NO-BREAK SPACE}%".replace("-", MINUS)


def deviation_interval(draws: Draws) -> tuple[float, float]:
    """95 % interval of the relative standard deviation, for normal peaks."""
    from scipy.stats import chi2

    free = len(draws.swing) - 1
    ends = [float(np.sqrt(free / chi2.ppf(tail, free))) for tail in (0.5 + LEVEL / 2, 0.5 - LEVEL / 2)]
    return draws.deviation * ends[0], draws.deviation * ends[1]


def deviations(trains: Sequence[Train], unit: int) -> tuple[Array, Array]:
    """Time since the previous input spike [s], NaN for a first one, and circuit minus model [s], of every spike of a unit in trains without a lost one."""
    since, apart = [], []
    for train in trains:
        found, expected = train.circuit[unit], train.model[unit]
        if len(found) != len(expected):
            continue
        for moment, meant in zip(found, expected, strict=True):
            index = int(np.searchsorted(train.inputs, meant)) - 1
            since.append(train.inputs[index] - train.inputs[index - 1] if index > 0 else float("nan"))
            apart.append(moment - meant)
    return np.array(since), np.array(apart)


def lost_trains(trains: Sequence[Train]) -> int:
    """How many times a unit has another number of spikes than the model in a train."""
    return sum(len(found) != len(expected) for each in trains for found, expected in zip(each.circuit, each.model, strict=True))


def loudest(found: OwnNoise) -> tuple[float, float]:
    """Frequency [Hz] whose octave, from half an octave below to half above, has most of the noise's power, and its part of it."""
    power, root = found.cumulative**2, np.sqrt(2.0)
    inside = np.interp(root * found.frequency, found.frequency, power) - np.interp(found.frequency / root, found.frequency, power)
    best = int(np.argmax(inside))
    return float(found.frequency[best]), float(inside[best] / power[-1])


def variants(result: NeuronResult) -> Block:
    """What each variant is, and how large its signals are."""
    rows = []
    for name, card in result.cards.items():
        opamp, single = result.parts[name].opamp, result.single[name]
        biased = "currents, PTAT" if isinstance(card, CurrentBiasedCard) else "gate voltages"
        rows.append(
            [
                code_cell(name),
                card.description,
                biased,
                opamp.name.replace("_", " ") if opamp else "ideal",
                quantity(card.supply, "V"),
                measured(single.baseline, "V"),
                measured(single.swing, "V"),
            ]
        )
    return table(
        "Variants of the unit",
        [
            Column("variant"),
            Column("what it is", width="1"),
            Column("time constants by"),
            Column("op-amps"),
            Column("VDD", "right"),
            Column("at rest", "right"),
            Column("swing", "right"),
        ],
        rows,
        caption="Membrane potential at rest, and the swing of one spike of full weight over it. The first three follow the "
        "paper's figure, the last two are to be built.",
        source="Lim 2025, Fig. 6",
        size=8.0,
    )


def errors(result: NeuronResult) -> Block:
    """Errors of every variant against both models."""
    rows = []
    for (name, train), response in result.waves.items():
        current, membrane = response.continuous_errors()
        discrete = [f"{100 * error:.2f} at {1e3 * lag:+.2f} ms" for error, lag in response.discrete_errors()]
        rows.append([code_cell(name), train, f"{100 * current:.2f}", f"{100 * membrane:.2f}", *discrete, measured(response.swing, "V")])
    return table(
        "Errors against both models",
        [
            Column("variant"),
            Column("spikes"),
            Column("continuous: Isyn (%)", "right", "1"),
            Column("Vmem (%)", "right", "0.7"),
            Column("1 ms model: Isyn (%)", "right", "1.1"),
            Column("Vmem (%)", "right", "1.1"),
            Column("swing", "right", "0.7"),
        ],
        rows,
        caption="Largest deviation over the model's peak after one free scale; the 1 ms model after the best lag too, which is given. The continuous model "
        "gets the circuit's own pulse. Biases of all but as_printed are fitted to the text's spikes.",
        source="Lim 2025, section 3.4",
        size=8.0,
    )


def predictions(result: NeuronResult) -> Block:
    """Eqs. 6-9 beside the simulation."""
    rows: list[list[Any]] = []
    for name, prediction in result.predictions.items():
        response = result.waves[name, "text"]
        cells = [_predicted(prediction, response, measure) for measure in PREDICTED]
        for index, what in enumerate(("equations", "simulated", "error")):
            rows.append([code_cell(name) if index == 0 else "", what, *(each[index] for each in cells)])
    return table(
        "Eqs. 6 to 9 evaluated from the devices, beside the simulation",
        [Column("variant"), Column(""), *(Column(each, "right", "1") for each in PREDICTED.values())],
        rows,
        caption="Time constants fitted to the waves of the text's spikes; gains: what a pulse that does not end would settle at. Currents and slope factors "
        f"come from sweeps of the single transistors, so that an error is the equation's own. A membrane slower than the run of "
        f"{quantity(_duration(result), 's')} cannot be fitted.",
        source="Lim 2025, Eqs. 6-9",
        size=8.0,
    )


def _duration(result: NeuronResult) -> float:
    """Of the runs with the text's spikes [s]."""
    return result.waves[BUILT, "text"].duration


def _predicted(prediction: Prediction, response: Response, measure: str) -> tuple[str, str, str]:
    """Prediction, simulation and relative error."""
    unit = {"current_gain": "A", "gain": "V"}.get(measure, "s")
    expected, found = getattr(prediction, measure), getattr(response, measure)
    if measure == "rise" and (not expected or found < 2 * SHORTEST_RISE):
        return measured(expected, unit) if expected else "none", measured(found, unit) if found > 2 * SHORTEST_RISE else "none", NOWHERE
    if measure in ("leak", "gain") and response.leak > response.duration:
        return measured(expected, unit), f"beyond {quantity(response.duration, 's')}" if measure == "leak" else NOWHERE, NOWHERE
    return measured(expected, unit), measured(found, unit), signed(expected / found - 1.0)


def change(share: float) -> str:
    """A relative change in percent; large ones as a factor."""
    if abs(share) >= FACTOR:
        return f"{TIMES}\N{NO-BREAK SPACE}{1.0 + share:.3g}"
    rounded = 0.0 if abs(share) < 5e-5 else share
    return signed(rounded, digits=2 if abs(share) < 0.0995 else 1) if rounded else "0"


def corners(result: NeuronResult) -> Block:
    """The built unit and `linear` over temperature and supply."""
    rows = [
        [
            code_cell(name),
            each.what.replace(" degC, supply ", " degC, ").replace("+0 %", "nominal"),
            *(change(each.change(measure)) for measure in MEASURES),
            _membrane_error(each),
        ]
        for name in (BUILT, "linear")
        for each in result.corners[name]
    ]
    return table(
        "Temperatures and supplies, text spikes: change from 27 degC at the nominal supply",
        [Column("variant"), Column("temperature, supply"), *(Column(each, "right", "1") for each in [*MEASURES.values(), "Vmem error"])],
        rows,
        caption=f"Fitted gain, decay and membrane time constant, peak over the baseline, baseline, and the membrane's error against the continuous model. From "
        f"tenfold on a factor is given. Time constants of linear beyond the run of {quantity(_duration(result), 's')} are extrapolated.",
        size=8.0,
        long=True,
    )


def _membrane_error(moved: Moved) -> str:
    return percent(moved.response.continuous_errors()[1], digits=2)


def tolerances(result: NeuronResult) -> Block:
    """Parts that are off all together, and a slow and a fast process."""
    rows = [
        [code_cell(name), each.what.split(" %, ", 1)[1], *(change(each.change(measure)) for measure in MEASURES), _membrane_error(each)]
        for name, moved in result.tolerances.items()
        for each in moved
    ]
    return table(
        "Tolerances of the parts, and the process: change from nominal at 27 degC",
        [Column("variant"), Column("all parts"), *(Column(each, "right", "1") for each in [*MEASURES.values(), "Vmem error"])],
        rows,
        caption="All resistors, all capacitors, or all transistors of the unit off together. Time constants follow the capacitors and have to be trimmed by "
        "their currents; in the last column the model keeps the time constants asked for.",
        size=8.0,
    )


def spread(result: NeuronResult) -> Block:
    """Range of each measure over temperature and over the supply."""
    rows: list[list[Any]] = []
    for name, moved in result.corners.items():
        warm = [each for _, each in over_temperature(result.corners[name])]
        supplied = over_supply(moved)
        steps = sorted({each.what.split("supply ")[1].removesuffix(" %").lstrip("+-") for each in supplied})
        rows.append([code_cell(name), "temperature", *(_range(warm, measure) for measure in MEASURES)])
        rows.append(["", f"supply +-{', '.join(steps)} %", *(_range(supplied, measure) for measure in MEASURES)])
    coldest, warmest = (end(each for each, _ in over_temperature(result.corners[BUILT])) for end in (min, max))
    return table(
        "Spread of each variant over temperature and supply",
        [Column("variant"), Column("over"), *(Column(f"{each} (%)", "right", "1") for each in MEASURES.values())],
        rows,
        caption=f"Smallest and largest change, {coldest:g}..{warmest:g} degC at the nominal supply, and both supplies at 27 degC.",
        size=8.0,
    )


def over_supply(rows: Sequence[Moved]) -> list[Moved]:
    """Rows at 27 degC beside the nominal supply."""
    return [each for each in rows if each.what.startswith("27 degC") and not each.what.endswith("supply +0 %")]


def _range(rows: Sequence[Moved], measure: str) -> str:
    changes = [each.change(measure) for each in rows]
    if not changes:
        return NOWHERE
    ends = [_plain(each) for each in (min(changes), max(changes))]
    return " to ".join(dict.fromkeys(ends))


def _plain(share: float) -> str:
    """A change in percent without the sign of percent; ``0`` for one that rounds to it."""
    digits = 0 if abs(share) >= 0.995 else 2 if abs(share) < 0.0995 else 1
    return signed(share, digits=digits).removesuffix("\N{NO-BREAK SPACE}%") if abs(share) >= 5e-5 else "0"


def sensitivities(result: NeuronResult) -> Block:
    """One step of each influence."""
    names, measures = tuple(result.sensitivities), {key: MEASURES[key] for key in ("gain", "fall", "leak", "baseline")}
    steps = [each.what for each in result.sensitivities[BUILT]]
    rows = [[step, *(_plain(result.sensitivities[name][index].change(measure)) for name in names for measure in measures)] for index, step in enumerate(steps)]
    return table(
        "Sensitivity to one step of each influence (%)",
        [Column("step", width="1"), *(Column(f"{name}\n{label}", "right") for name in names for label in measures.values())],
        rows,
        caption="Change of the fitted gain, of both time constants and of the baseline for one step alone.",
        size=7.5,
    )


def mismatch(result: NeuronResult) -> Block:
    """Drawn units: spread of the peak, and how many lie within the tolerance."""
    allowed, rows = result.design.neuron.peak_tolerance, []
    shown = [*((name, each) for name, each in result.draws.items()), *((f"{BUILT}, {each.area:g} of the area", each) for each in result.areas)]
    for name, draws in shown:
        variant = name.split(",")[0]
        nominal = result.single[variant].swing if draws.area == 1.0 else float(np.mean(draws.swing))
        inside, count = draws.share_within(allowed, nominal)
        low, high = deviation_interval(draws)
        share = clopper_pearson(inside, count, level=LEVEL)
        rows.append(
            [
                name,
                f"{count}",
                f"{100 * draws.deviation:.2f} ({100 * low:.2f}..{100 * high:.2f})",
                signed(worst(draws.swing / nominal - 1.0)),
                f"{inside} of {count}: {100 * inside / count:.1f} % ({100 * share[0]:.1f}..{100 * share[1]:.1f})",
                percent(float(np.std(draws.baseline, ddof=1) / np.mean(draws.baseline)), digits=1),
            ]
        )
    return table(
        f"Mismatch: the peak of one spike, A_VT {1e9 * result.design.neuron.a_vt:g} mV um",
        [
            Column("unit", width="1"),
            Column("draws", "right"),
            Column("sd of the peak (%)", "right"),
            Column("farthest", "right"),
            Column(f"within {band(allowed)}", "right"),
            Column("sd of baseline", "right"),
        ],
        rows,
        caption=f"In brackets 95 % intervals: of a deviation for normal peaks, of a share by Clopper and Pearson. {ALIKE}: "
        f"{quantity(PRINTED_DEVIATION, 'V')} on every threshold, whatever the area. Units of less area are compared with the mean of their draws.",
        size=8.0,
    )


def family(each: Contribution) -> str:
    """Which of `FAMILIES` a transistor belongs to."""
    block, name = each.name.split(".")
    if each.name in MIRRORS:
        return "bias"
    if block in ("syn", "mem") and name in PAIRS:
        return f"{block}.{name[0]}"
    return block if block == "mir" else "other"


def causes(result: NeuronResult) -> list[tuple[str, float]]:
    """Kinds of transistors and their part of the variance of the peak, the largest first."""
    whole = sum(each.share**2 for each in result.contributions)
    ordered = sorted(result.contributions, key=family)
    found = [(name, sum(each.share**2 for each in group) / whole) for name, group in groupby(ordered, key=family)]
    return sorted(found, key=lambda each: -each[1])


def variance(result: NeuronResult) -> Block:
    """Which kinds of transistors the variance of the peak comes from."""
    rows = []
    for name, part in causes(result):
        members = [each for each in result.contributions if family(each) == name]
        areas = {f"{1e12 * each.width * each.length:.0f}" for each in members}
        rows.append([FAMILIES[name], f"{len(members)}", areas.pop() if len(areas) == 1 else "various", percent(part)])
    return table(
        "Where the variance of the peak comes from",
        [Column("transistors", width="1"), Column("number", "right"), Column("area (µm²)", "right"), Column("part", "right")],
        rows,
        caption="Squares of the single contributions over their sum; area of one transistor.",
        size=8.0,
    )


def sizes(result: NeuronResult) -> Block:
    """Every parameter of the built unit with the reason for its value."""
    card = result.cards[BUILT]
    return table(
        f"Card {card.name}: every part, its value, and why",
        [Column("parameter"), Column("what it is", width="0.85"), Column("value", "right"), Column("why", width="1.15")],
        [[code_cell(name), what, value, why] for name, what, value, why in _constants(card)],
        caption=f"{card.description[:1].upper()}{card.description[1:]}.",
        size=7.5,
        long=True,
    )


def _constants(card: NeuronCard) -> list[tuple[str, str, str, str]]:
    reasons = card.reasons()
    rows = []
    for each in described(card):
        why = reasons.get(each.name, "").rpartition("; valid ")
        rows.append((each.name, each.metadata["description"], _value(getattr(card, each.name), each.metadata["unit"]), why[0] or why[2]))
    return rows


def _value(value: float, unit: str) -> str:
    if unit == "1":
        return f"{value:g}"
    return f"{100 * value:g} %/K" if unit == "1/K" else quantity(value, unit, digits=4)


def own_noise(result: NeuronResult) -> Block:
    """Noise of the unit's devices, referred to a weight."""
    rows = []
    for each in result.own_noise:
        density = [float(np.interp(at, each.frequency, each.density)) for at in (1.0, 1e3)]
        state = f"conducts, weight {WEIGHT:g}" if each.conducting else "at rest"
        rows.append([state, *(f"{1e6 * value:.3g}" for value in density), measured(each.rms, "V"), percent(each.weight)])
    low, high = (quantity(each, "Hz") for each in NOISE_BAND)
    return table(
        "Own noise, referred to a weight",
        [Column("cell", width="1"), Column("1 Hz", "right"), Column("1 kHz", "right"), Column("rms", "right"), Column("of full weight", "right")],
        rows,
        caption=f"Density at the membrane in uV/√Hz, rms over {low} to {high}, and over the swing of one spike of full weight, "
        f"{measured(result.own_noise[0].swing, 'V')}.",
        size=8.0,
    )


def energy(result: NeuronResult) -> Block:
    """Power at rest and energy of one spike of each block."""
    names = tuple(result.energy)
    used = [each for each in BLOCK_NAMES if any(each in found.quiescent for found in result.energy.values())]
    rows = []
    for block in used:
        parts = [(found.quiescent.get(block), found.spike.get(block)) for found in result.energy.values()]
        rows.append([BLOCK_NAMES[block], *_energies(parts)])
    rows.append(["supply, measured", *_energies([(found.supply_quiescent, found.supply_spike) for found in result.energy.values()])])
    largest, built = max(each.imbalance for each in result.energy.values()), result.energy[BUILT]
    balance = percent(largest, digits=3) if largest >= 1e-5 else "less than 0.001 %"
    return table(
        "Energy of each block: power at rest (uW), and what one spike of full weight adds (nJ)",
        [Column("block", width="1"), *(Column(f"{'firing' if name == 'spiking' else name}\n{unit}", "right") for name in names for unit in ("µW", "nJ"))],
        rows,
        caption=f"Firing: {BUILT} with its spike output. The op-amps of linear are ideal and take nothing. The sum of the blocks differs from the supply by "
        f"{balance}. One spike takes {measured(built.read, 'J')} from Vread for the cell and {measured(built.gate, 'J')} for its gate.",
        size=8.0,
    )


def _energies(parts: Sequence[tuple[float | None, float | None]]) -> list[str]:
    """Power [uW] and energy [nJ] of each unit as text."""
    cells = []
    for both in parts:
        for value, factor in zip(both, (1e6, 1e9), strict=True):
            text = NOWHERE if value is None else f"{factor * value:.3f}"
            cells.append("0.000" if text == "-0.000" else text)
    return cells


def auto_zero(result: NeuronResult) -> Block:
    """Offsets before and after."""
    allowed = result.design.neuron.offset
    return table(
        "Auto-zero of an op-amp",
        [Column("offset before", "right", width="1"), Column("after", "right", width="1")],
        [[f"{1e3 * before:+.3g} mV", f"{1e3 * after:+.3f} mV"] for before, after in result.auto_zero.T],
        caption=f"Read {quantity(READ_AT - ZEROED, 's')} after the zeroing; what the switch injects and the droop stay. The design allows "
        f"{quantity(allowed, 'V')}: that much moves the baseline of {BUILT} by {baseline_by_offset(result)}.",
        size=8.0,
    )


def baseline_by_offset(result: NeuronResult) -> str:
    """Change of the built unit's baseline by the step of offset that the sensitivities have, at the worse op-amp."""
    rows = [each for each in result.sensitivities[BUILT] if each.what.startswith("offset")]
    return percent(max(abs(each.change("baseline")) for each in rows))


def chain(result: NeuronResult) -> Block:
    """Spike times of both units of a chain."""
    rows = []
    for gaps, trains in ((APART, result.trains), (CLOSE, result.close)):
        for unit in range(len(trains[0].circuit)):
            _, apart = deviations(trains, unit)
            ends = (f"{1e3 * float(np.median(np.abs(apart))):.3f}", f"{1e3 * float(np.max(np.abs(apart))):.3f}") if len(apart) else (NOWHERE, NOWHERE)
            lost = sum(len(each.circuit[unit]) != len(each.model[unit]) for each in trains)
            rows.append([f"{1e3 * gaps[0]:g}..{1e3 * gaps[1]:g} ms", f"{unit + 1}", f"{len(trains)}", f"{len(apart)}", *ends, f"{lost}"])
    return table(
        "Spike times, circuit against model (ms)",
        [
            Column("inputs apart", width="1"),
            Column("unit", "right"),
            Column("trains", "right"),
            Column("spikes", "right"),
            Column("median", "right"),
            Column("largest", "right"),
            Column("lost", "right"),
        ],
        rows,
        caption="Magnitude of circuit minus model; lost: trains with another number of spikes than the model. Rest, gain and trip point of the model are "
        f"measured on a unit that does not fire; the threshold lies at {THRESHOLD_SHARE:g} of the swing.",
        size=8.0,
    )


def assumptions(result: NeuronResult) -> list[tuple[str, str]]:
    """Title and text of what the numbers of the chapter rest on."""
    return [*_of_circuit(result), *_of_statistics(result)]


def _of_circuit(result: NeuronResult) -> list[tuple[str, str]]:
    card, opamp = result.cards[BUILT], result.parts[BUILT].opamp
    assert isinstance(card, CurrentBiasedCard)
    assert opamp is not None
    return [
        (
            "PTAT currents are a stated law.",
            f"Itau of {measured(card.synapse_current, 'A')} and {measured(card.membrane_current, 'A')} at 27 °C follow T / 300.15 K exactly; a core that makes "
            "them is not simulated, nor is its own spread or supply rejection.",
        ),
        (
            "References are ideal.",
            f"The gates of the reference sides (Vtn {quantity(card.npair_reference, 'V')} over ground, Vtp {quantity(card.ppair_reference, 'V')} below the "
            f"supply) and of the cascodes ({quantity(card.cascode_shift, 'V')} beyond) are voltage sources without noise, resistance or temperature.",
        ),
        (
            "Small current sources are ideal.",
            f"The followers' {quantity(card.follower_current, 'A')}, the offset current of {quantity(card.offset_current, 'A')} and what feeds the mirrors of "
            "the spike output come from ideal sources.",
        ),
        (
            "Op-amps have two supplies and an assumed card.",
            f"The transimpedance amplifier's output lies below ground, so that both op-amps of {BUILT} and {BOARD} stand between plus and minus "
            f"{quantity(card.supply, 'V')}. Their card ({opamp.name}: {quantity(opamp.bandwidth, 'Hz')}, {quantity(opamp.quiescent_current, 'A')}, "
            f"{quantity(opamp.noise, 'V')}/√Hz) is assumed. {listing(PRINTED)} have ideal op-amps.",
        ),
        (
            "Auto-zero stands beside the unit.",
            "It is simulated alone, with an assumed injection and leakage of its switch at 27 °C; the unit runs with zero offset, its sensitivity to the "
            "offset that is left is in the tables.",
        ),
        (
            "The unit's parts are those of its card.",
            f"Resistors have {100 * card.resistor_tempco:g} %/K, assumed for polysilicon. Tolerances and process corners move all parts of a kind "
            "alike. The memristor has no temperature, wires have no capacitance, and there is no layout.",
        ),
    ]


def _of_statistics(result: NeuronResult) -> list[tuple[str, str]]:
    neuron = result.design.neuron
    return [
        (
            "Matching is assumed.",
            f"A_VT of {1e9 * neuron.a_vt:g} mV µm for the threshold of a single transistor; mobility, resistors and capacitors match perfectly, gradients over "
            "the distance of devices and the op-amps' offsets are not drawn.",
        ),
        (
            "Noise coefficients are those that BSIM3 has by default.",
            "Neither the paper nor the public card gives any; flicker noise of a process may be several times away. Own noise is that of a small signal at a "
            "fixed working point.",
        ),
        (
            "Read noise comes from random columns.",
            f"{neuron.images} handwritten digits of 8 {TIMES} 8 pixels in latency code, with tau of {quantity(LATENCY, 's')}, which the paper does not print, "
            f"through {COLUMNS} columns of random weights, not trained ones. Every cell deviates by {percent(neuron.noise, digits=0)}, correlated over "
            f"{quantity(neuron.correlation_time, 's')}, at every conductance.",
        ),
        (
            "What is not printed was chosen.",
            "Transistor sizes, supply, Vthr and the resistors of the paper's variants are not in the paper; each card says which. All but "
            "as_printed change its circuit as well.",
        ),
    ]
