"""A response whose body never changes while the process runs."""

import gzip
from collections.abc import Mapping
from hashlib import sha256

from fastapi import Request, Response

REVALIDATE = "no-cache"
"""A cache has to revalidate the body for each use, which costs a 304."""


class StaticResponse:
    """A body with its ETag, uncompressed and in gzip."""

    def __init__(
        self, body: bytes, content_type: str, cache_control: str = REVALIDATE, headers: Mapping[str, str] | None = None
    ) -> None:
        """By default a cache has to revalidate the body for each use, which costs a 304."""
        self._body = body
        self._compressed = gzip.compress(body, mtime=0)
        self._etag = f'"{sha256(body).hexdigest()[:16]}"'
        self._headers = {
            **(headers or {}),
            "content-type": content_type,
            "cache-control": cache_control,
            "vary": "Accept-Encoding",
            "x-content-type-options": "nosniff",
        }

    def answer(self, request: Request) -> Response:
        """304 if the client has the body, else the body in an encoding that it accepts."""
        headers = {**self._headers, "etag": self._etag}
        # RFC 9110 prescribes a weak comparison for If-None-Match: a proxy that compresses marks the tag with W/.
        cached = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if not cached.isdisjoint({self._etag, "*"}):
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self._body, headers=headers)
        return Response(self._compressed, headers={**headers, "etag": f"W/{self._etag}", "content-encoding": "gzip"})
