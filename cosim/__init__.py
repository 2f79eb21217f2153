"""cosim: circuit-level simulation and hardware co-design of memristive spiking networks and analogue storage.

The names below are the public surface; each is imported when it is first asked for, so that ``import cosim`` stays light.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "Ac": "cosim.analysis",
    "Dc": "cosim.analysis",
    "Noise": "cosim.analysis",
    "Op": "cosim.analysis",
    "Options": "cosim.analysis",
    "Tran": "cosim.analysis",
    "Circuit": "cosim.circuits.circuit",
    "Parameter": "cosim.circuits.circuit",
    "Param": "cosim.circuits.expression",
    "Drive": "cosim.circuits.cells",
    "bench": "cosim.circuits.cells",
    "cell": "cosim.circuits.cells",
    "array": "cosim.circuits.arrays",
    "flatten": "cosim.circuits.flatten",
    "PiecewiseLinear": "cosim.circuits.stimuli",
    "triangular_sweep": "cosim.circuits.stimuli",
    "pulses": "cosim.circuits.stimuli",
    "spikes": "cosim.circuits.stimuli",
    "MemristorCard": "cosim.devices.memristor.card",
    "MosfetCard": "cosim.devices.mosfet",
    "load_memristor": "cosim.devices.memristor.card",
    "load_mosfet": "cosim.devices.mosfet",
    "load_read_noise": "cosim.devices.memristor.read_noise",
    "load_design": "cosim.design",
    "advise": "cosim.codesign.sizing",
    "agree": "cosim.codesign.network.check",
    "load_network": "cosim.snn.storage",
    "load_neuron": "cosim.circuits.neuron.card",
    "Lab": "cosim.sweep.lab",
    "Store": "cosim.sweep.store",
    "find_engine": "cosim.spice.engines",
    "simulate": "cosim.simulation",
    "measure": "cosim.measure",
    "write_deck": "cosim.spice.deck",
    "Status": "cosim.status",
    "Waves": "cosim.waves",
    "CosimError": "cosim.errors",
}
__all__ = [*sorted(_PUBLIC), "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'cosim' has no attribute {name!r}")
    module = import_module(_PUBLIC[name])
    return module if _PUBLIC[name] == f"cosim.{name}" else getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
