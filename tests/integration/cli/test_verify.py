"""``verify`` passes a service that follows the protocol, and fails one that does not."""

import asyncio
import json

import pytest

from service.cli import main, verify
from service.cli.checks import CHECKS, Probe, endpoints
from service.cli.verify import Result, run_checks
from streaming_content_client import Address
from tests.integration.cli.scripted import Message, Mistake, ScriptedService, serving

ANY_PACE = ("--tolerance", "10000")
"""The pace of real chunks depends on how busy the machine is; tests/unit/cli/test_pacing.py tests the rule."""


def test_a_service_that_follows_the_protocol_passes_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    """Its limits are not the defaults: the checks read them from ``connected``."""
    with serving(ScriptedService()) as url:
        code = main(["verify", "--url", url, "--slow", *ANY_PACE])
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if "  PASS" in line or "  FAIL" in line]
    assert code == 0
    assert [row.split("  ")[0] for row in rows] == [check.claim for check in CHECKS]
    assert [row for row in rows if "  FAIL" in row] == []
    assert len({max(row.find("  PASS"), row.find("  FAIL")) for row in rows}) == 1, "aligned"
    [requests] = [row for row in rows if row.startswith("limit: requests of a session")]
    assert requests.endswith("PASS  3 admitted, 5 refused")
    assert lines[-1].startswith(f"{len(CHECKS)} passed, 0 failed in ")


class AnotherService(ScriptedService):
    def root(self) -> Message:
        return super().root() | {"service": "Another API"}


class OneFormatOfMetrics(ScriptedService):
    def http(self, path: str, accept: str) -> tuple[int, str, str] | None:
        return super().http(path, accept.replace("openmetrics", ""))


class RedirectsMetrics(ScriptedService):
    def http(self, path: str, accept: str) -> tuple[int, str, str] | None:
        return (307, "text/plain", "") if path == "/metrics" else super().http(path, accept)


class HidesLimits(ScriptedService):
    def connected(self, session_id: str) -> Message:
        return super().connected(session_id) | {"limits": {}}


class AcceptsAnySessionId(ScriptedService):
    def admits_session(self, session_id: str) -> bool:
        return bool(session_id)


class LosesNewlines(ScriptedService):
    def split(self, text: str, chunk_by: str) -> list[str]:
        return [f"{word} " for word in text.split()]


class SplitsGraphemes(ScriptedService):
    def split(self, text: str, chunk_by: str) -> list[str]:
        return list(text)


class WholeText(ScriptedService):
    def split(self, text: str, chunk_by: str) -> list[str]:
        return [text]


class CountsFromOne(ScriptedService):
    def index(self, index: int) -> int:
        return index + 1


class DoesNotSanitise(ScriptedService):
    def sanitise(self, html: str) -> str:
        return html


class MissesOneAttack(ScriptedService):
    def sanitise(self, html: str) -> str:
        return super().sanitise(html).replace("two</a>", '</a><a href=" java\tscript:alert()">two</a>')


class Unescapes(ScriptedService):
    def sanitise(self, html: str) -> str:
        return super().sanitise(html).replace("&lt;", "<").replace("&gt;", ">")


class DropsTables(ScriptedService):
    def sanitise(self, html: str) -> str:
        return super().sanitise(html).replace("<td>", "").replace("</td>", "")


class SplitsInsideElements(ScriptedService):
    def split_html(self, html: str) -> list[str]:
        middle = html.find("<strong>") + 4 + len("<strong>")
        return [html[:middle], html[middle:]]


class NoIncrementalMode(ScriptedService):
    def check(self, request: Message) -> None:
        super().check(request)
        if request.get("html_mode") == "incremental":
            raise Mistake("INVALID_HTML_MODE")


class OmitsClose(ScriptedService):
    def increments(self, html: str) -> list[Message]:
        return [{"data": chunk["data"]} for chunk in super().increments(html)]


class SplitsOnlyBlocks(ScriptedService):
    def increments(self, html: str) -> list[Message]:
        return [{"data": html, "close": ""}]


class SplitsReferences(ScriptedService):
    def increments(self, html: str) -> list[Message]:
        chunks = super().increments(html.replace("&amp;", "&a mp;"))
        return [chunk | {"data": chunk["data"].replace("&a ", "&a")} for chunk in chunks]


class ClosesAsTheFirst(ScriptedService):
    """A merged chunk has the close text of its first part."""

    def merge(self, chunks: list[Message]) -> list[Message]:
        closes = {id(chunk): chunk.get("close") for chunk in chunks}
        merged = super().merge(chunks)
        return [chunk | {"close": next(iter(closes.values()))} for chunk in merged]


class MarkdownIsText(ScriptedService):
    def prepare(self, request: Message) -> list[Message]:
        return super().prepare(request | {"content_type": "text"})


class OmitsRequestId(ScriptedService):
    def prepare(self, request: Message) -> list[Message]:
        request.pop("request_id", None)
        return super().prepare(request)


class AlwaysNormal(ScriptedService):
    def speed(self, request: Message) -> tuple[str, str]:
        return "low", "normal"


class NeverPauses(ScriptedService):
    def pauses(self) -> bool:
        return False


class SkipsWithoutMerging(ScriptedService):
    def merge(self, chunks: list[Message]) -> list[Message]:
        return chunks


class DropsTheRest(ScriptedService):
    def merge(self, chunks: list[Message]) -> list[Message]:
        return chunks[:1]


class NeverCancels(ScriptedService):
    def cancels(self) -> bool:
        return False


class PongWaits(ScriptedService):
    def pong_waits(self) -> bool:
        return True


class AcceptsAnyJson(ScriptedService):
    def decode(self, frame: str | bytes) -> Message:
        try:
            message = json.loads(frame)
        except ValueError:
            return {"type": "ping"}
        return message if isinstance(message, dict) else {"type": "ping"}


class AcceptsAnyName(ScriptedService):
    def check(self, request: Message) -> None:
        super().check({"content": request["content"]})


class WrongCode(ScriptedService):
    def check(self, request: Message) -> None:
        try:
            super().check(request)
        except Mistake:
            raise Mistake("STREAM_ERROR") from None


class CountsCharacters(ScriptedService):
    def too_large(self, content: str) -> bool:
        return bool(len(content) > self.limits["max_content_size"])


class OneRequestMore(ScriptedService):
    def admit(self, session_id: str) -> None:
        if self.used[session_id] > self.limits["max_requests"]:
            raise Mistake("RATE_LIMIT_EXCEEDED")
        self.used[session_id] += 1


class ForgetsSessions(ScriptedService):
    def connected(self, session_id: str) -> Message:
        self.used.clear()
        return super().connected(session_id)


class CountsRefusedRequests(ScriptedService):
    def check(self, request: Message) -> None:
        self.used.update(["the session", *self.used])
        super().check(request)

    def connected(self, session_id: str) -> Message:
        return super().connected(session_id) | {"requests_left": 3 - self.used["the session"]}


class ManyRequests(ScriptedService):
    limits = ScriptedService.limits | {"max_requests": 100}


class QueuesOneMore(ManyRequests):
    def queue_is_full(self, *, waiting: int) -> bool:
        return waiting > 10


class StoresNothing(ScriptedService):
    def connected(self, session_id: str) -> Message:
        return super().connected(session_id) | {"resume_token": "t"}


class IdleTooEarly(ScriptedService):
    def connected(self, session_id: str) -> Message:
        return super().connected(session_id) | {"limits": self.limits | {"idle_timeout": 60.0}}


@pytest.mark.parametrize(
    ("service", "claim", "got"),
    [
        (AnotherService, "GET / responds in under 200 ms", "'Another API'"),
        (OneFormatOfMetrics, "GET /metrics as OpenMetrics", "text/plain"),
        (RedirectsMetrics, "GET /metrics for Prometheus", "307"),
        (HidesLimits, "connected reports the limits", "None"),
        (AcceptsAnySessionId, "invalid session ids are refused", "it was accepted"),
        (LosesNewlines, "text is exact, by word", "One. Two"),
        (SplitsGraphemes, "text is exact, by character", "\u0301"),
        (WholeText, "text is exact, by word", "1"),
        (WholeText, "long text respects the chunk limit", "801"),
        (CountsFromOne, "text is exact, by word", "[1, 2, 3"),
        (DoesNotSanitise, "HTML is sanitised", "<script>, onclick="),
        (MissesOneAttack, "HTML is sanitised", "href="),
        (Unescapes, "HTML: escaped text stays text", "'script'"),
        (DropsTables, "HTML: formatting is kept", "lost td"),
        (SplitsInsideElements, "HTML: each chunk is balanced", "<strong>"),
        (NoIncrementalMode, "HTML: incremental mode", "INVALID_HTML_MODE"),
        (OmitsClose, "HTML: incremental mode", "close=None"),
        (SplitsOnlyBlocks, "HTML: incremental mode", "<h1>"),
        (SplitsReferences, "HTML: incremental mode", "&a"),
        (ClosesAsTheFirst, "HTML: incremental mode, skipped", "<b>"),
        (DoesNotSanitise, "HTML: empty once sanitised", "no error"),
        (MarkdownIsText, "Markdown becomes safe HTML", "script"),
        (AlwaysNormal, "pace: superfast, 30 ms", "'normal'"),
        (AlwaysNormal, "pace: adaptive depends on the content", "'normal'"),
        (NeverPauses, "pause and resume", "chunk"),
        (SkipsWithoutMerging, "skip", "99 chunks"),
        (DropsTheRest, "skip", "w0 w1"),
        (NeverCancels, "cancel ends the stream", "chunk"),
        (PongWaits, "ping during a stream", "one after its end"),
        (AcceptsAnyJson, "invalid: not JSON: INVALID_MESSAGE", "no error"),
        (AcceptsAnyJson, "invalid: an array: INVALID_MESSAGE", "no error"),
        (AcceptsAnyJson, "invalid: NaN: INVALID_MESSAGE", "no error"),
        (AcceptsAnyName, "invalid: an unknown speed: INVALID_SPEED", "no error"),
        (WrongCode, "invalid: empty content: EMPTY_CONTENT", "'STREAM_ERROR'"),
        (WrongCode, "limit: content size", "'STREAM_ERROR'"),
        (CountsRefusedRequests, "refused requests are not counted", "2"),
        (CountsCharacters, "limit: content size, to the byte", "no error"),
        (OneRequestMore, "limit: requests of a session", "4"),
        (ForgetsSessions, "limit: requests of a session", "3"),
        (QueuesOneMore, "limit: waiting requests", "stream_complete"),
        (StoresNothing, "recover on another connection", "stream_start"),
        (IdleTooEarly, "limit: idle time", " s"),
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

    async def run(url: str) -> Result:
        [result] = [result async for result in run_checks(Probe(Address.parse(url), tolerance_seconds=10.0), checks)]
        return result

    with serving(service) as url:
        return asyncio.run(run(url))


def test_the_queue_limit_is_checked_where_the_request_limit_permits_it() -> None:
    assert outcome(ManyRequests(), "limit: waiting requests").detail == "10 wait"


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


@pytest.mark.parametrize(
    ("service", "response"),
    [
        (AnotherWebServer, "HTTP 404 with text/html"),
        (AnotherJsonApi, "HTTP 200 with application/json"),
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
    assert captured.err == (f"{address} is not a Streaming Content API: GET / returned {response}. Check --url.\n")
