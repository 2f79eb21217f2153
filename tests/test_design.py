"""The design file: read strictly, refused in one line that names file, section and key."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim import resources
from cosim.design import SECTIONS, Design, LimitsSection, MismatchSection, RuleSection, SupplySection, SweepSection, TransistorSection, load_design
from cosim.errors import DesignError
from cosim.params import Limit


def written(folder: Path, text: str, name: str = "a.toml") -> Path:
    """A design file with `text` below its format."""
    path = folder / name
    path.write_text(f"format = 1\n{text}", encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    """What `load` says of a design file, its folder left out."""
    with pytest.raises(DesignError) as caught:
        load_design(written(folder, text))
    return str(caught.value).replace(f"{folder}/", "")


def test_the_shipped_design_is_the_default_one_with_a_monte_carlo():
    shipped = load_design(resources.designs() / "lim2025_synapse.toml")
    assert replace(shipped, sweep=SweepSection(), mismatch=MismatchSection(), limits=LimitsSection()).digest() == Design().digest()
    assert (shipped.sweep.bench, shipped.sweep.corners, shipped.sweep.w_over_l) == ("share", "all", (shipped.transistor.chosen,))
    assert (shipped.mismatch.draws, shipped.mismatch.a_vt) == (80, pytest.approx(9e-9))
    assert shipped.limits.bounds == {"share": Limit(most=shipped.rule.share)}


def test_a_file_may_hold_nothing_but_its_format(tmp_path: Path):
    assert load_design(written(tmp_path, "", "lim2025_synapse.toml")) == Design()


def test_a_design_is_named_after_its_file(tmp_path: Path):
    assert load_design(written(tmp_path, "", "mine.toml")).name == "mine"


def test_quantities_become_si_units(tmp_path: Path):
    design = load_design(written(tmp_path, '[transistor]\nlength = "0.35u"\n[rule]\nshare = "12.5 %"\n[levels]\ngap = "0.3 uS"\nstep = 0.002\n'))
    assert design.transistor.length == pytest.approx(0.35e-6)
    assert design.rule.share == pytest.approx(0.125)
    assert (design.levels.gap, design.levels.step) == pytest.approx((0.3e-6, 2e-3))


def test_a_list_becomes_a_tuple_of_floats(tmp_path: Path):
    assert load_design(written(tmp_path, '[variability]\nspreads = ["1 %", 0.05]\n')).variability.spreads == pytest.approx((0.01, 0.05))


def test_a_key_that_is_left_out_keeps_its_default(tmp_path: Path):
    supply = load_design(written(tmp_path, '[supply]\ngate = "2.5 V"\n')).supply
    assert (supply.gate, supply.drain) == (2.5, 3.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[sweeep]\n", "a.toml: unknown key 'sweeep'; did you mean sweep?"),
        ("[chapter]\n", "a.toml: unknown key 'chapter'; allowed are format, " + ", ".join(SECTIONS)),
        ("[transistors]\n", "a.toml: unknown key 'transistors'; did you mean transistor?"),
        ("[transistor]\nw_over_1 = [5]\n", "a.toml, [transistor]: unknown key 'w_over_1'; did you mean w_over_l?"),
        ("[transistor]\nw_over_l = [5, 10, -5]\n", "a.toml, [transistor] w_over_l[2]=-5: must be > 0 and <= 100000"),
        ("[transistor]\nw_over_l = []\n", "a.toml, [transistor] w_over_l=[]: must be a list of at least one value"),
        ("[transistor]\nw_over_l = 65\n", "a.toml, [transistor] w_over_l=65: must be a list, in brackets"),
        ("[transistor]\nchosen = 0\n", "a.toml, [transistor] chosen=0: must be > 0 and <= 100000"),
        ('[transistor]\nlength = "0.5 V"\n', "a.toml, [transistor] length='0.5 V': must be a quantity in m, not in 'V'"),
        ('[supply]\ngate = "3 A"\n', "a.toml, [supply] gate='3 A': must be a quantity in V, not in 'A'"),
        ('[supply]\ngate = "3M"\n', "a.toml, [supply] gate='3M': a bare M is milli in SPICE and mega elsewhere; write m or Meg"),
        ("[supply]\ngate = true\n", "a.toml, [supply] gate=True: must be a number or a quantity in V"),
        ("[supply]\ngate = nan\n", "a.toml, [supply] gate=nan: must be finite"),
        ("supply = 3\n", "a.toml, supply=3: must be a table, [supply]"),
        ('[cell]\nfull_operation = "write"\n', "a.toml, [cell] full_operation='write': must be 'set' or 'reset'"),
        ("[cell]\nbody = 0\n", "a.toml, [cell] body=0: must be text in quotes"),
        ("[rule]\nshare = 12\n", "a.toml, [rule] share=12: must be > 0 and < 1 (1 is 100 %)"),
        ("[rule]\nw_over_l_range = [100, 1]\n", "a.toml, [rule] w_over_l_range=[100.0, 1.0]: must be two numbers, the smaller one first"),
        ("[levels]\nreads = 2.5\n", "a.toml, [levels] reads=2.5: must be a whole number"),
        ("[levels]\nreads = 1\n", "a.toml, [levels] reads=1: must be >= 2"),
        ('[levels]\nlast_stop = "0.4 V"\n', "a.toml, [levels] last_stop=0.4: must be > first_stop=0.5"),
        ("[corners]\ntemperature = [-300]\n", "a.toml, [corners] temperature[0]=-300: must be > -273.15 and < 1000"),
        ('[variability]\nspreads = ["1 %", "x"]\n', "a.toml, [variability] spreads[1]='x': must be a number, with a suffix or a unit at most"),
        ('[noise]\ninterval = "200 s"\n', "a.toml, [noise] interval=200: must be < duration=100"),
        ('[run]\nengine = "hspice"\n', "a.toml, [run] engine='hspice': must be '' or 'ngspice' or 'ltspice'"),
        ('[transistor]\nlibrary = "my.lib"\n', "a.toml, [transistor] model='': must be the name of an NMOS model in my.lib"),
        ('[transistor]\nmodel = "n18"\n', "a.toml, [transistor] library='': must be the file that holds the model n18"),
        ("[tuning]\ntarget = [1e-4]\n", "a.toml, [tuning]: unknown key 'target'; did you mean targets?"),
        ('[tuning]\ntargets = ["100 uS", 0]\n', "a.toml, [tuning] targets[1]=0: must be > 0"),
        ("[tuning]\ntargets = []\n", "a.toml, [tuning] targets=[]: must be a list of at least one value"),
        ('[tuning]\nband = "0 %"\n', "a.toml, [tuning] band=0: must be > 0 and < 1 (1 is 100 %)"),
        ('[tuning]\nnoise = "0 %"\n', "a.toml, [tuning] noise=0: must be > 0 and < 1 (1 is 100 %)"),
        ('[tuning]\ncorrelation_time = "3 V"\n', "a.toml, [tuning] correlation_time='3 V': must be a quantity in s, not in 'V'"),
        ('[tuning]\nstep = "0 V"\n', "a.toml, [tuning] step=0: must be > 0 and <= 1"),
        ("[tuning]\nseeds = 1\n", "a.toml, [tuning] seeds=1: must be >= 2"),
        ("[tuning]\nreads = 0\n", "a.toml, [tuning] reads=0: must be >= 1"),
        ('[tuning]\nwire_resistance = "-1 ohm"\n', "a.toml, [tuning] wire_resistance=-1: must be >= 0"),
        ("[supply\n", "a.toml: Expected ']' at the end of a table declaration (at line 2, column 8)"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, text: str, message: str):
    assert refusal(tmp_path, text) == message


def test_the_keys_of_tuning_become_si_units(tmp_path: Path):
    text = '[tuning]\ntargets = ["20 uS", 1e-4]\nband = "2.5 %"\nstep = "5 mV"\ncorrelation_time = "300 ms"\nmost_pulses = 40\nwire_resistance = "2.5 ohm"\n'
    tuning = load_design(written(tmp_path, text)).tuning
    assert tuning.targets == pytest.approx((20e-6, 1e-4))
    assert (tuning.band, tuning.step, tuning.correlation_time, tuning.wire_resistance) == pytest.approx((0.025, 5e-3, 0.3, 2.5))
    assert (tuning.most_pulses, tuning.noise, tuning.reads) == (40, 0.02, 5)


def test_a_file_without_format_is_refused(tmp_path: Path):
    (tmp_path / "a.toml").write_text('[supply]\ngate = "3 V"\n')
    with pytest.raises(DesignError, match=r"a\.toml: format is missing; write `format = 1` above the sections$"):
        load_design(tmp_path / "a.toml")


def test_another_format_is_refused(tmp_path: Path):
    (tmp_path / "a.toml").write_text("format = 2\n")
    with pytest.raises(DesignError, match=r"a\.toml, format=2: must be 1; this cosim reads no other$"):
        load_design(tmp_path / "a.toml")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path):
    with pytest.raises(DesignError, match=r"none\.toml: no such file$"):
        load_design(tmp_path / "none.toml")
    with pytest.raises(DesignError, match=r": cannot be read, is a directory$"):
        load_design(tmp_path)


def test_a_section_made_in_python_is_checked_too():
    with pytest.raises(DesignError, match=r"^\[supply\] drain=-3: must be > 0$"):
        SupplySection(drain=-3.0)


def test_paths_are_relative_to_the_design_file(tmp_path: Path):
    text = '[device]\nmemristor = "my/card.toml"\n[transistor]\nlibrary = "foundry.lib"\nmodel = "n18"\n'
    design = load_design(written(tmp_path, text))
    assert design.device.memristor == str(tmp_path / "my/card.toml")
    assert design.device.comparison == "lim2025_analog_window"
    assert design.transistor.library == str(tmp_path / "foundry.lib")


def test_an_option_replaces_a_value_and_leaves_the_rest():
    design = Design().replaced("supply", {"gate": "2.5 V"}, where="--gate")
    assert (design.supply.gate, design.supply.drain, design.rule) == (2.5, 3.0, RuleSection())


def test_a_wrong_option_is_named():
    with pytest.raises(DesignError, match=r"^--gate, \[supply\] gate='3 A': must be a quantity in V, not in 'A'$"):
        Design().replaced("supply", {"gate": "3 A"}, where="--gate")
    with pytest.raises(DesignError, match=r"^--w-over-l, \[transistor\] w_over_l\[1\]=-5: must be > 0 and <= 100000$"):
        Design().replaced("transistor", {"w_over_l": ["5", "-5"]}, where="--w-over-l")


def test_a_design_written_out_reads_back_equal(tmp_path: Path):
    path = tmp_path / "lim2025_synapse.toml"
    path.write_text(Design().to_toml(), encoding="utf-8")
    assert load_design(path) == Design()


@given(
    drain=st.floats(1e-3, 100).map(lambda value: float(f"{value:.9g}")),
    share=st.integers(1, 999).map(lambda value: value / 1000),
    sizes=st.lists(st.floats(0.1, 1e4).map(lambda value: float(f"{value:.9g}")), min_size=1, max_size=4),
)
def test_any_design_written_out_has_the_same_digest(tmp_path_factory: pytest.TempPathFactory, drain: float, share: float, sizes: list[float]):
    design = Design(supply=SupplySection(drain=drain), rule=RuleSection(share=share), transistor=TransistorSection(w_over_l=tuple(sizes)))
    path = tmp_path_factory.mktemp("designs") / "lim2025_synapse.toml"
    path.write_text(design.to_toml(), encoding="utf-8")
    read = load_design(path)
    assert read.digest() == design.digest()
    assert read.supply.drain == pytest.approx(drain, rel=1e-11)


def test_the_digest_changes_with_a_value_and_not_with_its_spelling(tmp_path: Path):
    plain = load_design(written(tmp_path, "[supply]\ngate = 3\n")).digest()
    assert load_design(written(tmp_path, '[supply]\ngate = "3000 mV"\n')).digest() == plain == Design().digest()
    assert load_design(written(tmp_path, '[supply]\ngate = "3.1 V"\n')).digest() != plain


def test_the_digest_follows_the_content_of_a_library_and_not_its_folder(tmp_path: Path):
    digests = []
    for folder, content in (("one", "* a\n"), ("two", "* a\n"), ("three", "* b\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "m.lib").write_text(content)
        digests.append(load_design(written(tmp_path / folder, '[transistor]\nlibrary = "m.lib"\nmodel = "n"\n')).digest())
    assert digests[0] == digests[1] != digests[2]


def test_the_rows_for_the_report_carry_units():
    rows = {(section, key): value for section, key, value in Design().describe()}
    assert rows["transistor", "length"] == "500 nm"
    assert rows["rule", "share"] == "12 %"
    assert rows["corners", "temperature"] == "-40 degC, 27 degC, 85 degC"
    assert rows["levels", "gap"] == "200 nS"
    assert rows["transistor", "library"] == "-"
    assert {section for section, _ in rows} == set(SECTIONS)


def test_a_design_cannot_be_changed():
    with pytest.raises(AttributeError):
        Design().supply.gate = 2.0  # type: ignore[misc]
