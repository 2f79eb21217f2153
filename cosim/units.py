"""Quantities as people write them, and floats as netlists want them.

`parse` reads ``260p``, ``1.44 V``, ``10k``, ``1Meg`` and ``65``. It refuses what SPICE programs read differently:
a bare ``M`` (milli in SPICE, mega elsewhere), a bare ``F`` (femto in SPICE, farad elsewhere) and ``2n5``
(2 in ngspice, 2.5 in LTspice). Source: manuals of LTspice and ngspice, section on numbers.
"""

import math
import re
from decimal import Decimal

from cosim.errors import UnitError

SCALE = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "meg": 1e6, "g": 1e9, "t": 1e12}
UNIT_SPELLINGS = {
    "V": ("V", "volt", "volts"),
    "A": ("A", "amp", "amps", "ampere"),
    "ohm": ("ohm", "Ohm", "ohms", "Ω", "Ω"),
    "S": ("S", "siemens"),
    "F": ("F", "farad"),
    "H": ("H", "henry"),
    "s": ("s", "sec", "second", "seconds"),
    "Hz": ("Hz", "hertz"),
    "m": ("m", "meter"),
    "degC": ("degC", "°C", "C"),
    "K": ("K",),
    "V/sqrt(Hz)": ("V/sqrt(Hz)",),
    "J": ("J", "joule"),
    "dB": ("dB",),
    "%": ("%",),
    "1": (),
}
EXAMPLES = {"V*m": "V*m, written as 9 mV um", "%*m": "%*m, written as 1 % um"}
PER_ROOT_AREA = {"V*m": "V", "%*m": "%"}  # matching coefficients; people write "9 mV um" and "1 % um"
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_SPELLED = re.compile(r"([+-]?\d+)(f|p|n|u|µ|μ|m|k|meg|g|t)(\d+)", re.I)
_ENGINEERING = {-15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}


def parse(text: str | float, unit: str, *, where: str = "value") -> float:
    """A quantity in SI units.

    Args:
        text: a number, or a string such as ``260p``, ``1.44 V``, ``10k``, ``1Meg``.
        unit: the unit that is expected (``V``, ``ohm``, ``s`` ...; ``1`` for a bare number, ``%`` for a share).
        where: named in the error, for example ``designs/a.toml, [supply] gate``.

    Returns:
        The value in SI units; ``12 %`` is 0.12.

    Raises:
        UnitError: not finite, a bare ``M`` or ``F``, digits behind the suffix, or another unit than expected.
    """
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise UnitError(f"{where}={text!r}: must be a number or a quantity in {unit}")
    if not isinstance(text, str):
        return _finite(float(text), repr(text), where)
    stripped = text.strip()
    if unit in PER_ROOT_AREA and stripped.endswith(" um"):
        return float(f"{parse(stripped.removesuffix(' um'), PER_ROOT_AREA[unit], where=where) / 1e6:.12g}")
    number = _NUMBER.match(stripped)
    if number is None:
        raise UnitError(f"{where}={text!r}: must be a number, with a suffix or a unit at most")
    tail = stripped[number.end() :].strip()
    return _finite(_scaled(number[0], _factor(tail, unit, text, where)), text, where)


def _finite(value: float, text: str, where: str) -> float:
    if not math.isfinite(value):
        raise UnitError(f"{where}={text}: must be finite")
    return value


def _scaled(number: str, factor: float) -> float:
    """``20`` and micro as 2e-05 exactly, which 20 * 1e-6 is not."""
    return float(Decimal(number) * Decimal(repr(factor)))


def _factor(tail: str, unit: str, text: str, where: str) -> float:
    """The factor that suffix and unit behind a number stand for."""
    if spelled := _SPELLED.fullmatch(text.strip()):
        whole, suffix, digits = spelled.groups()
        meant = f"{whole}.{digits}{suffix}"
        raise UnitError(f"{where}={text!r}: digits behind a suffix are read as {whole}{suffix} by ngspice and as {meant} by LTspice; write {meant}")
    if re.search(r"\d", tail):
        raise UnitError(f"{where}={text!r}: must be a number, with a suffix or a unit at most")
    if tail == "M":
        raise UnitError(f"{where}={text!r}: a bare M is milli in SPICE and mega elsewhere; write m or Meg")
    if tail == "F":
        raise UnitError(f"{where}={text!r}: a bare F is femto in SPICE and farad elsewhere; write f, or 1000mF for a farad")
    if tail == unit == "m" and not text.rstrip().endswith(" m"):  # "5 m" is a length, as "1.44 V" is a voltage
        raise UnitError(f"{where}={text!r}: a bare m is milli in SPICE and meter elsewhere; write mm or meter")
    names = UNIT_SPELLINGS.get(unit, (unit,))
    if tail in names or tail == "":
        return 0.01 if tail.startswith("%") else 1.0
    for name in ("", *names):
        prefix = tail.removesuffix(name) if name else tail
        if (name == "" or prefix != tail) and _is_prefix(prefix.strip(), named=name != ""):
            return SCALE[_canonical(prefix.strip(), named=name != "")]
    wanted = "a bare number" if unit == "1" else f"a quantity in {EXAMPLES.get(unit, unit)}"
    raise UnitError(f"{where}={text!r}: must be {wanted}, not in {tail!r}")


def _canonical(prefix: str, *, named: bool) -> str:
    if named and prefix == "M":  # "1 MHz", "2 Mohm": with its unit a capital M is mega
        return "meg"
    return prefix.lower()


def _is_prefix(prefix: str, *, named: bool) -> bool:
    return _canonical(prefix, named=named) in SCALE and (named or prefix not in ("M", "F"))


def plain(value: float) -> str:
    """A number for a netlist: no suffix, no locale, the shortest text that reads back equal (to 12 digits)."""
    if not math.isfinite(value):
        raise UnitError(f"netlist value={value}: must be finite")
    text = f"{value:.12g}"
    return "0" if text == "-0" else text


def engineering(value: float, unit: str = "", *, digits: int = 3) -> str:
    """A number for people: ``2.6e-10, "F"`` is ``260 pF``."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g} {unit}".strip()
    rounded = float(f"{value:.{digits}g}")
    exponent = min(12, max(-15, 3 * math.floor(math.log10(abs(rounded)) / 3)))
    number = float(f"{rounded / 10.0**exponent:.{max(digits, 3)}g}")
    return f"{number:g} {_ENGINEERING[exponent]}{unit}".rstrip()
