"""Caching and compression of a fixed body."""

import gzip

import pytest
from starlette.requests import Request
from starlette.responses import Response

from service.http.static_response import StaticResponse

FIXED = StaticResponse(b"body", "text/plain", headers={"x-own": "1"})


def answer(**headers: str) -> Response:
    names = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return FIXED.answer(Request({"type": "http", "headers": names}))


def test_the_body_has_its_headers_and_an_etag() -> None:
    response = answer()
    assert (response.status_code, response.body) == (200, b"body")
    assert (response.headers["x-own"], response.headers["cache-control"]) == ("1", "no-cache")
    assert response.headers["etag"].startswith('"')


def test_a_client_that_accepts_gzip_receives_gzip_with_a_weak_etag() -> None:
    response = answer(accept_encoding="br, gzip")
    assert gzip.decompress(bytes(response.body)) == b"body"
    assert response.headers["etag"] == f"W/{answer().headers['etag']}"


@pytest.mark.parametrize("tags", ["{}", "W/{}", '"other", {}', "*"])
def test_a_client_that_has_the_body_receives_304(tags: str) -> None:
    response = answer(if_none_match=tags.format(answer().headers["etag"]))
    assert (response.status_code, response.body) == (304, b"")


def test_another_etag_is_not_the_body() -> None:
    assert answer(if_none_match='"other"').status_code == 200
