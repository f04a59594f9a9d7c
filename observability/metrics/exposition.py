"""What a scraper is shown."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

_SWITCH_SECONDS = 0.0005


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """All metrics and their content type, in the format that the Accept header asks for; OpenMetrics has exemplars.

    It computes for some 10 to 30 ms, so it belongs in a thread, and one at a time.
    """
    try:
        encode, content_type = choose_encoder(accept)
    except TypeError:  # a version that is not a number
        encode, content_type = choose_encoder("")
    with _quick_to_make_way():
        return encode(registry), content_type


@contextmanager
def _quick_to_make_way() -> Iterator[None]:
    """While it lasts, a thread that computes makes way for the event loop after half a millisecond, and not after 5."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
