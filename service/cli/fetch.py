"""The HTTP side of a deployment."""

import http.client
import time
from dataclasses import dataclass

from service.cli.address import Address, CannotConnect

_ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    """One response, redirects not followed."""

    status: int
    content_type: str
    body: bytes
    seconds: float
    """From asking, or from connecting if it was the first, to the last byte."""


def fetch(address: Address, path: str, *, accept: str = "*/*", times: int = 1) -> list[Answer]:
    """GET a path so many times, on one connection if the server keeps it. Blocks; raises ``CannotConnect``."""
    connect = http.client.HTTPSConnection if address.secure else http.client.HTTPConnection
    connection = connect(address.host, address.port, timeout=_ANSWER_SECONDS)
    try:
        return [_get(connection, address.prefix + path, accept) for _ in range(times)]
    except OSError as error:
        raise CannotConnect.because(address, error) from error
    except http.client.HTTPException as error:
        raise CannotConnect(f"{address} does not speak HTTP ({error!r}). Check --url.") from error
    finally:
        connection.close()


def _get(connection: http.client.HTTPConnection, path: str, accept: str) -> Answer:
    began = time.perf_counter()
    connection.request("GET", path, headers={"Accept": accept})
    response = connection.getresponse()
    body = response.read()
    return Answer(response.status, response.headers.get("Content-Type", ""), body, time.perf_counter() - began)
