"""HTTP requests to a deployment."""

import http.client
import time
from dataclasses import dataclass

from streaming_content import Address, ConnectFailed

_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Response:
    """One response; redirects are not followed."""

    status: int
    content_type: str
    body: bytes
    location: str
    """Where a redirect leads, else empty."""
    seconds: float
    """From the request, including the connect for the first one, to the last byte."""


def fetch(address: Address, path: str, *, accept: str = "*/*", times: int = 1) -> list[Response]:
    """GET a path ``times`` times, on one connection if the server keeps it open. Blocks; raises ``ConnectFailed``."""
    connect = http.client.HTTPSConnection if address.secure else http.client.HTTPConnection
    connection = connect(address.host, address.port, timeout=_TIMEOUT_SECONDS)
    try:
        return [_get(connection, address.prefix + path, accept) for _ in range(times)]
    except OSError as error:
        raise ConnectFailed.from_os_error(address, error) from error
    except http.client.HTTPException as error:
        raise ConnectFailed(f"{address} does not speak HTTP ({error!r}).") from error
    finally:
        connection.close()


def _get(connection: http.client.HTTPConnection, path: str, accept: str) -> Response:
    began = time.perf_counter()
    connection.request("GET", path, headers={"Accept": accept})
    response = connection.getresponse()
    body = response.read()
    location, content_type = response.headers.get("Location", ""), response.headers.get("Content-Type", "")
    return Response(response.status, content_type, body, location, time.perf_counter() - began)
