"""Sweeps: order, twins, failures, reuse, and what is left after Ctrl-C, kill -9 and a full disk."""

import multiprocessing
import os
import resource
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from cosim.errors import Cancelled, InputError, SimulationError
from cosim.status import Status
from cosim.sweep.jobs import job_key
from cosim.sweep.runner import AHEAD, _Setup, _Sweep, run_jobs
from cosim.sweep.store import Store, StoreError
from tests.sweep.sweeps import ENGINE, first_spike, job, level_and_trace, misspelled, simulated


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "store") as opened:
        yield opened


class Counted:
    """`simulated`, which notes what it was asked for."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.titles: list[str] = []

    def __call__(self, deck, engine, *, timeout):
        self.titles.append(deck.text.split()[1])
        time.sleep(self.seconds)
        return simulated(deck, engine, timeout=timeout)


def sweep(jobs, **options):
    return run_jobs(jobs, **{"engine": ENGINE, "run": simulated, "workers": 2, **options})


def dies(deck, engine, *, timeout):
    os._exit(1)


def test_results_come_in_the_order_of_the_jobs():
    def uneven(deck, engine, *, timeout):
        time.sleep(0.02 * (float(deck.text.split()[1]) % 3 == 0))
        return simulated(deck, engine, timeout=timeout)

    results = sweep([job(float(number)) for number in range(20)], run=uneven)
    assert [each.label["number"] for each in results] == list(range(20))
    assert [each.measures["level"] for each in results] == list(range(20))
    assert {(each.status, each.reused, each.seconds) for each in results} == {(Status.ok, False, 0.25)}


def test_a_failed_job_is_a_result_and_does_not_stop_the_others():
    results = sweep([job(float(number)) for number in (-1, -2, -3, -4, 1)])
    assert [each.status for each in results] == [Status.rejected_netlist, Status.no_convergence, Status.timeout, Status.crashed, Status.ok]
    assert [each.message for each in results[:2]] == ["the engine says -1", "the engine says -2"]
    assert [dict(each.measures) for each in results[:4]] == [{}] * 4


def test_waves_that_cannot_be_measured_give_a_status():
    (result, other) = sweep([job(1.0, first_spike), job(20.0, first_spike)])
    assert result.status is Status.out_of_range
    assert result.message == "tests.sweep.sweeps.first_spike: IndexError: index 0 is out of bounds for axis 0 with size 0"
    assert other.measures == {"first_spike": 3.0}


def test_a_mistake_in_an_extractor_stops_the_sweep_and_keeps_what_is_done(store):
    with pytest.raises(AttributeError, match="no_such_attribute"):
        sweep([job(1.0), job(2.0), job(1.0, misspelled)], store=store, workers=1)
    assert store.get(job_key(job(1.0), ENGINE)).measures == {"level": 1.0}


def test_twins_are_computed_once_with_their_own_labels():
    run = Counted(seconds=0.02)
    jobs = [replace(job(float(index % 3)), label={"index": index}) for index in range(30)]
    results = sweep(jobs, run=run)
    assert sorted(run.titles) == ["0.0", "1.0", "2.0"]
    assert [(each.label["index"], each.measures["level"], each.reused) for each in results] == [(index, index % 3, index > 2) for index in range(30)]


def test_a_second_sweep_computes_only_what_is_new(store):
    run = Counted()
    sweep([job(float(number), level_and_trace) for number in range(5)], store=store, run=run)
    results = sweep([job(float(number), level_and_trace) for number in range(7)], store=store, run=run)
    assert len(run.titles) == 7
    assert [each.reused for each in results] == [True] * 5 + [False] * 2
    assert [each.label["number"] for each in results] == list(range(7))
    assert results[3].measures["trace"].tolist() == [0, 0.75, 1.5, 2.25, 3]


def test_only_failures_that_would_happen_again_are_kept(store):
    sweep([job(float(number)) for number in (-1, -2, -3, -4)], store=store)
    again = sweep([job(float(number)) for number in (-1, -2, -3, -4)], store=store)
    assert [each.reused for each in again] == [True, True, False, False]
    assert again[0].message == "the engine says -1"


def test_kept_failures_are_run_again_on_request(store):
    run = Counted()
    sweep([job(-1.0), job(1.0)], store=store)
    (failed, good) = sweep([job(-1.0), job(1.0)], store=store, run=run, retry_failed=True)
    assert run.titles == ["-1.0"]
    assert (failed.reused, good.reused) == (False, True)


def test_waves_are_kept_on_request_and_computed_again_when_they_were_not(store):
    (first,) = sweep([job(2.0)], store=store)
    assert store.waves(first.key) is None
    (second,) = sweep([job(2.0)], store=store, keep_waves=True)
    assert not second.reused
    assert store.waves(second.key)["v(out)"].tolist() == [0, 0.5, 1, 1.5, 2]
    (third,) = sweep([job(2.0)], store=store, keep_waves=True)
    assert third.reused


def test_a_damaged_array_is_computed_again(store):
    sweep([job(2.0, level_and_trace)], store=store)
    for path in (store.path / "objects").rglob("*.npy"):
        path.write_bytes(path.read_bytes()[:-8])
    (result,) = sweep([job(2.0, level_and_trace)], store=store)
    assert not result.reused
    assert result.measures["trace"].tolist() == [0, 0.5, 1, 1.5, 2]


def test_jobs_are_taken_only_as_there_is_room():
    taken, done, most = [0], [0], [0]

    def jobs():
        for number in range(400):
            taken[0] += 1
            most[0] = max(most[0], taken[0] - done[0])
            yield job(float(number))

    def progress(count, total):
        assert total == 0  # an iterator has no length
        done[0] = count

    assert len(sweep(jobs(), progress=progress)) == 400
    assert 2 < most[0] <= AHEAD * 2 + 1


def test_progress_counts_to_the_number_of_jobs(store):
    seen = []
    sweep([job(1.0), job(2.0)], store=store)
    sweep([job(1.0), job(2.0), job(3.0), job(3.0)], store=store, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_another_executor_gives_the_same_results(store):
    jobs = [job(float(number), level_and_trace) for number in (3, 1, -1, 2)]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
        results = sweep(jobs, executor=executor, store=store)
        assert executor.submit(abs, -1).result() == 1  # it is left open
    expected = sweep(jobs)
    assert [each.status for each in results] == [each.status for each in expected]
    assert [np.sum(each.measures.get("trace", 0)) for each in results] == [np.sum(each.measures.get("trace", 0)) for each in expected] == [7.5, 2.5, 0, 5]


def test_a_worker_process_that_dies_gives_one_line(store):
    line = r"^sweep: a worker process died \(.*\); stopped after 0 of 1 jobs; 0 are kept in .*$"
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor, pytest.raises(SimulationError, match=line):
        sweep([job(1.0)], executor=executor, run=dies, store=store)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"workers": 0}, "sweep, workers=0: must be >= 1"),
        ({"timeout": 0.0}, "sweep, timeout=0: must be > 0 s"),
        ({"keep_waves": True}, "sweep, keep_waves=True: must be used with a store"),
    ],
    ids=["workers", "timeout", "keep_waves"],
)
def test_options_out_of_range_are_named(options, line):
    with pytest.raises(InputError) as caught:
        sweep([job(1.0)], **options)
    assert str(caught.value) == line


def test_a_sweep_runs_in_any_thread(tmp_path):
    results = []

    def work():
        with Store.open(tmp_path) as store:
            results.extend(sweep([job(1.0)], store=store))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)
    assert results[0].measures == {"level": 1.0}


def test_an_interrupt_keeps_what_is_done_and_says_how_much(store):
    def interrupt(done, total):
        if done == 5:
            os.kill(os.getpid(), 2)

    began = time.monotonic()
    line = r"^sweep: stopped after (\d+) of 1000 jobs; \1 are kept in .*store; start the same command again: .* is kept$"
    with pytest.raises(Cancelled, match=line) as caught:
        sweep([job(float(number)) for number in range(1000)], store=store, run=Counted(0.01), progress=interrupt)
    assert time.monotonic() - began < 2
    assert caught.value.exit_code == 130
    kept = int(str(caught.value).split()[3])
    assert 5 <= kept < 40
    again = sweep([job(float(number)) for number in range(1000)], store=store)
    assert sum(each.reused for each in again) == kept


def test_a_run_that_ends_after_the_count_is_not_kept(store):
    sweep = _Sweep(_Setup(Counted(0.1), ENGINE, 60.0, False, False), store, ThreadPoolExecutor(2), 8, None, 3)
    for number in range(3):
        sweep._take(job(float(number)))
    line = sweep.how_far()
    sweep.pool.shutdown()
    sweep.abandon()
    assert line.startswith("stopped after 0 of 3 jobs; 0 are kept in ")
    assert len(store) == 0


def test_an_interrupt_without_a_store_says_so():
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(Cancelled, match=r"^sweep: stopped after 1 of 3 jobs; none is kept: there was no store$"):
        sweep([job(float(number)) for number in range(3)], workers=1, run=Counted(0.05), progress=interrupt)


def test_a_full_disk_ends_the_sweep_with_one_line_and_keeps_what_was_kept(store):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(done, total):
        if done == 10:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))

    try:
        with pytest.raises(StoreError, match=r"^store .*: no space left on the disk; what was computed is kept; free disk space"):
            sweep([job(float(number), level_and_trace) for number in range(100)], store=store, progress=fill, run=Counted(0.05))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with Store.open(store.path) as again:
        assert len(again) >= 1
        results = sweep([job(float(number), level_and_trace) for number in range(100)], store=again)
    assert all(each.measures["trace"][-1] == index for index, each in enumerate(results))
