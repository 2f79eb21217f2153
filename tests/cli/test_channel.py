"""``cosim channel`` and ``cosim code``: a table that nobody has seen before, and channels by name."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from tests.cli.program import invoke

LEVELS, READS = 5, 12


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test with a folder of its own, a table of measurements in it."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    voltages = np.repeat(np.linspace(1.0, 2.0, LEVELS), READS)
    reads = 1e4 * 10.0 ** (2.0 * (voltages - 1.0) + 0.01 * rng.standard_normal(voltages.size))
    rows = [f"{voltage:.2f},{read:.1f},{1e-12 * voltage:.3e}" for voltage, read in zip(voltages, reads, strict=True)]
    (tmp_path / "lab.csv").write_text("\n".join(["V,R,energy", *rows, "1.00,0,1e-12", "1.25,nan,1e-12"]) + "\n", encoding="utf-8")
    return tmp_path


def found(*arguments: str) -> dict:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_table_that_nobody_has_seen_gets_a_certified_capacity():
    values = found("channel", "capacity", "lab.csv")
    assert values["bits"] == pytest.approx(math.log2(LEVELS), abs=1e-6)  # levels half a decade apart, reads a hundredth wide
    assert values["bits"] <= values["upper_bits"] <= values["bits"] + 1e-8
    assert sum(values["distribution"]) == pytest.approx(1.0)
    assert values["inputs"] == pytest.approx(np.linspace(1, 2, LEVELS).tolist())


def test_the_certificate_stands_in_the_text():
    lines = invoke("channel", "capacity", "lab.csv").stdout.splitlines()
    assert lines[-3] == "lab.csv, 5 levels of voltage, 1000 bins of log10 of resistance in ohm"
    assert lines[-2] == "rows of the table that were left out: 1 no number, 1 not positive"
    assert lines[-1].startswith("capacity 2.32193 bits a device (certified: at most 2.32193 on this grid, gap ")
    assert "; one twice as fine: 2.32193); " in lines[-1]


def test_a_finer_grid_holds_more_and_is_printed_beside():
    coarse = found("channel", "capacity", "pcm-joshi2020", "--levels", "9", "--bins", "30")
    assert coarse["grid"] == "9 levels of relative conductance, 30 bins of conductance"
    finer = found("channel", "capacity", "pcm-joshi2020", "--levels", "17", "--bins", "60")
    assert coarse["upper_bits"] < coarse["bits_on_finer_grid"] == pytest.approx(finer["bits"], abs=1e-6)
    limited = found("channel", "capacity", "lab.csv", "--energy-budget", "1.1pJ", "--bins", "20")
    assert limited["bits_on_finer_grid"] == pytest.approx(found("channel", "capacity", "lab.csv", "--energy-budget", "1.1pJ", "--bins", "40")["bits"], abs=1e-6)
    huge = invoke("channel", "capacity", "lab.csv", "--levels", "2000", "--bins", "6000")
    assert "one twice as fine would be too large" in huge.stdout


def test_what_was_dropped_is_told_with_every_result():
    dropped = {"no number": 1, "not positive": 1}
    assert found("channel", "capacity", "lab.csv")["dropped"] == dropped
    assert found("code", "scalar", "lab.csv", "--starts", "2")["dropped"] == dropped
    assert "\nrows of the table that were left out: 1 no number, 1 not positive\n" in invoke("code", "scalar", "lab.csv", "--starts", "2").stdout
    assert found("channel", "capacity", "flash-qlc")["dropped"] == {}


def test_a_fit_says_what_was_dropped_and_writes_the_moments(own_folder: Path):
    result = invoke("channel", "fit", "lab.csv", "-o", "moments.csv")
    assert result.stdout.splitlines()[-1].startswith("lab.csv: 60 reads of log10 of resistance in ohm at 5 levels of voltage 1..2 V; dropped: 1 ")
    assert len((own_folder / "moments.csv").read_text().splitlines()) == 2 + LEVELS
    values = found("channel", "fit", "lab.csv")
    assert values["levels"]["reads"] == [READS] * LEVELS
    assert sum(values["dropped"].values()) == 2


def test_fewer_states_hold_less_and_the_bound_says_so():
    values = found("channel", "capacity", "lab.csv", "--reads", "2", "--writes", "3")
    assert values["bits"] == pytest.approx(1.0, abs=1e-6)
    assert values["upper_bits"] == 1.0
    assert len(values["read_levels"]) == 1


def test_a_budget_is_kept_and_costs_bits():
    values = found("channel", "capacity", "lab.csv", "--energy-budget", "1.1pJ")
    assert values["energy"] <= 1.1e-12 * (1 + 1e-9)
    assert values["bits"] < math.log2(LEVELS) - 0.1
    assert values["upper_bits"] - values["bits"] < 1e-8
    assert values["bits_per_joule"] > 0


def test_a_scalar_code_stores_a_gaussian_and_its_tables_are_written(own_folder: Path):
    values = found("code", "scalar", "lab.csv", "--starts", "5", "-o", "code.json")
    assert values["snr_db"] == pytest.approx(10.963, abs=0.01)  # five levels without error: Lloyd-Max, distortion 0.0799
    assert values["snr_db"] < values["opta_db"] == pytest.approx(20 * math.log10(5), abs=0.01)
    written = json.loads((own_folder / "code.json").read_text())
    assert len(written["writes"]) == len(written["thresholds"]) + 1 == LEVELS
    assert len(written["values"]) == len(written["read_edges"]) + 1 == 1000


def test_the_bound_of_a_code_within_a_budget_is_that_of_the_budget():
    free, limited = (found("code", "scalar", "lab.csv", "--starts", "3", *each) for each in ((), ("--energy-budget", "1.1pJ")))
    capacity = found("channel", "capacity", "lab.csv", "--energy-budget", "1.1pJ")["upper_bits"]
    assert limited["opta_db"] == pytest.approx(20 * math.log10(2) * capacity, abs=1e-6)
    assert limited["snr_db"] < limited["opta_db"] < free["opta_db"] - 0.5


def test_samples_that_the_device_tells_apart_have_no_bound(own_folder: Path):
    np.savetxt(own_folder / "coins.txt", np.repeat([-1.0, 1.0], 100))
    arguments = ("code", "scalar", "lab.csv", "--source", "coins.txt", "--starts", "3")
    assert found(*arguments)["opta_db"] is None
    last = invoke(*arguments).stdout.splitlines()[-1]
    assert last.endswith("; OPTA: - (2.32 bits a device may tell all of these samples apart)")
    assert "left" not in last


def test_samples_in_a_device_of_many_bits_are_coded_without_a_bound(own_folder: Path):
    np.savetxt(own_folder / "source.txt", np.random.default_rng(2).uniform(-1, 1, 500))
    rng = np.random.default_rng(3)
    rows = [f"{level},{level + 0.01 * each:.6f}" for level in range(80) for each in rng.standard_normal(6)]
    (own_folder / "fine.csv").write_text("\n".join(["level,read", *rows]) + "\n", encoding="utf-8")
    arguments = ("code", "scalar", "fine.csv", "--raw-reads", "--source", "source.txt", "--starts", "1")
    values = found(*arguments)
    assert values["opta_db"] is None
    assert values["snr_db"] > 20.0
    assert values["no_opta"] == "for samples it is computed up to 6 bits a device, and this one holds 6.32"


def test_the_delay_that_is_shown_is_printed_and_written(own_folder: Path):
    rng = np.random.default_rng(4)
    rows = [f"{v},{10.0 ** (4 + v - 0.1 * t + 0.02 * rng.standard_normal()):.2f},{t}" for t in (1, 10) for v in (1, 2) for _ in range(9)]
    (own_folder / "later.csv").write_text("\n".join(["V,R,delay", *rows]) + "\n", encoding="utf-8")
    lines = invoke("channel", "fit", "later.csv", "--delay", "8s", "-o", "moments.csv").stdout.splitlines()
    assert lines[-2].startswith("later.csv after 10 s: 18 reads ")
    assert lines[-1] == "shown are the reads after 10 s, of the measured delays the nearest to 8 s"
    assert (own_folder / "moments.csv").read_text().startswith("# later.csv after 10 s: reads of ")
    between = invoke("channel", "capacity", "later.csv", "--delay", "4s")
    assert (between.exit_code, between.stderr) == (0, "")
    assert "later.csv after 4 s, 2 levels" in between.stdout


def test_a_read_that_stretches_the_axis_gets_one_line_on_stderr(own_folder: Path):
    text = (own_folder / "lab.csv").read_text().splitlines()
    (own_folder / "wild.csv").write_text("\n".join([*text, "2.00,1e30,2e-12"]) + "\n", encoding="utf-8")
    for arguments in (("channel", "capacity"), ("channel", "fit"), ("code", "scalar", "--starts", "1")):
        result = invoke(*arguments, "wild.csv")
        assert result.exit_code == 0
        assert result.stderr.startswith("cosim: channel wild.csv, read=1e+30 ohm at voltage 2 V: is the most extreme one; ")
        assert len(result.stderr.splitlines()) == 1


def test_an_input_is_never_written_over(own_folder: Path):
    (own_folder / "lab.json").symlink_to(own_folder / "lab.csv")
    before = (own_folder / "lab.csv").read_text()
    for arguments in (("channel", "fit", "lab.csv", "-o", "./lab.csv"), ("code", "scalar", "lab.csv", "-o", "lab.json")):
        result = invoke(*arguments)
        assert result.exit_code == 2
        assert "must be another file than the input lab.csv" in result.stderr
    assert (own_folder / "lab.csv").read_text() == before


def test_a_source_of_ones_own_is_read_from_a_file(own_folder: Path):
    np.savetxt(own_folder / "source.txt", np.random.default_rng(2).uniform(-1, 1, 20_000))
    values = found("code", "scalar", "lab.csv", "--source", "source.txt", "--starts", "5")
    assert values["snr_db"] == pytest.approx(20 * math.log10(5), abs=0.1)  # uniform: steps of equal size


def test_channels_with_a_name_are_listed_with_what_they_need():
    listed = {each["name"]: each["needs_data"] for each in json.loads(invoke("channel", "list", "--json").stdout)}
    assert listed["pcm-zarcone2020"]
    assert not listed["pcm-zarcone2020-gaussian"]
    assert {"drift500k", "tio2", "tio2-mm", "pcm-joshi2020", "flash-qlc"} < set(listed)


def test_a_delay_outside_of_the_range_is_warned_of_and_refused_when_strict():
    loose = invoke("channel", "capacity", "rram-a-levels", "--delay", "1e9 s")
    assert loose.exit_code == 0
    assert "delay=1e+09: is not within 0.01..100000 s" in loose.stderr
    strict = invoke("channel", "capacity", "rram-a-levels", "--delay", "1e9 s", "--strict")
    assert strict.exit_code == 2
    assert "must be within 0.01..100000 s" in strict.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("channel", "capacity", "drift500"), "did you mean drift500k?"),
        (("channel", "capacity", "nothing.csv"), "no such file"),
        (("channel", "capacity", "lab.csv", "--reads", "4"), "--reads and --writes must be given together"),
        (("channel", "capacity", "lab.csv", "--reads", "4", "--writes", "9"), "--writes=9: must be at most 5, the levels of the channel"),
        (("channel", "capacity", "lab.csv", "--energy-budget", "0.9pJ"), "infeasible"),
        (("channel", "capacity", "lab.csv", "--energy-budget", "1V"), "must be a quantity in J"),
        (("channel", "capacity", "lab.csv", "--delay", "-1s"), "--delay=-1s: must be >= 0 s"),
        (("channel", "capacity", "lab.csv", "--normalize"), "normalization needs a column device"),
        (("channel", "capacity", "lab.csv", "--bandwidth", "0"), "bandwidth=0: must be within 0.01..100"),
        (("channel", "capacity", "lab.csv", "--bandwidth", "1e9"), "bandwidth=1e+09: must be within 0.01..100"),
        (("channel", "capacity", "lab.csv", "--levels", "20000", "--bins", "20000"), "levels x bins=20000 x 20000: must be at most 2e+07 cells"),
        (("code", "scalar", "lab.csv", "-o", "code.txt"), "--output=code.txt: must end in .json"),
        (("channel", "capacity", "pcm-zarcone2020-gaussian", "--energy-budget", "1pJ"), "has no energies"),
        (("channel", "fit", "drift500k"), "this channel has a name and needs no fit"),
        (("channel", "fit", "lab.csv", "-o", "moments.txt"), "must end in .csv"),
        (("code", "scalar", "lab.csv", "--source", "nobody.txt"), "nobody.txt"),
        (("code", "scalar", "lab.csv", "-o", "nowhere/code.json"), "no folder nowhere"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(arguments: tuple[str, ...], message: str):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_pickle_with_a_command_in_it_is_refused_and_not_run(own_folder: Path):
    (own_folder / "evil.pkl").write_bytes(b"cos\nsystem\n(S'touch ran'\ntR.")
    result = invoke("channel", "capacity", "evil.pkl")
    assert result.exit_code == 2
    assert not (own_folder / "ran").exists()


@pytest.mark.data
def test_the_measured_cells_hold_what_the_paper_says(data_file):
    data_file("pcm_zarcone")
    assert found("channel", "capacity", "pcm-zarcone2020")["bits"] == pytest.approx(2.08, abs=0.01)
    assert found("channel", "capacity", "pcm-zarcone2020-raw")["bits"] == pytest.approx(1.54, abs=0.02)
