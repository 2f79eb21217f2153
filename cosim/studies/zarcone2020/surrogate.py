"""The moments that are shipped in the place of the measurements: mean and deviation of each word-line voltage, Gaussian reads.

Source: derived from the measurements of Zarcone 2020 (`device_data/channel/pcm_zarcone2020.csv`). Every user can run this study.
What is claimed of capacity and bound was written down before either was computed, from an independent calculation; the limits of the two codes were set
when they had been run.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cosim.channels.channel import discretize
from cosim.channels.named import named
from cosim.claims import Claim, Kind, Requirement, at_least, at_most, within
from cosim.coding.opta import opta
from cosim.design import Design
from cosim.studies.zarcone2020.storing import Bound, Code, bound, certified_gap, scalar_code, smooth_codes
from cosim.sweep.lab import Lab

CHANNEL = "pcm-zarcone2020-gaussian"


@dataclass(frozen=True, kw_only=True, eq=False)
class SurrogateResult:
    """The Gaussian channel: its capacity and how far from it any other could be [bits], the best signal-to-noise ratio of any code [dB], and two codes."""

    design: Design
    capacity: Bound
    gap: float
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
        gap=certified_gap(matrix, found),
        opta=float(opta(found.upper)),
        scalar=scalar_code(matrix, plan, lab, seed=seed),
        smooth=smooth_codes(matrix, channel, plan, lab, seed=seed)["exact"],
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
    _claim(
        "certificate",
        "prediction",
        "distance of the capacity from its bound, computed anew",
        None,
        "bits",
        at_most(1e-8),
        lambda result: result.gap,
    ),
    _claim("opta", "prediction", "signal-to-noise ratio that no code exceeds", None, "dB", within(12.69, 0.02), lambda result: result.opta),
    _claim("scalar", "calibration", "scalar code, one device a Gaussian sample", None, "dB", at_least(10.25), lambda result: result.scalar.snr),
    _claim("sum_of_gaussians", "calibration", "sums of Gaussians as encoder and decoder", None, "dB", at_least(9.7), lambda result: result.smooth.snr),
)
