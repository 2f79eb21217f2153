"""The first page: what to build, at a glance."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cosim.circuits.cells import ORIENTATIONS, WORDS
from cosim.claims import Verdict
from cosim.codesign.sizing import SizingAdvice
from cosim.reporting import tables_cell
from cosim.reporting.blocks import Block, missing
from cosim.reporting.closing import claims_remark
from cosim.reporting.figures_cell import corner_words
from cosim.reporting.style import listing, measured, percent, quantity, volts
from cosim.studies.lim2025.inference import InferenceResult
from cosim.studies.lim2025.neuron import NeuronResult
from cosim.studies.lim2025.neuron.study import BUILT
from cosim.studies.lim2025.synapse import SynapseResult


def page(
    result: SynapseResult, verdicts: Sequence[Verdict], pictures: Sequence[Block], neuron: NeuronResult | None = None, network: InferenceResult | None = None
) -> Block:
    """The content of the page.

    Args:
        result: of the study.
        verdicts: on its claims.
        pictures: two blocks that stand beside each other, the recommended cell and the share over W/L.
        neuron: result of the neuron study, which has a remark of its own; None if there is none.
        network: the same of the inference study.
    """
    common: Block = {
        "pictures": list(pictures),
        "remarks": [*_corner_remark(result), *_neuron_remark(neuron), *_network_remark(network), claims_remark(verdicts), _limits_remark()],
    }
    if result.advice is None:
        reason = result.failures.get("advice", "it was not computed")
        undecided = {"headline": "Not decided", "word": "NOT RUN", "mark": "bad", "explanation": f"The sizing did not run: {reason}", "tiles": []}
        return {**common, **undecided, "checks": missing("design rules", reason)}
    return {**common, **_answer(result.advice), "tiles": _tiles(result.advice), "checks": tables_cell.checks(result.advice)}


def _answer(advice: SizingAdvice) -> dict[str, Any]:
    design, chosen, name = advice.design, advice.chosen, advice.orientation.upper()
    full = design.cell.full_operation
    other = _other(advice)
    facts = (
        f"{name}: the {WORDS[advice.orientation].replace(' on ', ' is on the ')} of the transistor. At a gate of {volts(design.supply.gate, digits=1)} the "
        f"transistor takes "
        f"{percent(chosen.share)} of the cell's {volts(design.cell.full_voltage, digits=0)} at full set; the limit is {percent(design.rule.share, digits=0)} "
        f"of the cell's voltage (as a ratio of the two voltages it takes {percent(chosen.transistor / chosen.memristor)}). "
        f"The full {full} {_left(advice.headroom, 'has')}; {other.orientation.upper()} {_left(other.volts, 'would have')}."
    )
    if advice.passed:
        return {"headline": f"Build {name} with W/L {chosen.w_over_l:g}", "word": "PASS", "mark": "good", "explanation": facts}
    failed = listing(each.name for each in advice.checks if each.required and not each.passed)
    return {"headline": f"Do not build W/L {chosen.w_over_l:g}", "word": "FAIL", "mark": "bad", "explanation": f"Not met: {failed}. {facts}"}


def _left(volts_left: float, verb: str) -> str:
    """``has 0.63 V to spare``, or ``falls 0.05 V short``."""
    if volts_left >= 0:
        return f"{verb} {volts(volts_left)} to spare"
    return f"{'falls' if verb == 'has' else 'would fall'} {volts(-volts_left)} short"


def _tiles(advice: SizingAdvice) -> list[dict[str, str]]:
    rule, chosen, other = advice.design.rule, advice.chosen, _other(advice)
    strict = advice.crossing(rule.strict_share)
    length = advice.design.transistor.length
    return [
        {"label": "smallest W/L", "value": _size(advice.smallest), "note": f"for the {percent(rule.share, digits=0)} rule"},
        {"label": "strict answer", "value": _size(strict), "note": f"for the {percent(rule.strict_share, digits=0)} rule"},
        {"label": "headroom", "value": volts(advice.headroom, sign=True), "note": f"{other.orientation.upper()} {volts(other.volts, sign=True)}"},
        {"label": "on/off, positive drive", "value": percent(advice.on_off), "note": "of the memristor alone"},
        {
            "label": "transistor area",
            "value": f"{chosen.area * 1e12:.0f} µm²",
            "note": f"W {quantity(chosen.w_over_l * length, 'm')}, L {quantity(length, 'm')}",
        },
    ]


def _corner_remark(result: SynapseResult) -> list[dict[str, str]]:
    advice = result.advice
    if advice is None:
        return []
    rule = advice.design.rule
    corner, share = max(advice.corner_shares, key=lambda each: each[1])
    narrow, margin = min(advice.corner_margins, key=lambda each: each[1])
    needed = max(each.w_over_l for each in advice.crossings if each.limit == rule.share)
    text = f"At {corner_words(corner)} the transistor takes {percent(share, digits=2)}, "
    if share > rule.share:
        remedy = f"W/L {needed:.1f}" if np.isfinite(needed) else "no W/L that was searched"
        text += f"more than the {percent(rule.share, digits=0)} allowed: {remedy} would hold there. "
    else:
        text += f"within the {percent(rule.share, digits=0)} allowed. "
    place = "there too" if corner == narrow else f"at {corner_words(narrow)}"
    return [{"title": "Worst corner", "text": f"{text}The headroom is smallest {place}, {volts(margin, sign=True)}."}]


def _neuron_remark(result: NeuronResult | None) -> list[dict[str, str]]:
    """What stands behind the cell, and what it is worth."""
    if result is None:
        return []
    built, linear, draws = result.single[BUILT], result.waves["linear", "text"], result.draws[BUILT]
    tolerance = result.design.neuron.peak_tolerance
    within, of = draws.share_within(tolerance, built.swing)
    worst = max(each.response.continuous_errors()[1] for each in result.corners[BUILT])
    words = (
        f"A spike of full weight moves the membrane of {result.cards[BUILT].name} by {measured(built.swing, 'V')}, "
        f"at most {percent(worst, digits=1)} off the model over "
        f"temperature and supply. Of {of} drawn units {within} have their peak within {percent(tolerance, digits=0)}; the unit's own noise at rest is "
        f"{percent(result.own_noise[0].weight, digits=1)} of a full weight. The paper's circuit, corrected and fitted, swings by {measured(linear.swing, 'V')}."
    )
    return [{"title": "The neuron behind it", "text": words}]


def _network_remark(result: InferenceResult | None) -> list[dict[str, str]]:
    """Whether the circuit computes the network, and what the chips that are built are worth."""
    if result is None:
        return []
    found, chips = result.check.agreement, result.chips
    right, of = result.check.right("circuit")
    decided = int((found.decided & (found.circuit >= 0)).sum())
    (plain, drawn), (trimmed, _) = (chips.good(way) for way in ("baseline", "trimmed"))
    words = (
        f"With ideal biases the circuit is right on {percent(right / of)} of {of} test images; of the {decided} that the error bound decides, "
        f"{decided - found.disagreements.size} get the class of the network. Of {drawn} drawn chips {plain} lose at most "
        f"{100 * result.design.network.goal:g} point, {trimmed} with trimmed columns."
    )
    return [{"title": "The network on it", "text": words}]


def _limits_remark() -> dict[str, str]:
    return {
        "title": "Before you rely on it",
        "text": "The memristor has no temperature dependence, the transistor is a public card of the same class as the paper's, and the sizing sees one cell, "
        "no array: see the assumptions. Your foundry's library takes the card's place through the design file.",
    }


def _other(advice: SizingAdvice) -> Any:
    return advice.margin(next(each for each in ORIENTATIONS if each != advice.orientation))


def _size(value: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else "none"
