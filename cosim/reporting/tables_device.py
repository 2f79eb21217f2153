"""Tables of the report: the cards of the devices, and the design."""

from cosim.design import Design
from cosim.devices.memristor.card import MemristorCard
from cosim.devices.memristor.read_noise import ReadNoise
from cosim.devices.memristor.subcircuit import SYMBOLS
from cosim.devices.mosfet import MosfetCard
from cosim.params import described
from cosim.reporting.blocks import Block, Column, code_cell, table
from cosim.reporting.style import percent, quantity


def memristor(card: MemristorCard) -> Block:
    """Every constant of a card with symbol, value, source and range of validity."""
    return table(
        f"Memristor card {card.name}",
        [Column("symbol"), Column("meaning", width="1"), Column("value", "right"), Column("source", width="1.12"), Column("valid", width="0.85")],
        [[code_cell(symbol), meaning, value, source, valid] for symbol, meaning, value, source, valid in constants(card)],
        caption=f"{card.description}. I = I0(x) sinh(alpha (V - I rs)), I0(x) = i0min + x (i0max - i0min); symbols as in the netlist.",
        size=8.0,
    )


def comparison(card: MemristorCard, other: MemristorCard) -> Block:
    """The constants in which the card beside it differs."""
    known = {symbol: value for symbol, _, value, _, _ in constants(card)}
    rows = [[code_cell(symbol), known[symbol], value, source] for symbol, _, value, source, _ in constants(other) if known.get(symbol) != value]
    return table(
        f"Card {other.name}, for comparison",
        [Column("symbol"), Column("design", "right"), Column("here", "right"), Column("source", width="1")],
        rows,
        caption=f"{len(rows)} of {len(known)} constants differ; all others are those of {card.name}.",
        size=8.0,
    )


def constants(card: MemristorCard) -> list[tuple[str, str, str, str, str]]:
    """Symbol, meaning, value with unit, source and validity of each constant that the card gives."""
    sources = dict(card.sources)
    rows = []
    for each in described(card):
        if each.name in sources:
            source, _, valid = sources[each.name].rpartition("; valid ")
            value = _value(getattr(card, each.name), each.metadata["unit"])
            rows.append((SYMBOLS.get(each.name, each.name.replace("_", " ")), each.metadata["description"], value, source, valid))
    return rows


def _value(value: float, unit: str) -> str:
    """Pure and inverse units keep plain numbers: 25 1/s is no multiple of anything."""
    if unit == "1":
        return f"{value:g}"
    return f"{value:g} {unit}" if "/" in unit else quantity(value, unit, digits=4)


def mosfet(card: MosfetCard, design: Design) -> Block:
    """What the layout adds to the model of the transistor, at the chosen W/L."""
    length = design.transistor.length
    width = design.transistor.chosen * length
    rows = [
        ["model", f"{card.name}, {card.kind}: {card.description}"],
        ["source", card.source],
        ["valid", card.valid],
        ["channel length L", quantity(length, "m")],
        [f"width W at W/L {design.transistor.chosen:g}", quantity(width, "m")],
        ["contact to gate edge", quantity(card.contact_length, "m")],
        ["NRD = NRS, contact to gate edge over W", f"{card.contact_length / width:.3f}"],
        ["length of drain and source diffusion", quantity(card.diffusion_length, "m")],
        ["AD = AS, area of a diffusion", f"{card.diffusion_length * width * 1e12:.1f} um2"],
        ["PD = PS, perimeter of a diffusion", quantity(2 * (width + card.diffusion_length), "m")],
    ]
    return table(
        "Transistor: model and layout",
        [Column("quantity", width="0.55"), Column("value", width="1")],
        rows,
        caption="The contact distance is the one fitted layout value; it sets the on-resistance. The model's parameters stand in the netlist.",
        size=8.0,
    )


def read_noise(card: ReadNoise) -> Block:
    """Relative deviation against conductance."""
    rows = [[quantity(level, "S"), percent(deviation)] for level, deviation in zip(card.conductance, card.relative_deviation, strict=True)]
    return table(
        f"Read noise {card.name}",
        [Column("conductance", "right"), Column("relative deviation", "right")],
        rows,
        caption=f"Correlation time {quantity(card.correlation_time, 's')}. Valid: {card.valid}. {card.source[:1].upper()}{card.source[1:]}.",
        size=8.0,
    )
