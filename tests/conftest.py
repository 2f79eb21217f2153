"""Fixtures of all tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cosim import datasets

pytest_plugins = ["tests.ordering"]


@pytest.fixture
def data_file() -> Callable[..., Path]:
    """`cosim.datasets.data_file`; a test that asks it for a file is skipped where there is no data folder at all."""
    if datasets.data_folder() is None:
        pytest.skip("no measured data: set COSIM_DATA to their folder")
    return datasets.data_file
