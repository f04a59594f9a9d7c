"""Thresholds as a person reads them: 0.05 is 5 %, 0.1 s is 100 ms."""


def percent(share: float) -> str:
    return f"{share * 100:g} %"


def duration(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"
