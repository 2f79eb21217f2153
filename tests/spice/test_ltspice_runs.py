"""Netlists and results of real LTspice runs: the netlist runs in ngspice and agrees, or is refused by line."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cosim.errors import CosimError, DialectError
from cosim.netlist import simulate_netlist
from cosim.spice.raw import read_raw
from cosim.waves import canonical

pytestmark = pytest.mark.data
EXAMPLES = ("ltspice_spicelib", "examples", "testfiles")
DataFile = Callable[..., Path]
AGREEING = {  # netlist, raw file of LTspice -> largest difference, relative to full scale
    ("TRAN.net", "TRAN_1.raw"): 1e-4,  # LTspice compressed it to 23 points
    ("TRAN.net", "tran_ltspice.ascii.raw"): 1e-5,
    ("AC.net", "AC_1.raw"): 1e-12,
    ("ac_rawtest.net", "ac_ltspice.bin.raw"): 1e-12,
    ("DC op point.net", "DC op point_1.raw"): 1e-6,
    ("dc_rawtest.net", "dc_ltspice.bin.raw"): 1e-6,
    ("Noise.net", "Noise.raw"): 1e-5,
    ("AC - STEP.net", "AC - STEP_1.raw"): 1e-12,
}
REFUSED = {  # netlists that ask for what ngspice has not, or hold what a file from outside must not
    "Batch_Test.net": "ad820_alt.net, line 3: `A1`: LTspice's special functions (A-devices) are not in ngspice",
    "all_elements_lt.net": "all_elements_lt.net, line 135: 'Ã' is not ASCII and has no meaning in SPICE",
    "QSPICE_Batch_Test.net": "QSPICE_Batch_Test.net, line 5: 'Ã' is not ASCII and has no meaning in SPICE",
    "opamptest.net": "line 5: subcircuit `level2` is not defined; LTspice's own ADI1.lib is not at hand: put it beside the netlist",
    "amp3/amp3.net": "line 70: `p.typ`: no such file beside the netlist",
    "temp/testfile_2.net": "line 9: `.loadbias` starts from a file of node voltages; write .ic or .nodeset",
    "sens_ngspice_rawtest.net": "asks for no analysis; write .tran, .ac, .dc, .noise or .op",
    "sens_xyce_rawtest.net": "line 10: `.sens` sensitivities are not computed; write .step",
    "dc_ngspice_rawtest.net": "line 6: `.control` runs commands; refused without --trust",
    "ngsteps.net": "line 14: `.control` runs commands; refused without --trust",
    "op_multi_ngspice.rawtest.net": "line 12: `.control` runs commands; refused without --trust",
    "ad820_alt.net": "line 60: `.ends` without `.subckt`",
}


def rounds(path: Path) -> list[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """The steps of a stepped file of LTspice, each with its own axis."""
    from spicelib.raw.raw_read import RawRead

    plot = RawRead(path, None, dialect="ltspice", verbose=False).plots[0]
    plot._steps = None  # it counts steps by LTspice's log, which is not at hand
    plot.read_trace_data(plot.get_trace_names())
    traces = {name: np.asarray(plot.get_trace(name).data) for name in plot.get_trace_names()}
    axis = np.abs(next(iter(traces.values())))
    starts = [0, *(np.flatnonzero(np.diff(axis) < 0) + 1), len(axis)]
    return [(axis[begin:end], {canonical(name): data[begin:end] for name, data in traces.items()}) for begin, end in pairwise(starts)]


def outcome(path: Path) -> str:
    """``ok``, or why a netlist was refused."""
    try:
        return str(simulate_netlist(path, engine="ngspice").waves.require().status)
    except CosimError as error:
        return str(error)


@pytest.mark.parametrize("device", ["NMOS_IV", "PMOS_IV"])
def test_bsim3_devices_agree_with_ltspice_at_every_point(data_file: DataFile, device: str):
    found = simulate_netlist(data_file("ltspice_c5_bsim3", f"{device}.spi"), engine="ngspice").waves.require()
    _, axis, signals = read_raw(data_file("ltspice_c5_bsim3", f"{device}.raw"))
    assert found.axis == pytest.approx(axis, abs=1e-9)
    wanted, ours = signals["i(vd)"], found["i(vd)"]
    counted = np.abs(wanted) > 1e-9
    assert counted.sum() == 25000
    assert np.max(np.abs(ours - wanted)[counted] / np.abs(wanted)[counted]) < 1e-3


def test_a_well_that_hangs_in_the_air_has_the_voltage_that_ltspice_finds(data_file: DataFile):
    found = simulate_netlist(data_file("ltspice_c5_bsim3", "PMOS_IV.spi"), engine="ngspice").waves.require()
    _, _, signals = read_raw(data_file("ltspice_c5_bsim3", "PMOS_IV.raw"))
    assert np.max(np.abs(found["v(vdd)"] - signals["v(vdd)"])) < 1e-5


@pytest.mark.parametrize(("netlist", "raw"), AGREEING)
def test_waves_agree_with_those_of_ltspice(data_file: DataFile, netlist: str, raw: str):
    found = simulate_netlist(data_file(*EXAMPLES, netlist), engine="ngspice").waves.require()
    name, axis, signals = read_raw(data_file(*EXAMPLES, raw))
    common = [each for each in signals if each in found.signals]
    assert len(common) >= 2
    assert found.axis_name == name
    for each in common:
        peak = np.max(np.abs(signals[each]))
        assert peak > 0
        same = found.axis.shape == axis.shape and np.allclose(found.axis, axis, rtol=1e-5)
        ours = found[each] if same else np.interp(axis, found.axis, found[each])
        assert np.max(np.abs(ours - signals[each])) < AGREEING[netlist, raw] * peak


def test_the_steps_of_an_operating_point_agree(data_file: DataFile):
    made = simulate_netlist(data_file(*EXAMPLES, "DC op point - STEP.net"), engine="ngspice")
    _, axis, signals = read_raw(data_file(*EXAMPLES, "DC op point - STEP_1.raw"))
    assert [point["vin"] for point in made.points] == pytest.approx(axis)
    for name in ("v(b1)", "v(b4)", "i(vin)"):
        assert made.waves.require()[name].ravel() == pytest.approx(signals[name], rel=1e-5)


def test_a_diode_over_temperature_agrees(data_file: DataFile):
    made = simulate_netlist(data_file(*EXAMPLES, "DC sweep.net"), engine="ngspice")
    theirs = rounds(data_file(*EXAMPLES, "DC sweep.raw"))
    flat = [(vin, value) for axis, signals in theirs for vin, value in zip(axis, signals["v(out)"], strict=True)]
    ours = [(vin, value) for waves in made.runs for vin, value in zip(waves.axis, waves["v(out)"], strict=True)]
    del ours[1]  # LTspice's file lacks the second point of the first temperature
    assert np.array(ours) == pytest.approx(np.array(flat), rel=1e-3)


def test_a_stepped_transient_agrees(data_file: DataFile):
    made = simulate_netlist(data_file(*EXAMPLES, "testfile.net"), engine="ngspice")
    theirs = rounds(data_file(*EXAMPLES, "testfile.raw"))
    assert len(made.runs) == len(theirs) == 8
    for waves, (time, signals) in zip(made.runs, theirs, strict=True):
        assert np.max(np.abs(np.interp(time, waves.axis, waves["v(in)"]) - signals["v(in)"])) < 1e-3
        late = (time > 1.01e-6) & (np.abs(time - 2.001e-3) > 1e-5)
        assert np.max(np.abs(np.interp(time, waves.axis, waves["v(out)"]) - signals["v(out)"])[late]) < 0.02


def test_measures_agree_with_the_log_of_ltspice(data_file: DataFile):
    made = simulate_netlist(data_file(*EXAMPLES, "TRAN.net"), engine="ngspice")
    log = data_file(*EXAMPLES, "TRAN_1.log").read_text(errors="replace").replace("\0", "")
    theirs = {line.split(":")[0]: float(line.split("=")[1].split()[0]) for line in log.splitlines() if ": v(out)=" in line}
    assert set(theirs) == {"t1", "t2", "t3", "t4", "t5"}
    assert made.measures[0] == pytest.approx(theirs, rel=1e-3)


def test_measures_of_steps_agree_with_those_of_qspice(data_file: DataFile):
    made = simulate_netlist(data_file(*EXAMPLES, "QSPICE_TRAN - STEP.net"), engine="ngspice")
    text = data_file(*EXAMPLES, "QSPICE_TRAN - STEP_1.meas").read_text()
    theirs = [float(line.split()[1]) for line in text.splitlines() if len(line.split()) == 3 and not line.startswith(".")]
    ours = [found[name] for name in ("t1", "t2", "t3", "t4", "t5") for found in made.measures]
    assert ours == pytest.approx(theirs, rel=1e-4)


@pytest.mark.parametrize("netlist", REFUSED)
def test_what_ngspice_has_not_is_refused_by_line_and_construct(data_file: DataFile, netlist: str):
    with pytest.raises(DialectError) as error:
        simulate_netlist(data_file(*EXAMPLES, netlist), engine="ngspice")
    assert str(error.value).endswith(REFUSED[netlist])


def test_every_netlist_of_the_examples_runs_or_is_refused_in_one_line(data_file: DataFile):
    said = {path.name: outcome(path) for path in sorted(data_file(*EXAMPLES).glob("**/*.net"))}
    assert list(said.values()).count("ok") >= 17
    assert [name for name, text in said.items() if text != "ok" and name not in text and ".net, line" not in text] == []
    assert [text for text in said.values() if "\n" in text] == []
