"""``cosim snn``: networks trained here or elsewhere, their accuracy, and the arrays that they become."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cosim.cli.networks import (
    data_option,
    first_images,
    held_out_images,
    mapping_options,
    mapping_plan,
    read_network,
    require_fit,
    rounding_of,
    share_text,
    share_values,
    training_images,
)
from cosim.cli.options import FILE, json_option, require_packages, seconds
from cosim.cli.output import check_writable, say, say_json, say_table
from cosim.errors import InputError

if TYPE_CHECKING:
    from cosim._types import Array
    from cosim.codesign.network.chip import Chip
    from cosim.snn.encoding import LatencyCard
    from cosim.snn.fidelity import Imported
    from cosim.snn.network import Readout, TrainedNetwork

NIR_ENDINGS = (".nir", ".h5", ".hdf5")
READOUTS = click.Choice(["membrane_maximum", "spike_count"])
readout_option = click.option("--readout", type=READOUTS, default="membrane_maximum", show_default=True, help="What the class is read by.")


@click.group(short_help="Train, import, map and run spiking networks.")
def snn() -> None:
    """Spiking networks with latency-coded images. Needs the extra `snn`."""


@snn.command(short_help="Train a network.")
@data_option
@click.option("--hidden", type=click.IntRange(min=1), multiple=True, help="Neurons of a hidden layer, which fires; may be repeated.")
@click.option("--signs", type=click.Choice(["positive", "pairs"]), default="positive", show_default=True, help="One memristor for a weight, or two (2T2R).")
@readout_option
@click.option("--epochs", type=int, default=40, show_default=True, help="Passes over the images.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of first weights, order of the images and noise.")
@click.option("-o", "--output", type=FILE, required=True, help="File of the network (.safetensors).")
@json_option
def train(data_name: str, hidden: tuple[int, ...], signs: str, readout: str, epochs: int, seed: int, output: Path, as_json: bool) -> None:
    """Train a network on a set of images and write it to a file. A training that was stopped goes on with the same command."""
    require_packages("snn train", "torch", "snntorch", "safetensors", extra="snn")
    from cosim.snn.network import accuracy
    from cosim.snn.plan import TrainingPlan
    from cosim.snn.storage import save_network
    from cosim.snn.training import NetworkPlan, train_network
    from cosim.sweep.progress import progress_bar

    check_writable(output)
    plan = TrainingPlan(epochs=epochs, seed=seed)
    closed = not hidden and readout == "membrane_maximum"
    wanted = NetworkPlan(
        hidden=hidden,
        signs="pairs" if signs == "pairs" else "positive",
        readout=_readout(readout),
        response="trapezoid" if closed else "impulse",
    )
    images, test = training_images(data_name), held_out_images(data_name)
    checkpoint = output.with_name(f"{output.name}.training")
    with progress_bar("train") as progress:
        network = train_network(images, test, wanted, plan, progress=progress, checkpoint=checkpoint)
    save_network(network, output)
    checkpoint.unlink(missing_ok=True)
    right = round(accuracy(network, test.pixels, test.labels) * len(test))
    if as_json:
        say_json({**_values(network, output), "data": data_name, "accuracy": share_values(right, len(test))})
    else:
        say(f"{output}: {_words(network)}; {share_text(right, len(test))} on {len(test)} test images of {data_name}")


@snn.command("import", short_help="Import a network of snnTorch or NIR.")
@click.argument("source", metavar="FILE", type=FILE)
@click.option("--dt", metavar="TIME", help="The step that it was trained with, for example 1m. Must be given.")
@click.option("--writer-step", metavar="TIME", help="NIR: step that the writer assumed, 0.1m for files of snnTorch. Default: times are seconds.")
@readout_option
@click.option("--duration", metavar="TIME", default="100 ms", show_default=True, help="How long an image is looked at.")
@click.option("--latest", metavar="TIME", help="Latency code: latest spike. Default: 20 ms.")
@click.option("--threshold", metavar="SHARE", help="Latency code: pixel that just does not fire. Default: 0.3.")
@click.option("--tau", metavar="TIME", help="Latency code: scale of the times. Default: 5 ms.")
@click.option("-o", "--output", type=FILE, required=True, help="File of the network (.safetensors).")
@json_option
def import_(
    source: Path,
    dt: str | None,
    writer_step: str | None,
    readout: str,
    duration: str,
    latest: str | None,
    threshold: str | None,
    tau: str | None,
    output: Path,
    as_json: bool,
) -> None:
    """Import a state dict of snnTorch, or a NIR file (.nir, .h5), and say what was kept of it and what was not."""
    if dt is None:
        raise InputError("snn import, --dt: must be given, the step that the network was trained with, for example 1m; the file does not tell")
    check_writable(output)
    nir = source.suffix.lower() in NIR_ENDINGS
    require_packages("snn import", *(("nir",) if nir else ("torch", "snntorch")), "safetensors", extra="snn")
    from cosim.snn.storage import save_network

    if writer_step is not None and not nir:
        raise InputError(f"--writer-step={writer_step}: must be left out for {source}, which is no NIR file ({', '.join(NIR_ENDINGS)})")
    step, length, code = seconds(dt, "--dt"), seconds(duration, "--duration"), _code(latest, threshold, tau)
    imported = _imported(source, step, None if writer_step is None else seconds(writer_step, "--writer-step"), readout, code, length, nir=nir)
    save_network(imported.network, output)
    losses = imported.fidelity.losses
    if as_json:
        notes = [each.__dict__ for each in imported.fidelity.notes]
        say_json({**_values(imported.network, output), "exact": imported.fidelity.exact, "notes": notes, "scales": imported.scales})
        return
    for each in imported.fidelity.notes:
        say(str(each))
    say(f"\n{output}: {_words(imported.network)}; {'everything is kept' if not losses else f'{len(losses)} parts are not kept'}")


@snn.command("map", short_help="Weights to conductances and states of an array.")
@click.argument("network_path", metavar="NETWORK", type=FILE)
@data_option
@mapping_options
@click.option("-o", "--output", type=FILE, required=True, help="File of states and conductances (.npz).")
@json_option
def map_(
    network_path: Path,
    data_name: str,
    bits: int,
    gain: str,
    tuning_error: str,
    variation: str,
    stuck_low: str,
    stuck_high: str,
    seed: int,
    output: Path,
    as_json: bool,
) -> None:
    """Map the weights of a NETWORK onto arrays: target and conductance [S] and filament state of each memristor, one chip a seed."""
    from cosim.codesign.network.chip import map_network
    from cosim.design import Design
    from cosim.devices.memristor.card import load_memristor

    if output.suffix != ".npz":
        raise InputError(f"--output={output}: must end in .npz")
    check_writable(output)
    network = read_network("snn map", network_path)
    rounding = rounding_of(gain, network, data_name, bits=bits)
    plan = mapping_plan(bits=bits, rounding=rounding, tuning_error=tuning_error, variation=variation, stuck_low=stuck_low, stuck_high=stuck_high)
    chips = map_network(network, load_memristor(Design().neuron.memristor), plan, seed=seed)
    _write_chips(chips, output)
    rows = [_row(index, name, mapped) for index, chip in enumerate(chips, start=1) for name, mapped in chip.arrays.items()]
    if as_json:
        say_json(
            {
                "output": output,
                "network": network_path,
                "seed": seed,
                "gain": rounding[0],
                "arrays": [dict(zip(ARRAY_COLUMNS, row, strict=True)) for row in rows],
            }
        )
    else:
        say_table(ARRAY_COLUMNS, rows)
        say(f"\n{output}: {sum(each.devices for each in network.layers)} memristors, gain {rounding[0]:.3g}, seed {seed}")


ARRAY_COLUMNS = ("layer", "array", "rows", "columns", "lowest [S]", "highest [S]", "deviation [S]")


@snn.command(short_help="Accuracy of a network.")
@click.argument("network_path", metavar="NETWORK", type=FILE)
@data_option
@click.option("--images", type=int, help="Test images to take. Default: all.")
@json_option
def infer(network_path: Path, data_name: str, images: int | None, as_json: bool) -> None:
    """Run test images through a NETWORK in NumPy: its accuracy with the 95 % interval, and how often each class was right."""
    import numpy as np

    from cosim.snn.network import predict

    network = read_network("snn infer", network_path)
    examples = first_images("snn infer", held_out_images(data_name), images)
    require_fit("snn infer", network, examples)
    classes = predict(network, examples.pixels)
    right = int((classes == examples.labels).sum())
    if as_json:
        found = {**_values(network, network_path), "data": data_name, "accuracy": share_values(right, len(examples))}
        say_json({**found, "classes": classes, "labels": examples.labels})
        return
    counts = [(int(label), examples.labels == label) for label in np.unique(examples.labels)]
    say_table(("class", "images", "right"), [(label, int(mask.sum()), int((classes[mask] == label).sum())) for label, mask in counts])
    say(f"\n{network_path}: {_words(network)}; {share_text(right, len(examples))} on {len(examples)} test images of {data_name}")


def _readout(text: str) -> "Readout":
    return "spike_count" if text == "spike_count" else "membrane_maximum"


def _code(latest: str | None, threshold: str | None, tau: str | None) -> "LatencyCard":
    """The latency code that the options stand for."""
    from cosim.snn.encoding import LatencyCard
    from cosim.units import parse

    given = {"latest": (latest, "s"), "threshold": (threshold, "%"), "tau": (tau, "s")}
    return LatencyCard(**{name: parse(text, unit, where=f"--{name}") for name, (text, unit) in given.items() if text is not None})


def _imported(source: Path, dt: float, writer_step: float | None, readout: str, code: "LatencyCard", duration: float, *, nir: bool) -> "Imported":
    read = _readout(readout)
    if nir:
        from cosim.snn.nir_files import from_nir

        return from_nir(source, dt=dt, writer_step=writer_step, readout=read, encoding=code, duration=duration)
    from cosim.snn.importing import from_snntorch

    return from_snntorch(source, dt=dt, readout=read, encoding=code, duration=duration)


def _write_chips(chips: "tuple[Chip, ...]", output: Path) -> None:
    """``layer1.plus.state`` and the like as an .npz file."""
    import io

    import numpy as np

    from cosim.files import write_file

    arrays: dict[str, Array] = {}
    for index, chip in enumerate(chips, start=1):
        for name, mapped in chip.arrays.items():
            found = {"target": mapped.target, "conductance": mapped.conductance, "state": mapped.cells.states}
            scales = {"current_scale": mapped.cells.current_scale, "series_scale": mapped.cells.series_scale}
            found |= {each: scale for each, scale in scales.items() if scale is not None}
            arrays |= {f"layer{index}.{name}.{each}": value for each, value in found.items()}
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_file(output, content.getvalue())


def _row(index: int, name: str, mapped: Any) -> tuple[object, ...]:
    import numpy as np

    found = mapped.conductance
    return (index, name, *found.shape, float(found.min()), float(found.max()), float(np.std(found - mapped.target)))


def _words(network: "TrainedNetwork") -> str:
    """Shape, signs and readout."""
    devices = sum(each.devices for each in network.layers)
    return f"{' - '.join(map(str, network.shape))}, {network.signs}, {devices} memristors, read by {network.readout}"


def _values(network: "TrainedNetwork", path: Path) -> dict[str, Any]:
    devices = sum(each.devices for each in network.layers)
    return {"network": path, "shape": network.shape, "signs": network.signs, "readout": network.readout, "seed": network.seed, "devices": devices}
