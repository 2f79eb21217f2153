"""Reading TOML: syntax errors and unknown keys in the grammar of the package. Serves design files and device cards."""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cosim.errors import DesignError


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file; a syntax error names file, line and column."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DesignError(f"{path}: no such file") from error
    except OSError as error:
        raise DesignError(f"{path}: cannot be read, {(error.strerror or 'unknown reason').lower()}") from error
    except UnicodeDecodeError as error:
        raise DesignError(f"{path}: byte {error.start} is no UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise DesignError(f"{path}: {error}") from error


def unknown_key(where: str, key: str, allowed: list[str]) -> DesignError:
    """The error for a key that nobody reads, with the nearest one that somebody does."""
    near = get_close_matches(key, allowed, n=1)
    hint = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(allowed)}"
    return DesignError(f"{where}: unknown key {key!r}; {hint}")


def check_keys(where: str, content: dict[str, Any], allowed: tuple[str, ...], *, optional: tuple[str, ...] = ()) -> None:
    """Refuse a table with a key that is not `allowed`, or without one that is not `optional`.

    Raises:
        DesignError: names the key.
    """
    for key in content:
        if key not in allowed:
            raise unknown_key(where, key, list(allowed))
    for key in allowed:
        if key not in content and key not in optional:
            raise DesignError(f"{where}: {key} is missing")
