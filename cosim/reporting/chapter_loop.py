"""The chapters of the report on the loop: their sections, and what to conclude from each.

Every number in the texts is read from the results. Not here: the look of figures and tables (`figures_loop`, `tables_loop` and their neighbors).
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from cosim.codesign.circuit_channel.drift_models import NO_DRIFT
from cosim.devices.memristor.read_noise import load_read_noise
from cosim.reporting import tables_loop
from cosim.reporting.blocks import Block, bullets, missing, section, text
from cosim.reporting.loop import TITLES, LoopFindings
from cosim.reporting.style import TIMES, band, listing, measured, percent, pretty, quantity
from cosim.reporting.tables_cell import claim_value
from cosim.reporting.tables_loop import NO_SHARE, best_levels, bit_words, chip_range, delay_name, delay_names, duration, share_back, signed_points, tuning_error
from cosim.reporting.verdict_loop import shortcut_words
from cosim.spice.engines import Engine
from cosim.studies.loop.channel import ChannelResult
from cosim.studies.loop.levels import LevelsResult
from cosim.studies.loop.training import TrainingResult

Drawn = Callable[[str], Block]
BEYOND = "Retention, and what is ASSUMED beyond it"
SIGNIFICANT = 0.05  # p-value below which levels are said to differ


def sections(found: LoopFindings, drawn: Drawn) -> list[Block]:
    """All chapters.

    Args:
        found: of all stages.
        drawn: the block of a figure by its name.
    """
    return [_channel(found, drawn), _tuned(found, drawn), _levels(found, drawn), _training(found, drawn), _retention(found, drawn)]


def _not_run(found: LoopFindings, stage: str) -> Block:
    return section(TITLES[stage], missing(TITLES[stage], found.why_not(stage)), page=stage == "channel")


def _open(found: LoopFindings, stage: str) -> str:
    """The claims of a stage that are open, each with what was computed and what is asked; empty if none is."""
    missed = [each for each in tables_loop.printed(found.verdicts) if each.verdict != "met" and each.id.split(".")[1] == stage]
    shown = [
        f"{each.id} ({claim_value(each.value, each.unit)}, must be {each.must_be} {'' if each.unit == '1' else each.unit}".strip() + ")" for each in missed
    ]
    return f" Open: {'; '.join(shown)}." if shown else ""


def _channel(found: LoopFindings, drawn: Drawn) -> Block:
    result = found.channel
    if result is None:
        return _not_run(found, "channel")
    return section(
        TITLES["channel"],
        text(pretty(_channel_words(result) + _open(found, "channel"))),
        drawn("errors"),
        drawn("spread"),
        tables_loop.capacities(result),
        *([text(pretty(_model_words(result))), tables_loop.models(result)] if result.fits else []),
    )


def _channel_words(result: ChannelResult) -> str:
    cells, tuning = result.cells, result.design.tuning
    error = tuning_error(cells)
    inside = float(np.mean(cells.inside))
    lost = ", ".join(f"{result.quiet.bits - each.estimate.bits:.2f} after {each.name}" for each in result.capacities[:-1])
    reads = float(np.std(cells.reads[0] / cells.target))
    made = "The channel is made by the read and hardly by the tuning." if error.std() < 0.5 * reads else "Tuning and read both make the channel."
    return (
        f"{len(cells.target):,} devices with a spread of {percent(tuning.spread, digits=0)} were tuned to {len(cells.written)} targets from "
        f"{measured(float(cells.written.min()), 'S')} to {measured(float(cells.written.max()), 'S')}, in a closed loop with a band of {band(tuning.band)}, "
        f"and read through transistor, lines and amplifier {delay_names(cells.delays)} later. {percent(inside, digits=2)} are truly "
        f"inside; their errors deviate by {percent(float(error.std()), digits=2)}, {tuning.band / float(error.std()):.1f} times less than the band is wide. "
        f"{made} Without noise one read would hold {result.quiet.bits:.2f} bits, the noise of one read takes {lost}. "
        f"{_against_bands(result)}{_other_chips(result)}"
    )


def _against_bands(result: ChannelResult) -> str:
    bits, uniform, touching = result.longest, math.log2(result.uniform_levels), math.log2(result.touching_levels)
    late = delay_name(result.cells.delays[-1])
    more = "more than" if bits.low > uniform else "no more than" if bits.high < uniform else "within its interval as much as"
    beyond = "above" if bits.low > touching else "below" if bits.high < touching else "near"
    return (
        f"One read after {late} holds {bits.bits:.2f} bits, {more} {result.uniform_levels} equally spaced levels whose bands do not touch would promise "
        f"({uniform:.2f}), and {beyond} the {touching:.2f} of bands that touch end to end."
    )


def _other_chips(result: ChannelResult) -> str:
    """What amplifiers of other chips change; empty where none were drawn."""
    known = chip_range(result)
    if known is None:
        return ""
    return (
        f" This is one chip: with the amplifiers of {known[2] - 1} others, each with offsets of its own, the same cells hold {known[0]:.2f} to {known[1]:.2f} "
        f"bits on {known[2]} chips in all."
    )


def _model_words(result: ChannelResult) -> str:
    accepted = [each for each in result.fits if each.accepted]
    names = list(dict.fromkeys(each.model for each in result.fits))
    never = [name for name in names if not any(each.model == name for each in accepted)]
    words = f"{len(names)} models were held against the measurement. "
    if accepted:
        kept = {name: [each.condition for each in accepted if each.model == name] for name in names}
        words += f"Accepted: {'; '.join(f'{name} ({listing(conditions)})' for name, conditions in kept.items() if conditions)}. "
    if never:
        words += f"Rejected on every condition: {'; '.join(never)}. "
    return words + "A rejected model must not stand in for the cell on that condition, in a mapping or in training."


def _tuned(found: LoopFindings, drawn: Drawn) -> Block:
    result = found.tuned
    if result is None:
        return _not_run(found, "tuned")
    traces = result.chip.array.traces
    rows, columns = result.chip.array.shape
    tuned, ideal = result.accuracy("tuned"), result.accuracy("ideal")
    shortcut, drawn_arrays = (100 * float(np.mean(each)) for each in (result.shortcut, result.tuned_draws))
    failed = int(np.sum(~result.done))
    words = (
        f"The network of [network] was written into {rows} {TIMES} {columns} cells, every pulse in SPICE: {result.pulses:,} pulses, "
        f"{duration(result.time)} one cell after another, {measured(result.energy, 'J')}. {int(np.sum(traces.inside))} of {len(traces.target)} cells are "
        f"truly inside of the band. In the circuit the tuned array classes {percent(tuned)} of {int(result.done.sum())} images right, "
        f"{signed_points(100 * (tuned - ideal))} points against the ideal mapping. The shortcut, every target with a Gaussian as wide as the band, says "
        f"{shortcut:.2f} % in the model, arrays that were tuned {drawn_arrays:.2f} %."
    )
    words += f" {shortcut_words(result.difference)}{_open(found, 'tuned')}"
    if failed:
        words += f" {failed} images could not be simulated and are left out."
    return section(TITLES["tuned"], text(pretty(words)), tables_loop.costs(result), tables_loop.accuracies(result), drawn("array"), page=False)


def _levels(found: LoopFindings, drawn: Drawn) -> Block:
    result = found.levels
    if result is None:
        return _not_run(found, "levels")
    words = (
        "A weight of few bits is one of few conductances. Designed levels begin as the exact quantizer of the wanted conductances for what tuning leaves of "
        "them, not for single reads, and are then moved, with the gain, while the cross-entropy of the training images falls; neighbors keep their bands "
        "apart. Uniform ones split the window evenly, their gain is the one of best accuracy on training images; searched ones, a control, split it evenly "
        f"with a gain found by the same loss and search as the designed ones. {_compared(result)}{_open(found, 'levels')}"
    )
    return section(
        TITLES["levels"], text(pretty(words)), drawn("levels"), drawn("level_accuracies"), tables_loop.levels(result), tables_loop.audits(result), page=False
    )


def _training(found: LoopFindings, drawn: Drawn) -> Block:
    result = found.training
    if result is None:
        return _not_run(found, "training")
    words = f"{_lost(result)} {_ways(found, result)} {_closed(result)} {tables_loop.staged_in_circuit(result)}{_open(found, 'training')}"
    return section(TITLES["training"], text(pretty(words)), tables_loop.training(result), drawn("training"), page=False)


def _compared(result: LevelsResult) -> str:
    """Which widths gain, by the corrected test, and what part is due to the levels."""
    sure = [row for row in result.rows if result.p_values[row.bits] < SIGNIFICANT]
    better, worse = ([f"{row.bits:g}" for row in sure if sign * row.gain > 0] for sign in (1, -1))
    networks = result.rows[0].networks
    over = f"{networks} networks" if networks > 1 else "the arrays of one network"
    said = f"better at {_bits(better)}" if better else "not shown to be better at any width"
    said += f", worse at {_bits(worse)}" if worse else ""
    best, gain = best_levels(result)
    alone, (points, low, high) = float(np.mean(best.over_searched)), best.circuit_gain
    called = "the largest gain is" if result.p_values[best.bits] < SIGNIFICANT else "the largest mean difference, which the test does not tell from chance, is"
    return (
        f"In the array designed levels are {said} (paired t over {over}, p after Holm < {SIGNIFICANT:g}); {called} at {bit_words(best.bits)}, "
        f"{signed_points(gain)} points, of which the search of the gain alone brings {signed_points(gain - alone)} and the levels {signed_points(alone)}. In "
        f"the circuit the first arrays of that width differ by an estimated {signed_points(points)} points ({signed_points(low)} to {signed_points(high)})."
    )


def _bits(numbers: Sequence[str]) -> str:
    return f"{listing(numbers)} bit{'' if list(numbers) == ['1'] else 's'}"


def _lost(result: TrainingResult) -> str:
    lost = 100 * (result.clean - float(np.mean(result.plain)))
    return (
        f"Cells that are written by one set and one reset, without a read, on devices with a spread of {percent(result.spread)}, miss their targets by "
        f"{percent(result.error)} (standard deviation). That costs {lost:.2f} points."
    )


def _ways(found: LoopFindings, result: TrainingResult) -> str:
    """What the ways of training give back, and what reading back costs."""
    shares = {way: share_back(result, way) for way in tables_loop.TAUGHT}
    none = " No share: less than half a point was lost, or more than all came back. " if NO_SHARE in shares.values() else " "
    return (
        f"Training through the channel that such cells make, each batch with errors of its own and nothing read back, recovers {shares['aware']} of that; "
        f"writing in {found.design.loop.stages} stages, each part read back and the rest trained around what is there, recovers {shares['staged']}; training "
        f"on for as long without the channel, the control, {shares['longer']}.{none}Reading back takes {result.reads} reads a cell, "
        f"{duration(result.read_time)} for the array, and knows a cell to within {percent(result.read_error, digits=2)}."
    )


def _closed(result: TrainingResult) -> str:
    plain, aware = (percent(float(np.mean(each)), digits=2) for each in (result.tuned_plain, result.tuned_aware))
    return f"A closed loop leaves an error of {percent(result.tuned_error, digits=2)}: {plain} as trained, {aware} trained through its own channel."


def _retention(found: LoopFindings, drawn: Drawn) -> Block:
    card = load_read_noise(found.design.loop.noise)
    words = f"Reads were measured to stay for {quantity(card.retention, 's')} (card {card.name}); every number up to here holds for delays up to that. "
    result = found.channel
    if result is None or not result.assumed:
        rest = (
            "Nothing is said about later reads: the design names no drift to be assumed."
            if not found.design.loop.assumed_drift
            else "The channel was not measured in this run."
        )
        return section(BEYOND, text(pretty(words + rest)), page=False)
    late = result.assumed[-1]
    words += (
        f"Beyond, nothing is known of this device. The design ASSUMES the drift of {late.model}, another material: after {delay_name(late.delay)} one read "
        f"would then hold {late.bits.bits:.2f} bits. It is a question to the laboratory, not a result; no claim rests on it."
    )
    return section(BEYOND, text(pretty(words)), drawn("assumed"), tables_loop.assumed(result), page=False)


def assumptions(found: LoopFindings, engine: Engine) -> Block:
    """What the numbers rest on, and what they do not say."""
    loop, tuning = found.design.loop, found.design.tuning
    card = load_read_noise(loop.noise)
    items = [
        (
            f"{engine.kind} and its twin.",
            f"The array of the network was tuned pulse by pulse in {engine.kind} {engine.version}, and all reads and images went through its circuits; the "
            "cells of the channel and of further arrays were tuned by the twin in Python, which is held against SPICE above.",
        ),
        (
            "The read noise is a card.",
            f"{card.name}: {card.source}. Its correlation time of {quantity(card.correlation_time, 's')} is an assumption, and decides what averaging and "
            "waiting bring.",
        ),
        (
            "The window is what every device reaches.",
            f"{measured(loop.low, 'S')} to {measured(loop.high, 'S')} at a spread of {percent(tuning.spread, digits=0)}; a nominal device alone would reach "
            "further.",
        ),
        (
            "Devices differ by two factors.",
            "Current scale and series resistance are drawn for each device; wear and temperature are not in it. Stuck cells of the design are in the array of "
            "the network that is tuned in SPICE; levels and training have none.",
        ),
        (
            "One set of images, few networks.",
            "That of [network]; seed 0 goes into the circuit and through training, levels use several seeds. No test image entered a computation that chose "
            "levels, gains or weights; which comparisons are shown was decided with results in view, and claims of that kind are called calibrations.",
        ),
        (
            "Images see less than reads.",
            "Images run through units with ideal op-amps, without read noise and offsets, soon after tuning; the channel is read with the op-amps that are "
            "built. Levels are designed on what tuning leaves, not on single reads.",
        ),
        ("Nothing but noise moves a cell here.", _moves(found, card.retention)),
    ]
    items += [(f"Not run: {TITLES[stage].lower()}.", reason) for stage, reason in found.failures.items()]
    return section("Assumptions", bullets(items), page=False)


def _moves(found: LoopFindings, retention: float) -> str:
    """What holds between reads, in the words of the verdict on the model without drift."""
    words = (
        "The simulation has no drift: rows on drift show what such a drift would look like in it, not that the device has none. The card of the noise says "
        f"that reads stay for {quantity(retention, 's')}. "
    )
    held = [each for each in found.channel.fits if each.model.startswith(NO_DRIFT)] if found.channel is not None else []
    moved = [each.condition for each in held if not each.accepted]
    if moved:
        words += f"The model without drift is rejected {listing(moved)}: a read soon after tuning still sees the noise that tuning ended under. "
    elif held:
        words += "No drift of the mean is seen between the delays. "
    return words + "Later reads are assumed and stand apart."
