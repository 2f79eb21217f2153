"""Results as a table for pandas, and as CSV and Parquet files.

One row a result: the label's columns, the scalar measures, then `status`, `relaxed`, `message`, `seconds`, `reused`, `key`.
Arrays are left out of `table`; `exploded` gives chosen ones, a row an element.
"""

import io
import numbers
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cosim.errors import InputError, reject
from cosim.files import write_file
from cosim.sweep.jobs import Result

if TYPE_CHECKING:
    import pandas as pd

_OWN = ("status", "relaxed", "message", "seconds", "reused", "key")


def table(results: Sequence[Result]) -> "pd.DataFrame":
    """The results as a pandas DataFrame, in their order; a measure that a result lacks is NaN.

    Args:
        results: of `run_jobs`.

    Raises:
        InputError: a label and a measure, or one of them and a column of the table's own, share a name.
    """
    import pandas as pd

    labels = _names(each.label for each in results)
    measures = _names([name for name, value in each.measures.items() if isinstance(value, float)] for each in results)
    _check_distinct(labels, measures)
    columns: dict[str, list[Any]] = {name: [_cell(each.label.get(name)) for each in results] for name in labels}
    columns |= {name: [_scalar(each, name) for each in results] for name in measures}
    columns |= {name: [_cell(getattr(each, name)) for each in results] for name in _OWN}
    return pd.DataFrame(columns)


def exploded(results: Sequence[Result], *names: str) -> "pd.DataFrame":
    """`table` with arrays: a row an element, numbered by the column ``point``; results without these arrays are left out.

    Args:
        results: of `run_jobs`.
        names: measures that are one-dimensional arrays, of equal length within a result.

    Raises:
        InputError: one of them is no such array, or their lengths differ.
    """
    import pandas as pd

    whole = [each for each in results if all(name in each.measures for name in names)]
    lengths = [_length(each, names) for each in whole]
    frame = table(whole)
    frame = frame.loc[np.repeat(np.arange(len(whole)), lengths)].reset_index(drop=True)
    added = {"point": np.concatenate([np.arange(length) for length in lengths] or [np.arange(0)])}
    added |= {name: np.concatenate([each.measures[name] for each in whole] or [np.zeros(0)]) for name in names}
    return pd.concat([frame, pd.DataFrame(added)], axis=1)


def export_csv(results: Sequence[Result], path: Path | str) -> None:
    """Write `table` as CSV, numbers to their last digit; `path` is never half written.

    Raises:
        InputError: the file cannot be written, or as `table`.
        StoreError: the disk is full.
    """
    write_file(Path(path), table(results).to_csv(index=False, lineterminator="\n"))


def export_parquet(results: Sequence[Result], path: Path | str) -> None:
    """Write `table` as Parquet; `path` is never half written. Columns that hold several types become text.

    Raises:
        InputError: pyarrow is not installed, the file cannot be written, or as `table`.
    """
    frame = table(results)
    buffer = io.BytesIO()
    try:
        frame.astype({name: "string" for name in frame if _mixed(frame[name])}).to_parquet(buffer, index=False, engine="pyarrow")
    except ImportError as error:
        raise InputError(f"{path}: must be written as CSV, or with pyarrow installed (pip install pyarrow)") from error
    write_file(Path(path), buffer.getvalue())


def _names(groups: Any) -> list[str]:
    """All names, each once, in the order in which they come up."""
    return list(dict.fromkeys(name for group in groups for name in group))


def _check_distinct(labels: list[str], measures: list[str]) -> None:
    for name in (*labels, *measures):
        if name in _OWN:
            raise reject(InputError, "table", "column", name, f"something else than {', '.join(_OWN)}")
    for name in labels:
        if name in measures:
            raise reject(InputError, "table", "column", name, "a label or a measure, not both")


def _cell(value: object) -> object:
    return value if value is None or isinstance(value, bool | numbers.Number) else str(value)


def _scalar(result: Result, name: str) -> float:
    value = result.measures.get(name)
    return value if isinstance(value, float) else float("nan")


def _length(result: Result, names: Sequence[str]) -> int:
    shapes = {name: np.shape(result.measures[name]) for name in names}
    if len(set(shapes.values())) != 1 or any(len(shape) != 1 for shape in shapes.values()):
        raise reject(InputError, "table", "arrays", shapes, "one-dimensional and of one length")
    return int(np.size(result.measures[names[0]]))


def _mixed(column: "pd.Series[Any]") -> bool:
    return column.dtype == object and len({type(value) for value in column if value is not None}) > 1
