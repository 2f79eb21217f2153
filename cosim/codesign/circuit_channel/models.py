"""`ModelFit`: a model held against the tuned cell, condition by condition, and what all models say together.

A model is accepted where its test does not reject it at `REJECTED` shared by all conditions of the model (Bonferroni). Tens of thousands of cells show
departures that matter little, so that the remark says how large they are. Not here: the tests (`spread_models`, `drift_models`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

REJECTED = 0.01  # probability of rejecting a model that holds, over its conditions
FLOOR = 1e-300  # of a p-value; what is smaller is given as this


class Held(NamedTuple):
    """One test of a model.

    Attributes:
        condition: what it was held against.
        statistic, value: name of the statistic, and its value.
        p_value: of the test.
        remark: what fits and what does not.
        bits: capacity that the model would give; None where it gives none.
    """

    condition: str
    statistic: str
    value: float
    p_value: float
    remark: str
    bits: float | None = None


@dataclass(frozen=True, kw_only=True)
class ModelFit:
    """A model held against one condition of the measurement.

    Attributes:
        model: in words.
        source: where it is from.
        condition: "tuned conductance", "read after 10 ms"...
        statistic: its name and value.
        p_value: of the test; `FLOOR` where it is smaller.
        accepted: not rejected at 1 % over all conditions of the model.
        remark: what fits and what does not.
        bits: capacity that the model would give; None where it gives none.
    """

    model: str
    source: str
    condition: str
    statistic: tuple[str, float]
    p_value: float
    accepted: bool
    remark: str
    bits: float | None = None


def judged(model: str, source: str, tests: Sequence[Held]) -> list[ModelFit]:
    """The verdicts on one model."""
    limit = REJECTED / max(len(tests), 1)
    return [
        ModelFit(
            model=model,
            source=source,
            condition=each.condition,
            statistic=(each.statistic, float(each.value)),
            p_value=max(float(each.p_value), FLOOR),
            accepted=bool(each.p_value > limit),
            remark=each.remark,
            bits=each.bits,
        )
        for each in tests
    ]
