"""The design file: what a designer decides, and the only reader of it.

TOML, versioned (``format = 1``), strict: an unknown key is refused with the nearest allowed one, a quantity with a wrong
unit or out of its range with file, section and key. Every key has a default, so a file may be short.
Not here: whether a card or a model of that name exists (`cosim.devices`).
"""

from cosim.design.design import FORMAT, SECTIONS, Design, load_design
from cosim.design.section import Axis, Bound, Section
from cosim.design.sections import (
    CellSection,
    CornersSection,
    DeviceSection,
    LevelsSection,
    LimitsSection,
    MismatchSection,
    NetworkSection,
    NeuronSection,
    NoiseSection,
    RuleSection,
    RunSection,
    StorageSection,
    SupplySection,
    SweepSection,
    TransistorSection,
    TuningSection,
    VariabilitySection,
)
from cosim.design.toml import check_keys, read_toml, unknown_key

__all__ = [
    "FORMAT",
    "SECTIONS",
    "Axis",
    "Bound",
    "CellSection",
    "CornersSection",
    "Design",
    "DeviceSection",
    "LevelsSection",
    "LimitsSection",
    "MismatchSection",
    "NetworkSection",
    "NeuronSection",
    "NoiseSection",
    "RuleSection",
    "RunSection",
    "Section",
    "StorageSection",
    "SupplySection",
    "SweepSection",
    "TransistorSection",
    "TuningSection",
    "VariabilitySection",
    "check_keys",
    "load_design",
    "read_toml",
    "unknown_key",
]
