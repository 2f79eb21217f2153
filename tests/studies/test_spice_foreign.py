"""The study on LTspice's own netlists: its claims on the real runs, and what is said where these are not at hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cosim.claims import judge, registered
from cosim.design import Design
from cosim.errors import SimulationError
from cosim.spice.engines import find_engine
from cosim.studies.spice import foreign
from cosim.sweep.lab import Lab


@pytest.mark.data
def test_real_ltspice_runs_of_bsim3_devices_are_met_within_a_tenth_of_a_percent(data_file: Callable[..., Path]):
    data_file(foreign.FOLDER)
    result = foreign.run(Design(), Lab(engine=find_engine("ngspice")))
    verdicts = {each.id: each for each in judge(foreign.CLAIMS, result)}
    assert {name: each.verdict for name, each in verdicts.items()} == {"spice.foreign.c5_nmos": "met", "spice.foreign.c5_pmos": "met"}
    assert verdicts["spice.foreign.c5_nmos"].value == pytest.approx(0.0538, rel=0.05)
    assert verdicts["spice.foreign.c5_pmos"].value == pytest.approx(0.0417, rel=0.05)
    assert result.points == {"NMOS_IV": 25000, "PMOS_IV": 25000}


def test_without_the_data_the_reason_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_DATA", str(tmp_path))
    with pytest.raises(SimulationError, match=r"^real LTspice runs: .*NMOS_IV\.spi: no such file$"):
        foreign.run(Design(), Lab(engine=find_engine("ngspice")))


def test_the_claims_are_registered():
    assert [claim.id for study in registered("spice.foreign") for claim in study.claims] == ["spice.foreign.c5_nmos", "spice.foreign.c5_pmos"]
