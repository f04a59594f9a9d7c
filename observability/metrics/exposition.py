"""The exposition of metrics to a scraper."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

_SWITCH_SECONDS = 0.0005
_computing = Lock()


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """All metrics and their content type, in the format of the Accept header; OpenMetrics has exemplars.

    It computes for 10 to 30 ms: call it in a thread.
    """
    try:
        encode, content_type = choose_encoder(accept)
    except TypeError:  # a version that is not a number
        encode, content_type = choose_encoder("")
    with short_switch_interval():
        return encode(registry), content_type


@contextmanager
def short_switch_interval() -> Iterator[None]:
    """Make a computing thread release the interpreter to the event loop after 0.5 ms instead of 5 ms; one at a time."""
    with _computing:
        usual = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_SECONDS)
        try:
            yield
        finally:
            sys.setswitchinterval(usual)
