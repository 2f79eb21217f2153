"""The moments that are shipped in the place of the measurements: mean and deviation of each word-line voltage, Gaussian reads.

Source: derived from the measurements of Zarcone 2020 (`device_data/channel/pcm_zarcone2020.csv`). Every user can run this study.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cosim.channels.channel import discretize
from cosim.channels.named import named
from cosim.claims import Claim, Kind, Requirement, at_least, at_most, within
from cosim.coding.opta import opta
from cosim.design import Design
from cosim.studies.zarcone2020.storing import Bound, Code, bound, scalar_code, smooth_code
from cosim.sweep.lab import Lab

CHANNEL = "pcm-zarcone2020-gaussian"


@dataclass(frozen=True, kw_only=True, eq=False)
class SurrogateResult:
    """The Gaussian channel: its capacity, the best signal-to-noise ratio of any code [dB], and two codes."""

    design: Design
    capacity: Bound
    opta: float
    scalar: Code
    smooth: Code


def run(design: Design, lab: Lab) -> SurrogateResult:
    """The study."""
    plan, seed = design.storage, design.run.seed
    channel = named(CHANNEL)
    matrix = discretize(channel, bins=plan.bins)
    found = bound(matrix, lab)
    return SurrogateResult(
        design=design,
        capacity=found,
        opta=float(opta(found.bits)),
        scalar=scalar_code(matrix, plan, lab, seed=seed),
        smooth=smooth_code(matrix, channel, plan, lab, seed=seed, exact=True),
    )


def _claim(name: str, kind: Kind, statement: str, paper: float | None, unit: str, must_be: Requirement, value: Callable[[SurrogateResult], float]) -> Claim:
    return Claim(
        id=f"zarcone2020.surrogate.{name}",
        kind=kind,
        source="Zarcone 2020, moments of its measurements",
        statement=f"Gaussian channel with the moments of the measurements: {statement}",
        paper=paper,
        unit=unit,
        must_be=must_be,
        value=value,
    )


CLAIMS = (
    _claim("capacity", "prediction", "capacity", None, "bits", within(2.107, 0.002), lambda result: result.capacity.bits),
    _claim("certificate", "prediction", "distance of the capacity from its bound", None, "bits", at_most(1e-8), lambda result: _gap(result.capacity)),
    _claim("opta", "prediction", "signal-to-noise ratio that no code exceeds", None, "dB", within(12.69, 0.02), lambda result: result.opta),
    _claim("scalar", "prediction", "scalar code, one device a Gaussian sample", None, "dB", at_least(10.25), lambda result: result.scalar.snr),
    _claim("sum_of_gaussians", "prediction", "sums of Gaussians as encoder and decoder", None, "dB", at_least(9.7), lambda result: result.smooth.snr),
)


def _gap(found: Bound) -> float:
    return found.upper - found.bits
