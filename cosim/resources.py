"""Where `netlists/` and `device_data/` lie: inside the installed package, or beside it in a checkout."""

from pathlib import Path

from cosim.errors import DataError

PACKAGE = Path(__file__).resolve().parent


def device_data() -> Path:
    """The folder of the device cards."""
    return _folder("device_data")


def netlists() -> Path:
    """The folder of the SPICE library, its symbols and the example decks."""
    return _folder("netlists")


def designs() -> Path:
    """The folder of the example designs."""
    return _folder("designs")


def _folder(name: str) -> Path:
    for candidate in (PACKAGE / name, PACKAGE.parent / name):  # a wheel carries it inside; an editable install has it beside
        if candidate.is_dir():
            return candidate
    raise DataError(f"folder {name}: not found in {PACKAGE} nor beside it; install cosim again")
