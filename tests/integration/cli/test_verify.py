"""``verify`` passes a service that follows the protocol, and fails one that does not."""

import asyncio
import json

import pytest

from service.cli import main, verify
from service.cli.checks import CHECKS, Probe, endpoints
from service.cli.verify import Result, run_checks
from streaming_content import Address
from tests.integration.cli import broken_services as broken
from tests.integration.cli.scripted import TOKEN, GuardedService, Message, ScriptedService
from tests.integration.cli.scripted_server import serving

ANY_PACE = ("--tolerance", "10000")
"""The pace of real chunks depends on how busy the machine is; tests/unit/cli/test_pacing.py tests the rule."""


@pytest.mark.parametrize(("service", "token"), [(ScriptedService, ()), (GuardedService, ("--token", TOKEN))])
def test_a_service_that_follows_the_protocol_passes_every_check(
    service: type[ScriptedService], token: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its limits are not the defaults: the checks read them from ``connected``."""
    checks = [check for check in CHECKS if token or not check.needs_token]
    with serving(service()) as url:
        code = main(["verify", "--url", url, "--slow", *token, *ANY_PACE])
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if "  PASS" in line or "  FAIL" in line]
    assert code == 0, "\n".join(lines)
    assert [row.split("  ")[0] for row in rows] == [check.claim for check in checks]
    assert [row for row in rows if "  FAIL" in row] == []
    assert len({max(row.find("  PASS"), row.find("  FAIL")) for row in rows}) == 1, "aligned"
    [requests] = [row for row in rows if row.startswith("limit: requests of a session")]
    assert requests.endswith("PASS  3 admitted, 5 refused")
    assert lines[-1].startswith(f"{len(checks)} passed, 0 failed in ")


@pytest.mark.parametrize(
    ("service", "claim", "got"),
    [
        (broken.AnotherService, "GET / responds in under 200 ms", "'Another API'"),
        (broken.OneFormatOfMetrics, "GET /metrics as OpenMetrics", "text/plain"),
        (broken.RedirectsMetrics, "GET /metrics for Prometheus", "307"),
        (broken.HidesLimits, "connected reports the limits", "None"),
        (broken.AcceptsAnySessionId, "invalid session ids are refused", "it was accepted"),
        (broken.LosesNewlines, "text is exact, by word", "One. Two"),
        (broken.SplitsGraphemes, "text is exact, by character", "\u0301"),
        (broken.WholeText, "text is exact, by word", "1"),
        (broken.WholeText, "long text respects the chunk limit", "801"),
        (broken.CountsFromOne, "text is exact, by word", "[1, 2, 3"),
        (broken.DoesNotSanitise, "HTML is sanitised", "<script>, onclick="),
        (broken.MissesOneAttack, "HTML is sanitised", "href="),
        (broken.Unescapes, "HTML: escaped text stays text", "'script'"),
        (broken.DropsTables, "HTML: formatting is kept", "lost td"),
        (broken.SplitsInsideElements, "HTML: each chunk is balanced", "<strong>"),
        (broken.NoIncrementalMode, "HTML: incremental mode", "INVALID_HTML_MODE"),
        (broken.OmitsClose, "HTML: incremental mode", "close=None"),
        (broken.SplitsOnlyBlocks, "HTML: incremental mode", "<h1>"),
        (broken.SplitsReferences, "HTML: incremental mode", "&a"),
        (broken.ClosesAsTheFirst, "HTML: incremental mode, skipped", "<b>"),
        (broken.DoesNotSanitise, "HTML: empty once sanitised", "no error"),
        (broken.MarkdownIsText, "Markdown becomes safe HTML", "script"),
        (broken.AlwaysNormal, "pace: superfast, 30 ms", "'normal'"),
        (broken.AlwaysNormal, "pace: adaptive depends on the content", "'normal'"),
        (broken.NeverPauses, "pause and resume", "chunk"),
        (broken.SkipsWithoutMerging, "skip", "99 chunks"),
        (broken.DropsTheRest, "skip", "w0 w1"),
        (broken.NeverCancels, "cancel ends the stream", "chunk"),
        (broken.PongWaits, "ping during a stream", "one after its end"),
        (broken.AcceptsAnyJson, "invalid: not JSON: INVALID_MESSAGE", "no error"),
        (broken.AcceptsAnyJson, "invalid: an array: INVALID_MESSAGE", "no error"),
        (broken.AcceptsAnyJson, "invalid: NaN: INVALID_MESSAGE", "no error"),
        (broken.AcceptsAnyName, "invalid: an unknown speed: INVALID_SPEED", "no error"),
        (broken.WrongCode, "invalid: empty content: EMPTY_CONTENT", "'STREAM_ERROR'"),
        (broken.WrongCode, "limit: content size", "'STREAM_ERROR'"),
        (broken.CountsRefusedRequests, "refused requests are not counted", "2"),
        (broken.CountsCharacters, "limit: content size, to the byte", "no error"),
        (broken.OneRequestMore, "limit: requests of a session", "4"),
        (broken.ForgetsSessions, "limit: requests of a session", "3"),
        (broken.QueuesOneMore, "limit: waiting requests", "stream_complete"),
        (broken.StoresNothing, "recover on another connection", "stream_start"),
        (broken.IdleTooEarly, "limit: idle time", " s"),
        (ScriptedService, "no token is refused", "'connected'"),
        (broken.AcceptsAnyToken, "wrong tokens are refused", "it was accepted"),
        (broken.AcceptsAnyTokenAsSubprotocol, "wrong tokens are refused", "'connected'"),
        (broken.DoesNotVerify, "a changed token is refused", "it was accepted"),
        (broken.ReadsHeadersOnly, "the token in a message", "UNAUTHENTICATED"),
        (broken.ReadsHeadersOnly, "the token as a subprotocol", "UNAUTHENTICATED"),
        (broken.RefreshesWithAnyToken, "auth_refresh", "None"),
        (broken.ShowsItsDocuments, "pages for operators are closed", "200"),
    ],
)
def test_a_service_that_breaks_a_rule_fails_the_check(service: type[ScriptedService], claim: str, got: str) -> None:
    result = outcome(service(), claim)
    assert not result.passed
    assert got in result.got
    assert result.expected


def outcome(service: ScriptedService, claim: str) -> Result:
    """The result of the check."""
    checks = [check for check in CHECKS if check.claim == claim]

    def probe(url: str) -> Probe:
        return Probe(Address.parse(url), TOKEN if checks[0].needs_token else None, tolerance_seconds=10.0)

    async def run(url: str) -> Result:
        [result] = [result async for result in run_checks(probe(url), checks)]
        return result

    with serving(service) as url:
        return asyncio.run(run(url))


def test_the_queue_limit_is_checked_where_the_request_limit_permits_it() -> None:
    assert outcome(broken.ManyRequests(), "limit: waiting requests").detail == "10 wait"


def test_a_service_that_stores_no_content_passes_without_recovery() -> None:
    detail = outcome(ScriptedService(), "recover on another connection").detail
    assert detail == "not offered: content is not stored"


class HidesMetrics(ScriptedService):
    """Like deploy/nginx/streaming.conf."""

    def http(self, path: str, accept: str) -> tuple[int, str, str] | None:
        return (404, "text/html", "") if path == "/metrics" else super().http(path, accept)


@pytest.mark.parametrize("claim", ["GET /metrics for Prometheus", "GET /metrics as OpenMetrics"])
def test_hidden_metrics_pass(claim: str) -> None:
    assert outcome(HidesMetrics(), claim).detail == "not public: status 404"


def test_a_slow_response_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "ROOT_SECONDS", 0.0)
    result = outcome(ScriptedService(), "GET / responds in under 200 ms")
    assert not result.passed
    assert result.got.endswith("ms at best")


class SendsInvalidMessages(ScriptedService):
    """Messages that make a check raise an unexpected exception."""

    def root(self) -> Message:
        return {"service": None, "status": None, "version": None}

    def connected(self, session_id: str) -> Message:
        return {"limits": "none"}


def test_a_check_that_raises_fails_and_the_others_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = ["GET / responds in under 200 ms", "long text respects the chunk limit", "GET /ready"]
    monkeypatch.setattr(verify, "CHECKS", [check for claim in claims for check in CHECKS if check.claim == claim])
    with serving(SendsInvalidMessages()) as url:
        code = main(["verify", "--url", url, "--json"])
    report = json.loads(capsys.readouterr().out)
    assert code == 1
    assert (report["url"], report["passed"], report["failed"]) == (url.replace("ws:", "http:"), 1, 2)
    assert [(result["check"], result["passed"]) for result in report["checks"]] == [
        (claims[0], False),
        (claims[1], False),
        (claims[2], True),
    ]
    assert report["checks"][1]["got"].startswith("TypeError")


def test_an_unreachable_address_is_reported_once(capsys: pytest.CaptureFixture[str], closed_port: int) -> None:
    code = main(["verify", "--url", f"http://127.0.0.1:{closed_port}"])
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert captured.err == (
        f"Cannot connect to http://127.0.0.1:{closed_port}: connection refused. "
        "Start the service (python -m service serve), or set its address with --url.\n"
    )


class AnotherWebServer(ScriptedService):
    def http(self, path: str, accept: str) -> tuple[int, str, str] | None:
        return 404, "text/html", "<h1>Not Found</h1>"


class AnotherJsonApi(ScriptedService):
    def root(self) -> Message:
        return {"name": "another"}


class RedirectsToTls(ScriptedService):
    location = "https://service.example/"

    def http(self, path: str, accept: str) -> tuple[int, str, str] | None:
        return 301, "text/html", ""


class NestedJson(ScriptedService):
    def http(self, path: str, accept: str) -> tuple[int, str, str] | None:
        return 200, "application/json", "[" * 100_000


@pytest.mark.parametrize(
    ("service", "response"),
    [
        (AnotherWebServer, "returned HTTP 404 with text/html"),
        (AnotherJsonApi, "returned HTTP 200 with application/json"),
        (NestedJson, "returned HTTP 200 with application/json"),
        (RedirectsToTls, "redirects to https://service.example/"),
    ],
)
def test_another_web_server_is_reported_once(
    service: type[ScriptedService], response: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(service()) as url:
        code = main(["verify", "--url", url])
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    address = url.replace("ws:", "http:")
    assert captured.err == (f"{address} is not a Streaming Content API: GET / {response}. Check --url.\n")


class WithoutSockets(ScriptedService):
    """As behind a proxy that passes GET / only."""

    def http(self, path: str, accept: str) -> tuple[int, str, str] | None:
        return super().http(path, accept) or (404, "text/html", "<h1>Not Found</h1>")


def test_a_server_without_the_socket_is_reported_once(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(WithoutSockets()) as url:
        code = main(["verify", "--url", url])
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert captured.err == (
        f"{url.replace('ws:', 'http:')} has no Streaming Content API, or a proxy that does not pass WebSockets: "
        "the handshake was answered with HTTP 404. Check --url.\n"
    )


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ((), "UNAUTHENTICATED: Sign in."),
        (("--token", "wrong"), "The server refused the connection with HTTP 401. The token is not valid."),
    ],
)
def test_a_service_that_needs_another_token_is_reported_once(
    token: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(GuardedService()) as url:
        code = main(["verify", "--url", url, *token])
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert captured.err == f"{sentence} Set STREAM_TOKEN to a token that the service accepts.\n"
