"""``cosim fit``: biases of a unit from the time constants that it is to have."""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cosim.cli.options import FILE, chosen_engine, engine_option, json_option, load_design, opened_store, store_option, workers_option
from cosim.cli.output import check_writable, say, say_json, say_table, write_text
from cosim.errors import CheckFailed, InputError
from cosim.units import engineering

if TYPE_CHECKING:
    from cosim.circuits.neuron.card import NeuronCard
    from cosim.circuits.neuron.unit import Parts
    from cosim.codesign.neuron.bias import BiasFit
    from cosim.design import Design
    from cosim.snn.timing import TimeConstants

OPTIONS = {"rise": "--tau-rise", "fall": "--tau-fall", "leak": "--tau-mem"}


@click.group(short_help="Fit the biases of a circuit.")
def fit() -> None:
    """Fit the biases of a circuit to what it is to do."""


@fit.command(short_help="Biases of a neuron-synapse-neuron unit.")
@click.argument("design_path", metavar="[DESIGN]", type=FILE, required=False)
@click.option("--variant", metavar="CARD", help="as_printed, linear, two_pole, robust, board, or the path of a card. Default: the design's.")
@click.option("--tau-rise", metavar="TIME", help="Rise of the synaptic current, for example 0.5m.")
@click.option("--tau-fall", metavar="TIME", help="Decay of the synaptic current, for example 2m.")
@click.option("--tau-mem", metavar="TIME", help="Decay of the membrane, for example 15m.")
@click.option("--supply", metavar="VOLTAGE", help="Supply voltage. Default: that of the card.")
@click.option("--ideal", is_flag=True, help="Ideal op-amps. Default: the design's op-amp; the variants of the paper always have ideal ones.")
@click.option("-o", "--output", type=FILE, help="Write the fitted card.")
@engine_option
@store_option
@workers_option
@json_option
def neuron(
    design_path: Path | None,
    variant: str | None,
    tau_rise: str | None,
    tau_fall: str | None,
    tau_mem: str | None,
    supply: str | None,
    ideal: bool,
    output: Path | None,
    engine: str | None,
    store_folder: Path | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Fit gate voltages, currents and capacitors so that a unit has these time constants.

    Exit code 1 if one of them cannot be reached, within 5 % (15 % without a low-pass); the reason stands beside it.
    """
    from cosim.codesign.neuron.bias import fit_biases
    from cosim.sweep.lab import Lab
    from cosim.sweep.progress import progress_bar

    if as_json and str(output) == "-":
        raise InputError("--output=-: must be a file where --json takes stdout")
    design = _design(load_design(design_path), {"tau_rise": tau_rise, "tau_fall": tau_fall, "tau_mem": tau_mem})
    if output is not None:
        check_writable(output)
    card = card_for(design, variant, supply)
    parts = parts_for(design, card, ideal=ideal)
    chosen = chosen_engine(engine, design)
    with opened_store(store_folder) as store, progress_bar("fit") as progress:
        found = fit_biases(card, targets(design), Lab(engine=chosen, store=store, workers=workers, progress=progress), parts=parts)
    if output is not None:
        write_card(found, output)
    if as_json:
        say_json(_values(found, design))
    else:
        _show(found, design)
    if found.unreached:
        first = found.unreached[0]
        raise CheckFailed(f"fit neuron {card.name}, {first.name}: {engineering(first.target, 's')} is not reached: {first.reason}")


def parts_for(design: "Design", card: "NeuronCard", *, ideal: bool = False) -> "Parts":
    """The devices of a design around a card: ideal op-amps for the variants of the paper, which have no other."""
    from cosim.circuits.neuron.unit import Parts
    from cosim.devices.memristor.card import load_memristor
    from cosim.devices.mosfet import load_mosfet
    from cosim.devices.opamp import load_opamp

    opamp = None if ideal or not card.has("spikes") else load_opamp(design.neuron.opamp)
    memristor, transistor = load_memristor(design.neuron.memristor), design.transistor
    return Parts(memristor=memristor, nmos=load_mosfet(transistor.nmos), pmos=load_mosfet(transistor.pmos), opamp=opamp)


def targets(design: "Design") -> "TimeConstants":
    """The time constants of a design."""
    from cosim.snn.timing import TimeConstants

    return TimeConstants(rise=design.neuron.tau_rise, fall=design.neuron.tau_fall, membrane=design.neuron.tau_mem)


def write_card(found: "BiasFit", output: Path) -> None:
    """The fitted card as a file."""
    from cosim.circuits.neuron.card import card_text

    goals = {"rise": found.response.targets.rise, "fall": found.response.targets.fall, "leak": found.response.targets.membrane}
    missing = {each.name for each in found.unreached}
    fitted = {}
    for knob in found.knobs:
        asked, reached = (engineering(each[knob.sets], "s") for each in (goals, found.found))
        fitted[knob.name] = f"fitted: time constant of {asked}"
        if OPTIONS[knob.sets].removeprefix("--").replace("-", "_") in missing:
            fitted[knob.name] = f"fitted to a time constant of {asked}, which is not reached: {reached} simulated"
    card = replace(found.card, name=re.sub(r"[^a-z0-9_]", "_", output.stem.lower())) if str(output) != "-" else found.card
    write_text(output, card_text(card, fitted))


def _design(design: "Design", given: dict[str, str | None]) -> "Design":
    """The design with the given time constants, all at once: they are checked against each other."""
    values = {key: value for key, value in given.items() if value is not None}
    where = ", ".join(f"--{key.replace('_', '-')}" for key in values)
    return design.replaced("neuron", values, where=where) if values else design


def card_for(design: "Design", variant: str | None, supply: str | None) -> "NeuronCard":
    """The card of a variant, or the design's, with another supply where one is given."""
    from cosim.circuits.neuron.card import GateBiasedCard, load_neuron
    from cosim.units import parse

    if variant == "":
        raise InputError("--variant=: must be the name of a card or the path of one")
    card: NeuronCard = load_neuron(variant or design.neuron.card)
    if supply is None:
        return card
    volts = parse(supply, "V", where="--supply")
    if not volts > 0:
        raise InputError(f"--supply={supply}: must be > 0 V")
    if isinstance(card, GateBiasedCard):  # these gates are meant against the supply
        step = volts - card.supply
        card = replace(card, threshold_voltage=card.threshold_voltage + step, synapse_voltage=card.synapse_voltage + step)
    return replace(card, supply=volts)


def _values(found: "BiasFit", design: "Design") -> dict[str, Any]:
    current, membrane = found.response.continuous_errors()
    return {
        "variant": found.card.name,
        "targets": targets(design).__dict__,
        "reached": found.found,
        "biases": {knob.name: getattr(found.card, knob.name) for knob in found.knobs},
        "unreached": [each.__dict__ for each in found.unreached],
        "errors": {"current": current, "membrane": membrane},
        "swing": found.response.swing,
        "baseline": found.response.baseline,
        "equations": found.prediction.__dict__,
        "runs": found.runs,
        "settled": found.settled,
    }


def _show(found: "BiasFit", design: "Design") -> None:
    prediction = {"rise": found.prediction.rise, "fall": found.prediction.fall, "leak": found.prediction.leak}
    missing = {each.name: each for each in found.unreached}
    goal = targets(design)
    goals = {"rise": goal.rise, "fall": goal.fall, "leak": goal.membrane}
    knobs = {knob.sets: knob for knob in found.knobs}
    rows = []
    for name, option in OPTIONS.items():
        label, knob = option.removeprefix("--").replace("-", "_"), knobs.get(name)
        reached = found.found[name] if knob else None
        bias = f"{knob.name} = {engineering(getattr(found.card, knob.name), knob.unit, digits=4)}" if knob else "-"
        error = f"{100 * (prediction[name] / reached - 1):+.1f} %" if reached and prediction[name] else "-"
        shown = engineering(reached, "s", digits=4) if reached else "-"
        asked, equation = engineering(goals[name], "s"), engineering(prediction[name], "s", digits=4)
        rows.append((label, asked, shown, bias, equation, error, "no" if label in missing else "yes"))
    say_table(("time constant", "asked", "simulated", "bias", "Eqs. 6-9", "their error", "reached"), rows)
    for each in found.unreached:
        say(f"{each.name}: {each.reason}")
    current, membrane = found.response.continuous_errors()
    waves = f"synaptic current {100 * current:.2f} %, membrane {100 * membrane:.2f} % off the continuous model"
    if not found.card.has("rise"):
        (current, _), (membrane, lag) = found.response.discrete_errors()
        waves = f"synaptic current {100 * current:.2f} %, membrane {100 * membrane:.2f} % off the 1 ms model, after a lag of {engineering(lag, 's')}"
    swing = f"swing {engineering(found.response.swing, 'V')} over {engineering(found.response.baseline, 'V')}"
    say(f"\nvariant {found.card.name}: {waves}; {swing}; {found.runs} runs{'' if found.settled else ', not settled'}")
