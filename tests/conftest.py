"""Fixtures of all tests."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from cosim import datasets

pytest_plugins = ["tests.ordering"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell starts its background jobs so; programs under test must be stopped by Ctrl-C all the same
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def data_file() -> Callable[..., Path]:
    """`cosim.datasets.data_file`; a test that asks it for a file is skipped where there is no data folder at all."""
    if datasets.data_folder() is None:
        pytest.skip("no measured data: set COSIM_DATA to their folder")
    return datasets.data_file
