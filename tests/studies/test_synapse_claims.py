"""The list of claims itself: ids, kinds, numbers of the paper, directions."""

import importlib
from collections import Counter

import pytest

from cosim.claims import KINDS, STUDIES, check_unique
from cosim.studies.lim2025.synapse import CLAIMS

TABLE = {  # the figures that the job asks to meet: claim -> (paper, must be)
    "device.highest_level": (200.0, "200 +- 5"),
    "device.lowest_level": (5.7, "5.7 +- 0.3"),
    "device.levels": ("23 levels", ">= 95"),
    "transistor.on_resistance": (120.0, "120 +- 3"),
    "drive.direct": (0.0, "<= 20"),
    "drive.follower": (0.0, "<= 50"),
    "sizing.share": (12.0, "10.7 +- 0.5"),
    "loops.on_off_65": (87.5, "86 +- 3"),
    "loops.on_off_20": (None, "<= 70"),
    "loops.on_off_130": (None, "95..100"),
    "sizing.orientation": ("MOD", "MOD"),
    "sizing.orientation_mirrored": ("MOS", "MOS"),
}
CALIBRATIONS = {
    *("device.highest_level", "device.lowest_level", "device.noise_rises", "device.retention", "transistor.on_resistance"),
    *("sizing.share", "sizing.crossing", "sizing.crossing_strict", "loops.on_off_65", "loops.on_off_130"),
}


def test_ids_are_unique_and_begin_with_the_path_of_the_study():
    check_unique(CLAIMS)
    assert max(Counter(claim.id for claim in CLAIMS).values()) == 1
    assert all(claim.id.startswith("lim2025.synapse.") for claim in CLAIMS)
    assert STUDIES["lim2025.synapse"] == "cosim.studies.lim2025.synapse"


def test_the_second_part_of_an_id_is_the_module_that_computes_it():
    for section in {claim.id.split(".")[2] for claim in CLAIMS}:
        package = "cosim.codesign" if section == "sizing" else STUDIES["lim2025.synapse"]
        assert importlib.import_module(f"{package}.{section}")


@pytest.mark.parametrize("name", TABLE)
def test_a_claim_of_the_table_has_the_paper_s_value_and_its_tolerance(name: str):
    claim = next(each for each in CLAIMS if each.id == f"lim2025.synapse.{name}")
    assert (claim.paper, str(claim.must_be)) == TABLE[name]


def test_what_the_cards_were_fitted_to_is_called_calibration_and_nothing_else():
    assert {claim.id.removeprefix("lim2025.synapse.") for claim in CLAIMS if claim.kind == "calibration"} == CALIBRATIONS
    assert {claim.kind for claim in CLAIMS} == set(KINDS)


def test_every_claim_says_where_it_stands_and_what_it_is():
    assert all(claim.source and claim.statement for claim in CLAIMS)
    assert all("\n" not in claim.statement for claim in CLAIMS)
    assert all(claim.source.startswith(("Lim 2025", "ours")) for claim in CLAIMS)
