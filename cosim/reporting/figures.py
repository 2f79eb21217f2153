"""The figures of the synapse study: which there are, and how one that cannot be drawn is kept.

Not here: their content (`figures_device`, `figures_transistor`, `figures_cell`), the figures of tuning (`figures_tuning`) and the look (`style`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from cosim.errors import SimulationError
from cosim.reporting import figures_cell, figures_device, figures_transistor
from cosim.reporting.style import Drawing, drawing_style
from cosim.studies.lim2025.synapse import SynapseResult

FIGURES: dict[str, Callable[[SynapseResult], Drawing]] = {
    "key_picture": figures_cell.key_picture,
    "pinched_loops": figures_device.pinched_loops,
    "reset_stops": figures_device.reset_stops,
    "staircase": figures_device.staircase,
    "reads": figures_device.reads,
    "deviations": figures_device.deviations,
    "variability": figures_device.variability,
    "transistor": figures_transistor.transistor,
    "load_curves": figures_cell.load_curves,
    "cell_loops": figures_cell.cell_loops,
    "on_off": figures_cell.on_off,
    "shares": figures_cell.shares,
    "corners": figures_cell.corners,
}


@dataclass(frozen=True)
class NotDrawn:
    """A figure whose simulation failed, with the reason."""

    name: str
    reason: str


def draw(name: str, result: SynapseResult) -> Drawing | NotDrawn:
    """One of `FIGURES`; a part of the study that failed leaves the reason in the figure's place."""
    try:
        with drawing_style():
            return FIGURES[name](result)
    except SimulationError as error:
        return NotDrawn(name, str(error))
