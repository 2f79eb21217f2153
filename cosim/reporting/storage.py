"""What the report on storage is made of: the design's channel and what is stored in it, the paper's measurements, the cell, its energy, and drift.

Not here: the pages (`document_storage`), the figures (`figures_storage` and its neighbors).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cosim
from cosim.channels.channel import Channel
from cosim.channels.named import open_channel
from cosim.claims import Claim, Verdict, judge, not_run
from cosim.design import Design
from cosim.errors import AbsentError, DeviceError, InputError, SimulationError
from cosim.studies.channels import drift, population, surrogates, theory, tio2
from cosim.studies.zarcone2020 import energy, pcm, surrogate
from cosim.studies.zarcone2020.storing import Stored, store_in
from cosim.sweep.lab import Lab

MEASURED, ENERGY = "pcm-zarcone2020", "zarcone2020.energy"


@dataclass(frozen=True, kw_only=True, eq=False)
class Findings:
    """Everything that the pages read.

    Attributes:
        design: of it.
        channel: that was stored in.
        stored: what it holds.
        wanted: why the channel of the design could not be taken; empty where it was.
        results: study -> its result; those that gave none are missing.
        failures: study -> why it gave none.
        absent: studies whose measurements, or the package they need, are not there, which is no failure.
        verdicts: on the claims of all of them.
    """

    design: Design
    channel: Channel
    stored: Stored
    wanted: str
    results: Mapping[str, Any]
    failures: Mapping[str, str]
    absent: Sequence[str]
    verdicts: Sequence[Verdict]

    @property
    def pcm(self) -> pcm.PcmResult | None:
        """The paper's measurements, if the design stores in them and they are there."""
        return self.results.get("zarcone2020.pcm")

    def excused(self, verdict: Verdict) -> bool:
        """Whether a claim was not run because what it needs is not shipped and not there."""
        return verdict.verdict == "not_run" and any(verdict.id.startswith(f"{each}.") for each in self.absent)


STUDIES: dict[str, tuple[Callable[[Design, Lab], Any], Sequence[Claim]]] = {
    "zarcone2020.pcm": (pcm.run, pcm.CLAIMS),
    "zarcone2020.surrogate": (surrogate.run, surrogate.CLAIMS),
    ENERGY: (energy.run, energy.CLAIMS),
    "channels.theory": (theory.run, theory.CLAIMS),
    "channels.population": (population.run, population.CLAIMS),
    "channels.surrogates": (surrogates.run, surrogates.CLAIMS),
    "channels.drift": (drift.run, drift.CLAIMS),
    "channels.tio2": (tio2.run, tio2.CLAIMS),
}


def find(design: Design, lab: Lab) -> Findings:
    """Run the studies and store in the design's channel.

    Raises:
        InputError: the channel of the design cannot be used, or its measurements are not there and it has no stand-in.
        Cancelled: Ctrl-C; what was computed is in the store.
    """
    channel, wanted = _channel(design)
    known: dict[str, Any] = {"seed": design.run.seed, "versions": {"cosim": cosim.__version__, lab.engine.kind: lab.engine.version}}
    results, failures, absent = dict[str, Any](), dict[str, str](), list[str]()
    verdicts: list[Verdict] = []
    for name, (run, claims) in STUDIES.items():
        if name == "zarcone2020.pcm" and design.storage.channel != MEASURED:
            continue  # another channel: the paper's measurements are not part of its report
        try:
            results[name] = run(design, lab)
            verdicts += judge(claims, results[name], **known)
        except (SimulationError, InputError, DeviceError) as error:
            failures[name] = str(error)
            absent += [name] if isinstance(error, AbsentError) else []
            verdicts += not_run(claims, str(error), **known)
    measured = results.get("zarcone2020.pcm")
    stored = measured.stored if measured is not None else store_in(channel, design.storage, lab, seed=design.run.seed)
    return Findings(design=design, channel=channel, stored=stored, wanted=wanted, results=results, failures=failures, absent=absent, verdicts=verdicts)


def _channel(design: Design) -> tuple[Channel, str]:
    """The channel of the design; where measurements that are not shipped are not there the stand-in, and why.

    A table of the user's own that is not there or damaged, and damaged measurements, are errors: nothing stands in for them.
    """
    plan = design.storage
    try:
        return open_channel(plan.channel), ""
    except AbsentError as error:
        if not plan.stand_in:
            raise
        return open_channel(plan.stand_in), str(error)


def failed(findings: Findings, name: str) -> str:
    """Why a study gave no result."""
    return findings.failures.get(name, "the study of it was not run")
