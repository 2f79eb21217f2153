"""Corners and mismatch: what moves a circuit away from its nominal self, as values that decks, sweeps and studies share.

A corner moves all devices together: temperature, supplies, and a skew of the process. Mismatch moves each transistor by
itself; its spread falls with the square root of the gate area (M. Pelgrom et al., IEEE JSSC 24 (1989) 1433). All draws are
made here, in NumPy, and reach every engine as numbers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Capacitor, Element, Instance, Mosfet, Resistor
from cosim.circuits.expression import Param, evaluate
from cosim.devices.memristor.variability import FLOOR, Spread
from cosim.errors import CircuitError
from cosim.params import check_params, param

TNOM = 27.0  # [degC] at which values of parts are given
SKEW = {"vt_shift": 0.0, "mobility": 1.0}  # parameters of a `skewable` circuit, and their neutral values


@dataclass(frozen=True, kw_only=True)
class Corner:
    """Temperature, factor on all supplies, and skew of the process; the defaults are nominal."""

    temperature: float = param("of all devices", "degC", default=27.0, above=-273.15, below=1000.0)
    supply: float = param("factor on all supplies", "1", default=1.0, above=0.0)
    threshold: float = param("added to the magnitude of every threshold voltage", "V", default=0.0, least=-5.0, most=5.0)
    mobility: float = param("factor on every mobility", "1", default=1.0, above=0.0)
    resistance: float = param("factor on every resistor with a tolerance", "1", default=1.0, above=0.0)
    capacitance: float = param("factor on every capacitor with a tolerance", "1", default=1.0, above=0.0)

    def __post_init__(self) -> None:
        check_params(self, where="corner")

    @property
    def skewed(self) -> bool:
        """Whether the process is off its typical values."""
        return self.threshold != 0.0 or self.mobility != 1.0

    @property
    def values(self) -> dict[str, float]:
        """Parameters of a `skewable` circuit; none where the process is typical."""
        return {"vt_shift": self.threshold, "mobility": self.mobility} if self.skewed else {}

    def __str__(self) -> str:
        text = f"{self.temperature:g} degC, supply {100 * (self.supply - 1):+.0f} %"
        if self.skewed:
            text = f"{text}, Vth {1e3 * self.threshold:+g} mV, mobility {100 * (self.mobility - 1):+.3g} %"
        for letter, factor in (("R", self.resistance), ("C", self.capacitance)):
            text += f", {letter} {100 * (factor - 1):+.3g} %" if factor != 1.0 else ""
        return text


NOMINAL = Corner()


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """Spread of single devices: standard deviation of each transistor from the mean, and of each memristor.

    Foundries state ``A_VT`` for the difference within a pair; that of a single transistor is smaller by sqrt(2).
    """

    a_vt: float = param("threshold: standard deviation times the root of W L", "V*m", default=0.0, least=0.0, most=1e-6)
    a_mobility: float = param("mobility: relative standard deviation times the root of W L", "%*m", default=0.0, least=0.0, most=1e-6)
    memristor: float = param("relative spread of the current scale and of the series resistance", "%", default=0.0, least=0.0, most=1.0)

    def __post_init__(self) -> None:
        check_params(self, where="mismatch")

    @property
    def none(self) -> bool:
        """Whether all devices are equal."""
        return self.a_vt == self.a_mobility == self.memristor == 0.0

    def deviations(self, *, width: float, length: float) -> tuple[float, float]:
        """Standard deviations of the threshold [V] and of the mobility (relative) of a transistor of this size [m]."""
        if not (width > 0 and length > 0):
            raise CircuitError(f"mismatch, width={width:g}, length={length:g}: must be > 0 m")
        root = float(np.sqrt(width * length))
        return self.a_vt / root, self.a_mobility / root

    def draw(self, rng: np.random.Generator, *, width: float, length: float) -> "Deviation":
        """One cell: a transistor of this size [m] and a memristor. The same generator gives the same number of sigmas at any size."""
        threshold, mobility = self.deviations(width=width, length=length)
        normal = rng.standard_normal(2)
        scale, series = Spread(device=self.memristor).draw(rng, devices=1, cycles=1)
        return Deviation(
            threshold=float(threshold * normal[0]),
            mobility=float(max(1.0 + mobility * normal[1], FLOOR)),
            current_scale=float(scale[0, 0]),
            series_scale=float(series[0, 0]),
        )


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """How the devices of one cell differ from nominal.

    Attributes:
        threshold: added to the magnitude of the threshold voltage [V].
        mobility: factor.
        current_scale, series_scale: factors on I0 and Rs of the memristor.
    """

    threshold: float = 0.0
    mobility: float = 1.0
    current_scale: float = 1.0
    series_scale: float = 1.0

    def values(self, corner: Corner = NOMINAL) -> dict[str, float]:
        """Parameters of a `skewable` cell, at a corner."""
        skew = {"vt_shift": corner.threshold + self.threshold, "mobility": corner.mobility * self.mobility}
        return {**skew, "i0s": self.current_scale, "rss": self.series_scale}


def skewable(circuit: Circuit) -> Circuit:
    """The same circuit with parameters ``vt_shift`` [V] and ``mobility`` (a factor), which move all MOSFETs directly in it.

    Raises:
        CircuitError: it has no MOSFET, or one that is shifted already.
    """
    mosfets = [each for each in circuit.elements if isinstance(each, Mosfet)]
    if not mosfets or any(each.skewed for each in mosfets):
        raise CircuitError(f"{circuit.name}: must have MOSFETs directly in it, none of them shifted already, to be made skewable")
    moved = [replace(each, threshold_shift=Param("vt_shift"), mobility=Param("mobility")) if isinstance(each, Mosfet) else each for each in circuit.elements]
    parameters: Mapping[str, Parameter] = {
        **circuit.parameters,
        "vt_shift": Parameter(SKEW["vt_shift"], "V", "added to the magnitude of the threshold voltage"),
        "mobility": Parameter(SKEW["mobility"], "1", "factor on the mobility"),
    }
    return replace(circuit, elements=tuple(moved), parameters=parameters)


def deviated(
    circuit: Circuit,
    corner: Corner = NOMINAL,
    *,
    mismatch: Mismatch | None = None,
    rng: np.random.Generator | None = None,
    shifts: Mapping[str, float] | None = None,
) -> Circuit:
    """The circuit at a corner, down to the innermost subcircuit, each of its transistors drawn by itself.

    Threshold and mobility of the corner reach every MOSFET, its factors on R and C every part that is not `exact`; the
    temperature reaches capacitors here and all else through the options of the analysis. Supplies are those of the sources: the
    circuit has to be built with them. Draws go from the top to the bottom of the netlist, so that a seed means the same circuit.

    Args:
        corner: what moves all devices together.
        mismatch: spread of single transistors, by their area.
        rng: source of the draws; needed with `mismatch`.
        shifts: names of single transistors, as `mosfets` gives them, and what is added to their thresholds [V].

    Raises:
        CircuitError: a mismatch without a generator, a name in `shifts` that no transistor has.
    """
    if rng is None and mismatch is not None and not mismatch.none:
        raise CircuitError(f"{circuit.name}, mismatch: must come with a generator of random numbers")
    unknown = sorted(set(shifts or {}) - set(mosfets(circuit))) if shifts else []
    if unknown:
        raise CircuitError(f"{circuit.name}, shifts: has no transistor {unknown[0]!r}")
    defaults = {name: parameter.default for name, parameter in circuit.parameters.items()}
    return _Deviation(corner, mismatch or Mismatch(), rng, shifts or {}).of(circuit, defaults, ())


def deviated_elements(
    elements: Iterable[Element], corner: Corner = NOMINAL, *, mismatch: Mismatch | None = None, rng: np.random.Generator | None = None
) -> tuple[Element, ...]:
    """Some elements of a circuit at a corner, drawn as by `deviated`: for circuits whose parts have generators of their own."""
    if corner == NOMINAL and (mismatch is None or mismatch.none):
        return tuple(elements)
    walk = _Deviation(corner, mismatch or Mismatch(), rng, {})
    return tuple(walk.moved(each, {}, ()) for each in elements)


@dataclass(frozen=True)
class _Deviation:
    """A walk through a circuit; subcircuits that change get a name of their own, since each instance is drawn by itself."""

    corner: Corner
    mismatch: Mismatch
    rng: np.random.Generator | None
    shifts: Mapping[str, float]

    def of(self, circuit: Circuit, values: Mapping[str, float], path: tuple[str, ...]) -> Circuit:
        """The circuit whose parameters have these values, below the instances of `path`."""
        moved = tuple(self.moved(each, values, path) for each in circuit.elements)
        return circuit if moved == circuit.elements else replace(circuit, name="_".join([circuit.name, *path]), elements=moved)

    def moved(self, element: Element, values: Mapping[str, float], path: tuple[str, ...]) -> Element:
        """One element, with all that is inside of it."""
        corner = self.corner
        match element:
            case Instance():
                inner = {name: parameter.default for name, parameter in element.circuit.parameters.items()}
                inner |= {name: evaluate(value, values, where=element.name) for name, value in element.values.items()}
                return replace(element, circuit=self.of(element.circuit, inner, (*path, element.name.lower())))
            case Mosfet():
                threshold, mobility = self._drawn(element, values)
                threshold += self.shifts.get(_path(path, element), 0.0)
                shift, factor = corner.threshold + threshold, max(mobility, FLOOR) * corner.mobility
                moved = replace(element, threshold_shift=element.threshold_shift + shift) if shift else element
                return replace(moved, mobility=element.mobility * factor) if factor != 1.0 else moved
            case Resistor() if corner.resistance != 1.0 and not element.exact:
                return replace(element, value=element.value * corner.resistance)
            case Capacitor() if not element.exact:
                factor = corner.capacitance * (1.0 + element.tempco * (corner.temperature - TNOM))
                return replace(element, value=element.value * factor, tempco=0.0) if factor != 1.0 else element
            case _:
                return element

    def _drawn(self, element: Mosfet, values: Mapping[str, float]) -> tuple[float, float]:
        """Threshold shift [V] and factor on the mobility of one transistor."""
        if self.rng is None or self.mismatch.a_vt == self.mismatch.a_mobility == 0.0:
            return 0.0, 1.0
        width, length = (evaluate(each, values, where=f"mismatch of {element.name}") for each in (element.width, element.length))
        threshold, mobility = self.mismatch.deviations(width=element.parallel * width, length=length)
        normal = self.rng.standard_normal(2)
        return float(threshold * normal[0]), float(1.0 + mobility * normal[1])


def mosfets(circuit: Circuit, path: tuple[str, ...] = ()) -> dict[str, Mosfet]:
    """All MOSFETs of a circuit, down to the innermost subcircuit: name with the instances around it (``syn.n2``) -> element."""
    found: dict[str, Mosfet] = {}
    for element in circuit.elements:
        if isinstance(element, Instance):
            found |= mosfets(element.circuit, (*path, element.name.lower()))
        elif isinstance(element, Mosfet):
            found[_path(path, element)] = element
    return found


def _path(path: tuple[str, ...], element: Mosfet) -> str:
    return ".".join([*path, element.name.lower()])
