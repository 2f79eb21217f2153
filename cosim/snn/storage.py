"""Trained networks as files: safetensors for the weights, everything else as JSON in its header. No code is in them."""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.errors import DataError, InputError
from cosim.files import write_file
from cosim.snn.encoding import LatencyCard
from cosim.snn.network import Layer, TrainedNetwork
from cosim.snn.timing import TimeConstants, Trapezoid

FORMAT = 1
KEY = "cosim"
NAMES = ("format", "encoding", "dt", "duration", "readout", "signs", "response", "pulse", "seed", "accuracy", "versions", "layers")


def save_network(network: TrainedNetwork, path: Path) -> None:
    """Write a network to a file (``network.safetensors``), completely or not at all.

    Raises:
        InputError: the folder is missing or cannot be written.
        StoreError: the disk is full.
    """
    tensors: dict[str, Array] = {}
    for index, layer in enumerate(network.layers, start=1):
        tensors |= {f"layer{index}.{name}": np.ascontiguousarray(each) for name, each in (("plus", layer.plus), ("minus", layer.minus)) if each is not None}
    described = {
        "format": FORMAT,
        **{name: getattr(network, name) for name in ("dt", "duration", "readout", "signs", "response", "seed", "accuracy")},
        "encoding": asdict(network.encoding),
        "pulse": asdict(network.pulse),
        "versions": dict(network.versions),
        "layers": [{"taus": asdict(each.taus), "threshold": each.threshold, "reset": each.reset} for each in network.layers],
    }
    write_tensors(path, tensors, described)


def load_network(path: Path) -> TrainedNetwork:
    """Read a network.

    Raises:
        DataError: no such file, not a network, or one that cannot be run; in one line with the path.
    """
    tensors, described = read_tensors(path)
    missing = [name for name in NAMES if name not in described]
    if missing:
        raise DataError(f"{path}: {missing[0]} is missing, so it cannot be run")
    unknown = sorted(set(described) - set(NAMES))
    if unknown or described["format"] != FORMAT:
        raise DataError(f"{path}: format {described['format']}{f' with {unknown[0]}' if unknown else ''}: must be {FORMAT}; read it with a newer cosim")
    try:
        return _network(tensors, described)
    except InputError as error:
        raise DataError(f"{path}: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: not a network of cosim, {error.args[0] if error.args else error}") from None


def _network(tensors: Mapping[str, Array], described: Mapping[str, Any]) -> TrainedNetwork:
    """The network of a file's content."""
    layers = tuple(
        Layer(
            plus=tensors[f"layer{index}.plus"],
            minus=tensors.get(f"layer{index}.minus"),
            taus=TimeConstants(**each["taus"]),
            threshold=each["threshold"],
            reset=each["reset"],
        )
        for index, each in enumerate(described["layers"], start=1)
    )
    values = {name: described[name] for name in NAMES if name not in ("format", "encoding", "pulse", "layers")}
    return TrainedNetwork(layers=layers, encoding=LatencyCard(**described["encoding"]), pulse=Trapezoid(**described["pulse"]), **values)


def write_tensors(path: Path, tensors: Mapping[str, Array], described: Mapping[str, Any]) -> None:
    """Arrays and a description as one file."""
    from safetensors.numpy import save

    write_file(path, save(dict(tensors), metadata={KEY: json.dumps(described, sort_keys=True)}))


def read_tensors(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Arrays and description of a file.

    Raises:
        DataError: it cannot be read, or was not written by `write_tensors`.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    try:
        tensors = load(content)
        header = json.loads(content[8 : 8 + struct.unpack("<Q", content[:8])[0]])
        described = json.loads(header.get("__metadata__", {}).get(KEY, "null"))
    except (SafetensorError, ValueError, struct.error):
        raise DataError(f"{path}: damaged, or not a safetensors file") from None
    if not isinstance(described, dict):
        raise DataError(f"{path}: a safetensors file without the description of cosim; import it from snnTorch or NIR")
    return tensors, described
