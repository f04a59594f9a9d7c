"""Timestamps."""

from service.protocol.instant import Instant, iso


def test_a_timestamp_is_utc_with_milliseconds_rounded_down() -> None:
    assert iso(0.0) == "1970-01-01T00:00:00.000Z"
    assert iso(1_700_000_000.9996) == "2023-11-14T22:13:20.999Z"


def test_an_instant_formats_its_wall_time_once() -> None:
    instant = Instant(5.0, 0.25)
    assert instant.timestamp == "1970-01-01T00:00:00.250Z"
    assert instant.timestamp is instant.timestamp


def test_instants_are_compared_by_value() -> None:
    instant, same = Instant(5.0, 0.25), Instant(5.0, 0.25)
    assert instant.json_timestamp == b'"1970-01-01T00:00:00.250Z"'
    assert {instant, same} == {instant}
    assert instant not in {Instant(5.0, 0.5), Instant(6.0, 0.25), (5.0, 0.25)}
