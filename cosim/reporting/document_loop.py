"""The report on the loop as a value: sections in order, and the pictures they name. `pdf` prints it.

Not here: the words of the chapters (`chapter_loop`), what stands on the first page (`verdict_loop`).
"""

import cosim
from cosim.reporting import chapter_loop, closing, figures_loop, figures_loop_ring, verdict_loop
from cosim.reporting.blocks import Block, figure
from cosim.reporting.document import Document
from cosim.reporting.figures import NotDrawn
from cosim.reporting.loop import LoopFindings
from cosim.reporting.style import Drawing
from cosim.reporting.tables_loop import printed
from cosim.spice.engines import Engine

READ = ("transistor", "supply", "cell", "tuning", "neuron", "network", "loop", "run")  # sections of a design that this report reads


def build_loop(found: LoopFindings, engine: Engine, *, command: str = "") -> Document:
    """The whole report.

    Args:
        found: of `cosim.reporting.loop.find`.
        engine: that simulated.
        command: that the report is said to come from.
    """
    pictures: dict[str, bytes] = {}

    def placed(name: str, drawing: Drawing | NotDrawn) -> Block:
        if isinstance(drawing, Drawing):
            pictures[f"loop_{name}"] = drawing.svg
        return figure(f"loop_{name}", drawing)

    design = found.design
    content = {
        "title": "From circuit to channel to code and back",
        "product": f"cosim {cosim.__version__}",
        "design": f"design {design.name}, digest {design.digest()[:12]}",
        "verdict": verdict_loop.page(found, placed("ring", figures_loop_ring.ring(found))),
        "sections": [
            *chapter_loop.sections(found, lambda name: placed(name, figures_loop.draw(name, found))),
            closing.claims(printed(found.verdicts), "loop"),
            chapter_loop.assumptions(found, engine),
            closing.provenance(
                design,
                engine,
                leave_out=[each.title for each in design.sections if each.title not in READ],
                command=command,
                rows=[("stages that gave no result", "; ".join(f"{stage}: {reason}" for stage, reason in found.failures.items()) or "none")],
            ),
        ],
    }
    return Document(content, pictures)
