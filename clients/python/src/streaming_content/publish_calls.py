"""The HTTP calls of a producer."""

import asyncio
import http
import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from streaming_content.address import Address
from streaming_content.errors import ConnectFailed, PublishRefused
from streaming_content.json_object import json_object
from streaming_content.stream import Message
from streaming_content.token import TokenSource


class PublishCalls:
    """Each call is one request, in a thread. Raises ``PublishRefused``, ``ConnectFailed`` and ``TokenUnavailable``.

    Calls use one token until the service refuses it.
    """

    def __init__(
        self, address: Address, tokens: TokenSource | None, timeout_seconds: float, tls: ssl.SSLContext | None = None
    ) -> None:
        self._address = address
        self._tokens = tokens
        self._token: str | None = None
        self._timeout_seconds = timeout_seconds
        # Of the system's proxies too, as a back end may need one.
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=tls))

    async def create(self, session_id: str, options: Message, headers: Mapping[str, str]) -> Message:
        """Create a stream in the session; the same ``Idempotency-Key`` is the same stream."""
        path = f"sessions/{quote(session_id, safe='')}/streams"
        return await self._post(path, json.dumps(options).encode(), headers)

    async def adopt(self, stream_id: str) -> Message:
        """Begin a new epoch."""
        return await self._post(f"streams/{quote(stream_id, safe='')}/adopt")

    async def append(self, stream_id: str, epoch: int, offset: int, data: bytes) -> Message:
        """Append bytes."""
        query = urlencode({"epoch": epoch, "offset": offset})
        return await self._post(f"streams/{quote(stream_id, safe='')}/append?{query}", data)

    async def touch(self, stream_id: str, epoch: int) -> Message:
        """Renew the lease."""
        return await self._post(f"streams/{quote(stream_id, safe='')}/touch?epoch={epoch}")

    async def close(self, stream_id: str, epoch: int, end: Message) -> Message:
        """End the stream."""
        return await self._post(f"streams/{quote(stream_id, safe='')}/close?epoch={epoch}", json.dumps(end).encode())

    async def _post(self, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Message:
        was_used = self._token is not None
        try:
            return await self._post_once(path, body, headers or {})
        except PublishRefused as refused:
            if refused.status != http.HTTPStatus.UNAUTHORIZED:
                raise
            self._token = None
            if not was_used:
                raise
        return await self._post_once(path, body, headers or {})

    async def _post_once(self, path: str, body: bytes, headers: Mapping[str, str]) -> Message:
        sent = {"Content-Type": "application/json", **headers}
        if self._tokens is not None:
            self._token = self._token or await self._tokens.get()
            sent["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(f"{self._address}/v1/{path}", body, sent, method="POST")  # noqa: S310 - http or https
        return await asyncio.to_thread(self._send, request)

    def _send(self, request: urllib.request.Request) -> Message:
        try:
            with self._opener.open(request, timeout=self._timeout_seconds) as response:
                return json_object(response.read())
        except urllib.error.HTTPError as answer:
            with answer:
                refused = refusal_in(answer.code, answer.read())
                failed = ConnectFailed.from_response(answer.code, b"", answer.headers.get("Retry-After"))
            raise refused or failed from None
        except urllib.error.URLError as error:
            cause = error.reason if isinstance(error.reason, OSError) else OSError(str(error.reason))
            raise ConnectFailed.from_os_error(self._address, cause) from error
        except (OSError, http.client.HTTPException) as error:
            cause = error if isinstance(error, OSError) else ConnectionResetError()
            raise ConnectFailed.from_os_error(self._address, cause) from error


def refusal_in(status: int, body: bytes | bytearray) -> PublishRefused | None:
    """Return the error of the service in a response; ``None`` for the response of a proxy."""
    error = json_object(body).get("error")
    return PublishRefused(status, error) if isinstance(error, dict) else None
