"""A breaker opens after consecutive failures, permits one probe after each rest, and closes at an answer."""

from service.stores.breaker import Breaker


def opened(now: float) -> Breaker:
    breaker = Breaker(failures=3, rest_seconds=10)
    assert [breaker.failed(now) for _ in range(3)] == [False, False, True]
    return breaker


def test_it_opens_after_consecutive_failures() -> None:
    breaker = Breaker(failures=3, rest_seconds=10)
    breaker.failed(0)
    breaker.failed(0)
    assert not breaker.answered()
    assert [breaker.failed(1), breaker.failed(1)] == [False, False]
    assert breaker.closed
    assert breaker.failed(1)
    assert not breaker.closed


def test_it_opens_once() -> None:
    breaker = opened(0)
    assert not breaker.failed(0), "a call that began before"


def test_a_closed_breaker_permits_no_probe() -> None:
    assert not Breaker().claim_probe(1000)


def test_one_probe_is_permitted_after_each_rest() -> None:
    breaker = opened(100)
    assert not breaker.claim_probe(109.9)
    assert [breaker.claim_probe(110), breaker.claim_probe(110)] == [True, False]
    assert breaker.claim_probe(120), "the previous probe failed or has not ended"
    assert not breaker.failed(121)
    assert not breaker.claim_probe(130.9)
    assert breaker.claim_probe(131)


def test_an_answer_closes_it() -> None:
    breaker = opened(0)
    assert breaker.answered()
    assert breaker.closed
    assert not breaker.answered()
    assert [breaker.failed(1) for _ in range(3)] == [False, False, True]


def test_a_conclusive_failure_opens_it_at_once() -> None:
    breaker = Breaker(failures=3, rest_seconds=10)
    assert breaker.failed(0, conclusive=True)
    assert not breaker.closed
