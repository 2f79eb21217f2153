"""What a sweep is made of: a job, the extractor that reads its waves, its result, and the key that names it in the store.

Not here: keeping results (`store.py`), running them (`runner.py`), tables (`tables.py`).
"""

import hashlib
import importlib
import inspect
import json
import numbers
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cosim._types import Array
from cosim.errors import InputError, reject
from cosim.status import Status

if TYPE_CHECKING:
    from cosim.spice.deck import Deck
    from cosim.spice.engines import Engine
    from cosim.waves import Waves

FORMAT = 1  # of the store; part of every key: a change makes old results unseen, never wrong
Measures = Mapping[str, float | Array]


@dataclass(frozen=True)
class Extractor:
    """A function from waves to measures, with the version that its results are kept under; made by `extractor`.

    Attributes:
        function: gets the waves of one run and the arguments, gives name -> number or array.
        name: module and function: part of the key.
        version: raised by the author whenever the function computes something else: part of the key.
        arguments: that the function gets besides the waves (`given`).
    """

    function: Callable[..., Measures]
    name: str
    version: int
    arguments: tuple[tuple[str, float | str], ...] = ()

    def given(self, **arguments: float | str) -> "Extractor":
        """The same with arguments behind the waves; they are part of the key.

        Raises:
            InputError: an argument is neither a number nor text.
        """
        fixed = tuple(sorted(arguments.items()))
        for key, value in fixed:
            if not isinstance(value, float | str):
                raise reject(InputError, self.name, key, value, "a float or text")
        return Extractor(self.function, f"{self.name}({','.join(f'{key}={canonical(value)}' for key, value in fixed)})", self.version, fixed)

    def __call__(self, waves: "Waves") -> dict[str, float | Array]:
        """The measures of one run, as floats and NumPy arrays.

        Raises:
            InputError: a measure is not a number nor an array of numbers.
        """
        return {str(name): _plain(self.name, name, value) for name, value in self.function(waves, **dict(self.arguments)).items()}

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        found = (self.function.__module__, self.function.__qualname__)  # the decorated name in the module is this object
        return (_given, (*found, self.arguments)) if self.arguments else (_imported, found)


def extractor(*, version: int) -> Callable[[Callable[..., Measures]], Extractor]:
    """Decorator of a module-level function ``f(waves) -> {name: number or array}``; further arguments are fixed by `Extractor.given`.

    Args:
        version: raise it whenever the function computes something else; stored results of older versions are then not used.

    Raises:
        InputError: a lambda or a function inside of a function, which has no lasting name; or a version below 1.
    """
    if version < 1:
        raise reject(InputError, "extractor", "version", version, ">= 1")

    def mark(function: Callable[..., Measures]) -> Extractor:
        if "<" in function.__qualname__:
            raise reject(InputError, "extractor", "function", function.__qualname__, "a function at the top level of a module")
        return Extractor(function, _lasting_name(function), version)

    return mark


@dataclass(frozen=True, eq=False)
class Job:
    """One run of a sweep.

    Attributes:
        deck: what is simulated.
        extract: what is read from the waves.
        label: the columns that tell this job from the others ("w_over_l": 65.0); not part of the key.
        seed: of whatever was drawn into the deck; part of the key.
    """

    deck: "Deck"
    extract: Extractor
    label: Mapping[str, object]
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Result:
    """What came of one job.

    Attributes:
        label: of the job.
        status: how the run ended; `measures` is empty unless it is ok.
        measures: name -> float, or array of any shape.
        message: the engine's own line when the run failed.
        seconds: wall time of the run when it was computed [s].
        reused: it came from the store, or from an earlier job of the same sweep with the same key.
        key: its name in the store, 64 hexadecimal digits.
        relaxed: the engine passed with relaxed options only.
    """

    label: Mapping[str, object]
    status: Status
    measures: Measures
    message: str = ""
    seconds: float = 0.0
    reused: bool = False
    key: str = ""
    relaxed: bool = False


def job_key(job: Job, engine: "Engine") -> str:
    """The name of a job's result: SHA-256 over everything that can move it.

    Store format, deck with its includes and saved signals, analysis with its options, seed, engine and version, extractor and version.
    """
    parts = [
        FORMAT,
        job.deck.digest(),
        list(job.deck.saved),
        canonical(job.deck.analysis),
        int(job.seed),
        engine.kind,
        engine.version,
        job.extract.name,
        job.extract.version,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def canonical(value: object) -> str:
    """One text for one meaning: ``Tran(stop=1)`` and ``Tran(stop=1.0)`` are the same run, mappings have no order.

    Raises:
        InputError: something other than dataclasses, mappings, sequences, arrays, numbers, text and None.
    """
    if isinstance(value, bool | str) or value is None:
        return json.dumps(value)
    if isinstance(value, numbers.Real):
        return repr(float(value) + 0.0)  # -0.0 becomes 0.0
    if is_dataclass(value):
        return f"{type(value).__name__}({','.join(f'{each.name}={canonical(getattr(value, each.name))}' for each in fields(value))})"
    if isinstance(value, Mapping):
        return "{" + ",".join(sorted(f"{canonical(key)}:{canonical(item)}" for key, item in value.items())) + "}"
    if isinstance(value, tuple | list | np.ndarray):
        return f"[{','.join(canonical(each) for each in value)}]"
    raise reject(InputError, "run", "analysis", value, "made of numbers, text, sequences and mappings")


def _plain(extract: str, name: str, value: Any) -> float | Array:
    """A float for every real number, a NumPy array of numbers for the rest."""
    if isinstance(value, numbers.Real):
        return float(value)
    try:
        array = np.asarray(value)
    except ValueError:  # a ragged list
        raise reject(InputError, extract, name, value, "a number or an array of numbers") from None
    if array.dtype.kind not in "biufc":
        raise reject(InputError, extract, name, value, "a number or an array of numbers")
    return float(array) if array.ndim == 0 and array.dtype.kind != "c" else array


def _lasting_name(function: Callable[..., object]) -> str:
    """``module.function``; for a script its path, for a notebook the digest of the code: two of them never share results."""
    module, name = function.__module__, function.__qualname__
    if module != "__main__":
        return f"{module}.{name}"
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    if spec is not None:  # python -m package.module
        return f"{spec.name}.{name}"
    path = inspect.getsourcefile(function)
    if path is not None and Path(path).is_file() and getattr(main, "__file__", None):
        return f"{Path(path).resolve()}:{name}"
    code = function.__code__
    constants = [each for each in code.co_consts if not inspect.iscode(each)]
    return f"__main__.{name}:{hashlib.sha256(repr((code.co_code, code.co_names, constants)).encode()).hexdigest()}"


def _imported(module: str, name: str) -> Any:
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _given(module: str, name: str, arguments: tuple[tuple[str, float | str], ...]) -> Any:
    return _imported(module, name).given(**dict(arguments))
