"""Sweeps with real engines that are killed or interrupted: nothing runs on, nothing partial is served, nothing done is lost."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosim.analysis import Tran
from cosim.spice.deck import Deck
from cosim.spice.engines import Engine
from cosim.status import Status
from cosim.sweep.runner import run_jobs
from cosim.sweep.store import Store
from tests.sweep.sweeps import ROOT, rc_job, rc_jobs

COUNT = 60
SHORT, LONG = 1e-2, 5.0  # s of simulated time: about 20 ms, and many seconds


class Victim:
    """A sweep in a process of its own, whose engines work under a folder of their own."""

    def __init__(self, folder: Path, stop: float) -> None:
        self.store, self.scratch = folder / "store", folder / "scratch"
        self.scratch.mkdir()
        command = [sys.executable, "-m", "tests.sweep.sweeps", self.store, str(COUNT), str(stop)]
        environment = {**os.environ, "TMPDIR": str(self.scratch)}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def wait_for_results(self, count: int) -> None:
        assert self.process.stdout.read(count) == b"." * count

    def wait_for_engines(self, count: int) -> None:
        end = time.monotonic() + 30
        while len(self.engines()) < count:
            assert time.monotonic() < end
            time.sleep(0.02)

    def engines(self) -> list[int]:
        """Processes other than the sweep whose current folder or command lies under the scratch folder."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != self.process.pid:
                try:
                    told = os.readlink(entry / "cwd") + (entry / "cmdline").read_text(errors="replace")
                except (FileNotFoundError, ProcessLookupError, PermissionError):
                    continue
                if str(self.scratch) in told:
                    found.append(int(entry.name))
        return found

    def engines_after_a_moment(self) -> list[int]:
        end = time.monotonic() + 2
        while self.engines() and time.monotonic() < end:
            time.sleep(0.02)
        return self.engines()


@pytest.fixture
def victim(tmp_path):
    started = []

    def start(stop: float) -> Victim:
        started.append(Victim(tmp_path, stop))
        return started[0]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate(timeout=30)


linux = pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="lists processes by /proc")


def swept_again(folder: Path):
    with Store.open(folder) as store:
        kept = len(store)
        results = run_jobs(rc_jobs(COUNT, SHORT), store=store, workers=2)
        return kept, results


def assert_right(results) -> None:
    for index, result in enumerate(results):
        assert result.status is Status.ok
        assert result.measures["level"] == pytest.approx(1 - np.exp(-SHORT / ((100.0 + index) * 1e-6)), abs=1e-3)
        assert result.measures["level"] == result.measures["trace"][-1]
        assert len(result.measures["trace"]) > 10_000


@linux
def test_a_sweep_killed_in_the_middle_goes_on_where_it_was(victim):
    sweep = victim(SHORT)
    sweep.wait_for_results(30)
    sweep.process.send_signal(signal.SIGKILL)
    sweep.process.wait(30)
    assert sweep.engines_after_a_moment() == []
    kept, results = swept_again(sweep.store)
    assert 15 <= kept < COUNT
    assert sum(each.reused for each in results) == kept
    assert_right(results)


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stores_what_is_done_and_kills_the_rest_at_once(victim, number):
    sweep = victim(SHORT)
    sweep.wait_for_results(20)
    began = time.monotonic()
    sweep.process.send_signal(number)
    _, line = sweep.process.communicate(timeout=30)
    assert time.monotonic() - began < 2
    assert sweep.process.returncode == 130
    assert sweep.engines() == []
    kept, results = swept_again(sweep.store)
    assert line.decode().startswith(f"sweep: stopped after {kept} of {COUNT} jobs; {kept} are kept in {sweep.store}; ")
    assert line.count(b"\n") == 1
    assert kept >= 20
    assert sum(each.reused for each in results) == kept
    assert_right(results)


@linux
def test_an_interrupt_does_not_wait_for_long_runs(victim):
    sweep = victim(LONG)
    sweep.wait_for_engines(2)
    began = time.monotonic()
    sweep.process.send_signal(signal.SIGINT)
    _, line = sweep.process.communicate(timeout=30)
    assert time.monotonic() - began < 2
    assert sweep.process.returncode == 130
    assert line.decode().startswith(f"sweep: stopped after 0 of {COUNT} jobs; 0 are kept in ")
    assert sweep.engines() == []
    assert list(sweep.scratch.iterdir()) == []


def test_a_refused_netlist_is_kept_with_the_line_of_the_engine(tmp_path):
    text = "* broken\nx1 in 0 nosuch\n.tran 1u 1m\n.end\n"
    broken = replace(rc_job(100.0), deck=Deck(text, analysis=Tran(stop=1e-3, max_step=1e-6)))
    with Store.open(tmp_path) as store:
        (first, good) = run_jobs([broken, rc_job(100.0, stop=1e-3)], store=store)
        (second,) = run_jobs([broken], store=store)
    assert (first.status, good.status) == (Status.rejected_netlist, Status.ok)
    assert first.message == "deck.cir, line 2: unknown subckt: `x1 in 0 nosuch`"
    assert (second.reused, second.message) == (True, first.message)


def test_a_missing_engine_is_a_status_of_each_job():
    lost = Engine("ngspice", ("/nowhere/ngspice",), "39")
    results = run_jobs([rc_job(100.0), rc_job(200.0)], engine=lost)
    assert [each.status for each in results] == [Status.engine_missing] * 2


def test_runs_that_take_too_long_end_and_are_not_kept(tmp_path):
    with Store.open(tmp_path) as store:
        (result,) = run_jobs([rc_job(100.0, stop=LONG)], store=store, timeout=0.3)
        assert result.status is Status.timeout
        assert len(store) == 0
