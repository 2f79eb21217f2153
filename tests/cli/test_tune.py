"""``cosim tune``: targets and arrays brought to their conductance, what is said beforehand, and the exit codes."""

import json
from pathlib import Path

import pytest

from tests.cli.program import invoke


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test with a folder and a store of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIM_STORE", str(tmp_path / "store"))
    return tmp_path


def tuned(*arguments: str) -> dict:
    """The JSON of a tuning that passes."""
    result = invoke("tune", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_targets_are_tuned_in_spice_and_stand_in_a_table():
    result = invoke("tune", "--target", "100u", "--target", "40 uS")
    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert lines[0].split("  ")[0] == "target [S]"
    assert [line.split()[0] for line in lines[1:3]] == ["0.0001", "4e-05"]
    assert [line.split()[3] for line in lines[1:3]] == ["reached", "reached"]
    assert lines[-1].startswith("2 of 2 reached, 0 false successes, 0 not reached; median ")
    assert "ngspice" in lines[-1]
    assert lines[-1].endswith("band 3 %, white noise of 2 %, seed 1")


def test_the_json_holds_what_it_was_done_with_and_every_trace():
    found = tuned("--target", "100u", "--twin", "--band", "2 %", "--noise", "1 %", "--spread", "3 %", "--seed", "7")
    assert {key: found[key] for key in ("band", "noise", "spread", "seed", "programmer", "correlation_time")} == {
        "band": 0.02,
        "noise": 0.01,
        "spread": 0.03,
        "seed": 7,
        "programmer": "twin",
        "correlation_time": 0.0,
    }
    (trace,) = found["traces"]
    assert (trace["outcome"], found["reached"], trace["pulses"]) == ("reached", 1, found["traces"][0]["pulses"])
    assert trace["result"] == pytest.approx(1e-4, rel=0.02)
    assert trace["error"] == pytest.approx(100 * (trace["result"] / 1e-4 - 1.0), abs=1e-6)
    assert found["time"] == trace["time"] > 0.1


def test_twin_and_spice_end_alike_and_a_seed_repeats():
    one, again, other = (tuned("--target", "100u", *more) for more in (("--twin",), ("--twin",), ("--spice",)))
    assert one == again
    assert one["traces"][0]["result"] == pytest.approx(other["traces"][0]["result"], rel=0.01)
    assert tuned("--target", "100u", "--twin", "--seed", "9")["traces"] != one["traces"]


def test_correlated_noise_takes_waiting():
    white, slow = tuned("--target", "100u", "--twin"), tuned("--target", "100u", "--twin", "--correlation-time", "3s")
    assert slow["correlation_time"] == 3.0
    assert slow["time"] > 10 * white["time"]


def test_a_band_that_the_step_cannot_resolve_is_said_beforehand_and_the_failure_is_exit_1():
    result = invoke("tune", "--controller", "paper", "--band", "1 %", "--target", "100u", "--target", "20u", "--twin")
    first, last = result.stderr.splitlines()
    assert first == "cosim: tune: band 1 % is narrower than what steps of 10 mV resolve; the resolvable band is 100 uS 1.87%"
    assert result.exit_code == 1
    assert last == "cosim: tune: 2 of 2 targets are not truly inside of the band, 0 of them accepted all the same"
    assert "not_reached" in result.stdout


def test_a_false_success_is_exit_1():
    result = invoke("tune", "--controller", "paper", "--reads", "1", "--noise", "20 %", "--twin", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert found["false_success"] > 0
    assert f"{found['false_success']} of them accepted all the same" in result.stderr
    assert found["reached"] + found["false_success"] + found["not_reached"] == len(found["traces"]) == 9


def test_an_array_is_tuned_by_the_twin_and_audited_in_spice():
    found = tuned("--array", "6x2", "--seed", "3")
    assert (found["shape"], found["programmer"], found["reached"]) == ([6, 2], "twin", 12)
    assert 0.0 < found["audit_error"] <= 0.01
    assert [len(row) for row in found["cells"]["result"]] == [2] * 6
    shown = invoke("tune", "--array", "6x2", "--seed", "3").stdout
    assert "6 x 2, wires of 1 ohm a segment" in shown
    assert "largest difference to SPICE in 12 cells" in shown
    assert tuned("--array", "2x1", "--spice")["audit_error"] is None


def test_the_design_file_is_read(own_folder: Path):
    (own_folder / "a.toml").write_text('format = 1\n[tuning]\ntargets = ["50 uS", "60 uS"]\nband = "4 %"\n')
    found = tuned("a.toml", "--twin")
    assert (found["design"], found["band"], [trace["target"] for trace in found["traces"]]) == ("a", 0.04, pytest.approx([50e-6, 60e-6]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--target", "900u"), "tuning, target=0.0009: must be within 5.7e-06..0.000756 S, the window of the cell"),
        (("--target", "1 V"), "--target, [tuning] targets[0]='1 V': must be a quantity in S, not in 'V'"),
        (("--noise", "0"), "--noise, [tuning] noise=0: must be > 0 and < 1 (1 is 100 %)"),
        (("--band", "3"), "--band, [tuning] band=3: must be > 0 and < 1 (1 is 100 %)"),
        (("--step", "0 V"), "--step, [tuning] resolution=0: must be > 0"),
        (("--step", "0 V", "--controller", "paper"), "--step, [tuning] step=0: must be > 0 and <= 1"),
        (("--correlation-time", "-1s"), "--correlation-time, [tuning] correlation_time=-1: must be > 0 and <= 1e+06"),
        (("--array", "3y2"), "tune, --array=3y2: must be ROWSxCOLUMNS, for example 64x10"),
        (("--array", "0x2"), "tune, --array=0x2: must be ROWSxCOLUMNS, for example 64x10"),
        (("--twin", "--orientation", "mos"), "--twin, orientation=mos: must be mod; take --spice"),
        (("--array", "2x2", "--orientation", "mos"), "--twin, orientation=mos: must be mod; take --spice"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments: tuple[str, ...], message: str):
    result = invoke("tune", *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"cosim: {message}\n")
