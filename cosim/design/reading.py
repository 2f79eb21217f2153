"""From the tables of a file to sections: types by pydantic, quantities by `cosim.units`, paths relative to the file."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any

from cosim.design.section import Axis, Bound, Section
from cosim.design.toml import unknown_key
from cosim.errors import DesignError, UnitError
from cosim.params import Limit, Span
from cosim.units import parse

FILE_ENDINGS = {"card": (".toml",), "channel": (".csv", ".npz", ".pkl", ".tsv", ".txt")}  # text with them is a path, other text a name


def read_section(kind: type[Section], content: object, *, where: str, base: Section, folder: Path) -> Any:
    """`base` with the values of a table of the file; paths in it are made relative to `folder`."""
    from pydantic import ValidationError  # late: 0.1 s that `cosim --help` does not need

    if not isinstance(content, dict):
        raise DesignError(f"{where}, {kind.title}={content!r}: must be a table, [{kind.title}]")
    try:
        read = _model(kind).model_validate(content)
    except ValidationError as error:
        raise _explain(kind, f"{where}, [{kind.title}]", error.errors()[0]) from None
    values = {each.name: _settled(each, getattr(read, each.name), folder) for each in fields(kind) if each.name in content}
    try:
        return replace(base, **values)
    except DesignError as error:
        raise DesignError(f"{where}, {error}") from None


def _model(kind: type[Section]) -> Any:
    """The pydantic model of a section: the types of its fields, read strictly, quantities through `cosim.units.parse`."""
    from pydantic import BeforeValidator, ConfigDict, create_model

    def annotation(each: Any) -> Any:
        if each.type in (str, int):
            return each.type
        quantity = Annotated[float, BeforeValidator(lambda given: _quantity(given, each.metadata["unit"]))]
        if each.type in (Axis, Bound):
            return Annotated[Any, BeforeValidator(lambda given: (_axis if each.type == Axis else _bound)(given, each.metadata["unit"]))]
        return quantity if each.type is float else list[quantity]

    made: dict[str, Any] = {each.name: (annotation(each), None) for each in fields(kind)}
    return create_model(kind.__name__, __config__=ConfigDict(extra="forbid", strict=True), **made)


def _quantity(given: Any, unit: str) -> float:
    return _element(given, unit, "")


def _axis(given: Any, unit: str) -> tuple[float, ...] | Span:
    """``[1, 2]`` or ``{ low = 1, high = 2, points = 5, scale = "log" }``."""
    if isinstance(given, list):
        return tuple(_element(each, unit, f"[{index}]") for index, each in enumerate(given))
    if not isinstance(given, dict):
        raise ValueError(f"={given!r}: must be a list, or a table with low and high")
    _check_keys(given, ("low", "high", "points", "scale"), needed=("low", "high"))
    points, scale = given.get("points"), given.get("scale", "linear")
    if points is not None and (isinstance(points, bool) or not isinstance(points, int)):
        raise ValueError(f".points={points!r}: must be a whole number")
    return Span(low=_element(given["low"], unit, ".low"), high=_element(given["high"], unit, ".high"), points=points, scale=scale)


def _bound(given: Any, unit: str) -> Limit:
    """``{ min = 1, max = 2 }``."""
    if not isinstance(given, dict):
        raise ValueError(f"={given!r}: must be a table with min, max or both")
    _check_keys(given, ("min", "max"))
    ends = {key: _element(value, unit, f".{key}") for key, value in given.items()}
    return Limit(least=ends.get("min"), most=ends.get("max"))


def _element(given: Any, unit: str, where: str) -> float:
    try:
        return parse(given, unit, where=where)
    except UnitError as error:
        raise ValueError(str(error)) from None


def _check_keys(given: dict[str, Any], allowed: tuple[str, ...], *, needed: tuple[str, ...] = ()) -> None:
    for key in given:
        if key not in allowed:
            raise ValueError(f".{key}: must be one of {', '.join(allowed)}")
    for key in needed:
        if key not in given:
            raise ValueError(f".{key}: is missing")


def _explain(kind: type[Section], where: str, error: Any) -> DesignError:
    """The first complaint of pydantic in the grammar of the package."""
    key, *index = error["loc"]
    name = f"{where} {key}{''.join(f'[{position}]' for position in index)}"
    if error["type"] == "extra_forbidden":
        return unknown_key(where, str(key), [each.name for each in fields(kind)])
    if error["type"] == "value_error":
        return DesignError(f"{name}{error['ctx']['error']}")
    allowed = {"string_type": "text in quotes", "int_type": "a whole number", "list_type": "a list, in brackets"}
    return DesignError(f"{name}={error['input']!r}: must be {allowed.get(error['type'], error['msg'])}")


def _settled(each: Any, value: Any, folder: Path) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if is_path(each, value):
        return str(folder / value)
    return value


def is_path(each: Any, value: Any) -> bool:
    kind: str = each.metadata.get("file", "")
    return (kind == "library" and value != "") or str(value).endswith(FILE_ENDINGS.get(kind, ()))
