"""A breaker opens after failures in a row, lets one probe through after each rest, and closes at an answer."""

from service.stores.breaker import Breaker


def opened(now: float) -> Breaker:
    breaker = Breaker(failures=3, rest_seconds=10)
    assert [breaker.failed(now) for _ in range(3)] == [False, False, True]
    return breaker


def test_it_opens_after_failures_in_a_row() -> None:
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


def test_nobody_probes_a_closed_one() -> None:
    assert not Breaker().claim_probe(1000)


def test_after_each_rest_one_probes() -> None:
    breaker = opened(100)
    assert not breaker.claim_probe(109.9)
    assert [breaker.claim_probe(110), breaker.claim_probe(110)] == [True, False]
    assert breaker.claim_probe(120), "the probe before has come to nothing, or to no end"
    assert not breaker.failed(121)
    assert not breaker.claim_probe(130.9)
    assert breaker.claim_probe(131)


def test_an_answer_closes_it() -> None:
    breaker = opened(0)
    assert breaker.answered()
    assert breaker.closed
    assert not breaker.answered()
    assert [breaker.failed(1) for _ in range(3)] == [False, False, True]
