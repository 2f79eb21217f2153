"""Networks in the Neuromorphic Intermediate Representation: chains of Linear or Affine with LIF, CubaLIF, LI or CubaLI nodes.

NIR is written in continuous time. A spike is taken as a current of its weight during one step of the writer, as snnTorch does when it writes NIR with a step
of 0.1 ms whatever the network was trained with: hence `writer_step`, in which the times of the file count.

Source: Pedersen 2024, "Neuromorphic intermediate representation"; snnTorch 1.0, export_nir.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cosim._types import Array
from cosim.errors import DataError, reject
from cosim.snn.conversion import SourceLayer, convert
from cosim.snn.encoding import LatencyCard
from cosim.snn.fidelity import Imported
from cosim.snn.network import Readout, is_time

if TYPE_CHECKING:
    import nir

SNNTORCH_STEP = 1e-4  # [s] assumed by `snntorch.export_nir`
LINEAR = ("Linear", "Affine")
NEURONS = ("LIF", "CubaLIF", "LI", "CubaLI")
PASSED = ("Input", "Output", "Flatten")


def from_nir(
    source: "nir.NIRGraph | Path | str",
    *,
    dt: float,
    writer_step: float | None = None,
    readout: Readout = "membrane_maximum",
    encoding: LatencyCard | None = None,
    duration: float = 0.1,
) -> Imported:
    """Import a network in NIR.

    Args:
        source: graph, or the file of one.
        dt: the step that the network is run with here [s].
        writer_step: step that the writer assumed [s], `SNNTORCH_STEP` for files of snnTorch, whose steps become those of `dt`; None if the times of the file
            are seconds: then the time constants are kept.
        readout: how its output is read.
        encoding: latency code of the input; the default card if left out.
        duration: how long an image is looked at [s].

    Raises:
        DataError: not a chain of layers, recurrent, or with nodes or values that no neuron here can have.
    """
    for name, value in (("dt", dt), ("writer_step", writer_step)):
        if not is_time(value) and not (value is None and name == "writer_step"):
            raise reject(DataError, "NIR", name, value, "a step in seconds")
    where = str(source) if isinstance(source, str | Path) else "NIR graph"
    graph = _read(Path(source)) if isinstance(source, str | Path) else source
    layers, linear, linear_name = list[SourceLayer](), None, ""
    for name, node in _chain(graph, where):
        kind = type(node).__name__
        if kind in LINEAR and linear is None:
            linear, linear_name = node, name
        elif kind in NEURONS and linear is not None:
            layers.append(_source(name, linear, node, dt, writer_step, f"{where}, {name}"))
            linear = None
        elif kind not in PASSED:
            raise DataError(f"{where}, {name}: {kind} must be Linear or Affine and then {', '.join(NEURONS[:-1])} or {NEURONS[-1]}, one after the other")
    if linear is not None:
        raise DataError(f"{where}, {linear_name}: a linear node must be followed by {', '.join(NEURONS[:-1])} or {NEURONS[-1]}")
    return convert(layers, dt=dt, encoding=encoding, duration=duration, readout=readout, where=where)


def _read(path: Path) -> Any:
    """The graph of a file."""
    import nir

    try:
        return nir.read(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file or directory") from None
    except (OSError, KeyError, ValueError, AssertionError, TypeError) as error:
        raise DataError(f"{path}: damaged, or not a NIR file; {str(error).splitlines()[0] if str(error) else type(error).__name__}") from None


def _chain(graph: Any, where: str) -> list[tuple[str, Any]]:
    """The nodes from the input to the output.

    Raises:
        DataError: a node has several followers, or one that was met before.
    """
    after: dict[str, list[str]] = {}
    for begin, end in dict.fromkeys(graph.edges):
        after.setdefault(begin, []).append(end)
    starts = [name for name, node in graph.nodes.items() if type(node).__name__ == "Input"]
    if len(starts) != 1:
        raise reject(DataError, where, "inputs", len(starts), "1")
    name, found = starts[0], [starts[0]]
    while following := after.get(name, []):
        if len(following) > 1 or following[0] in found:
            raise DataError(f"{where}, {name}: leads to {' and '.join(following)}; recurrent and branched networks have no circuit here")
        name = following[0]
        found.append(name)
    if nested := [each for each in found if type(graph.nodes[each]).__name__ == "NIRGraph"]:
        raise DataError(f"{where}, {nested[0]}: recurrent and branched networks have no circuit here")
    if left := [each for each in graph.nodes if each not in found]:
        raise DataError(f"{where}, {left[0]}: is not on the way from the input to the output")
    return [(each, graph.nodes[each]) for each in found]


def _source(name: str, linear: Any, node: Any, dt: float, writer_step: float | None, where: str) -> SourceLayer:
    """A source layer; what a spike adds to the membrane goes into the weights."""
    kind = type(node).__name__
    if np.any(node.v_leak):
        raise reject(DataError, where, "v_leak", float(np.ravel(node.v_leak)[np.flatnonzero(node.v_leak)[0]]), "0")
    remarks: tuple[tuple[str, str, str], ...] = ()
    if np.any(getattr(node, "v_reset", 0.0)):
        remarks = (("reset", f"to {np.ravel(node.v_reset)[0]:.4g}", "to 0"),)
    step = dt if writer_step is None else writer_step
    tau = node.tau if kind in ("LIF", "LI") else node.tau_mem
    if not np.all(np.asarray(tau) > 0):
        raise reject(DataError, where, "tau", float(np.min(tau)), "> 0")
    gain, alpha = np.asarray(node.r * step / tau, dtype=float), None
    if kind in ("CubaLIF", "CubaLI"):
        gain, alpha = gain * node.w_in * step / node.tau_syn, _decay(node.tau_syn, dt, writer_step)
    weights = np.asarray(linear.weight, dtype=float)
    if weights.ndim != 2:
        raise reject(DataError, where, "weights of shape", weights.shape, "(outputs, inputs)")
    scaled = weights * np.reshape(gain, (-1, 1))
    bias = getattr(linear, "bias", None)
    return SourceLayer(
        name=name,
        weights=scaled,
        beta=_decay(tau, dt, writer_step),
        alpha=alpha,
        threshold=getattr(node, "v_threshold", None),
        bias=None if bias is None else np.asarray(bias) * np.ravel(gain),
        remarks=remarks,
    )


def _decay(tau: Array, dt: float, writer_step: float | None) -> Array:
    """Decay in one step: exact for times in seconds, ``1 - step / tau`` for a writer that stepped so."""
    return np.exp(-dt / np.asarray(tau, dtype=float)) if writer_step is None else 1.0 - writer_step / np.asarray(tau, dtype=float)
