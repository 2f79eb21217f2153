"""Every way in which a run can end has a remedy."""

from cosim.status import REMEDIES, Status


def test_every_status_has_a_remedy_and_no_remedy_is_left_over():
    assert set(REMEDIES) == set(Status)


def test_remedies_are_one_line_that_tells_what_to_do():
    assert all(text and "\n" not in text and not text.endswith(".") for text in REMEDIES.values())
    assert len(set(REMEDIES.values())) == len(REMEDIES)


def test_a_status_is_its_own_name():
    assert all(str(each) == each.value == each.name for each in Status)
