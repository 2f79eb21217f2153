"""Cards: a range is said once and checked once."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.errors import DeviceError
from cosim.params import Range, check_params, described, param


@dataclass(frozen=True, kw_only=True)
class Card:
    """A card for these tests."""

    name: str = "card"
    gain: float = param("open-loop gain", "1", above=0.0)
    share: float = param("a share", "%", default=0.5, least=0.0, most=1.0)

    def __post_init__(self) -> None:
        check_params(self)


@pytest.mark.parametrize(
    ("range_", "words"),
    [
        (Range(above=0.0), "> 0"),
        (Range(least=0.0), ">= 0"),
        (Range(least=0.0, most=1.0), "within 0..1"),
        (Range(above=0.0, below=1.0), "> 0 and < 1"),
        (Range(above=0.0, most=3.5), "> 0 and <= 3.5"),
        (Range(), "finite"),
    ],
)
def test_a_range_reads_as_a_person_says_it(range_: Range, words: str):
    assert str(range_) == words


@given(value=st.floats(-2, 2))
@settings(deadline=None, max_examples=60)
def test_ends_are_excluded_or_included_as_their_names_say(value: float):
    assert (value in Range(above=0.0, below=1.0)) == (0.0 < value < 1.0)
    assert (value in Range(least=0.0, most=1.0)) == (0.0 <= value <= 1.0)


def test_the_metadata_of_a_card_are_found_in_their_order():
    assert [(each.name, each.metadata["unit"], each.metadata["description"]) for each in described(Card)] == [
        ("gain", "1", "open-loop gain"),
        ("share", "%", "a share"),
    ]


def test_a_card_in_range_is_made_and_defaults_hold():
    assert Card(gain=1.0).share == 0.5
    assert Card(gain=3, share=1.0).gain == 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"gain": 0.0}, "card, gain=0: must be > 0"),
        ({"gain": 1.0, "share": 1.5}, "card, share=1.5: must be within 0..1"),
        ({"gain": math.nan}, "card, gain=nan: must be > 0"),
        ({"gain": math.inf}, "card, gain=inf: must be > 0"),
        ({"gain": "1"}, "card, gain=1: must be > 0"),
    ],
)
def test_a_value_out_of_range_is_named_with_card_and_range(values: dict[str, float], message: str):
    with pytest.raises(DeviceError) as caught:
        Card(**values)
    assert str(caught.value) == message
