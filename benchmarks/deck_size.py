"""Decks of 1T1R arrays: seconds and memory from states to netlist text, 64 x 10 and 512 x 512 cells with wire resistance.

The peer sets the same 640 states with spicelib's SpiceEditor in a deck that exists already; both texts must then hold the same
states (`max_error`). Targets: 64 x 10 within 50 ms; 512 x 512 within 10 s and 1 GB of memory, measured in a process of its own.
"""

import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from cosim.analysis import Op
from cosim.circuits.arrays import array, read_bench
from cosim.circuits.cells import cell
from cosim.devices.memristor.card import load_memristor
from cosim.devices.mosfet import load_mosfet
from cosim.spice.deck import Deck, write_deck

RESULT = Path(__file__).resolve().parent / "results" / "deck_size.json"
ROUNDS = 9
SMALL, LARGE = (64, 10), (512, 512)
LIMITS = {"small_seconds": 0.05, "large_seconds": 10.0, "large_memory": 1.0e9}


def deck(states: np.ndarray) -> Deck:
    """The read deck of an array."""
    inner = cell("mod", load_memristor("lim2025_full_window"), load_mosfet("c5n_nmos"), frozen=True)
    return write_deck(read_bench(array(inner, states, wire_resistance=1.0), word=np.full(len(states), 3.0), read_voltage=0.05), Op())


def drawn(shape: tuple[int, int]) -> np.ndarray:
    """States of an array, the same in every run."""
    return np.random.default_rng(1).uniform(size=shape)


def timed(function: object, *arguments: object) -> tuple[float, object]:
    """Seconds of one call, and what it returned."""
    start = time.perf_counter()
    made = function(*arguments)  # type: ignore[operator]
    return time.perf_counter() - start, made


def edit(path: Path, states: np.ndarray) -> str:
    """The same states set by spicelib in the deck at `path`; the text that it saves."""
    from spicelib import SpiceEditor

    editor = SpiceEditor(path)
    inner = editor.get_subcircuit("Xarray")
    for row, line in enumerate(states.tolist()):
        for column, state in enumerate(line):
            inner.set_component_parameters(f"X_{row}_{column}", x0=f"{state:.12g}")
    editor.save_netlist(path.with_name("edited.cir"))
    return path.with_name("edited.cir").read_text()


def states_in(text: str) -> np.ndarray:
    """The states of the cells of a deck, in the order of their names."""
    found = {name: float(value) for name, value in re.findall(r"(?im)^x_(\d+_\d+) .*x0=(\S+)", text)}
    return np.array([found[name] for name in sorted(found)])


def measure_large() -> dict[str, float]:
    """Seconds, text size and peak memory of the large deck, in a process of its own."""
    code = f"import benchmark; benchmark.main_large({LARGE!r})".replace("benchmark", Path(__file__).stem)
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main_large(shape: tuple[int, int]) -> None:
    """Print the figures of one large deck as JSON."""
    seconds, made = timed(deck, drawn(shape))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "characters": len(made.text), "memory": memory}))  # type: ignore[attr-defined]


def main() -> int:
    """Measure, write the JSON, print it; 1 when a target is missed."""
    states = drawn(SMALL)
    ours, theirs, error = [], [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "array.cir"
        path.write_text(deck(np.zeros(SMALL)).text)
        first, _ = timed(deck, states)
        for _ in range(ROUNDS):
            seconds, made = timed(deck, states)
            ours.append(seconds)
            seconds, text = timed(edit, path, states)
            theirs.append(seconds)
            error = max(error, float(np.abs(states_in(made.text) - states_in(text)).max()))  # type: ignore[attr-defined, arg-type]
    large = measure_large()
    result = {
        "case": "deck_size",
        "peer": "spicelib SpiceEditor, 640 parameters of an existing 64 x 10 deck",
        "ratio": statistics.median(theirs) / statistics.median(ours),
        "max_error": error,
        "compile_time": first - statistics.median(ours),
        "small_seconds": statistics.median(ours),
        "peer_seconds": statistics.median(theirs),
        "large_seconds": large["seconds"],
        "large_memory": large["memory"],
        "large_characters": large["characters"],
        "rounds": ROUNDS,
        "limits": LIMITS,
    }
    result["within_limits"] = all(result[name] <= limit for name, limit in LIMITS.items())
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))
    return 0 if result["within_limits"] else 1


if __name__ == "__main__":
    sys.exit(main())
