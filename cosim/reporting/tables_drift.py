"""Tables of drift: capacities of a switch population, checks of its law, and what measured TiO2 traces say; names that its figures share with them."""

from collections.abc import Sequence

import numpy as np

from cosim._types import Array
from cosim.claims import Claim
from cosim.reporting.blocks import Block, Column, table
from cosim.reporting.style import percent, quantity, scientific
from cosim.reporting.tables_storage import signed
from cosim.studies.channels import population as law
from cosim.studies.channels import tio2 as traces
from cosim.studies.channels.drift import DriftResult
from cosim.studies.channels.population import PopulationResult
from cosim.studies.channels.tio2 import Tio2Result

NONE = "\N{EN DASH}"  # where a cell has nothing to say
MODELS = {  # of the traces
    "ours": "a drift that slows down (ours)",
    "published": "the published law with read noise",
    "moments": "the same law at our moments",
    "refitted": "a population refitted to the same traces",
}


def budget_name(budget: float) -> str:
    """A limit of the mean energy in a few characters."""
    return "no limit" if np.isinf(budget) else quantity(budget, "J")


def delay_name(delay: float) -> str:
    """A delay in seconds, ``1000 s`` too."""
    return f"{delay:g}\N{NO-BREAK SPACE}s"


def share_apart(values: Array, reference: float) -> float:
    """The largest distance from a reference, relative to it."""
    return float(np.max(np.abs(values / reference - 1.0)))


def capacities(result: DriftResult) -> Block:
    """Capacity from both sides at each delay and limit of the mean energy."""
    rows = [
        [delay_name(float(delay)), *(f"{low:.3f}..{high:.3f}" for low, high in zip(lower, upper, strict=True))]
        for delay, lower, upper in zip(result.delays, result.lower, result.upper, strict=True)
    ]
    return table(
        "Capacity of drift500k (bits a device), from both sides",
        [Column("delay"), *(Column(budget_name(float(budget)), "right", "1") for budget in result.budgets)],
        rows,
        caption=f"Columns: limit of the mean energy of a write. Lower and upper bound are {percent(float(np.max(result.gap)))} apart at most; refining both "
        f"grids moves the lower one by {percent(float(np.max(np.abs(result.moved))))} at most.",
        size=8.0,
    )


def population(result: PopulationResult) -> Block:
    """Checks of the law of a switch population."""
    needed = {each.id.rpartition(".")[2]: each for each in law.CLAIMS}
    events, steps = needed["law_against_events"], needed["two_steps_equal_one"]
    rows = [
        [f"law against events: {quantity(start, 'ohm')}, {delay_name(delay)}{_voltage(volts)}", f"p = {chance:.2f}", _must(events)]
        for (start, delay, volts), chance in zip(law.CONDITIONS, result.event_p, strict=True)
    ]
    rows += [
        [f"two delays against their sum: {quantity(start, 'ohm')}, {delay_name(first)} and {delay_name(second)}", f"p = {chance:.2f}", _must(steps)]
        for (start, first, second), chance in zip(law.STEPS, result.step_p, strict=True)
    ]
    soon = share_apart(result.soon[result.starts >= law.SOON_FROM], result.equilibrium)
    late = share_apart(result.late, result.equilibrium)
    rows += [
        [
            f"median from {quantity(law.SOON_FROM, 'ohm')} up after {law.SOON:g} time constants: largest distance from {quantity(result.equilibrium, 'ohm')}",
            percent(soon, digits=2),
            _must(needed["equilibrium_soon"]),
        ],
        [f"the same from every start after {law.LATE:g} time constants", percent(late, digits=2), _must(needed["equilibrium_late"])],
        [
            "standard deviation of ln R over the start: smallest rise between neighbors",
            scientific(float(np.min(np.diff(result.spread, axis=1)))),
            "> 0",
        ],
    ]
    return table(
        "Law of the switch population: checks",
        [Column("check", width="1"), Column("found", "right"), Column("must be", "right")],
        rows,
        caption=f"p: Kolmogorov-Smirnov test of two samples: {law.RUNS} runs event by event, {law.DRAWS} draws of the law everywhere else.",
        size=8.0,
    )


def _voltage(volts: float) -> str:
    return f", {quantity(volts, 'V')}" if volts else ""


def tio2(result: Tio2Result) -> Block:
    """Numbers of the measured traces, the paper's beside, and what our model gains."""
    needed = {each.id.rpartition(".")[2]: each for each in traces.CLAIMS}
    rows = [
        ["switches of 0.1 uS lost in 10⁴ s, least squares", f"{result.loss:.3f}", *_beside(needed["loss"])],
        ["activation from the fit formula", f"{result.activation:.4f} V", *_beside(needed["activation"])],
        ["median drift of the second half of a trace over that of the first", signed(result.slowing, 2), *_beside(needed["slowing"])],
        ["standard deviation of the change over half the width of its middle 68 %", f"{result.tails:.2f}", *_beside(needed["tails"])],
        ["kurtosis of the change (3 for a normal law)", f"{result.kurtosis:.1f}", *_beside(needed["kurtosis"])],
    ]
    rows += [_gain(result, peer, needed.get(f"gain_over_{peer}")) for peer in MODELS if peer != "ours"]
    return table(
        f"Drift of {len(result.pairs)} measured TiO₂ traces",
        [Column("quantity", width="1"), Column("found", "right"), Column("paper", "right"), Column("must be", "right")],
        rows,
        caption=f"Gain: log density of a change, {MODELS['ours']} over another model, on traces that it was not fitted to; in brackets 95 % under resampled "
        "traces, whose lower end must be positive. The form of our model was chosen with all traces in view, its numbers were not.",
        source="El-Geresy 2024, arXiv 2407.04718",
        size=8.0,
    )


def _gain(result: Tio2Result, peer: str, claim: Claim | None) -> list[str]:
    low, high = (signed(each, 2) for each in result.interval(peer))
    return [f"gain over {MODELS[peer]} (nat a pair)", f"{signed(result.gain(peer), 2)} ({low}..{high})", NONE, _must(claim) if claim else NONE]


def _beside(claim: Claim) -> Sequence[str]:
    """The paper's value and what is needed."""
    unit = "" if claim.unit == "1" else f" {claim.unit}"
    return (NONE if claim.paper is None else f"{claim.paper:g}{unit}" if not isinstance(claim.paper, str) else claim.paper, _must(claim))


def _must(claim: Claim) -> str:
    """What is needed, with its unit."""
    return f"{claim.must_be}{'' if claim.unit in ('1', 'nat') else f' {claim.unit}'}"
