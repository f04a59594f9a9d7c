"""Services that break one rule of the protocol each."""

import json

from tests.integration.cli.scripted import TOKEN, GuardedService, Message, Mistake, ScriptedService


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


class AcceptsAnyToken(GuardedService):
    def accepts(self, token: str, carrier: str) -> bool:
        return True


class AcceptsAnyTokenAsSubprotocol(GuardedService):
    def accepts(self, token: str, carrier: str) -> bool:
        return carrier == "subprotocol" or super().accepts(token, carrier)


class DoesNotVerify(GuardedService):
    def accepts(self, token: str, carrier: str) -> bool:
        return token.startswith(TOKEN.rpartition(".")[0])


class ReadsHeadersOnly(GuardedService):
    def accepts(self, token: str, carrier: str) -> bool:
        return carrier == "header" and super().accepts(token, carrier)


class RefreshesWithAnyToken(GuardedService):
    def accepts(self, token: str, carrier: str) -> bool:
        return carrier == "refresh" or super().accepts(token, carrier)


class ShowsItsDocuments(GuardedService):
    def http(self, path: str, accept: str) -> tuple[int, str, str] | None:
        return (200, "text/html", "") if path == "/docs" else super().http(path, accept)
