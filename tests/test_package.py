"""The house itself: the import contract, lazy imports, documented commands, slow tests last."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from importlinter.cli import lint_imports
from packaging.requirements import Requirement

import cosim
from cosim import resources

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HEAVY = ("distributed", "matplotlib", "numba", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "snntorch", "spicelib", "torch")


def imported_by(code: str) -> set[str]:
    """The heavy packages among the modules that a fresh interpreter holds after `code`."""
    program = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(sorted({{name.split('.')[0] for name in sys.modules}} & set({HEAVY!r}))))"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(ended.stdout.splitlines()[-1]))


def commands(group: click.Group, path: str = "cosim") -> Iterator[tuple[str, click.Command]]:
    """Every command below `group` with its full name, groups left out."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{path} {name} is listed but cannot be loaded"
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def command_line() -> click.Group:
    """The click group behind the entry point."""
    from cosim import cli

    groups = [each for each in vars(cli).values() if isinstance(each, click.Group)]
    assert len(groups) == 1, "cosim.cli must hold one click group"
    return groups[0]


def test_the_import_contract_holds(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(ROOT)
    code = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
    assert code == 0, capsys.readouterr().out


def test_a_module_that_is_in_no_layer_is_noticed():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layered = set(re.findall(r"cosim\.(\w+)", " ".join(layer for contract in contracts for layer in contract["layers"])))
    present = {path.stem for path in (ROOT / "cosim").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert present - {"__init__", "__main__"} <= layered


def test_importing_cosim_imports_nothing_heavy():
    assert imported_by("import cosim") == set()


def test_the_help_of_the_command_line_imports_nothing_heavy():
    assert imported_by("import sys\nsys.argv = ['cosim', '--help']\nfrom cosim.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass") == set()


def test_the_check_on_imports_sees_an_import():
    assert imported_by("import numpy") == {"numpy"}


def test_every_command_and_option_has_a_help_text():
    silent = [name for name, command in commands(command_line()) if not command.get_short_help_str()]
    silent += [
        f"{name} {option.name}"
        for name, command in commands(command_line())
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert silent == []


def test_every_command_is_named_in_the_documentation():
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))))
    names = [name for name, _ in commands(command_line())]
    assert len(names) >= 8
    assert [name for name in names if not re.search(rf"{re.escape(name)}\b", text)] == []


def test_the_version_is_a_release_and_stands_in_the_changelog():
    assert re.fullmatch(r"\d+\.\d+\.\d+", cosim.__version__)
    assert f"## [{cosim.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_shipped_folders_are_found_and_hold_files():
    for folder, pattern in ((resources.device_data(), "**/*.toml"), (resources.netlists(), "**/*.lib"), (resources.designs(), "*.toml")):
        assert sorted(folder.glob(pattern)), f"{folder} holds no {pattern}"


def test_torch_is_no_part_of_the_base_installation():
    base = {Requirement(each).name for each in PROJECT["dependencies"]}
    assert not base & {"torch", "snntorch"}
    torch = next(Requirement(each) for each in PROJECT["optional-dependencies"]["snn"] if Requirement(each).name == "torch")
    assert torch.specifier.contains("2.13.0")
    assert not torch.specifier.contains("2.14.0")


def test_every_requirement_is_pinned_to_a_version_that_it_allows():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.lower().replace("_", "-").split("==") for line in lines if not line.startswith("#"))
    wanted = [Requirement(each) for group in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()) for each in group]
    assert [str(each) for each in wanted if not each.specifier.contains(pins.get(each.name.lower().replace("_", "-"), "0"))] == []


def test_slow_tests_run_last(pytestconfig: pytest.Config, request: pytest.FixtureRequest):
    marks = [item.get_closest_marker("slow") is not None for item in request.session.items]
    assert pytestconfig.pluginmanager.has_plugin("tests.ordering")
    assert marks == sorted(marks)
