"""Claims of the energy study.

The totals are calibrations: writes and LDPC decoding are the paper's constants, and what it does not itemize is solved from its totals. So
are crossover and write energy: their limits were set with the values known, and say that these have not moved. Transistor and element are not the paper's,
and its 35 pJ is a simulated array, not its measured pulses.
"""

import math

import numpy as np

from cosim.claims import Claim, Interval, at_most, within
from cosim.codesign.pcm_cell import BIT_LINE, PARTIAL_SET
from cosim.studies.zarcone2020.energy.study import EnergyResult

PAPER = "Zarcone 2020"
PREFIX = "zarcone2020.energy"
PICO = 1e-12
LEFT = 35e-12 / (BIT_LINE * (PARTIAL_SET.width + (PARTIAL_SET.rise + PARTIAL_SET.fall) / 2.0))  # [A] mean current that 35 pJ would leave to a partial SET
POSITIVE = Interval(math.nextafter(0.0, 1.0), math.inf, "> 0")


def _itemized(total: float, rest: float) -> float:
    return 100.0 * (1.0 - rest / total)


def _smallest_increment(result: EnergyResult) -> float:
    return float(np.min(np.diff(result.cell.current)))


def _over_separate(result: EnergyResult) -> float:
    found = result.cases["simulated"].comparison
    return found.joint_total / found.separate_total


CONSTANTS = (
    Claim(
        id=f"{PREFIX}.separate",
        kind="calibration",
        source=f"{PAPER}, Separate vs joint comparison",
        statement="energy a sample of separate coding at 2 bits: the constants are the paper's, the remainder is solved from its total",
        paper=128.0,
        unit="pJ",
        must_be=within(128.0, 0.5),
        value=lambda result: result.cases["fitted"].comparison.separate_total / PICO,
    ),
    Claim(
        id=f"{PREFIX}.joint",
        kind="calibration",
        source=f"{PAPER}, Joint coding",
        statement="energy a sample of joint coding, converters of 4 bits: the constants are the paper's, the remainder is solved from its total",
        paper=40.0,
        unit="pJ",
        must_be=within(40.0, 0.5),
        value=lambda result: result.cases["fitted"].comparison.joint_total / PICO,
    ),
    Claim(
        id=f"{PREFIX}.itemized_separate",
        kind="calibration",
        source=f"{PAPER}, Separate vs joint comparison",
        statement="share of the separate total that the paper itemizes: writes and LDPC decoding",
        paper="70 and 44 of 128 pJ",
        unit="%",
        must_be=within(89.1, 0.1),
        value=lambda result: _itemized(result.cases["fitted"].card.separate_total, result.cases["fitted"].card.separate_rest),
    ),
    Claim(
        id=f"{PREFIX}.itemized_joint",
        kind="calibration",
        source=f"{PAPER}, Joint coding",
        statement="share of the joint total that follows from what the paper itemizes: one write, half of the two of separate coding",
        paper="35 of 40 pJ",
        unit="%",
        must_be=within(87.5, 0.1),
        value=lambda result: _itemized(result.cases["fitted"].card.joint_total, result.cases["fitted"].card.joint_rest),
    ),
    Claim(
        id=f"{PREFIX}.crossover",
        kind="calibration",
        source="ours: the paper says that joint coding is ahead at low precision, not up to which",
        statement="precision from which on joint coding takes more, converters fitted to a survey; the paper compares at 2 bits",
        paper=None,
        unit="bits",
        must_be=within(10.48, 0.1),
        value=lambda result: result.cases["fitted"].crossover,
    ),
    Claim(
        id=f"{PREFIX}.crossover_walden",
        kind="calibration",
        source="ours: the other law of converters, one doubling a bit",
        statement="the same with the median Walden figure of merit",
        paper=None,
        unit="bits",
        must_be=within(9.62, 0.1),
        value=lambda result: result.cases["walden"].crossover,
    ),
)
CELL = (
    Claim(
        id=f"{PREFIX}.rises",
        kind="reproduction",
        source=f"{PAPER}, Fig. 3c",
        statement="current of the access transistor rises with the word line from 0 to 3 V: smallest increment of a step of 50 mV",
        paper="rises",
        unit="A",
        must_be=POSITIVE,
        value=_smallest_increment,
    ),
    Claim(
        id=f"{PREFIX}.reset_current",
        kind="calibration",
        source="card of the element: example PCRAM cell of NVSim",
        statement="RESET current beyond that of the element's card; W/L is chosen for it",
        paper=None,
        unit="%",
        must_be=within(0.0, 5.0),
        value=lambda result: 100.0 * (result.cell.reset_current / result.element.reset_current - 1.0),
    ),
    Claim(
        id=f"{PREFIX}.load_line",
        kind="prediction",
        source="ours: the element's line against the output curve of the transistor alone",
        statement="largest difference of SPICE's current of the cell from the crossing of the two curves, word line 1 to 3 V",
        paper=None,
        unit="%",
        must_be=at_most(0.5),
        value=lambda result: 100.0 * result.line_error,
    ),
    Claim(
        id=f"{PREFIX}.balance",
        kind="prediction",
        source="ours: element by its law, transistor by its terminals",
        statement="energy of RESET and of a partial SET: largest difference of what the sources give from element and transistor together",
        paper=None,
        unit="%",
        must_be=at_most(0.1),
        value=lambda result: 100.0 * max(each.error for each in result.balances.values()),
    ),
    Claim(
        id=f"{PREFIX}.write",
        kind="calibration",
        source=f"{PAPER}: 35 pJ a write, of a simulated array in 28 nm",
        statement="mean write of our cell, RESET and a partial SET, over the paper's 35 pJ; in the paper's own pulse 35 pJ at 3 V would be a mean current of "
        f"{1e6 * LEFT:.1f} uA, which is far from RESET, and our transistor is of 0.5 um",
        paper=None,
        unit="1",
        must_be=within(8.67, 0.5),
        value=lambda result: result.write / result.cases["fitted"].card.write,
    ),
    Claim(
        id=f"{PREFIX}.simulated",
        kind="prediction",
        source="ours: the paper's comparison with the write of our cell",
        statement="joint over separate energy a sample at 2 bits, every write as that of our cell: joint coding still takes less",
        paper=None,
        unit="1",
        must_be=at_most(1.0),
        value=_over_separate,
    ),
)
CLAIMS = (*CONSTANTS, *CELL)
