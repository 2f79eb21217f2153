"""The report on storage as a value: sections in order, and the pictures they name. `pdf` prints it.

Not here: the words of the chapters (`chapter_storage`), what stands on the first page (`verdict_storage`).
"""

import cosim
from cosim.reporting import chapter_storage, closing, figures_drift, figures_storage, figures_storage_codes, figures_storage_energy, schematics, verdict_storage
from cosim.reporting.blocks import Block, figure, picture
from cosim.reporting.document import Document
from cosim.reporting.figures import NotDrawn
from cosim.reporting.storage import Findings
from cosim.reporting.style import Drawing
from cosim.spice.engines import Engine

READ = ("storage", "run")  # sections of a design that this report reads


def build_storage(findings: Findings, engine: Engine, *, command: str = "") -> Document:
    """The whole report.

    Args:
        findings: of `cosim.reporting.storage.find`.
        engine: that simulated.
        command: that the report is said to come from.
    """
    return _Builder(findings, engine, command).document()


class _Builder:
    """Collects the pictures while the sections are written."""

    def __init__(self, findings: Findings, engine: Engine, command: str) -> None:
        self.findings, self.engine, self.command = findings, engine, command
        self.pictures: dict[str, bytes] = {}

    def document(self) -> Document:
        """All pages in order."""
        found, design = self.findings, self.findings.design
        content = {
            "title": "Storing real numbers in memory cells",
            "product": f"cosim {cosim.__version__}",
            "design": f"design {design.name}, digest {design.digest()[:12]}",
            "verdict": verdict_storage.page(found, [self.drawn("ladder"), self.drawn("states")]),
            "sections": [
                *chapter_storage.sections(found, self.drawn, self.schematic),
                closing.claims(found.verdicts),
                chapter_storage.assumptions(found, self.engine),
                closing.provenance(
                    design,
                    self.engine,
                    leave_out=[each.title for each in design.sections if each.title not in READ],
                    command=self.command,
                    rows=[("channel", found.channel.name), ("studies that gave no result", "; ".join(found.failures.values()) or "none")],
                ),
            ],
        }
        return Document(content, self.pictures)

    def drawn(self, name: str) -> Block:
        """A figure by its name."""
        drawing = self._draw(name)
        if isinstance(drawing, Drawing):
            self.pictures[f"storage_{name}"] = drawing.svg
        return figure(f"storage_{name}", drawing)

    def _draw(self, name: str) -> Drawing | NotDrawn:
        found = self.findings
        if name in figures_storage_energy.FIGURES:
            return figures_storage_energy.draw(name, found.results["zarcone2020.energy"])
        if name in figures_drift.FIGURES:
            return figures_drift.draw(name, found.results)
        if name in figures_storage.STUDY_FIGURES:
            assert found.pcm is not None
            return figures_storage.draw_study(name, found.pcm)
        if name in figures_storage.FIGURES:
            return figures_storage.draw(name, found.stored, found.pcm)
        return figures_storage_codes.draw(name, found.stored, found.pcm)

    def schematic(self) -> Block:
        """The cell as a circuit."""
        circuit = self.findings.results["zarcone2020.energy"].circuit
        self.pictures["schematic_pcm"] = schematics.draw(circuit).svg
        description: str = circuit.description[:1].upper() + circuit.description[1:]
        return picture("schematic_pcm", title=description, caption="Drawn from the circuit that was simulated.", alt=f"Schematic: {description}.")
