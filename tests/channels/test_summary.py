"""Moments of a table of measurements, level by level and delay by delay."""

import numpy as np
import pytest

from cosim.channels.measured import MeasuredChannel
from cosim.channels.summary import COLUMNS, fit_summary
from cosim.channels.tables import read_measurements


def channel(delays: bool = False) -> MeasuredChannel:
    rng = np.random.default_rng(3)
    written = np.repeat([0.0, 1.0], 40)
    table = {"written": written, "read": 1e3 * 10 ** (written + 0.1 * rng.standard_normal(80))}
    if delays:
        table["delay"] = np.tile(np.repeat([1.0, 10.0], 20), 2)
    return MeasuredChannel.from_measurements(read_measurements(table))


def test_moments_are_those_of_the_reads_in_decades():
    found = fit_summary(channel())
    reads = channel().law.of(1)
    assert found.counts.tolist() == [40, 40]
    assert found.means[1] == pytest.approx(np.mean(reads), rel=1e-12)
    assert found.deviations[1] == pytest.approx(np.std(reads, ddof=1), rel=1e-12)
    assert found.quantiles[1, 2] == pytest.approx(np.median(reads), rel=1e-12)


def test_the_nearest_measured_delay_is_shown():
    found = fit_summary(channel(delays=True), delay=8.0)
    assert found.delay == 10.0
    assert found.counts.tolist() == [20, 20]
    assert str(found).startswith("table after 10 s: 40 reads")
    assert "this is one of 2 measured delays, 1..10 s" in str(found)
    assert found.to_csv().startswith("# table after 10 s: reads of ")
    assert fit_summary(channel()).to_csv().startswith("# table: reads of ")


def test_reads_with_a_tail_to_the_right_have_a_positive_skewness():
    table = {"written": np.repeat([0.0, 1.0], 50), "read": np.concatenate([np.exp(np.linspace(0, 3, 50)), np.linspace(1, 2, 50)])}
    found = fit_summary(MeasuredChannel.from_measurements(read_measurements(table), scale="linear"))
    assert found.skewness[0] > 0.5
    assert found.skewness[1] == pytest.approx(0.0, abs=1e-9)


def test_the_table_in_text_has_a_row_for_each_level():
    lines = fit_summary(channel()).to_csv().splitlines()
    assert lines[1] == ",".join(COLUMNS)
    assert len(lines) == 4
    assert "2 levels" in str(fit_summary(channel()))
