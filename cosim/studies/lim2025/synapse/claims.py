"""Claims of the study: what Lim et al. 2025 print, what the cards were fitted to, and what neither was.

Kinds: the ends of the levels, the on-resistance and the on/off ratio at W/L 65 are calibrations, because the cards were
fitted to them. So are the share and the two crossings, which follow from an on-resistance and a low-resistance state that were
both fitted; the rise of the noise, whose table was entered; and the retention, because the model moves above thresholds only.
The on/off ratio at W/L 130 is one too: the slope of the card was fitted to the 87.5 % at W/L 65 after an earlier card, of
1 kohm at 50 mV, had shown 94.5 % there. The ratio at W/L 20, Table 1 and the orientation follow.
"""

import numpy as np

from cosim.claims import Claim, at_least, at_most, between, equals, within
from cosim.studies.lim2025.synapse.drive import is_follower
from cosim.studies.lim2025.synapse.study import SynapseResult

PAPER = "Lim 2025"
PREFIX = "lim2025.synapse"


def _transfer_error(result: SynapseResult, *, follower: bool, state: str = "HRS") -> float:
    """Largest distance of Table 1's entries from their expected value [V]."""
    rows = [row for row in result.part("table") if row.state == state and is_follower(row.orientation, row.operation) == follower]
    return float(max(abs(row.voltage - row.expected) for row in rows))


def _behind_follower(result: SynapseResult, state: str) -> float:
    """Lowest voltage on a memristor in `state` that hangs on the source of the transistor [V]."""
    return float(min(row.voltage for row in result.part("table") if row.state == state and is_follower(row.orientation, row.operation)))


CLAIMS = (
    Claim(
        id=f"{PREFIX}.device.levels",
        kind="reproduction",
        source=f"{PAPER}, section 3.1, Fig. 2B, C",
        statement="share of 100 seeds in which the staircase -0.5..-2 V forms at least 23 levels with gaps >= 0.2 uS, 2 % read noise, 30 reads a level",
        paper="23 levels",
        unit="% of seeds",
        must_be=at_least(95.0),
        value=lambda result: 100.0 * float(np.mean(result.part("levels").counts >= 23)),
    ),
    Claim(
        id=f"{PREFIX}.device.levels_fixed",
        kind="prediction",
        source="ours: 23 levels at fixed stop voltages, read anew",
        statement="share of 100 seeds in which all 22 gaps of 23 levels at fixed stops are >= 0.2 uS, 2 % read noise, 30 reads a level",
        paper=None,
        unit="% of seeds",
        must_be=at_least(95.0),
        value=lambda result: 100.0 * float(np.mean(result.part("levels").fixed_held)),
    ),
    Claim(
        id=f"{PREFIX}.device.highest_level",
        kind="calibration",
        source=f"{PAPER}, section 3.1",
        statement="conductance after a reset to -0.5 V from full set, read at 50 mV",
        paper=200.0,
        unit="uS",
        must_be=within(200.0, 5.0),
        value=lambda result: 1e6 * float(result.part("stairs").conductance[0]),
    ),
    Claim(
        id=f"{PREFIX}.device.lowest_level",
        kind="calibration",
        source=f"{PAPER}, section 3.1",
        statement="conductance after a reset to -2 V, read at 50 mV",
        paper=5.7,
        unit="uS",
        must_be=within(5.7, 0.3),
        value=lambda result: 1e6 * float(result.part("stairs").conductance[-1]),
    ),
    Claim(
        id=f"{PREFIX}.device.noise_rises",
        kind="calibration",
        source=f"{PAPER}, Fig. 2D",
        statement="rank correlation of relative deviation and conductance over the levels, 100 s of reads at 50 mV",
        paper=None,
        unit="1",
        must_be=at_most(-0.9),
        value=lambda result: _rank_correlation(result.part("traces").deviation, result.part("traces").conductance.mean(axis=1)),
    ),
    Claim(
        id=f"{PREFIX}.device.retention",
        kind="calibration",
        source=f"{PAPER}, section 3.1, Fig. 2C",
        statement="largest change of the state of any level over 100 s of reads at 50 mV",
        paper=0.0,
        unit="1",
        must_be=at_most(1e-4),
        value=lambda result: float(np.max(np.abs(result.part("traces").drift))),
    ),
    Claim(
        id=f"{PREFIX}.device.variability",
        kind="prediction",
        source="ours; the paper's Fig. S3 prints no number",
        statement="relative deviation of the low-resistance state over 10 cycles at 50 % spread of I0 and Rs, truncated at 5 % of nominal",
        paper=None,
        unit="%",
        must_be=between(20.0, 60.0),
        value=lambda result: 100.0 * float(result.part("variability").on[-1].std() / result.part("variability").on[-1].mean()),
    ),
    Claim(
        id=f"{PREFIX}.transistor.on_resistance",
        kind="calibration",
        source=f"{PAPER}, section 3.2, Fig. 1E",
        statement="on-resistance at W/L 65, gate 3 V, drain-source 0.1 V",
        paper=120.0,
        unit="ohm",
        must_be=within(120.0, 3.0),
        value=lambda result: result.part("transistors").resistance_at(65.0, 3.0),
    ),
    Claim(
        id=f"{PREFIX}.drive.direct",
        kind="reproduction",
        source=f"{PAPER}, Table 1 (MOD set, MOS reset)",
        statement="largest distance of the memristor's voltage from VDD = 3 V, positive drive, at the card's high-resistance state",
        paper=0.0,
        unit="mV",
        must_be=at_most(20.0),
        value=lambda result: 1e3 * _transfer_error(result, follower=False),
    ),
    Claim(
        id=f"{PREFIX}.drive.follower",
        kind="reproduction",
        source=f"{PAPER}, Table 1 (MOD reset, MOS set)",
        statement="largest distance of the memristor's voltage from VDD - Vth, Vth at 100 nA x W/L and the simulated body voltage, high-resistance state",
        paper=0.0,
        unit="mV",
        must_be=at_most(50.0),
        value=lambda result: 1e3 * _transfer_error(result, follower=True),
    ),
    Claim(
        id=f"{PREFIX}.drive.low_resistance",
        kind="prediction",
        source="ours: Table 1 says nothing of the load",
        statement="voltage that is left for a memristor in the low-resistance state behind a source follower, VDD 3 V: less than the 2 V of a full set",
        paper=None,
        unit="V",
        must_be=at_most(2.0),
        value=lambda result: _behind_follower(result, "LRS"),
    ),
    Claim(
        id=f"{PREFIX}.drive.body_diode",
        kind="prediction",
        source="ours: the bipolar sweep of section 3.2 with a grounded body",
        statement="current through the body diode of MOS at -2 V, body grounded: the memristor is clamped",
        paper=None,
        unit="mA",
        must_be=at_least(1.0),
        value=lambda result: 1e3 * next(row.body_current for row in result.part("bipolar") if (row.orientation, row.body) == ("mos", "grounded")),
    ),
    Claim(
        id=f"{PREFIX}.sizing.share",
        kind="calibration",
        source=f"{PAPER}, section 3.2 (12 %, which is 120/1000; the divider is 120/1120)",
        statement="share of the transistor in the cell's voltage at W/L 65, full set, 2 V over the cell",
        paper=12.0,
        unit="%",
        must_be=within(10.7, 0.5),
        value=lambda result: 100.0 * result.part("advice").chosen.share,
    ),
    Claim(
        id=f"{PREFIX}.loops.on_off_65",
        kind="calibration",
        source=f"{PAPER}, section 3.2, Fig. 4C",
        statement="on/off ratio of MOD at W/L 65 over that of the memristor alone, 50 mV",
        paper=87.5,
        unit="%",
        must_be=within(86.0, 3.0),
        value=lambda result: 100.0 * result.part("cells").on_off("mod", 65.0),
    ),
    Claim(
        id=f"{PREFIX}.loops.on_off_20",
        kind="prediction",
        source=f"{PAPER}, Fig. 4C: W/L below 65 is not enough",
        statement="on/off ratio of MOD at W/L 20 over that of the memristor alone, 50 mV",
        paper=None,
        unit="%",
        must_be=at_most(70.0),
        value=lambda result: 100.0 * result.part("cells").on_off("mod", 20.0),
    ),
    Claim(
        id=f"{PREFIX}.loops.on_off_130",
        kind="calibration",
        source=f"{PAPER}, Fig. 4C: above 65 nothing is lost",
        statement="on/off ratio of MOD at W/L 130 over that of the memristor alone, 50 mV",
        paper=None,
        unit="%",
        must_be=between(95.0, 100.0),
        value=lambda result: 100.0 * result.part("cells").on_off("mod", 130.0),
    ),
    Claim(
        id=f"{PREFIX}.sizing.crossing",
        kind="calibration",
        source=f"{PAPER}, section 3.2: 65, chosen of six",
        statement="smallest W/L at which the transistor takes at most 12 % at full set and 2 V: 65 meets the rule",
        paper=65.0,
        unit="1",
        must_be=at_most(65.0),
        value=lambda result: result.part("advice").crossing(result.design.rule.share),
    ),
    Claim(
        id=f"{PREFIX}.sizing.crossing_strict",
        kind="calibration",
        source=f"{PAPER}, section 3.2: on-resistance within 10 % of the memristor's",
        statement="smallest W/L at which the transistor takes at most 10 % at full set and 2 V: 65 does not meet the rule",
        paper=65.0,
        unit="1",
        must_be=between(65.001, 200.0),
        value=lambda result: result.part("advice").crossing(result.design.rule.strict_share),
    ),
    Claim(
        id=f"{PREFIX}.sizing.orientation",
        kind="reproduction",
        source=f"{PAPER}, section 3.2, Table 1",
        statement="orientation for a device with a full set at 2 V and a gradual reset",
        paper="MOD",
        unit="",
        must_be=equals("MOD"),
        value=lambda result: result.part("advice").orientation.upper(),
    ),
    Claim(
        id=f"{PREFIX}.sizing.margin",
        kind="prediction",
        source="ours: Table 1 with the load and the body effect",
        statement="voltage left over for the full set in MOD, less that in MOS, VDD 3 V",
        paper=None,
        unit="V",
        must_be=at_least(0.5),
        value=lambda result: result.part("advice").margin("mod").volts - result.part("advice").margin("mos").volts,
    ),
    Claim(
        id=f"{PREFIX}.sizing.orientation_mirrored",
        kind="reproduction",
        source=f"{PAPER}, section 3.2, Table 1: the rule turned around",
        statement="orientation for the mirrored device, a full reset at -2 V and a gradual set",
        paper="MOS",
        unit="",
        must_be=equals("MOS"),
        value=lambda result: result.part("mirrored").orientation.upper(),
    ),
)


def _rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(first, second).statistic)
