"""The rules for content that an operator sets, from the environment to the chunks and the metrics."""

from tests.clients.direct import joined, metric, stream
from tests.conftest import StartServer

DOCUMENT = (
    '<p class="ql-align-center">a <img src="https://cdn.example/a.png"></p>'
    '<p><img src="https://evil.example/?secret" alt="b"></p>'
    '<p><a href="https://www.example/">c</a><a href="//evil.example/">d</a>'
    '<span data-type="mention" data-id="1">@e</span></p>'
)


async def test_the_settings_decide_what_content_may_contain(start_server: StartServer) -> None:
    server = start_server(CONTENT_POLICY="page", IMAGE_HOSTS="cdn.example", LINK_HOSTS="*.www.example,www.example:*")
    async with joined(server, "page") as client:
        html = await stream(client, DOCUMENT, content_type="html")
    assert 'src="https://cdn.example/a.png"' in html
    assert 'href="https://www.example/"' in html
    assert "@e" in html
    assert not any(part in html for part in ("evil.example", "ql-align", "data-"))
    assert await metric(server, 'stream_removed_total{kind="image_host"}') == 1


async def test_links_to_other_hosts_lose_their_address(start_server: StartServer) -> None:
    server = start_server(IMAGE_HOSTS="none", LINK_HOSTS="www.example")
    async with joined(server, "hosts") as client:
        html = await stream(client, DOCUMENT, content_type="html")
        markdown = await stream(
            client, "![x](https://evil.example/?secret) [y](https://www.example/)", content_type="markdown"
        )
    assert 'href="https://www.example/"' in html
    assert 'data-type="mention"' in html
    assert "evil.example" not in html + markdown
    assert 'href="https://www.example/"' in markdown
    assert "x" in markdown
