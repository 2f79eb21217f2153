"""The first page of the report on the loop: what was asked, the picture of the loop with its numbers, the rules that decide."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from cosim.claims import Verdict
from cosim.reporting import tables_loop
from cosim.reporting.blocks import Block
from cosim.reporting.loop import TITLES, LoopFindings
from cosim.reporting.style import band, listing, percent, pretty, quantity
from cosim.reporting.tables_cell import claim_value
from cosim.reporting.tables_loop import best_levels, best_training, delay_name, signed_points
from cosim.studies.loop.channel import ChannelResult

RULES = {  # claims that stand on this page -> what they are about, in short words
    "loop.channel.interval": "capacity of a read: 95 % interval",
    "loop.channel.above_uniform": "capacity of a read above uniform levels",
    "loop.channel.tuned_above_touching": "tuned conductance above levels that touch",
    "loop.channel.gaussian_p": "Gaussian of the band is rejected: p",
    "loop.tuned.inside": "cells truly inside of the band",
    "loop.tuned.accuracy": "accuracy lost against the ideal mapping, circuit",
    "loop.levels.never_worse": "designed levels never worse than uniform ones",
    "loop.levels.gain": "designed levels better at one width at least",
    "loop.levels.circuit_ahead": "designed levels ahead in the circuit: p",
    "loop.training.recovered": "lost accuracy that training recovers",
}
ASKED = (
    "Asked: how are weights best stored in cells that are tuned by pulses and read under noise, and what does the network lose by them? The cells are measured "
    "as a channel, levels are designed and weights trained for it, and the network runs in the circuit again. "
)


def page(found: LoopFindings, picture: Block) -> Block:
    """The content of the page.

    Args:
        found: of all stages.
        picture: of the loop.
    """
    word, mark = _word(found)
    return {
        "headline": _headline(found),
        "word": word,
        "mark": mark,
        "explanation": ASKED + _answer(found),
        "tiles": [],
        "checks": tables_loop.rules(_rules(found)),
        "pictures": [picture],
        "remarks": _remarks(found),
    }


def _ruling(found: LoopFindings) -> list[Verdict]:
    """The claims that decide: those of the page."""
    return [each for each in found.verdicts if each.id in RULES]


def _word(found: LoopFindings) -> tuple[str, str]:
    outcomes = {each.verdict for each in _ruling(found)}
    if "not_met" in outcomes:
        return "FAIL", "bad"
    if found.failures or "not_run" in outcomes:
        return "NOT RUN", "bad"
    return "PASS", "good"


def _headline(found: LoopFindings) -> str:
    missed = [each for each in _ruling(found) if each.verdict == "not_met"]
    if missed:
        return f"Not met: {listing(dict.fromkeys(TITLES[each.id.split('.')[1]].lower() for each in missed))}"
    if found.failures:
        return f"Not run: {listing(TITLES[each].lower() for each in found.failures)}"
    if any(each.verdict == "not_run" for each in _ruling(found)):
        return "Not all claims could be judged"
    return "The loop closes"


def _answer(found: LoopFindings) -> str:
    parts = []
    if found.channel is not None:
        parts.append(f"a tuned cell holds {found.channel.longest.bits:.2f} bits in one read after {delay_name(found.channel.cells.delays[-1])}")
    if found.tuned is not None:
        tuned, ideal = (found.tuned.accuracy(which) for which in ("tuned", "ideal"))
        parts.append(f"the really tuned array classes {percent(tuned)} right where the ideal mapping has {percent(ideal)}")
    if found.levels is not None:
        row, gain = best_levels(found.levels)
        parts.append(f"levels designed for the channel bring up to {signed_points(gain, digits=1)} points ({row.bits:g} bit{'s' if row.bits != 1 else ''})")
    if found.training is not None:
        way, share = best_training(found.training)
        parts.append(f"training ({way}) recovers {percent(share, digits=0)} of what an error of {percent(found.training.error, digits=0)} costs")
    return f"Found: {'; '.join(parts)}." if parts else "No stage could be run."


def _rules(found: LoopFindings) -> list[list[str]]:
    """``[stage, words, value, must be, verdict]`` of the claims that the page shows."""
    rows = []
    for each in found.verdicts:
        if each.id in RULES:
            allowed = pretty(f"{each.must_be} {each.unit}".strip()) if each.unit not in ("", "1") else pretty(each.must_be)
            rows.append([each.id.split(".")[1], RULES[each.id], claim_value(each.value, each.unit), allowed, each.verdict])
    return rows


def _remarks(found: LoopFindings) -> Sequence[dict[str, str]]:
    return [*_channel_remark(found), *_network_remark(found), _limits_remark(found), _claims_remark(found)]


def _channel_remark(found: LoopFindings) -> list[dict[str, str]]:
    result = found.channel
    if result is None:
        return []
    words = (
        f"{_itself(result)}{result.uniform_levels} uniform levels whose bands of "
        f"{band(found.design.tuning.band)} do not touch are {math.log2(result.uniform_levels):.2f}, {result.touching_levels} whose bands touch end to end "
        f"{math.log2(result.touching_levels):.2f}."
    )
    return [{"title": "What a cell holds", "text": words}]


def _itself(result: ChannelResult) -> str:
    """What a cell would hold if nothing disturbed its reads."""
    if result.tuned is None:
        return f"Without read noise a cell would hold {result.quiet.bits:.2f} bits. "
    return f"The tuned conductance itself holds {result.tuned.bits:.2f} bits, one read of it without noise {result.quiet.bits:.2f}. "


def _network_remark(found: LoopFindings) -> list[dict[str, str]]:
    result = found.tuned
    if result is None:
        return []
    shortcut, drawn = (100 * float(np.mean(each)) for each in (result.shortcut, result.tuned_draws))
    words = (
        f"Arrays that are tuned have {drawn:.1f} %; errors drawn from a Gaussian as wide as the band would say {shortcut:.1f} %, "
        f"{signed_points(shortcut - drawn)} points. {'The shortcut is too pessimistic.' if shortcut < drawn else 'The shortcut costs nothing here.'}"
    )
    return [{"title": "Against the shortcut", "text": words}]


def _limits_remark(found: LoopFindings) -> dict[str, str]:
    words = (
        "One set of images, one model of the device, one network in the circuit. Reads were measured to stay for "
        f"{quantity(_retention(found), 's')}; what lies beyond is assumed and stands apart."
    )
    return {"title": "What it does not say", "text": words}


def _claims_remark(found: LoopFindings) -> dict[str, str]:
    """How many are met, and which of those that the rules do not show are open."""
    met = [each for each in found.verdicts if each.verdict == "met"]
    counted = Counter(each.kind for each in found.verdicts)
    kinds = listing(f"{sum(each.kind == kind for each in met)} of {number} {kind}s" for kind, number in counted.items())
    missed = [each.id.removeprefix("loop.") for each in found.verdicts if each.verdict != "met" and each.id not in RULES]
    rest = f" Open beside the rules above: {', '.join(missed)}." if missed else ""
    return {"title": f"Claims: {len(met)} of {len(found.verdicts)} met", "text": f"{kinds}.{rest}"}


def _retention(found: LoopFindings) -> float:
    from cosim.devices.memristor.read_noise import load_read_noise

    return load_read_noise(found.design.loop.noise).retention
