"""``m=`` of C and L: that many units in parallel, each with its parasitic elements."""

from pathlib import Path

import pytest

from tests.spice.translated import waves

AC = ".ac dec 3 1k 10Meg"
UNITS = [
    "1n m=2 Rpar=1k Rser=10 Cpar=3n Lser=1u",
    "1n m=2 Rpar=1k",
    "1n m=2",
]
COILS = ["1m m=2 Rser=10 Rpar=1k Cpar=3n", "1m m=2", "1m Rser=0 m={n}"]


def same_as_two(folder: Path, letter: str, text: str) -> None:
    """One element with ``m=2`` and two elements side by side draw the same current."""
    alone = text.replace(" m=2", "").replace(" m={n}", "")
    found = waves(folder, "V1 a 0 AC 1", "V2 b 0 AC 1", f"{letter}1 a 0 {text}", f"{letter}2 b 0 {alone}", f"{letter}3 b 0 {alone}", ".param n=2", AC)
    assert found["i(v1)"] == pytest.approx(found["i(v2)"], rel=1e-6)


@pytest.mark.parametrize("text", UNITS)
def test_capacitors_in_parallel(tmp_path: Path, text: str):
    same_as_two(tmp_path, "C", text)


@pytest.mark.parametrize("text", COILS)
def test_inductors_in_parallel(tmp_path: Path, text: str):
    same_as_two(tmp_path, "L", text)


def test_coupled_inductors_in_parallel_couple_as_one(tmp_path: Path):
    lines = ("V1 a 0 AC 1", "L1 a 0 2m m=2 Rser=1m", "L2 o 0 2m m=2 Rser=1m", "K1 L1 L2 0.5", "R1 o 0 1Meg", ".ac lin 1 100k 100k")
    assert abs(waves(tmp_path, *lines)["v(o)"][0]) == pytest.approx(0.5, rel=1e-3)


def test_units_of_a_subcircuit_follow_its_parameter(tmp_path: Path):
    lines = ("V1 a 0 2", "X1 a t k=4", ".subckt t n k=1", "C1 n 0 1n m={k} Rpar=1k", "L1 n x 1m m={k} Rser=1k", "R1 x 0 1u", ".ends", ".op")
    assert waves(tmp_path, *lines)["i(v1)"][0] == pytest.approx(-16e-3, rel=1e-6)
