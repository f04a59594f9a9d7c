"""Fetches a JWK set over HTTP, in a thread of its own."""

import asyncio
import http.client
import threading
import time
import urllib.request
from contextlib import suppress

from service import __version__

TIMEOUT_SECONDS = 5.0
MAX_BYTES = 256 * 1024


class FetchFailed(Exception):
    """``str()`` is a clause with the cause."""


async def fetch_keys(url: str) -> bytes:
    """Return the body at the address, of at most ``MAX_BYTES``, within the timeout. Raises ``FetchFailed``.

    The thread is a daemon: a name server that does not answer delays neither the service nor its end.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()

    def settle(body: bytes | None, failure: str) -> None:
        if answer.done():
            return
        if body is None:
            answer.set_exception(FetchFailed(failure))
        else:
            answer.set_result(body)

    def run() -> None:
        body, failure = None, ""
        try:
            body = _fetch(url)
        except FetchFailed as failed:
            failure = str(failed)
        except (OSError, http.client.HTTPException, ValueError) as error:
            failure = str(error) or type(error).__name__
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, body, failure)

    threading.Thread(target=run, name="key fetch", daemon=True).start()
    try:
        return await asyncio.wait_for(answer, TIMEOUT_SECONDS)
    except TimeoutError:
        raise FetchFailed(f"no answer within {TIMEOUT_SECONDS:.0f} s") from None


def _fetch(url: str) -> bytes:
    ends_at = time.monotonic() + TIMEOUT_SECONDS
    # Some networks of issuers refuse the name of the library.
    headers = {"Accept": "application/json", "User-Agent": f"streaming-content-api/{__version__}"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - a checked setting
    with _opener().open(request, timeout=TIMEOUT_SECONDS) as response:
        body = b""
        while part := response.read1(MAX_BYTES):
            body += part
            if len(body) > MAX_BYTES:
                raise FetchFailed(f"the answer has more than {MAX_BYTES} bytes")
            if time.monotonic() > ends_at:
                raise FetchFailed(f"no complete answer within {TIMEOUT_SECONDS:.0f} s")
        return body


def _opener() -> urllib.request.OpenerDirector:
    """Use no redirects, which could lead to an address without TLS, and the proxy of the environment only for TLS.

    Without it, the address is one of this machine, and a proxy on the way could replace the keys.
    """
    proxies = {name: proxy for name, proxy in urllib.request.getproxies().items() if name == "https"}
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(proxies),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
