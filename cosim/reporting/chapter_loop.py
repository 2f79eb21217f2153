"""The chapters of the report on the loop: their sections, and what to conclude from each.

Every number in the texts is read from the results. Not here: the look of figures and tables (`figures_loop`, `tables_loop` and their neighbors).
"""

import math
from collections.abc import Callable

import numpy as np

from cosim.devices.memristor.read_noise import load_read_noise
from cosim.reporting import tables_loop
from cosim.reporting.blocks import Block, bullets, missing, section, text
from cosim.reporting.loop import TITLES, LoopFindings
from cosim.reporting.style import TIMES, band, listing, measured, percent, pretty, quantity
from cosim.reporting.tables_loop import best_levels, delay_name, duration, signed_points, tuning_error
from cosim.spice.engines import Engine
from cosim.studies.loop.channel import ChannelResult

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


def _channel(found: LoopFindings, drawn: Drawn) -> Block:
    result = found.channel
    if result is None:
        return _not_run(found, "channel")
    return section(
        TITLES["channel"],
        text(pretty(_channel_words(result))),
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
        f"and read through transistor, lines and amplifier {listing(delay_name(each) for each in cells.delays)} later. {percent(inside, digits=2)} are truly "
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
    if result.chips is None:
        return ""
    return (
        f" This is one chip: the same cells behind the amplifiers of {len(result.chips)} others, with offsets of their own, hold "
        f"{float(result.chips.min()):.2f} to {float(result.chips.max()):.2f} bits."
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
    if failed:
        words += f" {failed} images could not be simulated and are left out."
    return section(TITLES["tuned"], text(pretty(words)), drawn("array"), tables_loop.costs(result), tables_loop.accuracies(result), page=False)


def _levels(found: LoopFindings, drawn: Drawn) -> Block:
    result = found.levels
    if result is None:
        return _not_run(found, "levels")
    better = [f"{row.bits:g}" for row in result.rows if row.p_value < SIGNIFICANT and row.gain > 0]
    worse = [f"{row.bits:g}" for row in result.rows if row.p_value < SIGNIFICANT and row.gain < 0]
    best, gain = best_levels(result)
    words = (
        "A weight of few bits is one of few conductances. Designed levels begin as the exact quantizer of the wanted conductances for what is read of a "
        "tuned cell, and are then moved, with the gain, while the cross-entropy of the training images falls, errors drawn from the measured channel; "
        "uniform ones split the window evenly. Neighbors keep their bands apart. In the array designed levels are "
        f"{f'better at {listing(better)} bits' if better else 'nowhere better'}"
    )
    words += f", worse at {listing(worse)} bits" if worse else ", worse nowhere"
    words += f" (paired test, p < {SIGNIFICANT:g}); most is gained at {best.bits:g} bit{'s' if best.bits != 1 else ''}, {signed_points(gain)} points."
    ahead, behind = result.contested
    words += (
        f" In the circuit, on audited images that the two first arrays class differently in the model, {ahead} are right with designed levels alone and "
        f"{behind} with uniform ones alone (one-sided sign test, p {tables_loop.probability(result.circuit_p_value)})."
    )
    return section(
        TITLES["levels"], text(pretty(words)), drawn("levels"), drawn("level_accuracies"), tables_loop.levels(result), tables_loop.audits(result), page=False
    )


def _training(found: LoopFindings, drawn: Drawn) -> Block:
    result = found.training
    if result is None:
        return _not_run(found, "training")
    lost = 100 * (result.clean - float(np.mean(result.plain)))
    words = (
        f"Cells that are written by one set and one reset, without a read, on devices with a spread of {percent(result.spread)}, miss their targets by "
        f"{percent(result.error)} (standard deviation). That costs {lost:.2f} points. Training through the channel that such cells make, each batch with "
        f"errors of its own, recovers {percent(result.recovered('aware'), digits=0)} of them. Writing in {found.design.loop.stages} stages, where each part "
        f"is read back (to within {percent(result.read_error, digits=2)}) and the rest is trained around what is there, recovers "
        f"{percent(result.recovered('staged'), digits=0)}: an error that is known can be worked around. A closed loop leaves "
        f"{percent(result.tuned_error, digits=2)} and {percent(float(np.mean(result.tuned_plain)), digits=2)} as trained, "
        f"{percent(float(np.mean(result.tuned_aware)), digits=2)} trained through it."
    )
    return section(TITLES["training"], text(pretty(words)), drawn("training"), tables_loop.training(result), page=False)


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
            "Current scale and series resistance are drawn for each device; wear, stuck cells (but for those of the design) and temperature are not in it.",
        ),
        ("One network, one set of images.", "That of [network], seed 0. Levels, gains and training used training images only; test images decided nothing."),
        (
            "No drift up to the measured retention.",
            f"Reads up to {quantity(card.retention, 's')} differ by noise alone. Later ones are assumed and stand apart.",
        ),
    ]
    items += [(f"Not run: {TITLES[stage].lower()}.", reason) for stage, reason in found.failures.items()]
    return section("Assumptions", bullets(items), page=False)
