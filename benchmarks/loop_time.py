"""Seconds of the whole loop: with a fresh store, trainings included, and again from the store; the peer of the second is the first.

Targets: 15 minutes on two cores, 30 s from the store. Both PDFs must be the same (`max_error` counts differing bytes).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "loop_time.json"
LIMITS = {"fresh_seconds": 900.0, "stored_seconds": 30.0}
COMMAND = [sys.executable, "-c", "from cosim.cli import main; main()", "loop", "designs/lim2025_loop.toml", "-o"]


def timed(folder: Path) -> tuple[float, bytes]:
    """Seconds of one loop with the store in `folder`, and the PDF; under one name, because the report prints its command."""
    output = folder / "report.pdf"
    start = time.perf_counter()
    ran = subprocess.run([*COMMAND, str(output)], cwd=ROOT, env={**os.environ, "COSIM_STORE": str(folder / "store")}, check=False, stdout=subprocess.DEVNULL)
    if ran.returncode not in (0, 1):  # 1: a claim is not met, which is another matter
        raise SystemExit(ran.returncode)
    return time.perf_counter() - start, output.read_bytes()


def main() -> int:
    """Measure, write the JSON, print it; 1 when a target is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fresh, first = timed(folder)
        stored, second = timed(folder)
    result = {
        "case": "loop_time",
        "peer": "the same loop with a fresh store",
        "ratio": fresh / stored,
        "max_error": sum(a != b for a, b in zip(first, second, strict=False)) + abs(len(first) - len(second)),
        "compile_time": 0.0,
        "fresh_seconds": fresh,
        "stored_seconds": stored,
        "limits": LIMITS,
    }
    result["within_limits"] = all(result[name] <= limit for name, limit in LIMITS.items())
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))
    return 0 if result["within_limits"] else 1


if __name__ == "__main__":
    sys.exit(main())
