"""Seconds of the reports on the cell and on the loop: with a fresh store, and again from the store; the peer of the second is the first.

Targets: 3 minutes after installation and 15 s from the store; 15 minutes for the loop, trainings included, and 30 s. Both PDFs must be the same
(`max_error` counts differing bytes). ``python benchmarks/report_time.py loop_time`` measures one alone. The loop wants the images of
`cosim data get optdigits`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
CASES = {  # case -> words of its command, seconds that it may take fresh and from the store
    "report_time": (["report", "designs/lim2025_synapse.toml"], 180.0, 15.0),
    "loop_time": (["loop", "designs/lim2025_loop.toml"], 900.0, 30.0),
}
PROGRAM = [sys.executable, "-c", "from cosim.cli import main; main()"]
DONE = (0, 1)  # 1: a claim is not met, which is another matter


def timed(words: list[str], folder: Path) -> tuple[float, bytes]:
    """Seconds of one report with the store in `folder`, and the PDF; under one name, because the report prints its command."""
    output = folder / "report.pdf"
    start = time.perf_counter()
    env = {**os.environ, "COSIM_STORE": str(folder / "store")}
    ran = subprocess.run([*PROGRAM, *words, "-o", str(output)], cwd=ROOT, env=env, check=False, stdout=subprocess.DEVNULL)
    if ran.returncode not in DONE:
        raise SystemExit(ran.returncode)
    return time.perf_counter() - start, output.read_bytes()


def measure(case: str) -> bool:
    """Measure a case, write its JSON, print it; whether the targets are met."""
    words, fresh_limit, stored_limit = CASES[case]
    with tempfile.TemporaryDirectory() as name:
        fresh, first = timed(words, Path(name))
        stored, second = timed(words, Path(name))
    result = {
        "case": case,
        "peer": "the same report with a fresh store",
        "ratio": fresh / stored,
        "max_error": sum(a != b for a, b in zip(first, second, strict=False)) + abs(len(first) - len(second)),
        "compile_time": 0.0,
        "fresh_seconds": fresh,
        "stored_seconds": stored,
        "limits": {"fresh_seconds": fresh_limit, "stored_seconds": stored_limit},
        "within_limits": fresh <= fresh_limit and stored <= stored_limit,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{case}.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))
    return bool(result["within_limits"])


def main() -> int:
    """All cases, or the one that is named; 1 when a target is missed."""
    chosen = sys.argv[1:] or list(CASES)
    met = [measure(case) for case in chosen]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
