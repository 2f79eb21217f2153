"""Sources: cells and moments against integrals and counting, files, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.coding.sources import gaussian, of_samples, read_source
from cosim.errors import DataError, InputError

DRAWN = np.random.default_rng(0).normal(2.0, 3.0, 4000)
SOURCES = (gaussian(), gaussian(mean=2.0, deviation=3.0), of_samples(DRAWN), of_samples(np.repeat([-1.0, 1.0, 4.0], 50)))


@pytest.mark.parametrize("source", SOURCES)
@settings(max_examples=40, deadline=None)
@given(thresholds=st.lists(st.floats(-8, 8), max_size=6))
def test_cells_share_the_whole_probability_and_balance_about_the_mean(source, thresholds):
    masses, moments = source.cells(np.sort(thresholds))
    assert masses.min() >= 0.0
    assert masses.sum() == pytest.approx(1.0, abs=1e-12)
    assert moments.sum() == pytest.approx(0.0, abs=1e-9)


def test_the_halves_of_a_gaussian_have_the_mean_of_the_half_normal_law():
    masses, moments = gaussian(mean=5.0, deviation=2.0).cells(np.array([5.0]))
    assert masses == pytest.approx([0.5, 0.5])
    assert moments / masses == pytest.approx([-2.0 * np.sqrt(2 / np.pi), 2.0 * np.sqrt(2 / np.pi)])


def test_cells_of_samples_are_counted():
    masses, moments = of_samples(np.repeat([0.0, 1.0, 2.0, 5.0], 25)).cells(np.array([0.5, 3.0]))
    assert masses == pytest.approx([0.25, 0.5, 0.25])
    assert moments == pytest.approx([-0.5, -0.25, 0.75])  # about the mean, 2


def test_many_sets_of_cells_are_one_call():
    thresholds = np.array([[-1.0, 0.0, 1.0], [0.0, 0.5, np.inf]])
    together, one = gaussian().cells(thresholds), gaussian().cells(thresholds[1])
    assert together[0].shape == (2, 4)
    assert np.array_equal(together[1][1], one[1])


@pytest.mark.parametrize("source", SOURCES[:3])
def test_samples_have_the_mean_and_the_variance_of_their_source(source):
    drawn = source.sample((200, 500), rng=np.random.default_rng(1))
    assert drawn.shape == (200, 500)
    assert np.mean(drawn) == pytest.approx(source.mean, abs=0.04)
    assert np.var(drawn) == pytest.approx(source.variance, rel=0.03)


def test_a_quantile_is_passed_by_its_part_of_the_samples():
    assert gaussian(mean=1.0).quantile(0.5) == pytest.approx(1.0)
    assert SOURCES[2].quantile(np.array([0.0, 0.5, 1.0])) == pytest.approx([DRAWN.min(), np.median(DRAWN), DRAWN.max()])


def test_numbers_are_read_from_text_npy_and_npz(tmp_path: Path):
    values = np.arange(120.0)
    (tmp_path / "a.txt").write_text("# of a sensor\n" + "\n".join(f"{each:g}" for each in values) + "\n\n")
    np.save(tmp_path / "a.npy", values.reshape(12, 10))
    np.savez(tmp_path / "a.npz", readings=values)
    for name in ("a.txt", "a.npy", "a.npz"):
        source = read_source(tmp_path / name)
        assert source.mean == 59.5
        assert source.name == str(tmp_path / name)


def written(folder: Path, kind: str) -> Path:
    """A file that cannot be read as a source."""
    path = folder / {"two": "b.npz", "object": "b.npy", "broken": "c.npy", "complex": "d.npy", "empty": "e.npz"}.get(kind, "b.txt")
    if kind == "two":
        np.savez(path, one=np.arange(200.0), other=np.arange(200.0))
    elif kind in ("object", "complex"):
        np.save(path, np.arange(200.0).astype(complex if kind == "complex" else object))
    elif kind != "missing":
        path.write_bytes({"word": b"1\n2\nthree\n", "binary": b"\xff\xfe\x00", "short": b"1\n2\n3\n", "nan": b"nan\n" * 100}.get(kind, b"nothing"))
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "cannot be read (No such file or directory)"),
        ("word", ", line 3: `three` is no number"),
        ("binary", "no text; numbers, one a line, are read, and .npy or .npz"),
        ("two", "holds 2 arrays (one, other), not one"),
        ("object", "no NumPy array of numbers ("),
        ("broken", "no NumPy array of numbers ("),
        ("empty", "no NumPy array of numbers ("),
        ("complex", "holds complex128, not real numbers"),
        ("short", ", samples=3: must be >= 100"),
        ("nan", ", samples that are no finite number=100: must be 0"),
    ],
)
def test_a_file_that_is_no_source_is_refused_in_one_line(tmp_path: Path, kind: str, message: str):
    path = written(tmp_path, kind)
    with pytest.raises(InputError) as caught:
        read_source(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_without_arrays_of_numbers_is_an_error_of_the_data(tmp_path: Path):
    with pytest.raises(DataError):
        read_source(written(tmp_path, "broken"))


def test_samples_that_are_all_equal_are_refused():
    with pytest.raises(InputError, match=r"^samples, different samples=1: must be >= 2$"):
        of_samples(np.full(100, 3.0))


@pytest.mark.parametrize("scale", [1e200, 1e308, 1e-200])
def test_samples_whose_variance_is_no_number_are_refused_in_one_line(scale: float, recwarn: pytest.WarningsRecorder):
    with pytest.raises(InputError, match=r"^samples, variance of the samples=(inf|nan|0): must be within 1e-200\.\.1e\+200; scale them$"):
        of_samples(scale * np.linspace(0.5, 1.5, 200))
    assert not recwarn.list


def test_a_gaussian_without_spread_is_refused():
    with pytest.raises(InputError, match=r"^gaussian source, deviation=0: must be finite and > 0$"):
        gaussian(deviation=0.0)
    with pytest.raises(InputError, match=r"^gaussian source, mean=nan: must be finite$"):
        gaussian(mean=float("nan"))
