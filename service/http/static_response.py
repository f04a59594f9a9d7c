"""What is the same for as long as the process lives, and is not sent again to those who have it."""

import gzip
from collections.abc import Mapping
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response


class StaticResponse:
    """A body with its ETag, as it is and in gzip."""

    def __init__(
        self, body: bytes, content_type: str, cache_control: str = "no-cache", headers: Mapping[str, str] | None = None
    ) -> None:
        """Without ``cache_control`` it may be kept, and is asked for each time, which costs a 304."""
        self._body = body
        self._packed = gzip.compress(body, mtime=0)
        self._etag = f'"{sha256(body).hexdigest()[:16]}"'
        self._headers = {
            **(headers or {}),
            "content-type": content_type,
            "cache-control": cache_control,
            "vary": "Accept-Encoding",
            "x-content-type-options": "nosniff",
        }

    def answer(self, request: Request) -> Response:
        headers = {**self._headers, "etag": self._etag}
        # Weak comparison, as the header asks for: a proxy that packs what we send marks the tag with W/.
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if not known.isdisjoint({self._etag, "*"}):
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self._body, headers=headers)
        return Response(self._packed, headers={**headers, "etag": f"W/{self._etag}", "content-encoding": "gzip"})
