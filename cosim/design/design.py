"""`Design`: all sections of a design file, frozen, and how it is read from and written to a file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from cosim.design.reading import read_section
from cosim.design.section import Section
from cosim.design.sections import (
    CellSection,
    CornersSection,
    DeviceSection,
    LevelsSection,
    LimitsSection,
    LoopSection,
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
from cosim.design.toml import read_toml, unknown_key
from cosim.design.writing import portable, shown, written
from cosim.errors import DesignError

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Design:
    """A design: all values in SI units, shares as fractions, temperatures in degC.

    Attributes:
        name: the design file's name without its ending; the report is named after it.
    """

    name: str = "lim2025_synapse"
    device: DeviceSection = field(default_factory=DeviceSection)
    transistor: TransistorSection = field(default_factory=TransistorSection)
    supply: SupplySection = field(default_factory=SupplySection)
    cell: CellSection = field(default_factory=CellSection)
    rule: RuleSection = field(default_factory=RuleSection)
    corners: CornersSection = field(default_factory=CornersSection)
    levels: LevelsSection = field(default_factory=LevelsSection)
    variability: VariabilitySection = field(default_factory=VariabilitySection)
    noise: NoiseSection = field(default_factory=NoiseSection)
    sweep: SweepSection = field(default_factory=SweepSection)
    mismatch: MismatchSection = field(default_factory=MismatchSection)
    limits: LimitsSection = field(default_factory=LimitsSection)
    tuning: TuningSection = field(default_factory=TuningSection)
    neuron: NeuronSection = field(default_factory=NeuronSection)
    network: NetworkSection = field(default_factory=NetworkSection)
    storage: StorageSection = field(default_factory=StorageSection)
    loop: LoopSection = field(default_factory=LoopSection)
    run: RunSection = field(default_factory=RunSection)

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections, in the order of the file."""
        return tuple(getattr(self, each) for each in SECTIONS)

    def digest(self) -> str:
        """sha256 over every value and over the content of the files that the design names; the place of them does not count."""
        values = {section.title: {each.name: portable(each, getattr(section, each.name)) for each in given(section)} for section in self.sections}
        return hashlib.sha256(json.dumps([FORMAT, values], sort_keys=True).encode()).hexdigest()

    def replaced(self, section: str, values: Mapping[str, object], *, where: str) -> Self:
        """The design with some values of a section set, as options of the command line do.

        Args:
            section: which one.
            values: key -> value as it would stand in a design file ("3 V", 65, [5, 10]); paths are relative to the current folder.
            where: named in errors, for example ``--supply``.

        Raises:
            DesignError: a value cannot stand there.
        """
        old = getattr(self, section)
        return replace(self, **{section: read_section(type(old), dict(values), where=where, base=old, folder=Path())})

    def describe(self) -> list[tuple[str, str, str]]:
        """Rows for the report: section, key, value with its unit."""
        return [(section.title, each.name, shown(each, getattr(section, each.name))) for section in self.sections for each in given(section)]

    def to_toml(self) -> str:
        """The whole design as a file that `load` reads back equal; defaults are written too."""
        lines = [f"format = {FORMAT}"]
        for section in self.sections:
            lines += ["", f"[{section.title}]", *(f"{each.name} = {written(each, getattr(section, each.name))}" for each in given(section))]
        return "\n".join(lines) + "\n"


SECTIONS: dict[str, type[Section]] = {each.name: each.default_factory for each in fields(Design) if each.name != "name"}  # type: ignore[misc]


def load_design(path: Path | str) -> Design:
    """The design in a file.

    Raises:
        DesignError: no such file, broken TOML, another format, an unknown key, a value of the wrong type, unit or range.
    """
    path = Path(path)
    content = read_toml(path)
    version = content.pop("format", None)
    if version is None:
        raise DesignError(f"{path}: format is missing; write `format = {FORMAT}` above the sections")
    if version != FORMAT or isinstance(version, bool):
        raise DesignError(f"{path}, format={version!r}: must be {FORMAT}; this cosim reads no other")
    for key in content:
        if key not in SECTIONS:
            raise unknown_key(str(path), key, ["format", *SECTIONS])
    sections = {key: read_section(SECTIONS[key], content[key], where=str(path), base=SECTIONS[key](), folder=path.parent) for key in content}
    return Design(name=path.stem, **sections)


def given(section: Section) -> list[Any]:
    """The fields of a section that have a value."""
    return [each for each in fields(section) if getattr(section, each.name) is not None]
