"""The chapters of the report on storage (Zarcone 2020; drift after El-Geresy 2024): their sections, and what to conclude from each.

Every number in the texts is read from the results. Not here: the look of figures and tables (`figures_storage`, `tables_storage` and their neighbors).
"""

from collections.abc import Callable

import numpy as np

from cosim.codesign.pcm_cell import PARTIAL_SET
from cosim.coding.storage_energy import load_storage
from cosim.reporting import tables_drift, tables_storage
from cosim.reporting.blocks import Block, bullets, missing, pair, section, text
from cosim.reporting.storage import Findings, failed
from cosim.reporting.style import measured, percent, pretty, quantity
from cosim.spice.engines import Engine
from cosim.studies.zarcone2020.pcm.claims import PAPER_DEVICE, best_equal_cost, device_bandwidth
from cosim.studies.zarcone2020.pcm.study import LEFT_OUT
from cosim.studies.zarcone2020.storing import FINE, USED

UNCONVERGED = 0.1  # dB by which the code trained on the channel may lie below the one trained on its moments
ENERGY, DRIFT, POPULATION, TIO2 = "zarcone2020.energy", "channels.drift", "channels.population", "channels.tio2"
Drawn = Callable[[str], Block]


def sections(findings: Findings, drawn: Drawn, schematic: Callable[[], Block]) -> list[Block]:
    """All chapters.

    Args:
        findings: of the studies.
        drawn: the block of a figure by its name.
        schematic: the block of the cell's circuit.
    """
    return [
        _channel(findings, drawn),
        _capacity(findings, drawn),
        _code(findings, drawn),
        _cell(findings, drawn, schematic),
        _energy(findings, drawn),
        _drift(findings, drawn),
    ]


def _channel(findings: Findings, drawn: Drawn) -> Block:
    stored, study = findings.stored, findings.pcm
    after = f" {quantity(stored.matrix.delay, 's')} later" if stored.matrix.delay else ""
    words = (
        f"A cell is reset, written with one pulse and read once{after}: the channel is the law of the read for each of {len(stored.matrix.inputs)} levels of "
        f"{stored.matrix.written.name}, in {len(stored.matrix.edges) - 1} bins of {stored.matrix.read.name}. "
    )
    if study is None:
        reason = findings.wanted or findings.failures.get("zarcone2020.pcm", "")
        rest = f"The measurements of the design are not there ({reason}); {findings.channel.name} stands in." if reason else ""
        return section("Channel", text(pretty(words + rest)), tables_storage.levels(stored))
    gain = study.stored.capacity.bits - study.raw.bits
    words += (
        f"Between levels it is mixed linearly, so that only levels that were measured matter for capacity and code. Reads relative "
        "to the reset of each device, "
        f"which a controller knows after one read, are worth {gain:.2f} bits a device over reads as they are."
    )
    return section("Channel", text(pretty(words)), drawn("measured"), tables_storage.capacities(study))


def _capacity(findings: Findings, drawn: Drawn) -> Block:
    stored, study = findings.stored, findings.pcm
    found = stored.capacity
    words = (
        f"The capacity is {found.bits:.4f} bits a device. It is proved: with the output law of the optimum no input diverges by "
        f"more than {found.upper:.4f} bits, "
        f"which bounds every distribution. {len(stored.fine.used)} levels are used in more than {percent(USED)} of the writes on a grid of {FINE} levels and "
        f"bins. Reads in few states lose more than writes in few: {_few_states(findings)}"
    )
    blocks = [
        text(pretty(words)),
        tables_storage.states(stored, study),
        pair(tables_storage.equal(stored, study), tables_storage.levels(stored)),
        drawn("optimum"),
    ]
    if study is not None:
        factor = device_bandwidth(study)
        reached = f"only a bandwidth {factor:.1f} times as wide gives" if np.isfinite(factor) else "none of the bandwidths tried gives"
        blocks += [
            text(
                pretty(
                    f"A kernel density has a bandwidth, and the capacity follows it: {_widened(findings)}. For a single device the "
                    f"paper prints about {PAPER_DEVICE:g} bits; "
                    f"{reached} that. Where levels must be equally likely, take levels that are chosen for it: the best 8 lose "
                    f"{percent(best_equal_cost(study, 8))}, the levels of the optimum {percent(1 - stored.equal.support / found.bits)}."
                )
            ),
            drawn("sensitivity"),
        ]
    return section("Capacity", *blocks, page=False)


def _few_states(findings: Findings) -> str:
    states, best = findings.stored.states, findings.stored.capacity.bits
    parts = []
    for writes, reads in ((4, 64), (16, 4), (8, 16)):
        if writes in states.writes and reads in states.reads:
            parts.append(f"{writes} write and {reads} read states keep {percent(states.at(writes, reads) / best)}")
    return f"{', '.join(parts)}." if parts else "see the table."


def _widened(findings: Findings) -> str:
    study = findings.pcm
    assert study is not None
    factors, bits = study.bandwidths, study.widened["normalized"]
    low, high = int(np.argmin(factors)), int(np.argmax(factors))
    return f"{bits[low]:.3f} bits at {factors[low]:g} times Scott's rule, {bits[high]:.3f} at {factors[high]:g} times"


def _code(findings: Findings, drawn: Drawn) -> Block:
    stored, study = findings.stored, findings.pcm
    exact = stored.smooth["exact"]
    words = (
        f"One Gaussian sample goes into one device. The scalar code reaches {stored.scalar.snr:.2f} dB with {stored.scalar.levels} levels and analog reads, "
        f"{stored.coarse.snr:.2f} dB with {stored.coarse.writes} levels and {stored.coarse.reads} read intervals, smooth functions {exact.snr:.2f} dB; no code "
        f"gives more than {stored.opta:.2f} dB. All are tables of what to write and what to say, without a delay and without a "
        "block. The encoder is exact for its "
        "decoder and the decoder for its encoder; that there is no better pair is not proved. "
    )
    surrogate = stored.smooth["surrogate"]
    if exact.snr < surrogate.snr - UNCONVERGED:
        words += f"The training of the smooth functions on the channel did not converge: on moments alone they reach {surrogate.snr:.2f} dB. "
    if study is not None:
        words += _unseen_words(findings) + _block_words(findings)
    blocks = [text(pretty(words)), drawn("scalar_code"), tables_storage.codes(stored, study), drawn("smooth_code"), drawn("distributions"), drawn("recalled")]
    return section("Joint coding", *blocks, page=False)


def _unseen_words(findings: Findings) -> str:
    study, goal = findings.pcm, findings.design.storage.snr
    assert study is not None
    return (
        f"Designed on {percent(1.0 - LEFT_OUT, digits=0)} of the reads of all devices, the scalar code expects {study.unseen.expected:.2f} dB and has "
        f"{study.unseen.scored:.2f} dB on the others, which are scored as they were read, without the width of a kernel. A "
        "device that the design has not seen is "
        f"another matter: of {len(study.left_out)} left out in turn {int((study.left_out >= goal).sum())} reach {goal:.1f} dB, the worst has "
        f"{study.left_out.min():.2f} dB. "
    )


def _block_words(findings: Findings) -> str:
    study = findings.pcm
    assert study is not None
    together = [each for each in study.blocks if each.samples == each.devices]
    if not together:
        return ""
    best = max(together, key=lambda each: each.snr)
    alone = study.stored.scalar.snr
    gain = f"{best.snr - alone:.2f} dB more than one by one" if best.snr > alone else "no more than one by one"
    more = max(study.blocks, key=lambda each: each.devices / each.samples)
    words = f"{best.samples} samples coded together into {best.devices} devices come back with {best.snr:.2f} dB, {gain}"
    if more.devices > more.samples:
        words += (
            f"; with {more.devices / more.samples:g} devices a sample {max(each.snr for each in study.blocks if each.opta == more.opta):.2f} dB are reached"
        )
    return f"{words}, on samples that their design has not seen."


def _cell(findings: Findings, drawn: Drawn, schematic: Callable[[], Block]) -> Block:
    found = findings.results.get(ENERGY)
    if found is None:
        return section("Cell", missing("Cell", failed(findings, ENERGY)), page=False)
    bit_line, printed = findings.design.storage.bit_line, load_storage().write
    allowed = printed / (bit_line * PARTIAL_SET.width)
    words = (
        "The cell as it was simulated: a phase-change element on the drain of its access transistor, "
        f"{quantity(bit_line, 'V')} on the bit line, the current set by the word line. RESET takes "
        f"{measured(found.cell.reset_current, 'A')}. A write, RESET and "
        f"partial SET together, takes {measured(found.write, 'J')} on the mean of the voltages, {found.write / printed:.1f} times the {measured(printed, 'J')} "
        f"that the paper states for its array: a flat top of {quantity(PARTIAL_SET.width, 's')} at {quantity(bit_line, 'V')} "
        "takes no more than that only if the "
        f"current stays below {measured(allowed, 'A')}."
    )
    return section("Cell", text(pretty(words)), schematic(), drawn("word_line"), page=False)


def _energy(findings: Findings, drawn: Drawn) -> Block:
    found = findings.results.get(ENERGY)
    if found is None:
        return section("Energy", missing("Energy", failed(findings, ENERGY)), page=False)
    comparison = found.cases["fitted"].comparison
    words = (
        f"In the paper's constants a sample of {comparison.bits:g} bits takes {measured(comparison.separate_total, 'J')} with separate coding and "
        f"{measured(comparison.joint_total, 'J')} with the joint code. What the paper itemizes, writes and LDPC decoding, is taken from it; what it does not, "
        "converters, reads, encoders and tables, is what is left of its totals. The advantage ends where converters take over."
    )
    return section("Energy", text(pretty(words)), drawn("shares"), drawn("precision"), drawn("conversion"), page=False)


def _drift(findings: Findings, drawn: Drawn) -> Block:
    results = findings.results
    blocks = [
        text(
            pretty(
                "A stored value drifts. For a population of switches that flip on their own the law of a read is exact at any delay, so that the capacity of "
                "the binned channel is known from both sides, under a budget of energy too. Phase-change memory drifts by a power law whose exponent differs "
                "from device to device: the mean can be compensated, the spread cannot."
            )
        ),
        drawn("drift_law"),
        drawn("drift_capacity"),
        *([tables_drift.capacities(results[DRIFT])] if DRIFT in results else []),
        *([tables_drift.population(results[POPULATION])] if POPULATION in results else []),
        drawn("pcm_drift"),
    ]
    if TIO2 in results:
        blocks += [drawn("tio2"), tables_drift.tio2(results[TIO2])]
    elif TIO2 not in findings.absent:
        blocks += [missing("TiO2 traces", failed(findings, TIO2))]
    return section("Drift", *blocks, page=False)


def assumptions(findings: Findings, engine: Engine) -> Block:
    """What the numbers rest on, and what they do not say."""
    items = [
        (
            f"{engine.kind} ran the cell.",
            f"Its currents and energies are from {engine.kind} {engine.version}; everything else is computed without a simulator.",
        ),
        ("One pulse, one read, no time.", "The measurements were read soon after the write. Drift, temperature and wear of these cells are not in them."),
        (
            "Kernel densities.",
            "The law between samples is a convention, Scott's bandwidth; the code is therefore scored on raw reads that its design has not seen too.",
        ),
        (
            "Gaussian source, squared error.",
            "Samples are independent. Another source is given to cosim code scalar as a file of samples.",
        ),
        (
            "The energies are the paper's.",
            f"A write of {measured(load_storage().write, 'J')}, LDPC decoding of {measured(load_storage().ldpc_decode, 'J')} and the totals are printed, the "
            "split of the rest is ours; the cell here takes "
            f"{_simulated_write(findings)} a write, with a transistor of another process.",
        ),
        (
            "The drift channel is a model.",
            "Its range, equilibrium and delays are those of arXiv 2501.10376; time constant and read noise are ours, as the paper does not print them.",
        ),
    ]
    absent = [f"{name}: {findings.failures[name]}" for name in findings.absent]
    if absent:
        items.append(("Data that are not there.", f"Claims on them are not run, which counts as no failure. {'; '.join(absent)}."))
    return section("Assumptions", bullets(items), page=False)


def _simulated_write(findings: Findings) -> str:
    found = findings.results.get(ENERGY)
    return measured(found.write, "J") if found is not None else "more"
