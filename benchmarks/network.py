"""The network: one image of the full array in ngspice, the error of its time step, the test set on all workers, the models beside it, and a training.

The peer is ngspice at 10 us steps, which a careful user would trust: `ratio` is its processor time over that of the step in use, `max_error` the largest
difference of a peak over the highest peak of its image. The memristor card itself is in the cells. Nothing comes from a store; data: optdigits.
Targets: training one layer on the full set <= 600 s, one image <= 1.5 s of processor time at <= 0.3 % deviation, 1,124 images <= 1,200 s.
"""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.chip import map_network
from cosim.codesign.network.grids import FastMembranes
from cosim.codesign.network.inference import START, STEP, Hardware, infer
from cosim.codesign.network.mapping import MappingPlan
from cosim.codesign.network.noise import ReadNoisePlan, noisy_scores
from cosim.snn.data import optdigits, split
from cosim.snn.encoding import latency_times
from cosim.snn.network import scores
from cosim.snn.plan import TrainingPlan
from cosim.snn.training import train_network
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

RESULT = Path(__file__).resolve().parent / "results" / "network.json"
REFERENCE_STEP = 10e-6  # [s]
COMPARED, BATCH, ROUNDS = 3, 60, 5
LIMITS = {"training_seconds": 600.0, "image_processor_seconds": 1.5, "max_error": 0.003, "set_seconds": 1200.0}


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Seconds of one call, and what it returned."""
    start = time.perf_counter()
    made = function(*arguments)
    return time.perf_counter() - start, made


def processor_seconds(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Processor time of the simulators that one call started, and what it returned."""

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    start = spent()
    made = function(*arguments)
    return spent() - start, made


def main() -> int:
    """Measure, write the JSON, print it; 1 when a target is missed."""
    train, test = split(optdigits(), seed=1)
    training_seconds, network = timed(lambda: train_network(train, test, plan=TrainingPlan(seed=0)))
    engine, parts = find_engine("ngspice"), Parts()
    (chip,) = map_network(network, parts.memristor, MappingPlan(), seed=0)
    times = latency_times(test.pixels, network.encoding)
    hardware = Hardware(card=load_neuron("two_pole"), parts=parts, cells=chip.plus.cells)
    duration, alone, together = network.duration + START, Lab(engine=engine, workers=1), Lab(engine=engine)

    def image(number: int, step: float) -> tuple[float, Any]:
        spent, found = processor_seconds(lambda: infer(hardware, times[[number]], alone, duration=duration, step=step))
        return spent, found.peaks[0]

    quick, exact = ([image(number, step) for number in range(COMPARED)] for step in (STEP, REFERENCE_STEP))
    errors = [float(np.max(np.abs(one - other)) / np.max(other)) for (_, one), (_, other) in zip(quick, exact, strict=True)]
    image_seconds, exact_seconds = (statistics.median(spent for spent, _ in each) for each in (quick, exact))
    noisy = Hardware(card=hardware.card, parts=parts, cells=chip.plus.cells, noise=ReadNoisePlan(deviation=0.07))
    noisy_seconds, _ = processor_seconds(lambda: infer(noisy, times[:1], alone, duration=duration))
    batch_seconds, ran = timed(lambda: infer(hardware, times[:BATCH], together, duration=duration))
    ready_seconds, ready = timed(FastMembranes.of, network, times)
    fast_seconds = statistics.median(timed(ready.scores, chip.weights)[0] for _ in range(ROUNDS))
    result = {
        "case": "network",
        "peer": f"{engine} at steps of {1e6 * REFERENCE_STEP:g} us",
        "ratio": exact_seconds / image_seconds,
        "max_error": max(errors),
        "compile_time": ready_seconds,
        "step_seconds": STEP,
        "image_processor_seconds": image_seconds,
        "reference_processor_seconds": exact_seconds,
        "noisy_image_processor_seconds": noisy_seconds,
        "batch_seconds": batch_seconds,
        "batch_images": BATCH,
        "batch_failures": len(ran.failures),
        "set_seconds": batch_seconds / BATCH * len(times),
        "set_images": len(times),
        "model_seconds": timed(lambda: scores(network, test.pixels))[0],
        "fast_model_seconds": fast_seconds,
        "noisy_model_seconds": timed(lambda: noisy_scores(network, chip.weights, test.pixels, ReadNoisePlan(deviation=0.07)))[0],
        "training_seconds": training_seconds,
        "training_images": len(train),
        "accuracy": network.accuracy,
        "limits": LIMITS,
    }
    result["within_limits"] = all(result[name] <= limit for name, limit in LIMITS.items())
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))
    return 0 if result["within_limits"] else 1


if __name__ == "__main__":
    sys.exit(main())
