"""The file: the same bytes for the same result, complete or not there, one clear line for what goes wrong."""

import builtins
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cosim.claims import judge
from cosim.design import Design
from cosim.errors import DesignError, InputError, SimulationError
from cosim.files import write_file
from cosim.reporting import pdf
from cosim.reporting.document import build
from cosim.reporting.pdf import to_pdf, to_pictures, write_report
from cosim.studies.lim2025 import neuron, synapse, tuning
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = ["unshare", "--map-root-user", "--mount"]


@pytest.fixture
def lab(engine, store_folder):
    with Store.open(store_folder) as store:
        yield Lab(engine=engine, store=store)


@pytest.fixture(autouse=True)
def remembered(request, monkeypatch):
    """The neuron study of the small design is run once; other designs run their own."""
    real = neuron.run

    def run(design, lab):
        small = request.getfixturevalue("result").design
        return request.getfixturevalue("fired") if design.neuron == small.neuron else real(design, lab)

    monkeypatch.setattr(neuron, "run", run)


@pytest.fixture
def design_file(tmp_path: Path, result) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(result.design.to_toml())
    return path


def may_mount() -> bool:
    try:
        return subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def test_a_report_is_written_and_gives_back_what_it_says(design_file, tmp_path, lab):
    outcome = write_report(design_file, tmp_path / "a.pdf", lab, command="cosim report small.toml")
    assert outcome.path == tmp_path / "a.pdf"
    assert outcome.path.read_bytes().startswith(b"%PDF-1.")
    assert outcome.advice.orientation == "mod"
    assert [each.id for each in outcome.verdicts] == [each.id for each in (*synapse.CLAIMS, *tuning.CLAIMS, *neuron.CLAIMS)]
    assert {each.verdict for each in outcome.verdicts if not each.id.startswith("lim2025.neuron")} <= {"met", "not_met"}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.pdf", "small.toml"]


def test_a_tuning_study_that_failed_leaves_the_rest_of_the_report(design_file, tmp_path, lab, monkeypatch):
    def failing(*_):
        raise SimulationError("cell_mod_bench: timeout, took too long")

    monkeypatch.setattr(tuning, "run", failing)
    outcome = write_report(design_file, tmp_path / "a.pdf", lab)
    judged = {each.id: each for each in outcome.verdicts}
    assert {judged[each.id].verdict for each in synapse.CLAIMS} <= {"met", "not_met"}
    assert {(judged[each.id].verdict, judged[each.id].reason) for each in tuning.CLAIMS} == {("not_run", "cell_mod_bench: timeout, took too long")}
    assert outcome.path.read_bytes().startswith(b"%PDF-1.")


def test_a_neuron_card_that_cannot_be_built_leaves_the_rest_of_the_report(result, tmp_path, lab):
    path = tmp_path / "printed.toml"
    path.write_text(replace(result.design, neuron=replace(result.design.neuron, card="linear")).to_toml())
    judged = {each.id: each for each in write_report(path, tmp_path / "a.pdf", lab).verdicts}
    reason = "[neuron] card=linear: must be a card with currents as biases and a current-mode membrane, such as robust"
    assert {(judged[each.id].verdict, judged[each.id].reason) for each in neuron.CLAIMS} == {("not_run", reason)}
    assert {judged[each.id].verdict for each in synapse.CLAIMS} <= {"met", "not_met"}


def test_targets_that_the_cell_cannot_reach_leave_the_rest_of_the_report(result, tmp_path, lab):
    design = replace(result.design, tuning=replace(result.design.tuning, targets=(2e-3,)))
    path = tmp_path / "far.toml"
    path.write_text(design.to_toml())
    judged = {each.id: each for each in write_report(path, tmp_path / "a.pdf", lab).verdicts}
    reasons = {judged[each.id].reason for each in tuning.CLAIMS}
    assert len(reasons) == 1
    assert reasons.pop().startswith("tuning, target=0.002: must be within ")
    assert judged[synapse.CLAIMS[0].id].verdict == "met"


def test_the_same_result_gives_the_same_bytes(document, result, tuned, fired, verdicts, engine):
    assert to_pdf(build(result, verdicts, engine, tuning=tuned, neuron=fired, command="cosim report small.toml")) == to_pdf(document)


def test_the_report_has_no_date_and_is_tagged(document):
    content = to_pdf(document)
    assert b"CreationDate" not in content
    assert b"/MarkInfo" in content


def test_every_page_can_be_a_picture(document):
    pages = to_pictures(document, resolution=20)
    assert 22 <= len(pages) <= 30
    assert all(page.startswith(b"\x89PNG") for page in pages)


def test_the_first_page_is_given_as_a_picture_on_request(design_file, tmp_path, lab):
    write_report(design_file, tmp_path / "a.pdf", lab, picture=tmp_path / "page.png")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_a_study_that_failed_is_still_printed(broken, engine):
    content = to_pdf(build(broken, judge(synapse.CLAIMS, broken), engine))
    assert content.startswith(b"%PDF")


def test_a_missing_folder_is_refused_before_anything_runs(design_file, tmp_path, monkeypatch, lab):
    monkeypatch.setattr(synapse, "run", lambda *_: pytest.fail("simulated"))
    with pytest.raises(InputError, match=r"no/a\.pdf: cannot be written, there is no folder .*no$"):
        write_report(design_file, tmp_path / "no" / "a.pdf", lab)


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot be written, is a directory$"):
        write_file(tmp_path, b"")


def test_a_design_that_is_not_there_is_named(tmp_path, lab):
    with pytest.raises(DesignError, match=r"none\.toml: no such file$"):
        write_report(tmp_path / "none.toml", tmp_path / "a.pdf", lab)


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc/self").exists(), reason="needs /proc")
def test_a_folder_that_cannot_be_written_is_one_line():
    with pytest.raises(InputError, match=r"^/proc/self/a\.pdf: cannot be written, "):
        write_file(Path("/proc/self/a.pdf"), b"x")


@pytest.mark.skipif(not may_mount(), reason="needs a user namespace to mount a small disk")
def test_a_full_disk_is_one_line_and_keeps_the_older_report(tmp_path):
    small, copy = tmp_path / "small", tmp_path / "copy"
    small.mkdir()
    script = f'mount -t tmpfs -o size=64k none {small} && "$@"; cp -r {small} {copy}'
    program = (
        "import sys; from pathlib import Path; from cosim.errors import StoreError; from cosim.files import write_file\n"
        f"path = Path({str(small / 'a.pdf')!r}); write_file(path, b'old')\n"
        "try:\n    write_file(path, b'x' * 200_000)\nexcept StoreError as error:\n    print(error)\n"
    )
    ended = subprocess.run([*NAMESPACE, "sh", "-c", script, "sh", sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.startswith(f"{small / 'a.pdf'}: no space left on the disk; ")
    assert [(each.name, each.read_bytes()) for each in copy.iterdir()] == [("a.pdf", b"old")]


@pytest.mark.parametrize("package", ["typst", "matplotlib", "schemdraw"])
def test_a_missing_package_says_how_to_install_it(package, monkeypatch, result, verdicts, engine):
    original = builtins.__import__

    def without(name, *rest, **named):
        if name.split(".")[0] == package:
            raise ImportError(f"No module named {package!r}", name=package)
        return original(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    for name in [each for each in sys.modules if each.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(InputError, match=rf"^report: the Python package {package} is missing; pip install 'cosim\[report\]'$"):
        to_pdf(build(result, verdicts, engine))


def test_importing_the_report_imports_no_drawing_package():
    program = "import cosim.reporting.pdf, sys; print(sorted({'matplotlib', 'typst', 'schemdraw', 'ziamath', 'pandas'} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_the_template_ships_with_the_package():
    assert (Path(pdf.__file__).parent / "template.typ").is_file()
    assert Design().name == "lim2025_synapse"
