"""The figures on the page about joint coding are those of the benchmark."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "joint_coding.md").read_text(encoding="utf-8")
RESULT = json.loads((ROOT / "benchmarks" / "results" / "scalar_code.json").read_text(encoding="utf-8"))


def test_the_table_of_blocks_is_the_one_of_the_benchmark():
    shown = {(int(a), int(b)): (float(c), float(d)) for a, b, c, d in re.findall(r"^\| (\d) \| (\d) \| ([\d.]+) \| ([\d.]+) \|$", PAGE, re.MULTILINE)}
    scalar = {"samples": 1, "devices": 1, "snr": RESULT["snr"], "opta": RESULT["opta"]}
    measured = {(line["samples"], line["devices"]): (line["snr"], line["opta"]) for line in [scalar, *RESULT["blocks"]]}
    assert RESULT["channel"] == "pcm-zarcone2020"
    assert shown.keys() == measured.keys()
    for place, figures in measured.items():
        assert shown[place] == pytest.approx(figures, abs=6e-4)


@pytest.mark.parametrize("name", ["snr", "median_snr", "peer_median_snr"])
def test_the_figures_in_the_text_are_those_of_the_benchmark(name):
    assert f"{RESULT[name]:.3f}" in PAGE or f"{RESULT[name]:.2f}" in PAGE


def test_the_cost_of_smooth_codes_is_the_one_of_the_benchmark():
    exact, surrogate = RESULT["smooth"]
    assert f"{RESULT['snr'] - exact['snr']:.2f} dB ({exact['snr']:.3f} against {RESULT['snr']:.3f} dB)" in PAGE
    assert f"{exact['snr'] - surrogate['snr']:.2f} dB ({surrogate['snr']:.3f} dB)" in PAGE
