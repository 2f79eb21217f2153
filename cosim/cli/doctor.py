"""``cosim doctor``: what is installed, where it was found, what is missing."""

import importlib.metadata
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import click

import cosim
from cosim.cli.options import REPORT_PACKAGES, json_option
from cosim.cli.output import say_json, say_table
from cosim.errors import CosimError, EngineMissingError
from cosim.status import REMEDIES, Status


@dataclass(frozen=True)
class Finding:
    """One line of the examination; `state` is what an installation needs to get right."""

    subject: str
    state: Literal["ok", "missing", "optional"]
    detail: str


@click.command(short_help="Say what is installed and what is missing.")
@json_option
def doctor(as_json: bool) -> None:
    """Say what is installed, where it was found and what is missing. Exit code 3 without a simulator."""
    engines = _engines()
    findings = [Finding("cosim", "ok", cosim.__version__), _python(), *engines, _spicelib(), _data(), _store(), *_report()]
    if as_json:
        say_json([asdict(each) for each in findings])
    else:
        say_table(("subject", "state", "detail"), [(each.subject, each.state, each.detail) for each in findings])
    if all(each.state != "ok" for each in engines):
        raise EngineMissingError(f"no simulator was found: {REMEDIES[Status.engine_missing]}")


def _python() -> Finding:
    return Finding("python", "ok", f"{platform.python_version()}, {platform.system()} {platform.machine()}")


def _engines() -> list[Finding]:
    from cosim.spice.engines import engines

    try:
        found = engines()
    except CosimError as error:  # COSIM_NGSPICE points to nothing
        return [Finding("simulator", "missing", str(error))]
    if not found:
        return [Finding("simulator", "missing", REMEDIES[Status.engine_missing])]
    return [Finding(each.kind, "ok", f"{each.version}, {' '.join(each.command)}") for each in found]


def _spicelib() -> Finding:
    versions = [f"{name} {_version(name)}" for name in ("PyLTSpice", "spicelib", "numpy")]
    return Finding("packages", "ok", ", ".join(versions))


def _data() -> Finding:
    from cosim.datasets import data_folder

    try:
        folder = data_folder()
    except CosimError as error:
        return Finding("data sets", "missing", str(error))
    if folder is None:
        return Finding("data sets", "optional", "none; set COSIM_DATA to their folder")
    return Finding("data sets", "ok", str(folder))


def _store() -> Finding:
    folder = Path(os.environ.get("COSIM_STORE") or Path(".cosim", "store"))
    return Finding("store", "ok", f"{folder}{'' if folder.is_dir() else ' (made by the first run)'}")


def _report() -> list[Finding]:
    missing = [name for name in REPORT_PACKAGES if _version(name) == "missing"]
    if missing:
        return [Finding("report", "optional", f"{', '.join(missing)} missing: pip install 'cosim[report]'")]
    return [
        Finding("report", "ok", ", ".join(f"{name} {_version(name)}" for name in REPORT_PACKAGES)),
        Finding("fonts", "ok", "those embedded in typst"),
    ]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
