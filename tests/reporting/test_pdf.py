"""The file: the same bytes for the same result, complete or not there, one clear line for what goes wrong."""

import builtins
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cosim.claims import Verdict, judge
from cosim.design import Design
from cosim.errors import DesignError, InputError, SimulationError
from cosim.files import write_file
from cosim.reporting import pdf
from cosim.reporting.document import Document, build
from cosim.reporting.pdf import ReportOutcome, to_pdf, to_pictures, write_report
from cosim.spice.engines import Engine
from cosim.studies.lim2025 import neuron, synapse, tuning
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = ["unshare", "--map-root-user", "--mount"]

pytestmark = pytest.mark.usefixtures("remembered")


@pytest.fixture(scope="module")
def lab(engine: Engine, store_folder: Path) -> Iterator[Lab]:
    with Store.open(store_folder) as store:
        yield Lab(engine=engine, store=store)


def written(folder: Path, design: Design, lab: Lab, *, picture: Path | None = None) -> ReportOutcome:
    """The report on a design, ``a.pdf`` beside its file."""
    (folder / "small.toml").write_text(design.to_toml())
    return write_report(folder / "small.toml", folder / "a.pdf", lab, command="cosim report small.toml", picture=picture)


@pytest.fixture(scope="module")
def whole(design: Design, lab: Lab, tmp_path_factory: pytest.TempPathFactory, remembered: None) -> ReportOutcome:
    """Of the small design, with the picture of its first page."""
    folder = tmp_path_factory.mktemp("whole")
    return written(folder, design, lab, picture=folder / "page.png")


@pytest.fixture(scope="module")
def lacking(design: Design, lab: Lab, tmp_path_factory: pytest.TempPathFactory, remembered: None) -> dict[str, Verdict]:
    """Verdicts on a design with a target that the cell cannot reach and a neuron that cannot be built."""
    unfit = replace(design, tuning=replace(design.tuning, targets=(2e-3,)), neuron=replace(design.neuron, card="linear"))
    return {each.id: each for each in written(tmp_path_factory.mktemp("lacking"), unfit, lab).verdicts}


@pytest.fixture(scope="module")
def content(document: Document) -> bytes:
    """The pages of the report of the three studies."""
    return to_pdf(document)


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


def test_a_report_is_written_and_gives_back_what_it_says(whole: ReportOutcome):
    assert whole.path.name == "a.pdf"
    assert whole.path.read_bytes().startswith(b"%PDF-1.")
    assert whole.advice.orientation == "mod"
    assert [each.id for each in whole.verdicts] == [each.id for each in (*synapse.CLAIMS, *tuning.CLAIMS, *neuron.CLAIMS)]
    assert {each.verdict for each in whole.verdicts if not each.id.startswith("lim2025.neuron")} <= {"met", "not_met"}
    assert sorted(each.name for each in whole.path.parent.iterdir()) == ["a.pdf", "page.png", "small.toml"]


def test_the_first_page_is_given_as_a_picture_on_request(whole: ReportOutcome):
    assert (whole.path.parent / "page.png").read_bytes().startswith(b"\x89PNG")


def test_a_tuning_study_that_failed_leaves_the_rest_of_the_report(design_file, tmp_path, lab, monkeypatch):
    def failing(*_):
        raise SimulationError("cell_mod_bench: timeout, took too long")

    monkeypatch.setattr(tuning, "run", failing)
    outcome = write_report(design_file, tmp_path / "a.pdf", lab)
    judged = {each.id: each for each in outcome.verdicts}
    assert {judged[each.id].verdict for each in synapse.CLAIMS} <= {"met", "not_met"}
    assert {(judged[each.id].verdict, judged[each.id].reason) for each in tuning.CLAIMS} == {("not_run", "cell_mod_bench: timeout, took too long")}
    assert outcome.path == tmp_path / "a.pdf"
    assert outcome.path.read_bytes().startswith(b"%PDF-1.")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.pdf", "small.toml"]  # no picture that was not asked for


def test_a_neuron_card_that_cannot_be_built_leaves_the_rest_of_the_report(lacking: dict[str, Verdict]):
    reason = "[neuron] card=linear: must be a card with currents as biases and a current-mode membrane, such as robust"
    assert {(lacking[each.id].verdict, lacking[each.id].reason) for each in neuron.CLAIMS} == {("not_run", reason)}
    assert {lacking[each.id].verdict for each in synapse.CLAIMS} <= {"met", "not_met"}


def test_targets_that_the_cell_cannot_reach_leave_the_rest_of_the_report(lacking: dict[str, Verdict]):
    reasons = {lacking[each.id].reason for each in tuning.CLAIMS}
    assert len(reasons) == 1
    assert reasons.pop().startswith("tuning, target=0.002: must be within ")
    assert lacking[synapse.CLAIMS[0].id].verdict == "met"


def test_the_same_result_gives_the_same_bytes(content, result, tuned, fired, verdicts, engine):
    assert to_pdf(build(result, verdicts, engine, tuning=tuned, neuron=fired, command="cosim report small.toml")) == content


def test_the_report_has_no_date_and_is_tagged(content):
    assert b"CreationDate" not in content
    assert b"/MarkInfo" in content


def test_every_page_can_be_a_picture(document):
    pages = to_pictures(document, resolution=20)
    assert 22 <= len(pages) <= 30
    assert all(page.startswith(b"\x89PNG") for page in pages)


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
