"""The wheel on its own: built, installed into an empty environment outside of the checkout, and used there."""

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import cosim
from cosim import resources
from cosim.devices.memristor.card import load_memristor
from cosim.devices.memristor.static import conductance

ROOT = Path(__file__).resolve().parent.parent
READ_OUT = """
import json
import cosim
from cosim import resources
from cosim.analysis import Op
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Memristor, VoltageSource
from cosim.devices.memristor.card import load_memristor
from cosim.simulation import simulate

device = Memristor(name="1", top="te", bottom="0", card=load_memristor("lim2025_full_window"), state=1.0, frozen=True)
circuit = Circuit(name="read_out", elements=(VoltageSource("1", "te", "0", 0.05), device))
waves = simulate(circuit, Op()).require()
folders = [str(folder()) for folder in (resources.device_data, resources.netlists, resources.designs)]
print(json.dumps({"package": cosim.__file__, "folders": folders, "current": -float(waves["i(v1)"][..., 0])}))
"""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel.

    Attributes:
        sdist: the source archive that the wheel was built from.
        python: interpreter of the environment.
        elsewhere: a folder outside of the checkout to run in.
    """

    sdist: Path
    python: Path
    elsewhere: Path

    def run(self, *command: str) -> str:
        """Standard output of a command of the environment; it sees neither the checkout nor its settings."""
        own = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
        ended = subprocess.run(command, cwd=self.elsewhere, env=own, capture_output=True, text=True, timeout=100, check=False)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """sdist from the checkout, wheel from the sdist, the wheel in an environment with the dependencies of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT], check=True, capture_output=True, timeout=100)
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    venv.create(folder / "env", with_pip=False, symlinks=os.name != "nt")
    python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel], check=True, timeout=100)
    site = subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True, capture_output=True, text=True, timeout=60)
    Path(site.stdout.strip(), "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")  # its own .pth files are not followed
    (folder / "elsewhere").mkdir()
    return Installed(sdist, python, folder / "elsewhere")


def test_a_simulation_runs_in_the_installed_package_with_the_shipped_cards(installed: Installed):
    seen = json.loads(installed.run(str(installed.python), "-c", READ_OUT))
    package = Path(seen["package"]).parent
    assert ROOT not in package.parents
    assert [Path(folder) for folder in seen["folders"]] == [package / name for name in ("device_data", "netlists", "designs")]
    expected = 0.05 * float(conductance(load_memristor("lim2025_full_window"), np.array([1.0]), voltage=0.05)[0])
    assert expected > 1e-6
    assert seen["current"] == pytest.approx(expected, rel=1e-4)


def test_the_installed_folders_are_those_of_the_checkout(installed: Installed):
    seen = json.loads(installed.run(str(installed.python), "-c", READ_OUT))
    for there, here in zip(seen["folders"], (resources.device_data(), resources.netlists(), resources.designs()), strict=True):
        names = sorted(path.relative_to(here) for path in here.rglob("*") if path.is_file())
        assert names
        for name in names:
            assert Path(there, name).read_bytes() == (here / name).read_bytes()


def test_the_installed_command_tells_the_version(installed: Installed):
    assert cosim.__version__ in installed.run(str(installed.python.parent / "cosim"), "--version")


def test_the_source_archive_holds_the_project_and_nothing_generated(installed: Installed):
    with tarfile.open(installed.sdist) as archive:
        names = [Path(*Path(name).parts[1:]) for name in archive.getnames()]
    for wanted in ("Makefile", "constraints.txt", "LICENSE", "README.md", "tests/test_wheel.py", "device_data/memristor/lim2025_full_window.toml"):
        assert Path(wanted) in names
    assert [str(name) for name in names if {".venv", ".git", "__pycache__", "dist", "site"} & set(name.parts)] == []
