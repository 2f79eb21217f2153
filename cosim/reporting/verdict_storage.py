"""The first page of the report on storage: whether a sample comes back well enough, and at what energy."""

from collections.abc import Sequence
from typing import Any

from cosim.coding.storage_energy import compare, load_storage
from cosim.reporting.blocks import Block, Column, marked, table
from cosim.reporting.closing import claims_remark
from cosim.reporting.storage import Findings
from cosim.reporting.style import measured, quantity
from cosim.studies.zarcone2020.energy.study import with_converters


def page(findings: Findings, pictures: Sequence[Block]) -> Block:
    """The content of the page.

    Args:
        findings: of the studies.
        pictures: two blocks that stand beside each other.
    """
    plan, stored = findings.design.storage, findings.stored
    spent = joint_energy(findings)
    rules = [("decides", stored.scalar.snr >= plan.snr, "signal-to-noise ratio"), ("decides", spent <= plan.energy, "energy a sample")]
    failed = [name for _, holds, name in rules if not holds]
    left = stored.opta - stored.scalar.snr
    words = (
        f"Written once and read once, a Gaussian sample comes back with {stored.scalar.snr:.2f} dB from one device of {findings.channel.name}; the design asks "
        f"for {plan.snr:.2f} dB, and no code of any length gives more than {stored.opta:.2f} dB, {left:.2f} dB above. "
        f"With {plan.converter_bits}-bit converters this takes {measured(spent, 'J')} a sample in the paper's figures; the design allows "
        f"{measured(plan.energy, 'J')}."
    )
    verdict: dict[str, Any] = (
        {"headline": f"Not met: {', '.join(failed)}", "word": "FAIL", "mark": "bad"}
        if failed
        else {"headline": "Store a real number in one cell", "word": "PASS", "mark": "good"}
    )
    return {
        **verdict,
        "explanation": words,
        "tiles": _tiles(findings),
        "checks": _checks(findings, spent),
        "pictures": list(pictures),
        "remarks": [_channel_remark(findings), _coding_remark(findings), _energy_remark(findings), claims_remark(findings.verdicts)],
    }


def joint_energy(findings: Findings) -> float:
    """Energy a sample of the joint code with the converters of the design, in the paper's constants [J]."""
    return compare(card=with_converters(load_storage(), findings.design.storage.converter_bits)).joint_total


def _tiles(findings: Findings) -> list[dict[str, str]]:
    stored = findings.stored
    capacity, states = stored.capacity, stored.states
    most = states.bits[-1, -1]
    return [
        {"label": "capacity of a device", "value": f"{capacity.bits:.3f} bits", "note": f"proved to {max(capacity.upper - capacity.bits, 1e-12):.0e} bit"},
        {"label": "scalar code", "value": f"{stored.scalar.snr:.2f} dB", "note": f"{stored.scalar.levels} write levels"},
        {"label": "bound of all codes", "value": f"{stored.opta:.2f} dB", "note": "OPTA, any length"},
        {"label": "levels at capacity", "value": f"{len(stored.fine.used)}", "note": "in over 0.1 % of writes"},
        {
            "label": f"{states.writes[-1]} write, {states.reads[-1]} read states",
            "value": f"{most:.3f} bits",
            "note": f"{100 * most / capacity.bits:.1f} % of the capacity",
        },
    ]


def _checks(findings: Findings, spent: float) -> Block:
    plan, stored, pcm = findings.design.storage, findings.stored, findings.pcm
    smooth = stored.smooth["exact"].snr
    rows: list[list[Any]] = [
        _row("a sample comes back", f"{stored.scalar.snr:.2f} dB", f">= {plan.snr:.2f} dB", stored.scalar.snr >= plan.snr, decides=True),
        _row("energy of storing and recalling it", measured(spent, "J"), f"<= {measured(plan.energy, 'J')}", spent <= plan.energy, decides=True),
        _row("with a smooth encoder and decoder too", f"{smooth:.2f} dB", f">= {plan.snr:.2f} dB", smooth >= plan.snr),
    ]
    if pcm is not None:
        off = pcm.unseen.scored - pcm.unseen.expected
        rows.append(_row("on reads that the design has not seen", f"{off:+.2f} dB", "within 0.3 dB", abs(off) <= 0.3))
    return table(
        "Requirements",
        [Column("rule", width="1"), Column("computed", "right"), Column("allowed"), Column("weight"), Column("verdict")],
        rows,
        size=9.0,
    )


def _row(name: str, value: str, allowed: str, holds: bool, *, decides: bool = False) -> list[Any]:
    word = ("pass" if holds else "fail") if decides else ("holds" if holds else "does not hold")
    return [name, value, allowed, "decides" if decides else "for information", marked(word)]


def _channel_remark(findings: Findings) -> dict[str, str]:
    stored = findings.stored
    words = f"{findings.channel.name}: {len(stored.matrix.inputs)} levels of {stored.matrix.written.name}, {len(stored.matrix.edges) - 1} read bins. "
    if findings.wanted:
        words += f"It stands in for {findings.design.storage.channel}, whose data are not there: what follows holds for a Gaussian model of them."
    elif findings.pcm is not None:
        raw = findings.pcm.raw.bits
        words += f"Measured on seven devices; read without the reset of each device known, they hold {raw:.2f} bits and not {stored.capacity.bits:.2f}."
    return {"title": "The channel", "text": words}


def _coding_remark(findings: Findings) -> dict[str, str]:
    stored = findings.stored
    equal = 100 * (1 - stored.equal.bits.max() / stored.capacity.bits)
    count = stored.equal.counts[int(stored.equal.bits.argmax())]
    words = (
        f"The code is two look-up tables. It carries {stored.scalar.information:.2f} of the {stored.capacity.bits:.2f} bits. Where "
        "levels must be written equally "
        f"often, the best {count} of them lose {equal:.1f} %."
    )
    return {"title": "The code", "text": words}


def _energy_remark(findings: Findings) -> dict[str, str]:
    found = findings.results.get("zarcone2020.energy")
    words = "Energies are the paper's constants, parts that it does not itemize are what is left of its totals."
    if found is not None:
        bit_line = quantity(findings.design.storage.bit_line, "V")
        words += f" A cell simulated at {bit_line} takes {measured(found.write, 'J')} a write: look at the pulse before the code."
    return {"title": "Before you rely on the energy", "text": words}
