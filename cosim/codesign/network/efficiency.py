"""Energy of one inference, and operations per joule, for networks of any size built from measured units (Lim 2025, Fig. S8).

Four bounds are drawn, since a figure without its bound says nothing: the array alone, the array with its word lines, and all of it with units that are powered
through the window of an image or only until the decision. Operations are counted twice: as a dense network would need them, and as cells that conduct.
`assumptions` says what stands behind a result. Not here: what a unit takes (`cosim.codesign.neuron.energy`), how many neurons fire (`sparse.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.unit import SPIKE_HEIGHT
from cosim.codesign.network.mapping import READ_VOLTAGE
from cosim.codesign.neuron.energy import Energy
from cosim.errors import InputError, reject
from cosim.snn.timing import Trapezoid

GATE_THRESHOLD = 0.7  # [V] from which on the transistor of a cell lets its memristor decide; the cell's energy is within 3 % of the circuit's
OPERATIONS = 2  # of a synapse: multiply and add
WINDOW = 0.1  # [s] that an image is given
DECISION = 0.04  # [s] the latest spike of the code falls at 20 ms, and its potential has its peak 6 ms later

Bound = Literal["array", "array and word lines", "all, window", "all, decision"]
Counting = Literal["dense", "events"]
BOUNDS: tuple[Bound, ...] = ("array", "array and word lines", "all, window", "all, decision")
COUNTINGS: tuple[Counting, ...] = ("dense", "events")


def conduction_time(pulse: Trapezoid) -> float:
    """How long a cell conducts in one spike [s]: while its gate is above `GATE_THRESHOLD`."""
    return pulse.top + (pulse.rise + pulse.fall) * (1.0 - GATE_THRESHOLD / SPIKE_HEIGHT)


def array_energy(conductances: Array, times: Array, *, read_voltage: float = READ_VOLTAGE, pulse: Trapezoid | None = None) -> Array:
    """Energy that the cells of an array take from the read voltage.

    Args:
        conductances: ``(inputs, outputs)`` [S]; of pairs the sum of both.
        times: ``(images, inputs)`` spikes [s], infinite where an input is silent.
        read_voltage: across a cell [V].
        pulse: of a spike.

    Returns:
        ``(images,)`` [J].

    Raises:
        InputError: the images have another number of inputs than the array has rows.
    """
    if times.ndim != 2 or times.shape[1] != conductances.shape[0]:
        raise reject(InputError, "array energy", "times", f"shape {times.shape}", f"of shape (images, {conductances.shape[0]})")
    row = conductances.sum(axis=1) * read_voltage**2 * conduction_time(pulse or Trapezoid())
    return np.asarray(np.isfinite(times) @ row)


def active_conductance(conductances: Array, times: Array) -> float:
    """Mean conductance of the cells that conduct [S]; arguments as in `array_energy`; 0 if no input fires."""
    spikes = np.isfinite(times).sum(axis=0)
    total = float(spikes.sum()) * conductances.shape[1]
    return float(spikes @ conductances.sum(axis=1) / total) if total else 0.0


@dataclass(frozen=True, kw_only=True)
class Efficiency:
    """Energy of one inference, and what it is spent for.

    Attributes:
        shape: inputs, neurons of the hidden layers, outputs.
        spikes: mean number of spikes of a neuron in each layer that drives cells, during one image.
        synapses: of the network.
        events: synapses that conduct, each as often as a spike comes, in a mean image.
        array: energy of the cells [J].
        word_lines: energy of their gates [J].
        resting: power of all units without spikes [W].
        spiking: energy that the spikes add in the units [J].
        window, decision: how long the units are powered [s].
        pairs: two cells for each synapse.
        read_voltage: across a cell [V].
        conducting: how long a cell conducts in one spike [s].
    """

    shape: tuple[int, ...]
    spikes: tuple[float, ...]
    synapses: int
    events: float
    array: float
    word_lines: float
    resting: float
    spiking: float
    window: float
    decision: float
    pairs: bool
    read_voltage: float
    conducting: float

    @property
    def units(self) -> int:
        """Neurons that are circuits: all but the inputs."""
        return sum(self.shape[1:])

    def energy(self, bound: Bound) -> float:
        """Of one inference within one of the `BOUNDS` [J]."""
        if bound not in BOUNDS:
            raise reject(InputError, "efficiency", "bound", bound, " or ".join(BOUNDS))
        cells = self.array + (self.word_lines if bound != "array" else 0.0)
        powered = {"all, window": self.window, "all, decision": self.decision}.get(bound)
        return cells if powered is None else cells + self.spiking + self.resting * powered

    def operations(self, counting: Counting) -> float:
        """Of one inference: two for each synapse ("dense"), or for each one that conducts ("events")."""
        if counting not in COUNTINGS:
            raise reject(InputError, "efficiency", "counting", counting, " or ".join(COUNTINGS))
        return OPERATIONS * (self.synapses if counting == "dense" else self.events)

    def per_watt(self, bound: Bound, counting: Counting) -> float:
        """Operations per second and watt, which are operations per joule [1/J]; 1e9 of them are 1 GOPS/W."""
        spent = self.energy(bound)
        return self.operations(counting) / spent if spent else float("nan")


def inference_energy(
    shape: Sequence[int],
    unit: Energy,
    *,
    spikes: Sequence[float],
    conductance: float,
    full_conductance: float,
    read_voltage: float = READ_VOLTAGE,
    pulse: Trapezoid | None = None,
    pairs: bool = False,
    window: float = WINDOW,
    decision: float = DECISION,
) -> Efficiency:
    """What one image costs.

    Args:
        shape: inputs, neurons of the hidden layers, outputs.
        unit: measured energies of a unit.
        spikes: of a mean neuron in one image, for the inputs and each hidden layer.
        conductance: of a mean cell that conducts [S].
        full_conductance: of a cell of full weight, which `unit` was measured with [S].
        read_voltage, pulse: of the cells.
        pairs: two cells for each synapse.
        window, decision: how long the units are powered [s].

    Raises:
        InputError: a number that makes no sense, or not one number of spikes for each layer of cells.
    """
    _check(shape, spikes, conductance, full_conductance, read_voltage, window, decision)
    layers, conducting = list(pairwise(shape)), conduction_time(pulse or Trapezoid())
    events = sum(before * after * each for (before, after), each in zip(layers, spikes, strict=True))
    cells = events * (2 if pairs else 1)
    return Efficiency(
        shape=tuple(shape),
        spikes=tuple(spikes),
        synapses=sum(before * after for before, after in layers),
        events=events,
        array=cells * conductance * read_voltage**2 * conducting,
        word_lines=cells * unit.gate,
        resting=sum(shape[1:]) * unit.supply_quiescent,
        spiking=cells * unit.supply_spike * conductance / full_conductance,
        window=window,
        decision=decision,
        pairs=pairs,
        read_voltage=read_voltage,
        conducting=conducting,
    )


def _check(shape: Sequence[int], spikes: Sequence[float], conductance: float, full: float, read_voltage: float, window: float, decision: float) -> None:
    where = "inference energy"
    if len(shape) < 2 or min(shape) < 1:
        raise reject(InputError, where, "shape", tuple(shape), "inputs, hidden neurons if any, outputs; >= 1 each")
    if len(spikes) != len(shape) - 1 or not min(spikes) >= 0:
        raise reject(InputError, where, "spikes", tuple(spikes), f"{len(shape) - 1} numbers >= 0, of the inputs and each hidden layer")
    if not 0 < conductance <= full:
        raise reject(InputError, where, "conductance", conductance, f"> 0 and <= {full:g} S, that of a full weight")
    if not read_voltage > 0:
        raise reject(InputError, where, "read_voltage", read_voltage, "> 0 V")
    if not 0 < decision <= window:
        raise reject(InputError, where, "decision", decision, f"> 0 and <= window={window:g} s")


def assumptions(found: Efficiency) -> dict[str, str]:
    """What stands behind a result: topic -> a sentence, for the report."""
    layers = "-".join(str(each) for each in found.shape)
    spikes = " and ".join(f"{each:.3g}" for each in found.spikes)
    return {
        "Synapses": f"The network is {layers} with {found.synapses} synapses of {'two cells' if found.pairs else 'one cell'} each; a mean neuron of a "
        f"layer that drives cells sends {spikes} spikes an image, so that {found.events:.4g} synapses conduct.",
        "Cells": f"A cell takes G Vread^2 with Vread {found.read_voltage * 1e3:g} mV for the {found.conducting * 1e3:.4g} ms that its gate is above "
        f"{GATE_THRESHOLD:g} V; all layers have the mean conductance of the cells that conduct.",
        "Silence": "Cells of silent inputs take nothing; their leakage is left out.",
        "Word lines": "A word line takes the charge of the gates of its cells at every spike, and gives nothing back; the wire and the driver are left out.",
        "Power at rest": f"A unit at rest takes its measured power for {found.window * 1e3:g} ms (window) or {found.decision * 1e3:g} ms (decision); a "
        "unit that is switched off takes nothing, and switching it costs nothing.",
        "Spikes": "What a spike adds in a unit is proportional to the conductance of its cell, and spikes that fall together add up; the whole "
        "response is counted, also what follows the decision.",
        "Hidden neurons": "Units of networks with a hidden layer have a spike output, and a second column whose amplifiers take what those of the first do.",
        "Left out": "The latency code of the input, the choice of the highest membrane, clocks, and the sources of Vread and of the biases are left out.",
        "Operations": f"Dense operations are {OPERATIONS} for each synapse, whether or not it conducts; events are {OPERATIONS} for each synapse that does.",
    }
