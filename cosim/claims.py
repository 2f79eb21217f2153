"""Claims: figures of a paper, or of our own, with a number and a direction; verdicts on them.

A study module lists its claims in ``CLAIMS`` and computes a result in ``run``; `STUDIES` names the modules, which are
imported when they are asked for. A claim reads the result and nothing else.
Not here: the tables of README and report (`cosim.reporting`).
"""

import importlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self

from cosim.errors import Cancelled, CosimError, DataError, InputError
from cosim.files import write_file

Kind = Literal["calibration", "reproduction", "prediction"]
Outcome = Literal["met", "not_met", "not_run"]
KINDS = {
    "calibration": "the model was fitted to it",
    "reproduction": "the paper reports it, the model was not fitted to it",
    "prediction": "no paper reports it",
}
STUDIES = {
    "lim2025.synapse": "cosim.studies.lim2025.synapse",
    "lim2025.tuning": "cosim.studies.lim2025.tuning",
    "lim2025.neuron": "cosim.studies.lim2025.neuron",
    "lim2025.inference": "cosim.studies.lim2025.inference",
    "zarcone2020.pcm": "cosim.studies.zarcone2020.pcm",
    "zarcone2020.surrogate": "cosim.studies.zarcone2020.surrogate",
    "zarcone2020.energy": "cosim.studies.zarcone2020.energy",
    "channels.theory": "cosim.studies.channels.theory",
    "channels.population": "cosim.studies.channels.population",
    "channels.surrogates": "cosim.studies.channels.surrogates",
    "channels.drift": "cosim.studies.channels.drift",
    "channels.tio2": "cosim.studies.channels.tio2",
    "loop.channel": "cosim.studies.loop.channel",
    "loop.tuned": "cosim.studies.loop.tuned",
    "loop.levels": "cosim.studies.loop.levels",
    "loop.training": "cosim.studies.loop.training",
    "spice.foreign": "cosim.studies.spice.foreign",
    "spice.sweeps": "cosim.studies.spice.sweeps",
}
DIGITS = 6  # significant digits of values in files, so that they do not change with the last bit


@dataclass(frozen=True)
class Interval:
    """A number must lie within `least`..`most`, both ends included; NaN never does."""

    least: float
    most: float
    text: str

    def holds(self, value: float | str) -> bool:
        """Whether `value` is inside; text never is."""
        return not isinstance(value, str) and self.least <= value <= self.most

    def margin(self, value: float | str) -> float | None:
        """Distance to the nearest end: positive inside, negative outside; None where it has no meaning."""
        if isinstance(value, str) or math.isnan(value):
            return None
        return min(value - self.least, self.most - value)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Text:
    """A word must be this one."""

    word: str

    def holds(self, value: float | str) -> bool:
        """Whether `value` is the word."""
        return value == self.word

    def margin(self, value: float | str) -> None:
        """A word has no margin."""

    def __str__(self) -> str:
        return self.word


Requirement = Interval | Text


def within(center: float, tolerance: float) -> Interval:
    """`center` plus or minus `tolerance`, in the unit of the claim."""
    if not tolerance > 0:
        raise InputError(f"claim, tolerance={tolerance:g}: must be > 0")
    return Interval(center - tolerance, center + tolerance, f"{center:g} +- {tolerance:g}")


def at_least(limit: float) -> Interval:
    """`limit` or more."""
    return Interval(limit, math.inf, f">= {limit:g}")


def at_most(limit: float) -> Interval:
    """`limit` or less."""
    return Interval(-math.inf, limit, f"<= {limit:g}")


def between(least: float, most: float) -> Interval:
    """`least` to `most`."""
    if not least < most:
        raise InputError(f"claim, most={most:g}: must be > least={least:g}")
    return Interval(least, most, f"{least:g}..{most:g}")


def equals(word: str) -> Text:
    """This word."""
    return Text(word)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A figure to meet.

    Attributes:
        id: path of the study's module below ``cosim.studies``, then a name.
        kind: a key of `KINDS`.
        source: where it is written ("Lim 2025, section 3.1").
        statement: what is measured, under which conditions.
        paper: the value that the paper gives, or None.
        unit: of `paper`, of the value and of `must_be`.
        value: reads the value from the result of the study; None if it is not there.
    """

    id: str
    kind: Kind
    source: str
    statement: str
    paper: float | str | None
    unit: str
    must_be: Requirement
    value: Callable[[Any], float | str | None]

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"claim {self.id}, kind={self.kind}: must be {', '.join(KINDS)}")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a claim.

    Attributes:
        value: ours; None if it was not run.
        margin: to the nearest limit, negative if not met; None for words.
        reason: why it was not run, or what is wrong with the value; else empty.
        seed: of the random draws behind it.
        seconds: that its study took; None where times are kept apart.
        versions: of cosim and of the engine.
        surrogate: stand-in data took the place of measured ones.
    """

    id: str
    kind: Kind
    source: str
    statement: str
    paper: float | str | None
    value: float | str | None
    unit: str
    must_be: str
    verdict: Outcome
    margin: float | None = None
    reason: str = ""
    seed: int = 0
    seconds: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    surrogate: bool = False

    @classmethod
    def of(cls, claim: Claim, outcome: Outcome, **known: Any) -> Self:
        """The verdict `outcome` on a claim; `known` are the attributes that the claim does not hold."""
        said = {name: getattr(claim, name) for name in ("id", "kind", "source", "statement", "paper", "unit")}
        return cls(**said, must_be=str(claim.must_be), verdict=outcome, **{"value": None, **known})


@dataclass(frozen=True)
class Study:
    """A registered study: ``run(design, lab)`` gives its result; `claims` are those that were asked for."""

    name: str
    run: Callable[..., Any]
    claims: tuple[Claim, ...]


def registered(prefix: str = "") -> list[Study]:
    """The studies with claims whose id begins with `prefix` (whole words between dots), and these claims.

    Raises:
        InputError: no claim begins like that.
    """
    found = []
    for name, module in STUDIES.items():
        if not (_begins(name, prefix) or _begins(prefix, name)):
            continue
        study = importlib.import_module(module)
        claims = tuple(claim for claim in study.CLAIMS if _begins(claim.id, prefix))
        if claims:
            found.append(Study(name, study.run, claims))
    check_unique(claim for study in found for claim in study.claims)
    if not found:
        raise InputError(f"claims: none begins with {prefix!r}; studies are {', '.join(STUDIES)}")
    return found


def _begins(name: str, prefix: str) -> bool:
    return prefix in ("", name) or name.startswith(f"{prefix.rstrip('.')}.")


def judge(
    claims: Iterable[Claim],
    result: Any,
    *,
    seed: int = 0,
    seconds: float | None = None,
    versions: Mapping[str, str] | None = None,
    surrogate: bool = False,
) -> list[Verdict]:
    """Verdicts on `claims` from the result of their study.

    A claim whose value is missing, because a simulation failed (`CosimError`) or the result lacks it (`KeyError`, None),
    is ``not_run``; a value that is NaN is ``not_met``.
    """
    known = {"seed": seed, "seconds": seconds, "versions": dict(versions or {}), "surrogate": surrogate}
    return [_verdict(claim, result, known) for claim in claims]


def _verdict(claim: Claim, result: Any, known: dict[str, Any]) -> Verdict:
    try:
        value = claim.value(result)
    except Cancelled:
        raise
    except CosimError as error:
        return Verdict.of(claim, "not_run", reason=str(error), **known)
    except KeyError as error:
        return Verdict.of(claim, "not_run", reason=f"the result has no {error.args[0]!r}", **known)
    if value is None:
        return Verdict.of(claim, "not_run", reason="the result has no value", **known)
    value = value if isinstance(value, str) else float(value)
    outcome: Outcome = "met" if claim.must_be.holds(value) else "not_met"
    reason = f"the value is {value}" if isinstance(value, float) and not math.isfinite(value) else ""
    return Verdict.of(claim, outcome, value=value, margin=claim.must_be.margin(value), reason=reason, **known)


def not_run(claims: Iterable[Claim], reason: str, *, seed: int = 0, versions: Mapping[str, str] | None = None) -> list[Verdict]:
    """Verdicts on claims whose study gave no result at all."""
    return [Verdict.of(claim, "not_run", reason=reason, seed=seed, versions=dict(versions or {})) for claim in claims]


def passed(verdicts: Iterable[Verdict]) -> bool:
    """Whether every claim is met."""
    return all(verdict.verdict == "met" for verdict in verdicts)


def to_json(verdicts: Sequence[Verdict], *, times: bool = True) -> str:
    """A JSON list of objects; numbers in `DIGITS` significant digits, NaN and infinity as null; without `times` ``seconds`` is null."""
    rows = [{key: _stable(value) for key, value in asdict(verdict).items()} for verdict in verdicts]
    return json.dumps([row if times else {**row, "seconds": None} for row in rows], indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str, *, where: str = "results") -> list[Verdict]:
    """The verdicts that `to_json` wrote.

    Raises:
        DataError: it is no such list.
    """
    try:
        return [Verdict(**row) for row in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise DataError(f"{where}: is not a list of verdicts ({error})") from None


def write_results(verdicts: Sequence[Verdict], path: Path) -> None:
    """Write `path`, the same for the same verdicts, and beside it ``times.json`` with the seconds of each claim."""
    write_file(path, to_json(verdicts, times=False))
    times = {verdict.id: _stable(verdict.seconds) for verdict in verdicts}
    write_file(path.with_name("times.json"), json.dumps(times, indent=2) + "\n")


def check_unique(claims: Iterable[Claim]) -> None:
    """Refuse two claims of one id.

    Raises:
        InputError: names the id.
    """
    for before, after in pairwise(sorted(claim.id for claim in claims)):
        if before == after:
            raise InputError(f"claims: two have the id {before!r}")


def _stable(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value
