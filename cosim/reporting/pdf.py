"""The PDF of a design: run the study, judge the claims, print. `document` says what stands on the pages.

typst sets the pages from its own fonts and those of matplotlib, without the network, the fonts of the system or a date, so
that the same result gives the same bytes. The file is written beside its place and moved there when it is complete.
"""

import json
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cosim
from cosim import design as designs
from cosim.claims import Verdict, judge, not_run
from cosim.codesign.sizing import SizingAdvice
from cosim.errors import CircuitError, DesignError, DeviceError, InputError, SimulationError
from cosim.files import unwritten, write_file
from cosim.reporting import swept as sweeps
from cosim.reporting.document import Document, build
from cosim.reporting.style import missing_package
from cosim.spice.engines import Engine
from cosim.studies.lim2025 import inference, neuron, synapse, tuning
from cosim.sweep.lab import Lab

if TYPE_CHECKING:
    from cosim.reporting.loop import LoopFindings

STANDARD = "ua-1"  # tagged, every picture with a text in its place
PICTURE_RESOLUTION = 110.0  # [pixels/inch] of a page as a picture


@dataclass(frozen=True, kw_only=True)
class ReportOutcome:
    """What became of a report.

    Attributes:
        path: of the PDF.
        verdicts: on all claims of the studies that were run.
        advice: what to build; None if the sizing could not be simulated, or in the report on storage.
        failed: rules of the design that its first page says are not met.
        absent: claims that were left out of `verdicts`, since what they need is not there.
    """

    path: Path
    verdicts: list[Verdict]
    advice: SizingAdvice | None
    failed: tuple[str, ...] = ()
    absent: int = 0


def write_report(
    design_path: Path | str, output: Path | str, lab: Lab, *, command: str = "", picture: Path | None = None, network: bool = False
) -> ReportOutcome:
    """Simulate a design and write its report.

    Args:
        design_path: the design file.
        output: the PDF; replaced when the new one is complete.
        lab: where to simulate; a store in it makes a second report quick.
        command: that the report is said to come from.
        picture: where the first page goes as PNG too; None for nowhere.
        network: add the chapter on the spiking network; its test images take many minutes in the simulator.

    Raises:
        DesignError: the design file is wrong.
        InputError: a package of the extra ``report`` is missing, or `output` cannot be written.
        StoreError: the disk is full; what was there before is kept.
    """
    design = designs.load_design(design_path)
    output = Path(output)
    _check_folders(output, picture)
    result = synapse.run(design, lab)
    tuned, failure = _tuned(design, lab)
    fired, unfired = _fired(design, lab)
    inferred, uninferred = _inferred(design, lab) if network else (None, "")
    swept, unswept = _swept(design, lab)
    known: dict[str, Any] = {"seed": design.run.seed, "versions": {"cosim": cosim.__version__, lab.engine.kind: lab.engine.version}}
    verdicts = judge(synapse.CLAIMS, result, **known)
    verdicts += judge(tuning.CLAIMS, tuned, **known) if tuned else not_run(tuning.CLAIMS, failure, **known)
    verdicts += judge(neuron.CLAIMS, fired, **known) if fired else not_run(neuron.CLAIMS, unfired, **known)
    if network:
        verdicts += judge(inference.CLAIMS, inferred, **known) if inferred else not_run(inference.CLAIMS, uninferred, **known)
    document = build(
        result,
        verdicts,
        lab.engine,
        tuning=tuned,
        failure=failure,
        neuron=fired,
        unfired=unfired,
        network=inferred,
        uninferred=uninferred,
        swept=swept,
        unswept=unswept,
        command=command,
    )
    _write(document, output=output, picture=picture)
    failed = [each.name for each in result.advice.checks if each.required and not each.passed] if result.advice else []
    return ReportOutcome(path=output, verdicts=verdicts, advice=result.advice, failed=tuple(failed))


def write_storage_report(design_path: Path | str, output: Path | str, lab: Lab, *, command: str = "", picture: Path | None = None) -> ReportOutcome:
    """Compute the storage of a design, and write its report. Arguments and errors as in `write_report`.

    Claims whose measurements or package are not there are printed as not run and left out of the verdicts of the outcome.
    """
    from cosim.reporting import document_storage, storage, verdict_storage

    design = designs.load_design(design_path)
    output = Path(output)
    _check_folders(output, picture)
    found = storage.find(design, lab)
    document = document_storage.build_storage(found, lab.engine, command=command)
    _write(document, output=output, picture=picture)
    counted = [each for each in found.verdicts if not found.excused(each)]
    failed = tuple(each.name for each in verdict_storage.rules(found) if each.decides and not each.holds)
    return ReportOutcome(path=output, verdicts=counted, advice=None, failed=failed, absent=len(found.verdicts) - len(counted))


def write_loop_report(found: "LoopFindings", engine: Engine, *, output: Path | None, picture: Path | None = None, command: str = "") -> None:
    """Write the report on the loop.

    Args:
        found: of `cosim.reporting.loop.find`.
        engine: that simulated.
        output: the PDF; replaced when the new one is complete. None for nowhere.
        picture: where the first page goes as PNG; None for nowhere.
        command: that the report is said to come from.

    Raises:
        InputError: a package of the extra ``report`` is missing, or a file cannot be written.
        StoreError: the disk is full; what was there before is kept.
    """
    from cosim.reporting.document_loop import build_loop

    _check_folders(output, picture)
    _write(build_loop(found, engine, command=command), output=output, picture=picture)


def _write(document: Document, *, output: Path | None, picture: Path | None) -> None:
    """The pages as PDF, and the first one as PNG, where they are wanted."""
    if output:
        write_file(output, to_pdf(document))
    if picture:
        write_file(picture, to_pictures(document)[0])


def _tuned(design: designs.Design, lab: Lab) -> tuple[tuning.TuningResult | None, str]:
    """The tuning study, or why there is none: a simulation failed, or the design's cell cannot reach a target. The rest is printed all the same."""
    try:
        return tuning.run(design, lab), ""
    except (SimulationError, DeviceError) as error:
        return None, str(error)


def _fired(design: designs.Design, lab: Lab) -> tuple[neuron.NeuronResult | None, str]:
    """The neuron study, or why there is none: a simulation failed, or a card of the design does not fit. The rest is printed all the same."""
    try:
        return neuron.run(design, lab), ""
    except (SimulationError, DesignError, DeviceError) as error:
        return None, str(error)


def _inferred(design: designs.Design, lab: Lab) -> tuple[inference.InferenceResult | None, str]:
    """The inference study, or why there is none: images or packages that are not there, a simulation that failed. The rest is printed all the same."""
    try:
        return inference.run(design, lab), ""
    except (SimulationError, InputError) as error:
        return None, str(error)


def _swept(design: designs.Design, lab: Lab) -> tuple[sweeps.Swept | None, str]:
    """The sweep of the design, None if it has none; or why it could not be run. Single runs that fail are in it."""
    try:
        return sweeps.run(design, lab), ""
    except (SimulationError, DesignError, DeviceError, CircuitError) as error:
        return None, str(error)


def to_pdf(document: Document) -> bytes:
    """The pages as PDF.

    Raises:
        InputError: typst is not installed.
    """
    return bytes(_compile(document, format="pdf", pdf_standards=[STANDARD]))


def to_pictures(document: Document, *, resolution: float = PICTURE_RESOLUTION) -> list[bytes]:
    """Every page as PNG, `resolution` in pixels per inch."""
    pages = _compile(document, format="png", ppi=resolution)
    return [bytes(each) for each in (pages if isinstance(pages, list) else [pages])]


def _check_folders(*paths: Path | None) -> None:
    for path in paths:
        if path is None:
            continue
        if not path.parent.is_dir():
            raise InputError(f"{path}: cannot be written, there is no folder {path.parent}")
        if path.is_dir():
            raise InputError(f"{path}: cannot be written, it is a folder")


def _compile(document: Document, **options: Any) -> Any:
    try:
        import matplotlib
        import typst
    except ImportError as error:
        raise missing_package(error) from None
    fonts = [Path(matplotlib.get_data_path()) / "fonts" / "ttf"]
    with tempfile.TemporaryDirectory(prefix="cosim-report-") as folder:
        main = _sources(document, Path(folder))
        return typst.compile(main, root=folder, font_paths=fonts, ignore_system_fonts=True, **options)


def _sources(document: Document, folder: Path) -> Path:
    """Writes what typst reads, gives back the main file."""
    main = folder / "main.typ"
    try:
        for name, picture in document.pictures.items():
            (folder / f"{name}.svg").write_bytes(picture)
        (folder / "report.json").write_text(json.dumps(document.content, ensure_ascii=False, allow_nan=False), encoding="utf-8")
        main.write_bytes(files("cosim.reporting").joinpath("template.typ").read_bytes())
    except OSError as error:
        raise unwritten(f"temporary folder {folder}", error) from None
    return main
