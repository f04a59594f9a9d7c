"""Quotas by GCRA, against a model that holds the moments of all admitted units. The clock is handed in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.access.quota import MINUTE, Charge, QuotaOwner, excess, used_until
from service.protocol.quota_kind import QuotaKind


class Quota:
    """A quota as a store keeps it: one number."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self.used_until = 0

    def _charge(self, cost: int) -> Charge:
        return Charge(QuotaKind.REQUESTS, QuotaOwner.PRINCIPAL, "user", self.per_minute, cost)

    def wait(self, cost: int, now: int) -> int:
        charge = self._charge(cost)
        return excess(charge, used_until(charge, self.used_until, now), now)

    def take(self, cost: int, now: int) -> bool:
        if self.wait(cost, now):
            return False
        self.debit(cost, now)
        return True

    def debit(self, cost: int, now: int) -> None:
        self.used_until = used_until(self._charge(cost), self.used_until, now)


quotas = st.integers(1, 200_000)
costs = st.integers(0, 20)
gaps = st.one_of(st.just(0), st.integers(0, 1000), st.integers(0, 3 * MINUTE))
START = 1_700_000_000_000_000


@given(quotas)
def test_a_quota_that_was_not_used_admits_exactly_its_units_at_once(per_minute: int) -> None:
    quota = Quota(per_minute)
    assert quota.take(per_minute, START)
    assert not quota.take(1, START)
    assert quota.take(per_minute, START + quota.wait(per_minute, START)), "after a minute all are free again"


@given(st.integers(1, 50), st.lists(st.tuples(gaps, costs)))
def test_no_span_of_time_admits_more_than_the_burst_and_what_the_quota_frees_in_it(
    per_minute: int, steps: list[tuple[int, int]]
) -> None:
    quota, now, admitted = Quota(per_minute), START, list[tuple[int, int]]()
    for gap, cost in steps:
        now += gap
        cost = min(cost, per_minute)  # noqa: PLW2901 - a precondition
        if quota.take(cost, now):
            admitted.append((now, cost))
    for index, (begin, _) in enumerate(admitted):
        units = 0
        for moment, cost in admitted[index:]:
            units += cost
            assert units <= per_minute + (moment - begin) * per_minute // MINUTE


@given(quotas, st.lists(st.tuples(gaps, costs), max_size=30), costs)
def test_the_wait_is_exact(per_minute: int, steps: list[tuple[int, int]], cost: int) -> None:
    quota, now = Quota(per_minute), START
    for gap, used in steps:
        now += gap
        quota.debit(used, now)
    cost = min(cost, per_minute)
    if wait := quota.wait(cost, now):
        assert quota.wait(cost, now + wait - 1) == 1, "a microsecond earlier it does not fit"
    assert quota.wait(cost, now + wait) == 0
    assert quota.wait(0, now) == quota.wait(1, now), "no cost asks whether one unit is free"


@given(quotas, st.lists(st.tuples(gaps, costs), max_size=30))
def test_a_charge_that_does_not_fit_and_a_cost_of_0_change_nothing(
    per_minute: int, steps: list[tuple[int, int]]
) -> None:
    quota, now = Quota(per_minute), START
    for gap, cost in steps:
        now += gap
        before, wait = quota.used_until, quota.wait(min(cost, per_minute), now)
        if not quota.take(min(cost, per_minute), now):
            assert (quota.used_until, wait > 0) == (before, True)
        remaining = quota.wait(1, now)
        quota.take(0, now)
        assert quota.wait(1, now) == remaining


def test_a_debit_may_exceed_the_quota_which_then_frees_itself() -> None:
    quota = Quota(60)
    quota.debit(180, START)
    assert quota.wait(0, START) == 2 * MINUTE + MINUTE // 60
    assert quota.wait(60, START) == 3 * MINUTE


@pytest.mark.parametrize("per_minute", [1, 7, 59, 61, 600, 102_400, MINUTE, 10 * MINUTE])
def test_a_unit_is_free_less_than_a_microsecond_after_its_share_of_a_minute_and_never_before(per_minute: int) -> None:
    charge = Charge(QuotaKind.STORED_SIZE, QuotaOwner.ADDRESS, "::1", per_minute)
    assert charge.interval * per_minute >= MINUTE
    assert (charge.interval - 1) * per_minute < MINUTE


def test_charges_of_different_owners_have_different_keys() -> None:
    charges = [
        Charge(kind, owner, name, 1) for kind in QuotaKind for owner in QuotaOwner for name in ("a", "b", "a:b", "")
    ]
    assert len({charge.key for charge in charges}) == len(charges)
