"""Slow tests last, so that a quick failure shows early. `tests/conftest.py` names this module in `pytest_plugins`."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the tests marked `slow` behind all others; the order among each stays (the sort is stable)."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
