"""Min, typ, max and yield: counted by hand, and an interval that covers as often as it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cosim.errors import InputError
from cosim.params import Limit
from cosim.status import Status
from cosim.sweep.jobs import Result
from cosim.sweep.yields import ALL, clopper_pearson, summarize


def result(share: float, *, status: Status = Status.ok, on: float = 1.0) -> Result:
    return Result({}, status, {"share": share, "on": on} if status is Status.ok else {})


def summary(results, limits, *, corners: int = 1, random: bool = True, groups: int = 1):
    def group(index: int) -> dict:
        return {"half": index * groups // len(results)}

    return summarize(results, limits, measures=("share", "on"), cell=lambda index: index // corners, group=group, random=random)


def test_the_interval_of_nine_in_ten_is_the_one_of_the_tables():
    assert clopper_pearson(9, 10) == pytest.approx((0.5550, 0.9975), abs=1e-4)
    assert clopper_pearson(0, 10) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert clopper_pearson(100, 100) == pytest.approx((0.9638, 1.0), abs=1e-4)


@given(cells=st.integers(1, 500), share=st.floats(0, 1))
def test_the_interval_holds_the_share_and_is_the_one_of_scipy(cells: int, share: float):
    within = round(share * cells)
    low, high = clopper_pearson(within, cells)
    assert 0 <= low <= within / cells <= high <= 1
    exact = stats.binomtest(within, cells).proportion_ci(method="exact")
    assert (low, high) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_the_interval_covers_the_true_yield_at_least_95_times_in_100():
    intervals = [clopper_pearson(within, 50) for within in range(51)]
    for truth in (0.5, 0.9, 0.99):
        chance = stats.binom.pmf(np.arange(51), 50, truth)
        assert sum(p for p, (low, high) in zip(chance, intervals, strict=True) if low <= truth <= high) >= 0.95


@pytest.mark.parametrize(("within", "cells"), [(1, 0), (3, 2), (-1, 2)])
def test_a_share_of_nothing_has_no_interval(within: int, cells: int):
    with pytest.raises(InputError, match=rf"^interval of a share, within={within}: must be 0\.\.{cells} of at least 1 cell$"):
        clopper_pearson(within, cells)


def test_min_typ_and_max_stand_beside_the_limit_and_the_yield():
    share, on, together = summary([result(each) for each in (0.10, 0.11, 0.12, 0.15)], {"share": Limit(most=0.12)})
    assert (share.least, share.typical, share.most) == pytest.approx((0.10, 0.115, 0.15))
    assert (share.within, share.cells, share.share) == (3, 4, 0.75)
    assert share.interval == clopper_pearson(3, 4)
    assert (on.limit, on.within, on.interval) == (None, 4, None)
    assert (together.measure, together.within) == (ALL, 3)
    assert share.row()["limit"] == "<= 0.12"


def test_all_limits_must_hold_in_one_and_the_same_cell():
    rows = summary([result(0.1, on=2.0), result(0.2, on=1.0), result(0.1, on=1.0)], {"share": Limit(most=0.12), "on": Limit(least=0.5, most=1.5)})
    assert [(each.measure, each.within) for each in rows] == [("share", 2), ("on", 2), (ALL, 1)]


def test_a_cell_is_within_if_it_is_at_every_corner():
    share, _, together = summary([result(each) for each in (0.10, 0.13, 0.10, 0.11)], {"share": Limit(most=0.12)}, corners=2)
    assert (share.within, share.cells, share.most) == (1, 2, 0.13)
    assert together.within == 1


def test_cells_with_a_failed_run_are_counted_apart():
    share, _, together = summary([result(0.1), result(0.1, status=Status.no_convergence), result(0.2)], {"share": Limit(most=0.12)})
    assert (share.within, share.cells, share.failed) == (1, 2, 1)
    assert (together.within, together.cells, together.failed) == (1, 2, 1)


def test_nothing_left_is_no_yield_and_no_number():
    share, _, together = summary([result(0.1, status=Status.timeout)], {"share": Limit(most=0.12)})
    assert np.isnan([share.least, share.typical, share.most, share.share, together.share]).all()
    assert share.interval is None


def test_a_plan_without_chance_has_a_share_and_no_interval():
    share, *_ = summary([result(0.1), result(0.2)], {"share": Limit(most=0.12)}, random=False)
    assert (share.share, share.interval) == (0.5, None)


def test_groups_stand_apart_in_their_order():
    rows = summary([result(each) for each in (0.1, 0.1, 0.2, 0.2)], {"share": Limit(most=0.12)}, groups=2)
    assert [(each.group["half"], each.within) for each in rows if each.measure == "share"] == [(0, 2), (1, 0)]


def test_a_limit_holds_at_its_ends_and_never_for_what_is_no_number():
    limit = Limit(least=1.0, most=2.0)
    assert [limit.holds(each) for each in (1.0, 2.0, 0.999, 2.001, float("nan"))] == [True, True, False, False, False]
    assert str(limit) == ">= 1 and <= 2"
