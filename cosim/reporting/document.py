"""The report as a value: sections in order, and the pictures they name. `pdf` prints it.

A part of the study that failed says so in the place of its tables and figures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cosim
from cosim.circuits.cells import ORIENTATIONS, Orientation, device_bench, loaded_bench, transistor_bench
from cosim.circuits.circuit import Circuit
from cosim.claims import Verdict
from cosim.codesign.cellbench import loop, positive_drive
from cosim.codesign.decks import cell_deck
from cosim.codesign.window import cell_loop
from cosim.errors import SimulationError
from cosim.reporting import (
    chapter_network,
    chapter_neuron,
    closing,
    figures_network,
    figures_neuron,
    figures_sweep,
    figures_tuning,
    schematics,
    schematics_neuron,
    tables_cell,
    tables_device,
    tables_network,
    tables_neuron,
    tables_sweep,
    tables_tuning,
    verdict,
)
from cosim.reporting.assumptions import assumptions
from cosim.reporting.blocks import Block, bullets, code, code_cell, figure, heading, missing, pair, picture, section, text
from cosim.reporting.figures import NotDrawn, draw
from cosim.reporting.style import Drawing, listing, volts
from cosim.reporting.swept import Swept
from cosim.spice.deck import Deck
from cosim.spice.engines import Engine
from cosim.studies.lim2025.inference import InferenceResult
from cosim.studies.lim2025.neuron import NeuronResult
from cosim.studies.lim2025.synapse import SynapseResult
from cosim.studies.lim2025.synapse.drive import LOADS
from cosim.studies.lim2025.synapse.transistor import DRAIN
from cosim.studies.lim2025.tuning import TuningResult
from cosim.sweep.lab import Question

PREFIX = "lim2025"
LTSPICE = (
    "Save the text below as {name}.cir, or write one like it with cosim netlist. In LTspice: File, Open, then Run; plot I(Vbit) against V(bit). Parameters "
    "that may be changed are the .param lines at the top. In ngspice: ngspice -n -D ngbehavior=lta -b -r waves.raw {name}.cir."
)
TUNING = (
    "A cell is set fully, then reset by single pulses, each followed by noisy reads, until the reads say that its conductance lies in the band around the "
    "target. A trace ends as reached (accepted, and the true conductance is inside), as a false success (accepted, but outside: a laboratory cannot tell) or "
    "as not reached (all allowed pulses are spent). Each pulse acts on the state that the one before left; devices differ, the nominal curve is one."
)


@dataclass(frozen=True)
class Document:
    """Content for the template, and the pictures by file name without ending."""

    content: Block
    pictures: dict[str, bytes]


def build(
    result: SynapseResult,
    verdicts: Sequence[Verdict],
    engine: Engine,
    *,
    tuning: TuningResult | None = None,
    failure: str = "the study of it was not run",
    neuron: NeuronResult | None = None,
    unfired: str = "the study of it was not run",
    network: InferenceResult | None = None,
    uninferred: str = "",
    swept: Swept | None = None,
    unswept: str = "",
    command: str = "",
) -> Document:
    """The whole report of a design.

    Args:
        result: of the synapse study.
        verdicts: on the claims of all studies.
        engine: that simulated.
        tuning: result of the tuning study; None if it failed, for the reason `failure`.
        failure: stands in the place of the chapter.
        neuron: result of the neuron study; None if it failed, for the reason `unfired`.
        unfired: stands in the place of the chapter.
        network: result of the inference study; None if it was not asked for, or if it failed for the reason `uninferred`.
        uninferred: stands in the place of the chapter; empty where it was not asked for.
        swept: the sweep of the design; None if it has none, or if it failed for the reason `unswept`.
        unswept: stands in the place of the chapter; empty for a design without a sweep, which has no chapter.
        command: that the report is said to come from.
    """
    builder = _Builder(result, verdicts, engine, command)
    builder.tuning, builder.failure = tuning, failure
    builder.neuron, builder.unfired = neuron, unfired
    builder.network, builder.uninferred = network, uninferred
    builder.swept, builder.unswept = swept, unswept
    return builder.document()


class _Builder:
    """Collects the pictures while the sections are written."""

    tuning: TuningResult | None = None
    failure: str = ""
    neuron: NeuronResult | None = None
    unfired: str = ""
    network: InferenceResult | None = None
    uninferred: str = ""
    swept: Swept | None = None
    unswept: str = ""

    def __init__(self, result: SynapseResult, verdicts: Sequence[Verdict], engine: Engine, command: str) -> None:
        self.result, self.verdicts, self.engine, self.command = result, verdicts, engine, command
        self.pictures: dict[str, bytes] = {}

    def document(self) -> Document:
        """All pages in order."""
        orientation = self.result.advice.orientation if self.result.advice else "mod"
        first = verdict.page(self.result, self.verdicts, [self._schematic(self._bench(orientation)), self._figure("key_picture")], self.neuron, self.network)
        content = {
            "title": "1T1R synapse: which cell to build, and what neuron stands behind it",
            "product": f"cosim {cosim.__version__}",
            "design": f"design {self.result.design.name}, digest {self.result.design.digest()[:12]}",
            "verdict": first,
            "sections": [
                self._cards(),
                self._schematics(),
                self._memristor(),
                self._transistor(),
                self._drive(),
                self._cell(),
                self._sizing(),
                *self._sweep(),
                self._tuning(),
                *self._neuron(),
                *self._network(),
                closing.claims(self.verdicts, PREFIX),
                self._assumptions(),
                self._provenance(),
                self._netlist(),
            ],
        }
        return Document(content, self.pictures)

    def _figure(self, name: str) -> Block:
        return self._drawn(name, draw(name, self.result))

    def _drawn(self, name: str, drawing: Drawing | NotDrawn) -> Block:
        if isinstance(drawing, Drawing):
            self.pictures[name] = drawing.svg
        return figure(name, drawing)

    def _table(self, title: str, part: str, make: Callable[..., Block]) -> Block:
        """A table of a part of the study, or why it is missing."""
        try:
            return make(self.result.part(part)) if part == "advice" else make(self.result)
        except SimulationError as error:
            return missing(title, str(error))

    def _cards(self) -> Block:
        devices = self.result.devices
        return section(
            "Devices",
            tables_device.memristor(devices.memristor),
            pair(tables_device.comparison(devices.memristor, self.result.comparison), tables_device.read_noise(self.result.noise)),
            tables_device.mosfet(devices.mosfet, self.result.design),
        )

    def _schematic(self, circuit: Circuit) -> Block:
        """A picture of a circuit, its caption from the circuit too."""
        name = f"schematic_{circuit.name}"
        self.pictures[name] = schematics.draw(circuit).svg
        models = listing(schematics.models_of(circuit))
        description = circuit.description[:1].upper() + circuit.description[1:]
        return picture(name, title=description, caption=f"{models}.", alt=f"Schematic of {circuit.name}: {description}; {models}.")

    def _bench(self, orientation: Orientation) -> Circuit:
        """The cell as the loops over W/L run it."""
        return self._loop(orientation).circuit

    def _loop(self, orientation: Orientation) -> Question:
        design = self.result.design
        size, length, voltage = design.transistor.chosen, design.transistor.length, design.cell.full_voltage
        return cell_loop(self.result.devices, orientation, w_over_l=size, length=length, voltage=voltage, gate=design.supply.gate, body="lowest")

    def _schematics(self) -> Block:
        design, devices = self.result.design, self.result.devices
        size, length = design.transistor.chosen, design.transistor.length
        mod, mos = (self._schematic(self._bench(each)) for each in ORIENTATIONS)
        alone = self._schematic(device_bench(devices.memristor, loop(design.cell.full_voltage)))
        transistor = self._schematic(transistor_bench(devices.mosfet, drain=DRAIN, gate=design.supply.gate, w_over_l=size, length=length))
        drive = positive_drive("set", supply=design.supply.drain, gate=design.supply.gate)
        loads = [
            self._schematic(loaded_bench(each, devices.mosfet, resistance=float(LOADS[0]), drive=drive, w_over_l=size, length=length)) for each in ORIENTATIONS
        ]
        return section(
            "Schematics",
            text(
                "Drawn from the circuits that were simulated; names are those of the netlist. The thick bar of the memristor is its top electrode (TE), "
                "the other end the "
                "bottom electrode (BE); a positive voltage of TE over BE sets. The dashed frame is the cell as it is instantiated, its circles are the ports."
            ),
            pair(mod, mos),
            pair(alone, transistor),
            pair(*loads),
        )

    def _memristor(self) -> Block:
        return section(
            "The memristor alone",
            self._figure("pinched_loops"),
            pair(self._figure("reset_stops"), self._figure("staircase")),
            pair(self._figure("reads"), self._figure("deviations")),
            self._figure("variability"),
        )

    def _transistor(self) -> Block:
        return section("The transistor alone", self._figure("transistor"), page=False)

    def _drive(self) -> Block:
        return section(
            "How much voltage reaches the memristor",
            self._table("Table 1", "table", tables_cell.positive_drive),
            self._table("bipolar drive", "bipolar", tables_cell.bipolar_drive),
            self._figure("load_curves"),
            page=False,
        )

    def _cell(self) -> Block:
        return section(
            "The 1T1R cell over W/L",
            self._figure("cell_loops"),
            self._table("window of the cell", "cells", tables_cell.windows),
            pair(self._figure("on_off"), self._figure("shares")),
            page=False,
        )

    def _sizing(self) -> Block:
        return section(
            "Sizing",
            self._table("margins", "advice", tables_cell.margins),
            *self._mirrored(),
            self._table("operating points", "advice", tables_cell.operating_points),
            self._figure("corners"),
            self._table("corners", "advice", tables_cell.corner_rows),
            page=False,
        )

    def _mirrored(self) -> list[Block]:
        """What the rule says of the device that is turned around."""
        found = self.result.mirrored
        if found is None:
            return []
        best = found.margin(found.orientation)
        other = found.margin("mos" if found.orientation == "mod" else "mod")
        words = f"The rule turned around: a device that needs the full voltage for its {found.design.cell.full_operation} asks for {best.orientation.upper()}, "
        return [text(f"{words}with {volts(best.volts, sign=True)} left over against {volts(other.volts, sign=True)} in {other.orientation.upper()}.")]

    def _sweep(self) -> list[Block]:
        """Cells over what the design sweeps and draws; no chapter for a design that asks for none."""
        found, title = self.swept, "Sweeps and Monte Carlo"
        if found is None:
            return [section(title, missing(title, self.unswept), page=False)] if self.unswept else []
        return [
            section(
                title,
                text(tables_sweep.plan_words(found)),
                tables_sweep.limits(found),
                *([self._drawn(figures_sweep.NAME, figures_sweep.draw(found))] if found.random else []),
                *([tables_sweep.corners(found)] if len(found.sweep.corners) > 1 else []),
                tables_sweep.troubles(found) if found.failed or found.relaxed else text(tables_sweep.smooth(found)),
                page=False,
            )
        ]

    def _tuning(self) -> Block:
        """Closed-loop tuning of cells and of an array."""
        found, title = self.tuning, "Closed-loop tuning"
        if found is None:
            return section(title, missing(title, self.failure), page=False)
        drawn = {name: self._drawn(name, figures_tuning.draw(name, found)) for name in figures_tuning.FIGURES}
        return section(
            title,
            text(TUNING),
            drawn["tuned_targets"],
            tables_tuning.controllers(found),
            pair(drawn["reset_curve"], drawn["resolvable"]),
            tables_tuning.rates(found),
            pair(drawn["reached_by_target"], drawn["waiting_bound"]),
            drawn["array_errors"],
            pair(tables_tuning.array(found), tables_tuning.disturbances(found)),
            page=False,
        )

    def _neuron(self) -> list[Block]:
        """The neuron-synapse-neuron unit."""
        found = self.neuron
        if found is None:
            return [section(chapter_neuron.TITLE, missing(chapter_neuron.TITLE, self.unfired), page=False)]
        shown = []
        for row in schematics_neuron.sheets(found):
            self.pictures |= {sheet.name: sheet.svg for sheet in row}
            blocks = [picture(sheet.name, title=sheet.title, caption=sheet.caption, alt=sheet.alt) for sheet in row]
            shown.append(pair(*blocks) if len(blocks) == 2 else blocks[0])
        return chapter_neuron.sections(found, lambda name: self._drawn(f"neuron_{name}", figures_neuron.draw(name, found)), schematics=shown)

    def _network(self) -> list[Block]:
        """The spiking network on arrays and units; no chapter where it was not asked for."""
        found, title = self.network, chapter_network.TITLE
        if found is None:
            return [section(title, missing(title, self.uninferred), page=False)] if self.uninferred else []
        return chapter_network.sections(found, lambda name: self._drawn(f"network_{name}", figures_network.draw(name, found)))

    def _assumptions(self) -> Block:
        more = [*(tables_sweep.assumptions(self.swept) if self.swept else []), *(tables_tuning.assumptions(self.tuning) if self.tuning else [])]
        more += tables_neuron.assumptions(self.neuron) if self.neuron else []
        more += tables_network.assumptions(self.network) if self.network else []
        return section("Assumptions", bullets([*assumptions(self.result, self.engine), *more]), page=False)

    def _provenance(self) -> Block:
        failures = "; ".join(f"{name}: {reason}" for name, reason in self._failures().items()) or "none"
        rows: list[tuple[str, str | Block]] = [("digest of the appended deck", code_cell(self._deck().digest())), ("parts that failed", failures)]
        return closing.provenance(self.result.design, self.engine, leave_out=("storage",), command=self.command, rows=rows)

    def _failures(self) -> dict[str, str]:
        sweep = {"sweep": self.unswept} if self.unswept else {}
        return {**self.result.failures, **sweep, **({} if self.tuning else {"tuning": self.failure}), **({} if self.neuron else {"neuron": self.unfired})}

    def _deck(self) -> Deck:
        """The recommended cell as a deck for people, with ``.meas`` lines."""
        return cell_deck(self.result.design, self.result.advice.orientation if self.result.advice else "mod")

    def _netlist(self) -> Block:
        deck = self._deck()
        name = f"cell_{self.result.advice.orientation if self.result.advice else 'mod'}_loop"
        return section("Netlist", text(LTSPICE.format(name=name)), heading(f"{name}.cir"), code(deck.text, size=6.8))
