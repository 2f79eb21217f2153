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
from cosim.reporting.tables_loop import best_levels, bit_words, bits_of_chips, delay_name, printed, share_back, signed_points
from cosim.studies.loop.channel import ChannelResult
from cosim.studies.loop.tuned import Difference

RULES = {  # claims that stand on this page -> what they are about, in short words
    "loop.channel.interval": "capacity of a read: 95 % interval",
    "loop.channel.above_uniform": "capacity of a read above uniform levels",
    "loop.channel.tuned_above_touching": "tuned conductance above levels that touch",
    "loop.channel.gaussian_p": "Gaussian of the band is rejected: p",
    "loop.tuned.inside": "cells truly inside of the band",
    "loop.tuned.accuracy": "accuracy lost against the ideal mapping, circuit",
    "loop.levels.never_worse": "designed levels never worse, mean, model",
    "loop.levels.gain": "designed levels better at one width, model",
    "loop.levels.circuit_gain": "designed levels gain in the circuit, estimate",
    "loop.training.recovered": "lost accuracy recovered, written in stages with read-back",
}
ASKED = "Asked: how are weights best stored in cells tuned by pulses and read under noise, and what does it cost the network? "


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
    """What the rules say, and how many other claims are open."""
    number = len(_open_elsewhere(found))
    said = f"{number} {'other ' if _word(found)[0] != 'PASS' else ''}of {len(found.verdicts)} claims {'is' if number == 1 else 'are'} open"
    return f"{_ruled(found)}; {said}" if number else _ruled(found)


def _open_elsewhere(found: LoopFindings) -> list[Verdict]:
    """Claims of stages that were run, open, and no rules of this page."""
    return [each for each in found.verdicts if each.verdict != "met" and each.id not in RULES and each.id.split(".")[1] in found.results]


def _ruled(found: LoopFindings) -> str:
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
        parts.append(f"one read of a tuned cell after {delay_name(found.channel.cells.delays[-1])} holds {bits_of_chips(found.channel)}")
    if found.tuned is not None:
        tuned, ideal = (found.tuned.accuracy(which) for which in ("tuned", "ideal"))
        parts.append(f"the tuned array classes {percent(tuned)} right, the ideal mapping {percent(ideal)}")
    if found.levels is not None:
        row, gain = best_levels(found.levels)
        parts.append(f"designed levels bring up to {signed_points(gain, digits=1)} points ({bit_words(row.bits)}, model)")
    if found.training is not None:
        aware, staged = (share_back(found.training, way) for way in ("aware", "staged"))
        cost = f"of what an error of {percent(found.training.error, digits=0)} costs"
        parts.append(f"writing in stages with read-back gives back {staged} {cost}, training alone {aware}")
    return f"Found: {'; '.join(parts)}." if parts else "No stage could be run."


def _rules(found: LoopFindings) -> list[list[str]]:
    """``[stage, words, value, must be, verdict]`` of the claims that the page shows."""
    rows = []
    for each in printed(found.verdicts):
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
        f"{_itself(result)}{result.uniform_levels} uniform levels with bands of {band(found.design.tuning.band)} that do not touch: "
        f"{math.log2(result.uniform_levels):.2f}; {result.touching_levels} that touch: {math.log2(result.touching_levels):.2f}."
    )
    return [{"title": "What a cell holds", "text": words}]


def _itself(result: ChannelResult) -> str:
    """What a cell would hold if nothing disturbed its reads."""
    if result.tuned is None:
        return f"One read without noise: {result.quiet.bits:.2f} bits. "
    return f"Tuned conductance: {result.tuned.bits:.2f} bits; one read without noise: {result.quiet.bits:.2f}. "


def _network_remark(found: LoopFindings) -> list[dict[str, str]]:
    result = found.tuned
    if result is None:
        return []
    shortcut, drawn = (100 * float(np.mean(each)) for each in (result.shortcut, result.tuned_draws))
    gap = result.difference
    words = (
        f"Tuned arrays have {drawn:.1f} %; errors from a Gaussian as wide as the band say {shortcut:.1f} %, "
        f"{signed_points(gap.points)} points ({signed_points(gap.low)} to {signed_points(gap.high)}). {shortcut_words(gap)}"
    )
    return [{"title": "Against the shortcut", "text": words}]


def shortcut_words(gap: Difference) -> str:
    """What the difference between the shortcut and tuned arrays says of the shortcut."""
    if gap.high < 0.0:
        return "The shortcut is pessimistic."
    return "The shortcut is optimistic." if gap.low > 0.0 else "No difference is shown."


def _limits_remark(found: LoopFindings) -> dict[str, str]:
    words = (
        "Images run through units with ideal op-amps, without read noise and offsets, soon after tuning; the channel is read with op-amps as built. One model "
        f"of the device, one set of images, one network. Beyond {quantity(_retention(found), 's')} all is assumed."
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
