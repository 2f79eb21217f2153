"""What the numbers of the report rest on, and what they do not say."""

import numpy as np

from cosim.reporting.style import percent, quantity, volts
from cosim.spice.engines import Engine
from cosim.studies.lim2025.synapse import SynapseResult

PRINTED_SIZES = (65.0, 330.0)  # the W/L that the text of Lim 2025 names


def assumptions(result: SynapseResult, engine: Engine) -> list[tuple[str, str]]:
    """Title and text of each, the numbers from the design and the result."""
    return [*_simulator(engine), *_memristor(result), *_noise(result), *_transistor(result), *_cell(result)]


def _simulator(engine: Engine) -> list[tuple[str, str]]:
    other = "LTspice" if engine.kind == "ngspice" else "ngspice"
    return [
        (
            f"{engine.kind} ran, {other} did not.",
            f"Every number is from {engine.kind} {engine.version}. The decks keep to a subset that both programs read alike; what of it was seen in files of "
            "LTspice itself is listed in docs/dialect.md.",
        )
    ]


def _memristor(result: SynapseResult) -> list[tuple[str, str]]:
    card = result.devices.memristor
    valid = dict(card.sources).get("rate", "").rpartition("; valid ")[2] or "not stated"
    sizes = [f"{size:g}" for size in result.design.transistor.w_over_l if size not in PRINTED_SIZES]
    return [
        (
            "The memristor's model is not the authors'.",
            "Their equations (Fig. S2) are not at hand. The form here is a sinh law with one filament state; its constants are fitted to figures that the "
            "paper "
            "prints, and claims that only repeat such a fit are marked as calibrations.",
        ),
        (
            "No temperature in the memristor.",
            "The card has none, because the paper gives none. The corners move the transistor only; a memristor that conducts better when hot needs a wider "
            "transistor than the corners say.",
        ),
        (
            "Slow kinetics.",
            f"The switching constants hold for {valid} and are fitted at 1 V/s. Nothing here speaks of pulses of micro- or nanoseconds.",
        ),
        (
            "Supplementary figures are not at hand.",
            f"Figures S3 to S6 and Table S2 are set beside what the text says of them. Of the W/L, the text prints {PRINTED_SIZES[0]:g} and "
            f"{PRINTED_SIZES[1]:g}; {', '.join(sizes) or 'none'} are our choice.",
        ),
    ]


def _noise(result: SynapseResult) -> list[tuple[str, str]]:
    levels = result.design.levels
    kept = (
        "" if result.levels is None else f" A second reading of the same levels keeps {percent(float(np.mean(result.levels.survivors)), digits=0)} of the gaps."
    )
    return [
        (
            "Points of the noise are not printed.",
            f"Fig. 2D shows that the relative deviation rises as the conductance falls; its scale here is set to the {percent(levels.noise, digits=0)} of "
            f"section 3.2 at "
            f"the middle level. The correlation time of {quantity(result.noise.correlation_time, 's')} is an assumption.",
        ),
        (
            "Levels are counted with white noise.",
            f"The paper's rule is run with {levels.reads} independent reads a level of {percent(levels.noise, digits=0)} each, and accepts a level once a "
            f"gap of "
            f"{quantity(levels.gap, 'S')} was seen.{kept}",
        ),
    ]


def _transistor(result: SynapseResult) -> list[tuple[str, str]]:
    card = result.devices.mosfet
    return [
        (
            "The transistor is not the foundry's of the paper.",
            f"{card.name} ({card.description}) stands for the 500 nm process of the paper; its contact distance is fitted to the printed on-resistance. A "
            f"library of your "
            "own takes its place with the keys library and model of the design file.",
        ),
        _process(result),
    ]


def _process(result: SynapseResult) -> tuple[str, str]:
    """What the corners move, and where mismatch enters."""
    corners = result.design.corners
    moved = (
        f"temperature ({', '.join(f'{each:g}' for each in corners.temperature)} °C) and all supplies together by ±{percent(corners.supply_tolerance, digits=0)}"
    )
    mismatch = (
        "Sizing, tuning and claims know no mismatch between cells; only the Monte Carlo does."
        if result.design.mismatch.draws
        else "Mismatch is not drawn; the sections sweep and mismatch of a design file ask for it."
    )
    if corners.threshold_skew or corners.mobility_skew:
        skew = f"threshold by {quantity(corners.threshold_skew, 'V')} and mobility by {percent(corners.mobility_skew)}"
        return ("A process corner is a skew.", f"The corners are {moved}, in the typical, a slow and a fast process: {skew}, both at once. {mismatch}")
    return ("No process corners.", f"The corners are {moved}; the design skews neither threshold nor mobility. {mismatch}")


def _cell(result: SynapseResult) -> list[tuple[str, str]]:
    design = result.design
    full = volts(design.cell.full_voltage, digits=0)
    reached = _reached(result)
    return [
        (
            "Positive drive decides the orientation.",
            "Set drives the bit line, reset the source line, nothing is negative, as Table 1 assumes. The measurements of the paper are bipolar: there MOD "
            "loses no "
            "threshold voltage. Loops over W/L are shown for the bipolar sweep with the body at the lowest node, where the body diode of MOS stays off.",
        ),
        (
            "The share is taken at full set.",
            f"The rule holds the filament at full set and puts {full} over the cell.{reached}",
        ),
        (
            "The paper's 12 % is 120/1000.",
            "Transistor and memristor stand in series: 120 Ω of 1120 Ω are 10.7 %. The limit is kept as printed; docs/errata.md has the details.",
        ),
        (
            "The sizing sees one cell, no array.",
            "No wire resistance, no neighbors, no parasitic capacitance beyond the transistor's own; area is channel and diffusions without well contacts.",
        ),
    ]


def _reached(result: SynapseResult) -> str:
    if result.cells is None or result.advice is None:
        return ""
    advice = result.advice
    found = [each for each in result.cells.cells if (each.orientation, each.w_over_l) == (advice.orientation, advice.chosen.w_over_l)]
    if not found:
        return ""
    return f" In the sweep to the same voltage the filament reaches {percent(found[0].window.state_on)} at W/L {advice.chosen.w_over_l:g}."
