"""From the discrete neurons of other programs to layers here: decays to time constants, weights to 0..1, and what is lost on the way.

A source layer computes ``syn = alpha syn + W s`` and ``U = beta U + syn`` in each step (`alpha` 0 without a synapse). Its weights are divided by the largest
of them, and its membrane is counted in spikes of full weight; the threshold moves with both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.errors import DataError, reject
from cosim.snn.encoding import LatencyCard
from cosim.snn.fidelity import Fidelity, Imported, Note
from cosim.snn.network import Layer, Readout, Signs, TrainedNetwork, is_time
from cosim.snn.psp import discrete_peak
from cosim.snn.stepping import Reset
from cosim.snn.timing import TimeConstants


@dataclass(frozen=True, eq=False)
class SourceLayer:
    """A layer as the source has it.

    Attributes:
        name: in the source.
        weights: ``(outputs, inputs)``, as torch and NIR keep them.
        beta: decay of the membrane in one step, one for all neurons or one for each.
        alpha: decay of the synaptic current, or None.
        threshold: one for all or one for each; None for a layer that does not fire.
        bias: ``(outputs,)`` or None.
        reset: "zero", "subtract" or "none".
        remarks: subject, what the source does, what is done here: what else is not kept.
    """

    name: str
    weights: Array
    beta: Array
    alpha: Array | None = None
    threshold: Array | None = None
    bias: Array | None = None
    reset: str = "zero"
    remarks: tuple[tuple[str, str, str], ...] = ()


def convert(layers: Sequence[SourceLayer], *, dt: float, encoding: LatencyCard | None, duration: float, readout: Readout, where: str) -> Imported:
    """The network of some source layers.

    Raises:
        DataError: a layer has weights, decays or thresholds that no neuron here can have.
    """
    if not is_time(dt):
        raise reject(DataError, where, "dt", dt, "the step that it was trained with, in seconds")
    if not layers:
        raise DataError(f"{where}: must hold at least one pair of a linear and a spiking layer")
    signs: Signs = "pairs" if any((each.weights < 0).any() for each in layers) else "positive"
    made, notes, scales = [], list[Note](), []
    for index, source in enumerate(layers):
        fires = index + 1 < len(layers) or readout == "spike_count"
        layer, scale, found = _layer(source, dt=dt, pairs=signs == "pairs", fires=fires, where=f"{where}, {source.name}")
        made.append(layer)
        scales.append(scale)
        notes += found
    network = TrainedNetwork(layers=tuple(made), encoding=encoding or LatencyCard(), dt=dt, duration=duration, readout=readout, signs=signs, response="impulse")
    return Imported(network, Fidelity(tuple(notes)), np.array(scales))


def _layer(source: SourceLayer, *, dt: float, pairs: bool, fires: bool, where: str) -> tuple[Layer, float, list[Note]]:
    """A layer here, the scale of its membrane, and what there is to say."""
    weights = np.asarray(source.weights, dtype=float).T
    if weights.ndim != 2 or not np.isfinite(weights).all() or not weights.any():
        raise DataError(f"{where}: weights must be a matrix of numbers, not all 0")
    notes: list[Note] = []

    def tell(subject: str, source_: str, here: str, *, exact: bool) -> None:
        notes.append(Note(source.name, subject, source_, here, exact))

    taus = _taus(source, dt, notes, where)
    largest = float(np.abs(weights).max())
    scale = largest * discrete_peak(taus, dt)
    tell("weights", f"{weights.min():.4g} to {weights.max():.4g}", f"divided by {largest:.4g}, so that they are within {'-1' if pairs else '0'}..1", exact=True)
    if pairs:
        tell("negative weights", f"{(weights < 0).mean():.0%} of them", "pairs of devices, plus less minus", exact=True)
    if source.bias is not None and np.any(source.bias):
        tell(
            "bias",
            f"up to {np.abs(source.bias).max() / scale:.3g} spikes of full weight in each step",
            "no device gives a current without a spike",
            exact=False,
        )
    threshold = _threshold(source, scale, notes, fires=fires, where=where)
    for subject, theirs, here in source.remarks:
        if fires or subject != "reset":
            tell(subject, theirs, here, exact=False)
    reset: Reset = "subtract" if source.reset == "subtract" else "zero"
    if fires and reset == "subtract":
        tell("reset", "by subtraction of the threshold", "kept in the model, but a circuit discharges the membrane to rest", exact=False)
    if fires and source.reset == "none":
        tell("reset", "none", "to zero: a circuit discharges the membrane", exact=False)
    divided = weights / largest
    minus = np.maximum(-divided, 0.0) if pairs else None
    return Layer(plus=np.maximum(divided, 0.0), minus=minus, taus=taus, threshold=threshold, reset=reset), scale, notes


def _taus(source: SourceLayer, dt: float, notes: list[Note], where: str) -> TimeConstants:
    """Time constants of the decays: ``tau = -dt / ln(beta)``."""
    found = {"fall": 0.0, "membrane": 0.0}
    for name, symbol, decays in (("membrane", "beta", source.beta), ("fall", "alpha", source.alpha)):
        if decays is None:
            continue
        each = np.atleast_1d(np.asarray(decays, dtype=float))
        if name == "fall" and not each.any():
            continue
        outside = ~((each > 0) & (each < 1))
        if outside.any():
            raise reject(DataError, where, symbol, float(each[outside][0]), "> 0 and < 1, a decay in one step")
        taus = -dt / np.log(each)
        found[name] = float(taus.mean())
        if np.ptp(each) > 0:
            spread = f"{each.min():.4g} to {each.max():.4g}, one for each neuron ({taus.min() * 1e3:.3g} to {taus.max() * 1e3:.3g} ms)"
            notes.append(Note(source.name, symbol, spread, f"one bias sets the time constant of a layer: {found[name] * 1e3:.4g} ms, their mean", False))
        else:
            here = f"{found[name] * 1e3:.4g} ms, -dt / ln({symbol})"
            notes.append(Note(source.name, symbol, f"{each[0]:.6g} in a step of {dt * 1e3:g} ms", here, True))
    return TimeConstants(rise=0.0, fall=found["fall"], membrane=found["membrane"])


def _threshold(source: SourceLayer, scale: float, notes: list[Note], *, fires: bool, where: str) -> float | None:
    """The threshold in spikes of full weight."""
    if not fires:
        if source.threshold is not None:
            notes.append(Note(source.name, "spikes of the output", "fires and is reset", "membranes without spikes, read by their maxima", False))
        return None
    if source.threshold is None:
        raise DataError(f"{where}: must fire, since its spikes are needed")
    each = np.atleast_1d(np.asarray(source.threshold, dtype=float))
    if not np.all((each > 0) & np.isfinite(each)):
        raise reject(DataError, where, "threshold", float(each.min()), "> 0")
    threshold = float(each.mean()) / scale
    if np.ptp(each) > 0:
        theirs = f"{each.min():.4g} to {each.max():.4g}, one for each neuron"
        notes.append(Note(source.name, "threshold", theirs, f"one for the layer: {threshold:.4g} spikes of full weight, their mean", False))
    else:
        notes.append(Note(source.name, "threshold", f"{each[0]:.4g}", f"{threshold:.4g} spikes of full weight", True))
    return threshold
