"""Run the whole study; a part that fails leaves its reason, the others go on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from cosim.codesign.cellbench import Devices
from cosim.codesign.sizing import SizingAdvice, advise
from cosim.design import Design
from cosim.devices.memristor.card import MemristorCard, load_memristor
from cosim.devices.memristor.read_noise import ReadNoise, load_read_noise
from cosim.errors import InputError, SimulationError
from cosim.studies.lim2025.synapse.device import (
    Levels,
    Loop,
    NoiseTraces,
    Staircase,
    Variability,
    form_levels,
    noise_traces,
    pinched_loops,
    staircase,
    variability,
)
from cosim.studies.lim2025.synapse.drive import Bipolar, LoadCurves, Transfer, bipolar, load_curves, table
from cosim.studies.lim2025.synapse.loops import CellLoops, cell_loops
from cosim.studies.lim2025.synapse.transistor import Transistors, transistors
from cosim.sweep.lab import Lab

Part = TypeVar("Part")
MIRROR = {"set": "reset", "reset": "set"}


@dataclass(frozen=True, kw_only=True)
class SynapseResult:
    """Everything that figures, tables and claims of the study read.

    A part is None when a simulation of it failed; `failures` then holds the reason under the name of the part.
    """

    design: Design
    devices: Devices
    comparison: MemristorCard
    noise: ReadNoise
    loops: tuple[Loop, ...] | None
    stairs: Staircase | None
    levels: Levels | None
    traces: NoiseTraces | None
    variability: Variability | None
    transistors: Transistors | None
    table: tuple[Transfer, ...] | None
    bipolar: tuple[Bipolar, ...] | None
    load_curves: LoadCurves | None
    cells: CellLoops | None
    advice: SizingAdvice | None
    mirrored: SizingAdvice | None
    failures: dict[str, str] = field(default_factory=dict)

    def part(self, name: str) -> Any:
        """A part of the study.

        Raises:
            SimulationError: it is missing, with the reason.
        """
        found = getattr(self, name)
        if found is None:
            raise SimulationError(self.failures.get(name, f"{name} was not computed"))
        return found


class _Parts:
    """Computes parts one after another and keeps the reasons of those that fail."""

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}

    def take(self, name: str, compute: Callable[[], Part], *needs: object) -> Part | None:
        if any(need is None for need in needs):
            self.failures[name] = f"{name} needs a part that failed: {'; '.join(self.failures.values())}"
            return None
        try:
            return compute()
        except (SimulationError, InputError) as error:  # a run that failed, or a result that has no such value
            self.failures[name] = str(error)
            return None


def run(design: Design, lab: Lab) -> SynapseResult:
    """The study of one design.

    Args:
        design: what to study.
        lab: where to simulate; a store in it makes a second run quick.
    """
    devices, parts = Devices.of(design), _Parts()
    device = devices.memristor
    stairs = parts.take("stairs", lambda: staircase(design, device, lab))
    levels = parts.take("levels", lambda: form_levels(design, _given(stairs)), stairs)
    return SynapseResult(
        design=design,
        devices=devices,
        comparison=load_memristor(design.device.comparison),
        noise=load_read_noise(design.noise.card),
        loops=parts.take("loops", lambda: pinched_loops(design, devices, lab)),
        stairs=stairs,
        levels=levels,
        traces=parts.take("traces", lambda: noise_traces(design, device, _given(levels).fixed, lab), levels),
        variability=parts.take("variability", lambda: variability(design, device, lab)),
        transistors=parts.take("transistors", lambda: transistors(design, devices, lab)),
        table=parts.take("table", lambda: table(design, devices, lab)),
        bipolar=parts.take("bipolar", lambda: bipolar(design, devices, lab)),
        load_curves=parts.take("load_curves", lambda: load_curves(design, devices, lab)),
        cells=parts.take("cells", lambda: cell_loops(design, devices, lab)),
        advice=parts.take("advice", lambda: advise(design, lab)),
        mirrored=parts.take("mirrored", lambda: mirrored_advice(design, device, lab)),
        failures=parts.failures,
    )


def mirrored_advice(design: Design, device: MemristorCard, lab: Lab) -> SizingAdvice:
    """The advisor's answer for the mirrored device: abrupt reset at the full voltage, gradual set."""
    other = replace(design, cell=replace(design.cell, full_operation=MIRROR[design.cell.full_operation]))
    return advise(other, lab, memristor=device.mirrored())


def _given(part: Part | None) -> Part:
    if part is None:
        raise SimulationError("a part is missing")
    return part
