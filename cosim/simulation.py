"""`simulate`: a circuit or a deck, an analysis, an engine; out come `Waves`."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from os import cpu_count

import numpy as np

from cosim._types import Array
from cosim.analysis import Analysis
from cosim.circuits.circuit import Circuit
from cosim.errors import CircuitError, InputError, reject
from cosim.measure import Measure
from cosim.spice.breakpoints import missed
from cosim.spice.deck import Deck, write_deck
from cosim.spice.engines import Engine, find_engine
from cosim.spice.run import run_deck
from cosim.status import Status
from cosim.waves import Waves


def simulate(
    subject: Circuit | Deck,
    analysis: Analysis | None = None,
    *,
    engine: str | Engine | None = None,
    values: Mapping[str, float | Array] | None = None,
    saved: Sequence[str] = (),
    measures: Sequence[Measure] = (),
    timeout: float = 60.0,
) -> Waves:
    """Simulate once, or once for every combination of parameter values.

    Args:
        subject: a circuit, or a deck that was written before.
        analysis: required for a circuit; a deck brings its own.
        engine: ``ngspice``, ``ltspice``, an `Engine`, or None for the first one found.
        values: parameters of the circuit; an array ``(n,)`` adds a batch axis of length n, in the order given.
        saved: signals to keep, all when empty.
        measures: written into the deck as ``.meas`` lines.
        timeout: of each run [s].

    Returns:
        The waves; ``signals`` have one leading axis for each array in `values`. A failed run has a `Status` other than
        ok and says why: call ``require()`` to turn that into an error.

    Raises:
        CircuitError: no analysis for a circuit, an unknown parameter, an empty array, or something to change in a deck.
        EngineMissingError: no such engine.
    """
    chosen = engine if isinstance(engine, Engine) else find_engine(engine)
    if isinstance(subject, Deck):
        if values or analysis or saved or measures:
            raise CircuitError("simulate: a deck brings its own analysis, values, signals and measures; give the circuit to change them")
        return run_deck(subject, chosen, timeout=timeout)
    if analysis is None:
        raise CircuitError(f"simulate {subject.name}: must have an analysis")
    fixed = {name: float(value) for name, value in (values or {}).items() if np.ndim(value) == 0}
    swept = {name: np.asarray(value, dtype=float) for name, value in (values or {}).items() if np.ndim(value) == 1}
    if len(fixed) + len(swept) != len(values or {}):
        raise CircuitError(f"simulate {subject.name}: values must be numbers or one-dimensional arrays")
    for name, array in swept.items():
        if not array.size:
            raise reject(CircuitError, f"simulate {subject.name}", name, "[]", "a number or an array of at least one")
    decks = [
        write_deck(subject, analysis, saved=saved, measures=measures, values=fixed | dict(zip(swept, point, strict=True)))
        for point in product(*(array.tolist() for array in swept.values()))
    ]
    if not swept:
        return _guarded(subject, run_deck(decks[0], chosen, timeout=timeout))
    with ThreadPoolExecutor(cpu_count()) as pool:
        runs = list(pool.map(lambda deck: _guarded(subject, run_deck(deck, chosen, timeout=timeout)), decks))
    return stack(runs, tuple(len(array) for array in swept.values()))


def _guarded(circuit: Circuit, waves: Waves) -> Waves:
    """The waves; a transient that passed over corners of its sources is not ok."""
    lost = missed(circuit, waves.axis) if waves.status is Status.ok and waves.axis_name == "time" else ""
    return replace(waves, status=Status.corrupt_output, message=lost) if lost else waves


def stack(runs: Sequence[Waves], shape: tuple[int, ...]) -> Waves:
    """Runs of one circuit as one `Waves` with leading axes of `shape`.

    Transients, whose time steps differ, are read on the union of all time points: straight lines between points stay what
    they are, so nothing is lost. The first run that failed gives the status of all.
    """
    failed = next((run for run in runs if run.status is not Status.ok), None)
    if failed is not None:
        return failed
    axis = runs[0].axis
    if any(run.axis.shape != axis.shape or not np.array_equal(run.axis, axis) for run in runs):
        if runs[0].axis_name != "time":
            raise InputError("simulate: sweeps of different points cannot be stacked")
        axis = np.unique(np.concatenate([run.axis for run in runs]))
    signals = {}
    for name in runs[0].signals:
        stacked = np.stack([_on(axis, run, name) for run in runs])
        signals[name] = stacked.reshape(*shape, *stacked.shape[1:])
    return replace(runs[0], axis=axis, signals=signals, seconds=sum(run.seconds for run in runs))


def _on(axis: Array, run: Waves, name: str) -> Array:
    values = run.signals[name]
    return values if np.array_equal(run.axis, axis) else np.interp(axis, run.axis, values)
