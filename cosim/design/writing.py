"""Values of a design as text: as a file holds them, as a report shows them, and as the digest counts them."""

import hashlib
import json
from pathlib import Path
from typing import Any

from cosim.design.reading import is_path
from cosim.params import Limit, Span
from cosim.units import PER_ROOT_AREA, engineering, plain


def portable(each: Any, value: Any) -> Any:
    if is_path(each, value):
        path = Path(value)
        return [path.name, hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None]
    return written(each, value)


def written(each: Any, value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(written(each, number) for number in value)}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Span | Limit):
        return f"{{ {', '.join(f'{key} = {written(each, end)}' for key, end in _parts(value).items())} }}"
    unit = each.metadata["unit"]
    if unit == "1" or isinstance(value, int):
        return plain(value)
    return f'"{plain(value * 100)} {unit}"' if unit.startswith("%") else f'"{plain(value)} {unit}"'


def _parts(value: Span | Limit) -> dict[str, Any]:
    """The keys of a table as a design file writes them."""
    ends = {"min": value.least, "max": value.most} if isinstance(value, Limit) else vars(value)
    return {key: end for key, end in ends.items() if end is not None}


def shown(each: Any, value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(shown(each, number) for number in value)
    if isinstance(value, str):
        return value or "-"
    if isinstance(value, Span | Limit):
        return ", ".join(f"{key} {shown(each, end)}" for key, end in _parts(value).items())
    unit = each.metadata["unit"]
    if unit in PER_ROOT_AREA:
        return f"{engineering(value * 1e6, 'V') if unit == 'V*m' else f'{value * 1e8:.6g} %'} um"
    if isinstance(value, int):
        return f"{value}"
    if unit in ("%", "1", "degC"):
        return f"{value * 100 if unit == '%' else value:.6g}{'' if unit == '1' else f' {unit}'}"
    return engineering(value, unit, digits=6)
