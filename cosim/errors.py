"""The errors of cosim: one grammar, one exit code a class.

Every message says where, what was given and what is allowed, in one line:
``memristor, state=1.2: must be within 0..1``.
An exception takes one string, so that it can be pickled to and from workers.
"""

from typing import TypeVar


class CosimError(Exception):
    """Base of all errors that cosim raises on purpose."""

    exit_code = 70


class CheckFailed(CosimError):
    """A design rule or a claim is not met."""

    exit_code = 1


class InputError(CosimError):
    """Something that the user wrote cannot be used."""

    exit_code = 2


class UnitError(InputError):
    """A quantity is ambiguous or carries the wrong unit."""


class DeviceError(InputError):
    """A device card, or a state or voltage handed to a device, is out of range."""


class CircuitError(InputError):
    """A circuit is wired or parameterized wrongly."""


class DialectError(InputError):
    """A netlist uses a construct outside of the portable subset."""


class DesignError(InputError):
    """A design file is wrong."""


class DataError(InputError):
    """A data file is missing or is not what its name says."""


class AbsentError(DataError):
    """What is not shipped and may be left out is not there: measurements, or a package that one study needs. A damaged file is a `DataError`."""


class EngineMissingError(CosimError):
    """No simulator of the wanted kind is installed."""

    exit_code = 3


class SimulationError(CosimError):
    """A simulation did not end well; the message holds status, remedy and log."""

    exit_code = 4


class StoreError(CosimError):
    """The store, or a file that results go to, is damaged, full, failing or held by another process; what was computed before is kept."""

    exit_code = 4


class Cancelled(CosimError):
    """The user stopped the work (Ctrl-C); what was computed is kept."""

    exit_code = 130


AnyError = TypeVar("AnyError", bound=CosimError)


def reject(error: type[AnyError], where: str, what: str, given: object, allowed: str) -> AnyError:
    """The error for a value out of range, in the grammar of the package.

    Args:
        error: the class, which carries the exit code.
        where: the thing that was asked ("memristor", "designs/a.toml, [sweep]").
        what: the name of the value.
        given: the value as it was given; floats are written in short form.
        allowed: what would be right ("within 0..1").

    Returns:
        The error, to be raised by the caller.
    """
    shown = f"{given:.6g}" if isinstance(given, float) else f"{given}"
    return error(f"{where}, {what}={shown}: must be {allowed}")
