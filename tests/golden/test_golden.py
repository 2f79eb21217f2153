"""Waveforms against an independent simulation: another netlist, dialect and version (`cell_mod_loop.cir`, `regenerate.mjs`)."""

from pathlib import Path

import numpy as np
import pytest

from cosim.analysis import Options, Tran
from cosim.circuits.cells import Drive, bench, cell
from cosim.circuits.stimuli import triangular_sweep
from cosim.devices.memristor.card import load_memristor
from cosim.devices.mosfet import load_mosfet
from cosim.simulation import simulate
from cosim.waves import Waves

HERE = Path(__file__).parent
LOOP = triangular_sweep([0.0, 2.0, 0.0, -2.0, 0.0], rate=1.0)
CELL = bench(cell("mod", load_memristor("lim2025_full_window"), load_mosfet("c5n_nmos")), Drive(bit=LOOP, word=3.0), body="lowest")
SIGNALS = {"v(x1.mid)": "v(mid)", "v(x1.xr.x)": "v(x)", "i(vbit)": "i(vbit)"}


def golden() -> dict[str, np.ndarray]:
    """The columns of the golden file."""
    lines = (HERE / "cell_mod_loop.csv").read_text(encoding="ascii").splitlines()
    assert lines[0] == "# cell_mod_loop.cir in ngspice 45.2, eecircuit-engine 1.8.0"
    table = np.array([[float(value) for value in line.split(",")] for line in lines[2:]])
    return dict(zip(lines[1].split(","), table.T, strict=True))


def error(waves: Waves, name: str) -> float:
    """Largest distance from the golden waveform, relative to its full scale."""
    reference = golden()
    wanted = reference[SIGNALS[name]]
    peak = np.abs(wanted).max()
    assert peak > 0
    return float(np.abs(waves.at(name, reference["time"]) - wanted).max() / peak)


@pytest.mark.parametrize("name", SIGNALS)
def test_a_loop_at_tight_tolerance_is_the_golden_one(name: str):
    waves = simulate(CELL, Tran(stop=8.0, max_step=8.0 / 4000, options=Options(reltol=1e-6))).require()
    assert error(waves, name) < 1e-3


@pytest.mark.parametrize("name", SIGNALS)
def test_a_loop_with_the_options_of_the_study_is_the_golden_one_within_one_percent(name: str):
    waves = simulate(CELL, Tran(stop=8.0, max_step=8.0 / 2000)).require()
    assert error(waves, name) < 1e-2


def test_the_golden_loop_switches():
    reference = golden()
    assert reference["v(x)"].max() > 0.9
    assert reference["v(x)"][-1] < 1e-3
    assert np.ptp(reference["i(vbit)"]) > 1e-3
