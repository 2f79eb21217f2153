"""What the report on the loop is made of: the four studies of `cosim.studies.loop` in the order in which the loop is gone through, and their verdicts.

Not here: the pages (`document_loop`), the figures (`figures_loop` and its neighbors).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import cosim
from cosim.circuits.neuron.card import load_neuron
from cosim.claims import Claim, Verdict, judge, not_run
from cosim.codesign.circuit_channel.drift import drift_law
from cosim.codesign.network.levels import check_separable
from cosim.codesign.network.mapping import Window
from cosim.design import Design
from cosim.errors import AbsentError, SimulationError
from cosim.studies.loop import channel, levels, training, tuned
from cosim.studies.loop.channel import ChannelResult
from cosim.studies.loop.levels import LevelsResult
from cosim.studies.loop.training import TrainingResult
from cosim.studies.loop.tuned import TunedResult
from cosim.sweep.lab import Lab
from cosim.sweep.progress import Progress, progress_bar

Run = Callable[[Design, Lab], Any]
STAGES: dict[str, tuple[Run, Sequence[Claim]]] = {
    "channel": (channel.run, channel.CLAIMS),
    "tuned": (tuned.run, tuned.CLAIMS),
    "levels": (levels.run, levels.CLAIMS),
    "training": (training.run, training.CLAIMS),
}
TITLES = {
    "channel": "The tuned cell as a channel",
    "tuned": "All weights tuned",
    "levels": "Levels for the measured channel",
    "training": "Training that knows the channel",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class LoopFindings:
    """Everything that the pages read.

    Attributes:
        design: of it.
        results: stage -> its result; those that gave none are missing.
        failures: stage -> why it gave none.
        failed: stages among these whose simulation did not end well; the others lack data or a package.
        verdicts: on the claims of all stages, those not run included.
        seconds: that each stage took.
    """

    design: Design
    results: Mapping[str, Any]
    failures: Mapping[str, str]
    failed: Sequence[str]
    verdicts: Sequence[Verdict]
    seconds: Mapping[str, float]

    @property
    def channel(self) -> ChannelResult | None:
        """What the tuned cell does to a conductance."""
        return self.results.get("channel")

    @property
    def tuned(self) -> TunedResult | None:
        """The network in the array that was really tuned."""
        return self.results.get("tuned")

    @property
    def levels(self) -> LevelsResult | None:
        """Levels of few bits."""
        return self.results.get("levels")

    @property
    def training(self) -> TrainingResult | None:
        """Networks that were trained for the errors."""
        return self.results.get("training")

    def why_not(self, stage: str) -> str:
        """Why a stage gave no result."""
        return self.failures.get(stage, "the stage was not run")


def check(design: Design) -> None:
    """Refuse, before anything is simulated, what a late stage would refuse after minutes.

    Raises:
        InputError: names the value and what is allowed.
    """
    drift_law(design)
    for bits in design.loop.bits:
        check_separable(int(bits), Window(low=design.loop.low, high=design.loop.high), design.tuning.band)
    tuned.check_read_path(design, load_neuron(design.network.variant))


def find(design: Design, lab: Lab, *, watched: Callable[[str], AbstractContextManager[Progress]] = progress_bar) -> LoopFindings:
    """Go through the loop once; a stage whose simulation fails, or whose data or package are not there, does not keep the others back.

    Args:
        design: to go through it with.
        lab: where to simulate; a store in it makes a second time quick and a stopped time go on.
        watched: gives the progress of a stage by its name.

    Raises:
        InputError: the design cannot be run.
        Cancelled: Ctrl-C; what was computed is in the store.
    """
    check(design)
    known: dict[str, Any] = {"seed": design.run.seed, "versions": {"cosim": cosim.__version__, lab.engine.kind: lab.engine.version}}
    results, failures, seconds = dict[str, Any](), dict[str, str](), dict[str, float]()
    failed: list[str] = []
    verdicts: list[Verdict] = []
    for name, (run, claims) in STAGES.items():
        begin = time.perf_counter()
        try:
            with watched(f"loop, {name}") as progress:
                results[name] = run(design, replace(lab, progress=progress))
            verdicts += judge(claims, results[name], seconds=time.perf_counter() - begin, **known)
        except (SimulationError, AbsentError) as error:
            failures[name] = str(error)
            failed += [name] if isinstance(error, SimulationError) else []
            verdicts += not_run(claims, str(error), **known)
        seconds[name] = time.perf_counter() - begin
    return LoopFindings(design=design, results=results, failures=failures, failed=failed, verdicts=verdicts, seconds=seconds)
