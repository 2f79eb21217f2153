"""``cosim check``: a trained network on a simulated circuit, image by image, and whether both say the same."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cosim.cli.networks import (
    Conditions,
    circuit_options,
    data_option,
    held_out_images,
    mapping_options,
    mapping_plan,
    read_network,
    rounding_of,
    share_text,
    share_values,
)
from cosim.cli.options import FILE, chosen_engine, engine_option, json_option, opened_store, seconds, store_option, timeout_option, workers_option
from cosim.cli.output import say, say_json, say_table
from cosim.errors import CheckFailed, SimulationError
from cosim.units import engineering

if TYPE_CHECKING:
    from cosim.codesign.network.check import Check
    from cosim.codesign.network.firing import SpikeAgreement

COLUMNS = ("image", "label", "network", "circuit", "margin [%]", "decided")
SHOWN = 40  # rows on a terminal


@click.command(short_help="Hold a trained network against its circuit.")
@click.argument("network_path", metavar="NETWORK", type=FILE)
@data_option
@click.option("--images", type=int, default=100, show_default=True, help="Test images to run.")
@click.option("--calibration", type=int, default=50, show_default=True, help="Other test images, which the error bound is measured on; at least 20.")
@click.option("--variant", metavar="CARD", help="Of the units: a name or the path of a card. Default: two_pole; robust_pairs for pairs and layers that fire.")
@click.option("--supply", metavar="VOLTAGE", help="Supply voltage. Default: that of the card.")
@mapping_options
@circuit_options
@engine_option
@timeout_option
@store_option
@workers_option
@json_option
def check(
    network_path: Path,
    data_name: str,
    images: int,
    calibration: int,
    variant: str | None,
    supply: str | None,
    bits: int,
    gain: str,
    tuning_error: str,
    variation: str,
    stuck_low: str,
    stuck_high: str,
    seed: int,
    temperature: str,
    mismatch: str,
    wires: str,
    noise: str,
    noise_time: str,
    engine: str | None,
    timeout: str,
    store_folder: Path | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Run images through the circuit of a NETWORK and compare the classes: layer by layer, on 1T1R arrays with a unit behind each column.

    Exit code 1 if an image differs whose classes lie further apart than the error bound, or if most images lie closer; 4 if runs failed.
    """
    from cosim.cli.fit import card_for, parts_for
    from cosim.codesign.network.check import check as run_check
    from cosim.design import Design
    from cosim.sweep.lab import Lab
    from cosim.sweep.progress import progress_bar

    network, design = read_network("check", network_path), Design()
    rounding = rounding_of(gain, network, data_name, bits=bits)
    plan = mapping_plan(bits=bits, rounding=rounding, tuning_error=tuning_error, variation=variation, stuck_low=stuck_low, stuck_high=stuck_high)
    conditions = Conditions.of(temperature=temperature, mismatch=mismatch, wires=wires, noise=noise, noise_time=noise_time, supply=supply, seed=seed)
    limit, examples = seconds(timeout, "--timeout"), held_out_images(data_name)
    plain = network.signs == "positive" and all(each.threshold is None for each in network.layers)
    card = card_for(design, variant if variant is not None else "two_pole" if plain else "robust_pairs", supply)
    chosen = chosen_engine(engine, design)
    with opened_store(store_folder) as store, progress_bar("check") as progress:
        lab = Lab(engine=chosen, store=store, workers=workers, timeout=limit, progress=progress)
        found = run_check(
            network,
            examples,
            lab,
            plan=plan,
            card=card,
            parts=parts_for(design, card),
            images=images,
            calibration=calibration,
            seed=seed,
            corner=conditions.corner,
            mismatch=conditions.mismatch,
            wire_resistance=conditions.wire_resistance,
            noise=conditions.noise,
        )
    _warn(found)
    if as_json:
        say_json(_values(found, network_path, data_name, seed, str(chosen), conditions.values))
    else:
        _show(found, str(chosen), str(conditions))
    _judge(found)


def _warn(found: "Check") -> None:
    """Say where the circuit is another network from the start."""
    options = {"fall": "--tau-fall", "membrane": "--tau-mem"}
    for name, (circuit, network) in found.detuned.items():
        shown = f"{name} of {found.variant} is {engineering(circuit, 's')}, of the network {engineering(network, 's')}"
        remedy = f"`cosim fit neuron {options[name]} {engineering(network).replace(' ', '')} -o card.toml` fits a card" if network else "no variant has 0"
        click.echo(f"cosim: check: {shown}; {remedy}", err=True)


def _show(found: "Check", engine: str, conditions: str) -> None:
    import numpy as np

    agreement, rows = found.agreement, found.differing
    done = found.right("circuit")[1]
    decided = int((agreement.decided & (agreement.circuit >= 0)).sum())
    table = [
        *([("conditions", conditions)] if conditions else []),
        ("images, of these run", f"{len(found.images)}, {done}"),
        *((f"accuracy {words}", share_text(*found.right(name))) for words, name in ACCURACIES if done),
        ("error bound", f"{100 * found.bound.error:.2f} % of the highest output, from {found.bound.images} other images"),
        ("undecided", f"{100 * agreement.undecided:.1f} %: the two best outputs lie closer than the bound"),
        ("decided images that agree", f"{decided - agreement.disagreements.size} of {decided}"),
        ("all images that agree", f"{done - len(rows)} of {done}"),
        *([("largest wave error", _wave_text(found))] if np.isfinite(found.agreement.waves).any() else []),
        *((f"spikes of layer {number}", _spike_text(each)) for number, each in enumerate(found.spikes, start=1)),
        ("simulation", f"{engineering(found.seconds / (len(found.images) + len(found.calibration_images)), 's')} an image; variant {found.variant}; {engine}"),
    ]
    say_table(("what", "value"), table)
    if rows:
        say("")
        say_table(COLUMNS, [_cells(asdict(each)) for each in rows[:SHOWN]])
    if len(rows) > SHOWN:
        say(f"{len(rows) - SHOWN} more; all of them with --json")
    for image, why in found.failures.items():
        say(f"image {image}: {why}")


def _wave_text(found: "Check") -> str:
    """Membranes against their model."""
    import numpy as np

    waves = found.agreement.waves
    lag = f"the circuit lags by {1e3 * found.lag:.1f} ms"
    return f"{100 * np.nanmax(waves):.2f} %, median {100 * np.nanmedian(waves):.2f} %, of the highest point; {lag}"


def _spike_text(found: "SpikeAgreement") -> str:
    """Spikes of the circuit against those of the network."""
    late = f"{found.expected} in the network; lag {1e3 * found.lag:.2f} ms, then {1e3 * found.median:.2f} ms off in the median"
    return f"{late}, 95 % within {1e3 * found.tail:.2f} ms; {100 * found.missing:.1f} % missing, {100 * found.extra:.1f} % too many"


ACCURACIES = (("of the network", "ideal"), ("with the weights of the array", "network"), ("of the circuit", "circuit"))


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    return (row["image"], row["label"], row["network"], row["circuit"], f"{100 * row['margin']:.2f}", "yes" if row["decided"] else "no")


def _values(found: "Check", path: Path, data_name: str, seed: int, engine: str, conditions: dict[str, Any]) -> dict[str, Any]:
    agreement = found.agreement
    return {
        "network": path,
        "data": data_name,
        "variant": found.variant,
        "mapping": asdict(found.plan),
        "conditions": conditions,
        "calibration_images": len(found.calibration_images),
        "seed": seed,
        "engine": engine,
        "images": len(found.images),
        "accuracy": {name: share_values(*found.right(name)) for _, name in ACCURACIES if (agreement.circuit >= 0).any()},
        "bound": asdict(found.bound),
        "undecided": agreement.undecided,
        "wave_errors": agreement.waves,
        "lag": found.lag,
        "spikes": [asdict(each) for each in found.spikes],
        "equal": agreement.equal,
        "passed": found.passed,
        "differing": [asdict(each) for each in found.differing],
        "failures": found.failures,
        "seconds": found.seconds,
        "circuit_taus": {"fall": found.taus.fall, "membrane": found.taus.membrane},
        "classes": {"network": agreement.network, "circuit": agreement.circuit, "label": agreement.labels, "decided": agreement.decided},
    }


def _judge(found: "Check") -> None:
    """The exit code: failed runs first, then images that differ."""
    if found.failures:
        image, why = next(iter(found.failures.items()))
        raise SimulationError(f"check: {len(found.failures)} of {len(found.images) + len(found.calibration_images)} runs failed, first image {image}: {why}")
    wrong = [each for each in found.differing if each.decided]
    if not wrong and not found.passed:
        undecided, bound = 100 * found.agreement.undecided, 100 * found.bound.error
        raise CheckFailed(f"check: {undecided:.0f} % of the images are undecided, so that nothing is shown; the bound is {bound:.1f} % of the highest output")
    if wrong:
        first = f"image {wrong[0].image}: network {wrong[0].network}, circuit {wrong[0].circuit}, margin {100 * wrong[0].margin:.2f} %"
        raise CheckFailed(f"check: {len(wrong)} decided images differ, first {first}; the bound is {100 * found.bound.error:.2f} %")
