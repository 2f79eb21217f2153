"""What the ways to an archive have in common: how they tell progress, and how they say that they do not lead there."""

from collections.abc import Callable

Progress = Callable[[int, int], None]  # bytes done, bytes in all


class Unavailable(Exception):
    """This way does not lead to the archive; another one may."""


def silent(done: int, total: int) -> None:
    """Nobody is looking."""
