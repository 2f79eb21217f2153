"""The chapter on the neuron-synapse-neuron unit (Lim 2025, sections 3.3 and 3.4): its sections, and what to conclude from each.

Every number in the texts is read from the result, so that a conclusion that a design does not support is not printed.
Not here: the schematics, which the caller hands over, and the look of figures and tables (`figures_neuron`, `tables_neuron`).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from cosim.reporting import tables_neuron as tables
from cosim.reporting.blocks import Block, pair, section, text
from cosim.reporting.style import band, listing, measured, percent, pretty, quantity
from cosim.reporting.tables_neuron import (
    FAMILIES,
    causes,
    change,
    deviation_interval,
    limit,
    loudest,
    nonlinearity,
    over_supply,
    over_temperature,
    signed,
    worst,
)
from cosim.studies.lim2025.neuron import NeuronResult
from cosim.studies.lim2025.neuron.study import ALIKE, BOARD, BUILT, PRINTED_DEVIATION

TITLE = "Neuron"
MOSTLY = 0.9  # of the variance: kinds of transistors are named until they explain that much
NEAR = 10.0  # [K] around 27 degC that a room has
RINGING = 0.3  # of the power of the noise in one octave
GONE = 0.2  # change of the peak or of a time constant that a unit does not survive


def sections(result: NeuronResult, drawn: Callable[[str], Block], *, schematics: Sequence[Block] = ()) -> list[Block]:
    """The chapter.

    Args:
        result: of the neuron study.
        drawn: the block of a figure by its name.
        schematics: blocks that show the circuits, in order.
    """
    return [
        _unit(result, schematics),
        _waves(result, drawn),
        _weights(result, drawn),
        _corners(result, drawn),
        _mismatch(result, drawn),
        _noise(result, drawn),
        _energy(result, drawn),
        _chain(result, drawn),
        _sizes(result),
    ]


def _unit(result: NeuronResult, schematics: Sequence[Block]) -> Block:
    card = result.cards[BUILT]
    words = (
        "A spike on the gate of a 1T1R cell lets the conductance times Vread flow into a transimpedance amplifier that holds the source line. An inverting "
        "amplifier and MN3 make a current of it, in the built units with a pole for its rise; a differential-pair integrator (DPI) makes the decaying synaptic "
        "current, and the membrane integrates that with a leak. "
        f"The time constants asked for are {quantity(result.targets.rise, 's')}, {quantity(result.targets.fall, 's')} and "
        f"{quantity(result.targets.membrane, 's')}. "
        f"The unit that is built, {BUILT}, replaces the bare gate voltages of the paper by currents proportional to the absolute temperature, reads each "
        f"capacitor through a second pair equal to the first, and swings by {measured(result.single[BUILT].swing, 'V')} for one spike at "
        f"{quantity(card.supply, 'V')}; {BOARD} does the same with an external RC membrane."
    )
    return section(f"{TITLE}: the unit", text(pretty(words)), tables.variants(result), *schematics)


def _waves(result: NeuronResult, drawn: Callable[[str], Block]) -> Block:
    built = [100 * result.waves[BUILT, train].continuous_errors()[1] for train in ("text", "caption")]
    linear, membrane = result.waves["linear", "text"], result.predictions["as_printed"].leak
    (_, (shifted, lag)), straight = linear.discrete_errors(), linear.continuous_errors()[1]
    trains = [", ".join(f"{1e3 * each:g}" for each in times) for times in (result.waves[BUILT, train].times for train in ("text", "caption"))]
    words = (
        f"Two trains are tried: input spikes at {trains[0]} ms, as the text of the paper says, and at {trains[1]} ms, as the caption of its Fig. 7 says. The "
        "fair reference is the continuous model under the circuit's own pulse, with one free scale and no lag: there the membrane of "
        f"{BUILT} is {built[0]:.2f} and {built[1]:.2f} % off, that of linear {percent(straight, digits=0)}. Against the discrete model of 1 ms linear is "
        f"{percent(shifted)} off, but only when it is moved by {measured(lag, 's')}: a pulse of 1 ms through one pole is no double exponential. "
        f"With the printed gate voltage and capacitor the membrane's time constant would be {measured(membrane, 's')} by Eq. 9."
    )
    return section(
        f"{TITLE}: waves",
        text(pretty(words)),
        drawn("waves"),
        drawn("paper"),
        drawn("bode"),
        tables.errors(result),
        tables.predictions(result),
        page=False,
    )


def _weights(result: NeuronResult, drawn: Callable[[str], Block]) -> Block:
    bent, straight = (worst(nonlinearity(result, name)) for name in ("as_printed", BUILT))
    ranges = []
    for each in result.ranges:
        kept = each.current[np.cumprod(np.abs(each.linearity - 1.0) <= 0.1).astype(bool)]
        ranges.append(f"up to {measured(float(kept[-1]), 'A')} with {quantity(each.feedback, 'ohm').replace('ohm', 'Ω')}")
    words = (
        f"As printed, the peak is {percent(abs(bent), digits=0)} of full scale {'below' if bent < 0 else 'above'} proportional in the middle of the weights; "
        f"in {BUILT} it is {percent(abs(straight))} off. A column of a network adds the currents of its inputs: the gain stays within ±10 % of that of one "
        f"full weight {listing(ranges)}."
    )
    return section(f"{TITLE}: weights and input range", text(pretty(words)), pair(drawn("weights"), drawn("input_range")), page=False)


def _corners(result: NeuronResult, drawn: Callable[[str], Block]) -> Block:
    words = f"{_lost_at_corners(result)} {_kept_at_corners(result)}"
    return section(
        f"{TITLE}: temperature and supply",
        text(pretty(words)),
        tables.spread(result),
        drawn("temperature"),
        tables.sensitivities(result),
        tables.tolerances(result),
        tables.corners(result),
        page=False,
    )


def _lost_at_corners(result: NeuronResult) -> str:
    """What the unit with bare gate voltages does not survive."""
    rows = over_temperature(result.corners["linear"])
    near = [(at, each) for at, each in rows if abs(at - 27.0) <= NEAR] or rows
    if len(near) == 1:
        near = rows
    taus = listing(f"{measured(each.response.leak, 's')} at {at:g} °C" for at, each in near)
    supply = [(each.what.split("supply ")[1], each.change("swing")) for each in over_supply(result.corners["linear"])]
    moved = listing(f"{signed(share, digits=0)} for {which} of the supply" for which, share in supply)
    lost = ["a change of the temperature"] if max(abs(each.change("leak")) for _, each in near) > GONE else []
    lost += ["a change of the supply"] if max(abs(share) for _, share in supply) > GONE else []
    verdict = f"does not survive {' or '.join(lost)}" if lost else "survives both"
    return f"With bare gate voltages tau_mem of linear is {taus}, and its peak changes by {moved}: it {verdict}."


def _kept_at_corners(result: NeuronResult) -> str:
    rows = over_temperature(result.corners[BUILT])
    taus = max(abs(each.change(measure)) for _, each in rows for measure in ("fall", "leak"))
    peaks, bare = ([each.change("swing") for _, each in over_temperature(found)] for found in (result.corners[BUILT], result.untempered))
    supplied = max(abs(each.change("swing")) for each in over_supply(result.corners[BUILT]))
    return (
        f"{BUILT.capitalize()} keeps both time constants within {percent(taus)} from {rows[0][0]:g} to {rows[-1][0]:g} °C, and its peak within "
        f"{percent(supplied, digits=2)} over {band(result.design.neuron.supply_tolerance)} of the supply. The peak follows the resistors: "
        f"{change(min(peaks))} to {change(max(peaks))} with their tempco, {change(min(bare))} to {change(max(bare))} without. An offset of "
        f"{quantity(result.design.neuron.offset, 'V')} of an op-amp moves the baseline by {tables.baseline_by_offset(result)}, which is what auto-zero is for."
    )


def _mismatch(result: NeuronResult, drawn: Callable[[str], Block]) -> Block:
    named, total, parts = [], 0.0, dict(causes(result))
    for name, part in parts.items():
        if total < MOSTLY:
            named.append(f"{FAMILIES[name]} ({percent(part, digits=0)})")
            total += part
    draws, alike = result.draws[BUILT], result.draws[ALIKE]
    summed = float(np.sqrt(sum(each.share**2 for each in result.contributions)))
    low, high = deviation_interval(draws)
    place = "inside" if low <= summed <= high else "outside"
    words = (
        f"The peaks of {len(draws.swing)} units with all transistors drawn have a standard deviation of {percent(draws.deviation, digits=2)}; that of linear "
        f"with {quantity(PRINTED_DEVIATION, 'V')} on each threshold is {percent(alike.deviation, digits=0)}. Of the variance, "
        f"{percent(total, digits=0)} comes from {listing(named)}. A threshold moves the current of a pair exponentially, and only area helps against that. "
        f"Transistors inside of a loop, cascodes, followers and tails, have {percent(parts.get('other', 0.0), digits=1)} of the variance together, so that "
        f"they may be small. The root of the sum of the single variances, {percent(summed, digits=2)}, lies {place} of the "
        "95 % interval of the draws."
    )
    return section(
        f"{TITLE}: mismatch",
        text(pretty(words)),
        drawn("mismatch"),
        tables.mismatch(result),
        pair(drawn("contributions"), tables.variance(result)),
        page=False,
    )


def _noise(result: NeuronResult, drawn: Callable[[str], Block]) -> Block:
    slow, quick = result.noise_curve[-1], result.noise_curve[0]
    rest = min(result.own_noise, key=lambda each: each.conducting)
    middle, share = loudest(rest)
    words = (
        f"Noise of the cells reaches the peak filtered: {percent(result.design.neuron.noise, digits=0)} of each cell becomes "
        f"{percent(result.noise.mean, digits=2)} on average over all columns and {percent(result.noise.typical_worst, digits=2)} in the worst of ten. Noise "
        f"correlated over {quantity(quick.correlation_time, 's')} is averaged over time as well, to {percent(quick.typical_worst)} in the worst of ten; over "
        f"{quantity(slow.correlation_time, 's')} only the number of cells averages, to {percent(slow.typical_worst)}. Noise of the unit's own devices at rest "
        f"is {percent(rest.weight)} of a full weight{_ringing(middle, share)}"
    )
    return section(
        f"{TITLE}: noise and offset",
        text(pretty(words)),
        pair(drawn("read_noise"), drawn("own_noise")),
        pair(tables.own_noise(result), tables.auto_zero(result)),
        page=False,
    )


def _ringing(middle: float, share: float) -> str:
    """A single octave with most of the power, far above the membrane's own pole, is a loop that is badly damped."""
    if share < RINGING:
        return "."
    where = f"{percent(share, digits=0)} of its power lies in the octave around {measured(middle, 'Hz')}"
    return f", and {where}: a loop with little damping makes it, not the membrane's own pole."


def _energy(result: NeuronResult, drawn: Callable[[str], Block]) -> Block:
    built = result.energy[BUILT]
    rest = built.supply_quiescent - sum(built.quiescent.get(each, 0.0) for each in ("tia", "inverter"))
    words = (
        f"At rest {BUILT} takes {measured(built.supply_quiescent, 'W')}, {measured(rest, 'W')} without its two op-amps; the largest parts are "
        f"{_largest(built.quiescent)}. One spike adds {measured(built.supply_spike, 'J')}, most of it in {_largest(built.spike)}; the cell itself takes "
        f"{measured(built.read, 'J')}. With its spike output the unit rests at {measured(result.energy['spiking'].supply_quiescent, 'W')}. Resting for "
        f"{measured(built.supply_spike / built.supply_quiescent, 's')} costs as much as a spike: the op-amps have to be switched off where spikes are rare."
    )
    return section(f"{TITLE}: energy", text(pretty(words)), drawn("energy"), tables.energy(result), page=False)


def _largest(parts: Mapping[str, float]) -> str:
    """The two blocks that take most, with their part."""
    found = sorted(parts.items(), key=lambda each: -each[1])[:2]
    return listing(f"the {tables.BLOCK_NAMES[name]} ({percent(value / sum(parts.values()), digits=0)})" for name, value in found)


def _chain(result: NeuronResult, drawn: Callable[[str], Block]) -> Block:
    far, near = (max(each.deviation for each in trains) for trains in (result.trains, result.close))
    allowed = limit("chain")
    words = (
        f"The spike output of one unit drives the cell of the next through an ideal buffer, at 27 °C and with nominal "
        f"devices. Over {len(result.trains)} trains with inputs apart all spikes of both units come "
        f"{'within' if 1e3 * far <= allowed else 'only within'} {_milliseconds(far)} of the model ({allowed:g} ms are asked for); over {len(result.close)} "
        f"trains with inputs close to each other within {_milliseconds(near)}. The difference grows where the membrane has not come back from its reset when "
        "the next spike arrives: the model knows one potential and one time constant only."
    )
    return section(f"{TITLE}: spiking chain", text(pretty(words)), pair(drawn("chain"), tables.chain(result)), page=False)


def _milliseconds(value: float) -> str:
    return f"{1e3 * value:.2f} ms" if np.isfinite(value) else "no bound, since a spike is lost or one too many,"


def _sizes(result: NeuronResult) -> Block:
    words = (
        f"Three rules stand behind the sizes. What sits in a pair or mirror has area, {percent(result.draws[BUILT].deviation)} of the peak being what it buys; "
        "pairs are wide for weak inversion, where their law is exponential, and mirrors long for strong inversion, where a threshold moves a current least. "
        "What a loop encloses is small. Resistors are of one kind, so that their temperature coefficients partly cancel."
    )
    return section(f"{TITLE}: why each part has its size", text(pretty(words)), tables.sizes(result), page=False)
