"""What went wrong, in one line on stderr, and the exit code that belongs to it."""

import contextlib
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import click

import cosim
from cosim.errors import Cancelled, CosimError, InputError
from cosim.status import REMEDIES, Status

INTERNAL = 70
INTERRUPTED = f"interrupted; {REMEDIES[Status.cancelled]}"


class GuardedGroup(click.Group):
    """A group whose `main` turns every error into one line and an exit code; commands just raise."""

    def main(
        self, args: Sequence[str] | None = None, prog_name: str | None = None, complete_var: str | None = None, standalone_mode: bool = True, **extra: Any
    ) -> NoReturn:
        """Run the program and exit."""
        given = list(sys.argv[1:] if args is None else args)
        debug = "--debug" in given
        try:
            code = super().main([each for each in given if each != "--debug"], prog_name or "cosim", complete_var, standalone_mode=False, **extra)
        except (KeyboardInterrupt, click.Abort):
            code = complain(INTERRUPTED, Cancelled.exit_code)
        except CosimError as error:
            code = complain(str(error), error.exit_code)
        except click.ClickException as error:
            code = complain(_usage(error), InputError.exit_code)
        except Exception as error:  # noqa: BLE001 (the outermost frame: a bug must not look like a failed check)
            code = complain(crash(error, given, debug=debug), INTERNAL)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C becomes an error of ours before click prints an empty line for it."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Cancelled(INTERRUPTED) from None


def _usage(error: click.ClickException) -> str:
    """What is wrong with a command line, and where its help is."""
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    return f"{message}; see `{context.command_path} --help`" if context else message


def complain(message: str, code: int) -> int:
    """Print one line on stderr, if anybody reads it; returns `code`."""
    with contextlib.suppress(OSError):
        click.echo(f"cosim: {' '.join(message.split())}", err=True)
    return code


def crash(error: Exception, arguments: Sequence[str], *, debug: bool) -> str:
    """Write the traceback to a file of its own, with `debug` to stderr too.

    Returns:
        One line that names the error and the file.
    """
    trace = "".join(traceback.format_exception(error))
    if debug:
        click.echo(trace, err=True)
    what = f"internal error, {type(error).__name__}: {error}"
    try:
        handle, path = tempfile.mkstemp(prefix="cosim-crash-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"cosim {cosim.__version__}, Python {sys.version}\ncosim {' '.join(arguments)}\n\n{trace}")
    except OSError:
        return f"{what}; no crash log could be written, run again with --debug"
    return f"{what}; traceback in {path}"
