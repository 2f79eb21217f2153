"""Fixtures of all tests."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cosim import datasets

if TYPE_CHECKING:
    from cosim.studies.lim2025.neuron import NeuronResult

pytest_plugins = ["tests.ordering"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell starts its background jobs so; programs under test must be stopped by Ctrl-C all the same
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def data_file() -> Callable[..., Path]:
    """`cosim.datasets.data_file`; a test that asks it for a file is skipped where there is no data folder at all."""
    if datasets.data_folder() is None:
        pytest.skip("no measured data: set COSIM_DATA to their folder")
    return datasets.data_file


@pytest.fixture(scope="session")
def neuron_study() -> "NeuronResult":
    """The neuron study of a design with few draws, really simulated, once for the tests of the study and for those of the report."""
    from cosim.design import Design, NeuronSection
    from cosim.spice.engines import find_engine
    from cosim.studies.lim2025.neuron.study import run  # itself, also while a test has put another in the place of `neuron.run`
    from cosim.sweep.lab import Lab

    few = NeuronSection(temperature=(-40.0, 17.0, 27.0, 37.0, 70.0, 85.0), draws=4, images=3, trains=2)
    return run(Design(name="small", neuron=few), Lab(engine=find_engine("ngspice")))
