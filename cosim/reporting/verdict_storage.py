"""The first page of the report on storage: whether a sample comes back well enough with the converters of the design, and at what energy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cosim.coding.storage_energy import compare, load_storage, mean_write
from cosim.errors import InputError
from cosim.reporting.blocks import Block, Column, marked, table
from cosim.reporting.closing import claims_remark
from cosim.reporting.storage import ENERGY, Findings
from cosim.reporting.style import measured, quantity
from cosim.studies.zarcone2020.energy.study import with_converters

ALIKE = 0.3  # dB: what a code may have less on reads that it has not seen


@dataclass(frozen=True)
class Rule:
    """A requirement: what was computed for it, what is allowed, and whether the verdict follows it."""

    name: str
    computed: str
    allowed: str
    holds: bool
    decides: bool = False

    @property
    def row(self) -> list[Any]:
        """As a row of the table."""
        word = ("pass" if self.holds else "fail") if self.decides else ("holds" if self.holds else "does not hold")
        return [self.name, self.computed, self.allowed, "decides" if self.decides else "for information", marked(word)]


def page(findings: Findings, pictures: Sequence[Block]) -> Block:
    """The content of the page.

    Args:
        findings: of the studies.
        pictures: two blocks that stand beside each other.
    """
    plan, stored, asked = findings.design.storage, findings.stored, rules(findings)
    failed = [each.name for each in asked if each.decides and not each.holds]
    coarse = stored.coarse
    words = (
        f"RESET, written once and read once, a Gaussian sample comes back with {coarse.snr:.2f} dB from one device of {findings.channel.name}, with "
        f"{plan.converter_bits}-bit converters: {coarse.writes} write levels, {coarse.reads} read intervals. The design asks for {plan.snr:.2f} dB. With finer "
        f"converters it is {stored.scalar.snr:.2f} dB, and no code of any length gives more than {stored.opta:.2f} dB."
    )
    headline = f"Not met: {', '.join(failed)}" if failed else "Store a real number in one cell"
    return {
        "headline": f"{headline} (stand-in)" if findings.wanted else headline,
        "word": "FAIL" if failed else "PASS",
        "mark": "bad" if failed else "good",
        "explanation": words,
        "tiles": _tiles(findings),
        "checks": table(
            "Requirements",
            [Column("rule", width="1"), Column("computed", "right"), Column("allowed"), Column("weight"), Column("verdict")],
            [each.row for each in asked],
            size=9.0,
        ),
        "pictures": list(pictures),
        "remarks": [_channel_remark(findings), _coding_remark(findings), _energy_remark(findings), claims_remark(findings.verdicts)],
    }


def rules(findings: Findings) -> list[Rule]:
    """What the design asks for, and what it does not ask but should know."""
    plan, stored, pcm = findings.design.storage, findings.stored, findings.pcm
    least, most = f">= {plan.snr:.2f} dB", f"<= {measured(plan.energy, 'J')}"

    def comes_back(name: str, snr: float, *, decides: bool = False) -> Rule:
        return Rule(name, f"{snr:.2f} dB", least, snr >= plan.snr, decides)

    def takes(name: str, energy: float, *, decides: bool = False) -> Rule:
        return Rule(name, measured(energy, "J"), most, energy <= plan.energy, decides)

    found = [
        comes_back(f"a sample comes back, {plan.converter_bits}-bit converters", stored.coarse.snr, decides=True),
        comes_back("with fine converters", stored.scalar.snr),
        comes_back("with a smooth encoder and decoder", stored.smooth["exact"].snr),
    ]
    if pcm is not None:
        off = pcm.unseen.scored - pcm.unseen.expected
        found.append(Rule("on reads that the design has not seen, same devices", f"{off:+.2f} dB", f"within {ALIKE:g} dB", abs(off) <= ALIKE))
        found.append(comes_back("on a device that the design has not seen, the worst", float(pcm.left_out.min())))
    own = own_write(findings)
    if own is not None:
        found.append(takes("energy a sample, with the writes of the channel", joint_energy(findings, write=own), decides=True))
    found.append(takes("energy a sample, with the write of the paper", joint_energy(findings)))
    if ENERGY in findings.results:
        found.append(takes("energy a sample, with the write of the simulated cell", joint_energy(findings, write=findings.results[ENERGY].write)))
    return found


def own_write(findings: Findings) -> float | None:
    """Mean energy of a write of the scalar code, where the channel knows what its writes cost [J]."""
    try:
        costs = findings.channel.energy(findings.stored.matrix.inputs)
    except InputError:
        return None
    return mean_write(costs, findings.stored.scalar.distribution)


def joint_energy(findings: Findings, *, write: float | None = None) -> float:
    """Energy a sample of the joint code with the converters of the design, in the paper's constants or with another write [J]."""
    return compare(card=with_converters(load_storage(), findings.design.storage.converter_bits), write=write).joint_total


def _tiles(findings: Findings) -> list[dict[str, str]]:
    stored = findings.stored
    capacity, states = stored.capacity, stored.states
    most = states.bits[-1, -1]
    return [
        {"label": "capacity of a device", "value": f"{capacity.bits:.3f} bits", "note": "proved on its grid"},
        {"label": f"{findings.design.storage.converter_bits}-bit converters", "value": f"{stored.coarse.snr:.2f} dB", "note": "decides"},
        {"label": "fine converters", "value": f"{stored.scalar.snr:.2f} dB", "note": f"{stored.scalar.levels} write levels"},
        {"label": "bound of all codes", "value": f"{stored.opta:.2f} dB", "note": "OPTA, any length"},
        {
            "label": f"{states.writes[-1]} write, {states.reads[-1]} read states",
            "value": f"{most:.3f} bits",
            "note": f"{100 * most / capacity.bits:.1f} % of the capacity",
        },
    ]


def _channel_remark(findings: Findings) -> dict[str, str]:
    stored = findings.stored
    words = f"{findings.channel.name}: {len(stored.matrix.inputs)} levels of {stored.matrix.written.name}, {len(stored.matrix.edges) - 1} read bins"
    words += f", {quantity(stored.matrix.delay, 's')} after the write. " if stored.matrix.delay else ". "
    if findings.wanted:
        words += f"It stands in for {findings.design.storage.channel}, whose data are not there: what follows holds for a Gaussian model of them."
    elif findings.pcm is not None:
        reached = int((findings.pcm.left_out >= findings.design.storage.snr).sum())
        words += (
            f"Measured on {len(findings.pcm.left_out)} devices. Designed on all but one of them, the code reaches the goal on the one left out in {reached} of "
            f"{len(findings.pcm.left_out)} cases: calibrate it to the chip."
        )
    return {"title": "The channel", "text": words}


def _coding_remark(findings: Findings) -> dict[str, str]:
    stored = findings.stored
    equal = 100 * (1 - stored.equal.bits.max() / stored.capacity.bits)
    count = stored.equal.counts[int(stored.equal.bits.argmax())]
    words = (
        f"The code is two look-up tables. With fine converters it carries {stored.scalar.information:.2f} of the {stored.capacity.bits:.2f} bits. Where levels "
        f"must be written equally often, the best {count} of them lose {equal:.1f} %."
    )
    return {"title": "The code", "text": words}


def _energy_remark(findings: Findings) -> dict[str, str]:
    found = findings.results.get(ENERGY)
    words = "Energies are the paper's constants; parts that it does not itemize are what is left of its totals."
    if found is not None:
        bit_line = quantity(findings.design.storage.bit_line, "V")
        words += f" A cell simulated at {bit_line} takes {measured(found.write, 'J')} a write: look at the pulse before the code."
    return {"title": "Before you rely on the energy", "text": words}
