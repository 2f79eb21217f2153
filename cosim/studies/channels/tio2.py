"""Drift of measured TiO2 traces: the published mean, what it leaves out, and a model of ours on traces that it was not fitted to.

The published law is exact: the binomial law of ``tio2`` with normal read noise at both ends. It is compared on changes of the conductance over
pairs of reads 1e4 s apart, together with the same law at our moments (``tio2-mm``) and with rates and read noise fitted to the other folds, which is
the best that a population at constant rates can do. Folds keep traces together whose names end alike, since they may be of one device. The form of
our model was chosen with all traces in view, its numbers were not.

Source: El-Geresy et al., arXiv 2407.04718, and the traces that its authors published; the data are not shipped.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.population import population
from cosim.channels.population_fit import (
    activation_from_loss,
    fit_population,
    fit_slowing_drift,
    held_out,
    linear_loss,
    population_scores,
    trace_log_densities,
)
from cosim.channels.traces import Pairs, Traces, tio2_traces
from cosim.claims import Claim, Kind, Requirement, at_least, at_most, between, within
from cosim.design import Design
from cosim.sweep.lab import Lab

READS, OVER = 1000, 1e4  # reads between the two of a pair, which are 10.01 s apart; time that the published loss is for [s]
FOLDS, RESAMPLES = 7, 2000
VERSION = 1  # raised when the computation changes


@dataclass(frozen=True, kw_only=True, eq=False)
class Tio2Result:
    """What was found; conductances in units of a switch.

    Attributes:
        loss: mean loss over a pair, by least squares of the resistance.
        activation: that the fit formula gives for it [V].
        slopes: ``(traces, 2)`` loss in 1e4 s, in the first and in the second half of a trace.
        change: ``(pairs,)`` change of the conductance.
        scores: model -> ``(traces,)`` log density of the changes of a trace that the model was not fitted to [nat].
        pairs: ``(traces,)`` how many pairs each has.
        seed: of the intervals.
    """

    loss: float
    activation: float
    slopes: Array
    change: Array
    scores: dict[str, Array]
    pairs: Array
    seed: int = 0

    def gain(self, peer: str) -> float:
        """Of our model over another, a pair [nat]."""
        return float(np.sum(self.scores["ours"] - self.scores[peer]) / np.sum(self.pairs))

    def interval(self, peer: str) -> tuple[float, float]:
        """95 % of the gains under resampled traces [nat]."""
        rng = np.random.default_rng([self.seed, 621])
        chosen = rng.integers(0, len(self.pairs), (RESAMPLES, len(self.pairs)))
        gains = np.sum((self.scores["ours"] - self.scores[peer])[chosen], axis=1) / np.sum(self.pairs[chosen], axis=1)
        low, high = np.percentile(gains, [2.5, 97.5])
        return float(low), float(high)

    @property
    def slowing(self) -> float:
        """Median slope in the second half, over that in the first."""
        first, second = np.median(self.slopes, axis=0)
        return float(second / first)

    @property
    def tails(self) -> float:
        """Standard deviation of the change over half the width of its middle 68 %: 1 for a normal law."""
        low, high = np.percentile(self.change, [16.0, 84.0])
        return float(2.0 * np.std(self.change) / (high - low))

    @property
    def kurtosis(self) -> float:
        """Of the change: 3 for a normal law."""
        rest = self.change - np.mean(self.change)
        return float(np.mean(rest**4) / np.mean(rest**2) ** 2)


def run(design: Design, lab: Lab, *, folds: int = FOLDS) -> Tio2Result:
    """Fit and score.

    Raises:
        DataError: the traces are not at hand.
    """
    seed, card, traces = design.run.seed, population("tio2"), tio2_traces()
    pairs = traces.pairs(READS)
    loss = linear_loss(pairs, step=card.step)
    scores = lab.remember(
        "held-out drift of TiO2",
        VERSION,
        (seed, folds, READS, card, population("tio2-mm"), vars(pairs), list(traces.names)),
        lambda: _scores(pairs, grouped_folds(traces, folds, rng=np.random.default_rng([seed, 620]))),
    )
    return Tio2Result(
        loss=loss,
        activation=activation_from_loss(loss, over=OVER, card=card),
        slopes=_slopes(traces, card.step),
        change=pairs.change(card.step),
        scores=scores,
        pairs=np.unique(pairs.trace, return_counts=True)[1],
        seed=seed,
    )


def grouped_folds(traces: Traces, folds: int, *, rng: np.random.Generator) -> list[Array]:
    """Numbers of the traces of each fold; those whose names end alike behind the last ``/`` stay together."""
    ends = [name.rsplit("/", 1)[-1] for name in traces.names]
    groups, number = np.unique(ends, return_inverse=True)
    fold = rng.permutation(len(groups)) % folds
    return [np.flatnonzero(fold[number] == each) for each in range(folds)]


def _scores(pairs: Pairs, folds: list[Array]) -> dict[str, Array]:
    published, card = population("tio2"), population("tio2-mm")
    models = {
        "published": held_out(pairs, folds, fit=lambda rest: published, score=population_scores),
        "moments": held_out(pairs, folds, fit=lambda rest: card, score=population_scores),
        "refitted": held_out(pairs, folds, fit=lambda rest: fit_population(rest, card), score=population_scores),
        "ours": held_out(
            pairs, folds, fit=lambda rest: fit_slowing_drift(rest, step=published.step, read_noise=published.read_noise), score=trace_log_densities
        ),
    }
    return {name: np.array([found[each] for each in sorted(found)]) for name, found in models.items()}


def _slopes(traces: Traces, step: float) -> Array:
    found = []
    for time, resistance in zip(traces.times, traces.resistances, strict=True):
        at = np.array([0, len(time) // 2, len(time) - 1])
        found.append(-np.diff(1.0 / (resistance[at] * step)) / np.diff(time[at]) * OVER)
    return np.array(found)


def _claim(
    name: str,
    statement: str,
    unit: str,
    must_be: Requirement,
    value: Callable[[Tio2Result], float],
    *,
    kind: Kind = "calibration",
    paper: float | None = None,
) -> Claim:
    return Claim(
        id=f"channels.tio2.{name}",
        kind=kind,
        source="El-Geresy et al., arXiv 2407.04718" if paper is not None else "none; traces of the authors of arXiv 2407.04718",
        statement=statement,
        paper=paper,
        unit=unit,
        must_be=must_be,
        value=value,
    )


CLAIMS = (
    _claim(
        "loss",
        "linear-conductance constant: switches of 0.1 uS lost in 1e4 s, least squares of resistances 1e4 s apart",
        "1",
        between(3.3, 3.9),
        lambda result: result.loss,
        kind="reproduction",
        paper=3.624,
    ),
    _claim(
        "activation",
        "activation V_a that the fit formula gives for this loss at an offset of 50 mV",
        "V",
        within(0.464, 0.003),
        lambda result: result.activation,
        kind="reproduction",
        paper=0.4639,
    ),
    _claim("slowing", "median slope of a trace in its second half, over that in its first", "1", at_most(0.5), lambda result: result.slowing),
    _claim(
        "tails",
        "change in 1e4 s: standard deviation over half the width of the middle 68 % (1 for a normal law)",
        "1",
        at_least(1.3),
        lambda result: result.tails,
    ),
    _claim(
        "kurtosis",
        "change in 1e4 s: kurtosis (3 for a normal law)",
        "1",
        at_least(6.0),
        lambda result: result.kurtosis,
    ),
    _claim(
        "gain_over_published",
        "slowing drift against the published law with read noise, on traces held out: lower end of the 95 % interval of the gain a pair",
        "nat",
        at_least(0.0),
        lambda result: result.interval("published")[0],
    ),
    _claim(
        "gain_over_refitted",
        "slowing drift against a population fitted to the same traces, on traces held out: lower end of the 95 % interval of the gain a pair",
        "nat",
        at_least(0.0),
        lambda result: result.interval("refitted")[0],
    ),
)
