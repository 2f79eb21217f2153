"""Networks of snnTorch: `nn.Linear` followed by `snntorch.Leaky` or `snntorch.Synaptic`, as a module, a state dict or a file of one.

A file is read without running code (`weights_only`). snnTorch knows no seconds: the step `dt` must be said. A state dict tells neither `reset_delay` nor the
class of a layer; the defaults are taken and noted.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cosim._types import Array
from cosim.errors import DataError
from cosim.snn.conversion import SourceLayer, convert
from cosim.snn.encoding import LatencyCard
from cosim.snn.fidelity import Imported
from cosim.snn.network import Readout

if TYPE_CHECKING:
    import torch

RESETS = ("subtract", "zero", "none")  # by `reset_mechanism_val`
HARMLESS = ("Flatten", "Identity", "Dropout")
DELAYED = ("reset", "in the step of the spike (reset_delay=False)", "one step later, as in snnTorch by default")
SYNAPTIC_ZERO = ("reset", "a reset Synaptic also loses the current of that step", "the synaptic current is kept")
UNKNOWN_CLASS = ("class", "a state dict does not tell Alpha from Synaptic", "Synaptic is taken; import the module to be sure")
UNKNOWN_DELAY = ("reset", "a state dict does not tell reset_delay", "one step later, the default, is taken; import the module to be sure")


def from_snntorch(
    source: "torch.nn.Module | Mapping[str, Any] | Path | str",
    *,
    dt: float,
    readout: Readout = "membrane_maximum",
    encoding: LatencyCard | None = None,
    duration: float = 0.1,
) -> Imported:
    """Import a network of snnTorch.

    Args:
        source: module, state dict, or a torch file that holds a state dict.
        dt: the step that it was trained with [s].
        readout: how its output is read.
        encoding: latency code of the input; the default card if left out.
        duration: how long an image is looked at [s].

    Raises:
        DataError: not such a network, recurrent, or with values that no neuron here can have.
    """
    import torch

    if isinstance(source, torch.nn.Module):
        where, layers = type(source).__name__, _of_module(source)
    elif isinstance(source, Mapping):
        where, layers = "state dict", _of_state(source, "state dict")
    else:
        where, layers = str(source), _of_state(_read(Path(source)), str(source))
    return convert(layers, dt=dt, encoding=encoding, duration=duration, readout=readout, where=where)


def _read(path: Path) -> Mapping[str, Any]:
    """The state dict of a torch file."""
    import pickle

    import torch

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DataError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except pickle.UnpicklingError:
        raise DataError(f"{path}: must be a state dict, torch.save(net.state_dict(), ...); a file with code in it is not run") from None
    except (RuntimeError, EOFError, ValueError, KeyError):
        raise DataError(f"{path}: damaged, or not a torch file") from None
    if not isinstance(found, Mapping) or not all(isinstance(each, torch.Tensor) for each in found.values()):
        raise DataError(f"{path}: must be a state dict, torch.save(net.state_dict(), ...)")
    return found


def _of_module(module: "torch.nn.Module") -> list[SourceLayer]:
    """Source layers of a module, in the order in which its parts were made."""
    import snntorch
    import torch

    where, layers, linear = type(module).__name__, list[SourceLayer](), None
    for name, part in module.named_modules():
        if isinstance(part, torch.nn.Linear):
            _free(linear, f"{where}, {name}")
            linear = part
        elif isinstance(part, snntorch.SpikingNeuron):
            if type(part) not in (snntorch.Leaky, snntorch.Synaptic):
                raise DataError(f"{where}, {name}: {type(part).__name__} has no circuit here; use Leaky or Synaptic")
            if linear is None:
                raise DataError(f"{where}, {name}: must come behind a Linear layer")
            if part.inhibition or part.state_quant:
                raise DataError(f"{where}, {name}: inhibition and quantized states have no circuit here")
            parts = (("linear", linear), ("neuron", part))
            state = {f"{which}.{key}": value for which, each in parts for key, value in each.state_dict().items()}
            remarks = () if part.reset_delay else (DELAYED,)
            layers.append(_source(state, "linear", "neuron", name, remarks))
            linear = None
        elif not any(True for _ in part.children()) and type(part).__name__ not in HARMLESS:
            raise DataError(f"{where}, {name}: {type(part).__name__} has no circuit here; use Linear with Leaky or Synaptic")
    _free(linear, f"{where}, the last Linear")
    return layers


def _free(linear: Any, where: str) -> None:
    if linear is not None:
        raise DataError(f"{where}: a Linear layer must be followed by Leaky or Synaptic")


def _of_state(state: Mapping[str, Any], where: str) -> list[SourceLayer]:
    """Source layers of a state dict, whose keys are in the order of the parts."""
    parts: dict[str, list[str]] = {}
    for key in state:
        part, _, name = key.rpartition(".")
        parts.setdefault(part, []).append(name)
    layers, linear = list[SourceLayer](), None
    for part, names in parts.items():
        if part.rpartition(".")[2] == "recurrent" or "V" in names:
            raise DataError(f"{where}, {part}: recurrent layers have no circuit here")
        if "beta" in names and "threshold" in names:
            if linear is None:
                raise DataError(f"{where}, {part}: must come behind a Linear layer")
            layers.append(_source(state, linear, part, part, (UNKNOWN_DELAY, *((UNKNOWN_CLASS,) if "alpha" in names else ()))))
            linear = None
        elif set(names) <= {"weight", "bias"} and "weight" in names and np.ndim(state[f"{part}.weight" if part else "weight"]) == 2:
            _free(linear, f"{where}, {part}")
            linear = part
        else:
            raise DataError(f"{where}, {part}: neither Linear, Leaky nor Synaptic; it holds {', '.join(names)}")
    _free(linear, f"{where}, {linear}")
    return layers


def _source(state: Mapping[str, Any], linear: str, neuron: str, name: str, remarks: tuple[tuple[str, str, str], ...]) -> SourceLayer:
    """A source layer from the tensors of a linear and of a spiking part."""

    def array(part: str, key: str) -> Array | None:
        value = state.get(f"{part}.{key}" if part else key)
        return None if value is None else value.detach().cpu().numpy()

    code = array(neuron, "reset_mechanism_val")
    reset = "subtract" if code is None else RESETS[int(code)]
    alpha, factor = array(neuron, "alpha"), array(neuron, "graded_spikes_factor")
    if alpha is not None and reset == "zero":
        remarks = (*remarks, SYNAPTIC_ZERO)
    if factor is not None and not np.all(factor == 1):
        remarks = (*remarks, ("graded spikes", f"spikes of {np.ravel(factor)[0]:.4g}", "a spike is 1: multiply the next weights before the import"))
    weights, beta = array(linear, "weight"), array(neuron, "beta")
    assert weights is not None
    assert beta is not None
    return SourceLayer(name, weights, np.clip(beta, 0, 1), alpha, array(neuron, "threshold"), array(linear, "bias"), reset, remarks)
