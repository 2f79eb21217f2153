"""Progress bar of a sweep on the error stream; silent when that is no terminal."""

import contextlib
import sys
from collections.abc import Callable, Iterator

Progress = Callable[[int, int], None]  # jobs done, jobs in all (0 while that is not known)


@contextlib.contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """A bar for the time of a ``with`` block; what it yields is the `progress` of `run_jobs`.

    Args:
        title: the word before the bar ("w_over_l").
    """
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


def _silent(done: int, total: int) -> None:
    """Nobody is looking."""
