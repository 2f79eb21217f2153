"""How every report ends: its claims, and where its numbers come from."""

import platform
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version

import cosim
from cosim.claims import KINDS, Verdict
from cosim.design import Design
from cosim.reporting import tables_cell
from cosim.reporting.blocks import Block, Column, code_cell, section, table, text
from cosim.reporting.style import listing
from cosim.spice.engines import Engine

SHOWN_CLAIMS = 4  # open ones that the first page names

NO_DATE = (
    "The report holds no date: the same design, versions and simulator give the same bytes. Deck hashes in the tables are the first twelve digits of the "
    "SHA-256 over netlist and included files; the store keeps its results under the same text."
)


def claims(verdicts: Sequence[Verdict], prefix: str = "") -> Block:
    """The section of the claims, a table for each kind.

    Args:
        verdicts: on all of them.
        prefix: that their ids have in common; it is not repeated.
    """
    kinds = sorted({each.kind for each in verdicts}, key=["reproduction", "prediction", *KINDS].index)
    common = f"; ids begin with {prefix}" if prefix else ""
    return section(
        "Claims",
        text(f"Each claim has a number and a direction{common}. What a card was fitted to stands apart."),
        *(tables_cell.claims(verdicts, kind, prefix) for kind in kinds),
        page=False,
    )


def provenance(design: Design, engine: Engine, *, leave_out: Sequence[str] = (), command: str, rows: Sequence[tuple[str, str | Block]] = ()) -> Block:
    """The section that says where the numbers come from.

    Args:
        design: that was computed.
        engine: that simulated.
        leave_out: sections of the design that this report does not read.
        command: that the report is said to come from.
        rows: what else is to be known, each with its value.
    """
    known: list[list[str | Block]] = [
        ["cosim; Python, NumPy", f"{cosim.__version__}; {platform.python_version()}, {version('numpy')}"],
        ["simulator", f"{engine.kind} {engine.version}"],
        ["seed of all random draws", str(design.run.seed)],
        ["design", design.name],
        ["digest of the design", code_cell(design.digest())],
        *(list(each) for each in rows),
        ["command", code_cell(command or "-")],
    ]
    where = table("Where the numbers come from", [Column("what"), Column("value", width="1")], known)
    return section("Provenance", text(NO_DATE), where, design_values(design, leave_out=leave_out), page=False)


def design_values(design: Design, *, leave_out: Sequence[str] = ()) -> Block:
    """Every value of the design file, defaults included, in all sections but those to `leave_out`."""
    values = [(title, key, _unbroken(value)) for title, key, value in design.describe() if title not in leave_out]
    half = (len(values) + 1) // 2
    left, right = values[:half], [*values[half:], ("", "", "")][:half]
    rows = [[one[0], code_cell(one[1]), one[2], two[0], code_cell(two[1]), two[2]] for one, two in zip(left, right, strict=True)]
    columns = [Column("section"), Column("key"), Column("value", width="1")]
    return table("The design", [*columns, *columns], rows, size=7.2)


def _unbroken(value: str) -> str:
    """A quantity that stays on one line; a list breaks behind its commas."""
    return value.replace(" ", "\N{NO-BREAK SPACE}").replace(",\N{NO-BREAK SPACE}", ", ")


def claims_remark(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """How many claims are met, of which kind, and which are not, for the first page."""
    met = Counter(each.kind for each in verdicts if each.verdict == "met")
    counted = Counter(each.kind for each in verdicts)
    kinds = listing(f"{met[kind]} of {counted[kind]} {kind}s" for kind in ("reproduction", "prediction", "calibration") if counted[kind])
    open_claims = [".".join(each.id.split(".")[-2:]) for each in verdicts if each.verdict != "met"]
    more = f" and {len(open_claims) - SHOWN_CLAIMS} more" if len(open_claims) > SHOWN_CLAIMS else ""
    rest = f" Open: {', '.join(open_claims[:SHOWN_CLAIMS])}{more}." if open_claims else ""
    title = f"Claims: {sum(met.values())} of {len(verdicts)} met"
    return {"title": title, "text": f"{kinds}{_by_study(verdicts)}; a calibration only repeats what a card was fitted to.{_not_run(verdicts)}{rest}"}


def _by_study(verdicts: Sequence[Verdict]) -> str:
    """How many claims each study has, when there is more than one."""
    counted = Counter(each.id.split(".")[1] for each in verdicts)
    return f" ({listing(f'{name}: {number}' for name, number in counted.items())})" if len(counted) > 1 else ""


def _not_run(verdicts: Sequence[Verdict]) -> str:
    missing_ones = [each for each in verdicts if each.verdict == "not_run"]
    return f" {len(missing_ones)} could not be run." if missing_ones else ""
