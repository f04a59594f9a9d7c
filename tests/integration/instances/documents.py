"""Requests of each content type, for one to three seconds of stream."""

from collections.abc import Mapping

from benchmarks.documents import document
from service.protocol.messages import ContentType

REQUESTS: Mapping[str, Mapping[str, str]] = {
    "text": {"content": document(ContentType.TEXT, 700), "content_type": "text"},
    "html fragment": {"content": document(ContentType.HTML, 20_000), "content_type": "html"},
    "html incremental": {
        "content": document(ContentType.HTML, 1_500),
        "content_type": "html",
        "html_mode": "incremental",
    },
    "markdown": {
        "content": document(ContentType.MARKDOWN, 900),
        "content_type": "markdown",
        "html_mode": "incremental",
    },
}
"""By kind: the fields of a ``stream_request``."""
