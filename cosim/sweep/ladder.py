"""What is tried when a simulation does not converge: a ladder of looser options, the same for every engine.

A run that failed climbs it rung by rung; each rung keeps what the ones below it changed. A run that passed on a rung is
marked `relaxed` and its message names the rung, since a looser run may be less exact. Rungs that change nothing in an analysis
(an operating point has no time steps) are left out.

==== =============== =================================================================
rung name            change
==== =============== =================================================================
1    smaller steps   largest time step divided by 4 (costs time, loses nothing)
2    other method    trapezoidal instead of Gear integration, or the other way round
3    larger gmin     100 times, 1e-10 S in the place of 1e-12 S
4    larger reltol   10 times
==== =============== =================================================================
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from cosim.analysis import Analysis, Tran
from cosim.spice.deck import Deck, with_analysis
from cosim.status import Status
from cosim.sweep.jobs import Job, Result

RETRIED = (Status.no_convergence, Status.timeout, Status.crashed)
RunMany = Callable[[Sequence[Job]], list[Result]]


@dataclass(frozen=True)
class Rung:
    """A step of the ladder: its name, and what it does to an analysis."""

    name: str
    change: Callable[[Analysis], Analysis]


def _smaller_steps(analysis: Analysis) -> Analysis:
    return replace(analysis, max_step=analysis.max_step / 4) if isinstance(analysis, Tran) else analysis


def _other_method(analysis: Analysis) -> Analysis:
    other = "trap" if analysis.options.method == "gear" else "gear"
    return replace(analysis, options=replace(analysis.options, method=other)) if isinstance(analysis, Tran) else analysis  # type: ignore[arg-type]


def _larger_gmin(analysis: Analysis) -> Analysis:
    return replace(analysis, options=replace(analysis.options, gmin=analysis.options.gmin * 100))


def _larger_reltol(analysis: Analysis) -> Analysis:
    return replace(analysis, options=replace(analysis.options, reltol=analysis.options.reltol * 10))


LADDER = (
    Rung("smaller steps", _smaller_steps),
    Rung("other method", _other_method),
    Rung("larger gmin", _larger_gmin),
    Rung("larger reltol", _larger_reltol),
)


def rungs(deck: Deck) -> Iterator[tuple[str, Deck]]:
    """Name of each rung that changes something, and the deck there; none for a deck that does not say what it asks for."""
    analysis = deck.analysis
    if analysis is None:
        return
    for rung in LADDER:
        looser = rung.change(analysis)
        if looser != analysis:
            analysis, deck = looser, with_analysis(deck, looser)
            yield rung.name, deck


def climb(jobs: Sequence[Job], results: Sequence[Result], run: RunMany) -> list[Result]:
    """Run again, on ever looser options, what did not converge.

    Args:
        jobs: of the sweep.
        results: theirs.
        run: simulates jobs, as `run_jobs` does.

    Returns:
        The results, those that passed on a rung in the place of their failures; the others as they were.
    """
    settled = list(results)
    open_rungs = {index: rungs(jobs[index].deck) for index, result in enumerate(results) if result.status in RETRIED}
    while open_rungs:
        tried = {index: next(ladder, None) for index, ladder in open_rungs.items()}
        round_ = [(index, *step) for index, step in tried.items() if step is not None]
        again = run([replace(jobs[index], deck=deck) for index, _, deck in round_]) if round_ else []
        for (index, name, _), result in zip(round_, again, strict=True):
            if result.status is Status.ok:
                settled[index] = replace(result, relaxed=True, message=f"passed with {name}; at first {results[index].status}: {results[index].message}")
        open_rungs = {index: open_rungs[index] for index, _, _ in round_ if settled[index].status is not Status.ok}
    return settled
