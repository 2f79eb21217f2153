"""The claim on resuming: twenty kills, and the table of a sweep that nobody disturbed."""

from pathlib import Path

import pytest

from cosim.claims import judge, registered
from cosim.design import Design
from cosim.spice.engines import find_engine
from cosim.status import Status
from cosim.studies.spice import sweeps
from cosim.sweep.jobs import Result
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="finds orphans by /proc")
def test_a_sweep_killed_twenty_times_and_resumed_is_the_undisturbed_one():
    result = sweeps.run(Design(), Lab(engine=find_engine(), workers=2))
    assert (result.differing, result.partial, result.orphans) == (0, 0, 0)
    assert len(result.kept) == sweeps.KILLS
    assert 0 < result.kept[-1] == result.reused < result.points == sweeps.POINTS  # it was at work until the end, and was resumed
    assert list(result.kept) == sorted(result.kept)
    (verdict,) = judge(sweeps.CLAIMS, result, seed=1, seconds=0.0, versions={})
    assert verdict.verdict == "met"


def test_the_claim_is_registered():
    assert [claim.id for study in registered("spice.sweeps") for claim in study.claims] == ["spice.sweeps.resume"]


def test_a_half_written_file_would_be_seen(tmp_path: Path):
    import numpy as np

    with Store.open(tmp_path) as store:
        store.put(Result({}, Status.ok, {"trace": np.arange(5.0)}, key="a" * 64))
    (path,) = (each for each in (tmp_path / "objects").rglob("*.npy"))
    assert sweeps._partial(tmp_path) == []
    path.write_bytes(path.read_bytes()[:-1])
    assert sweeps._partial(tmp_path) == [path]


def test_a_row_that_differs_in_its_last_bit_would_be_seen():
    one, other = (Result({"draw": 1}, Status.ok, {"share": value}, seconds=value) for value in (0.1, 0.1 + 2**-56))
    assert one.measures != other.measures
    assert sweeps._row(one) != sweeps._row(other)
    assert sweeps._row(one) == sweeps._row(Result({"draw": 1}, Status.ok, {"share": 0.1}, seconds=9.0, reused=True))
