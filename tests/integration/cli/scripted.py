"""A small service that speaks the protocol: each rule that a check tests is one method, which a test can override.

It shares no code with the service, so that the commands are tested against the protocol.
"""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import nh3
import pyromark

Message = dict[str, Any]

GAPS = {"slow": 0.3, "normal": 0.1, "fast": 0.05, "superfast": 0.03}

_NAMES = {
    "content_type": ("INVALID_CONTENT_TYPE", {"text", "html", "markdown"}),
    "speed": ("INVALID_SPEED", {*GAPS, "adaptive"}),
    "chunk_by": ("INVALID_CHUNK_STRATEGY", {"word", "sentence", "paragraph", "character"}),
    "html_mode": ("INVALID_HTML_MODE", {"fragment", "incremental"}),
}

_PATTERNS = {
    "word": r"\S+\s*|\s+",
    "sentence": r".+?(?:\.\s+|$)",
    "paragraph": r".+?(?:\n\n+|$)",
    "character": r"(?:\r\n|.)(?:[\u0300-\u036f]|\u200d.)*",
}


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


TOKEN = "scripted.token.with-a-signature"

_OPERATOR_PATHS = {"/metrics", "/docs", "/openapi.json", "/asyncapi.json"}


class Mistake(Exception):
    """A message gets an error. The only argument is its code."""


class ScriptedService:
    """The rules. The limits are small, so that tests reach them quickly."""

    limits: Message = {  # noqa: RUF012 - a subclass has its own
        "max_requests": 3,
        "max_content_size": 1000,
        "max_session_duration": 3600,
        "idle_timeout": 0.5,
        "chunk_timeout": 5,
        "max_chunk_size": 400,
    }

    auth_timeout_seconds = 5.0

    location = ""
    """Of redirects."""

    def __init__(self) -> None:
        self.used: Counter[str] = Counter()
        self.received: list[Message] = []
        """All valid JSON objects that clients sent."""

    # HTTP

    def http(self, path: str, accept: str) -> tuple[int, str, str] | None:
        """Status, content type and body; ``None`` accepts a handshake."""
        as_text = ("text/plain; version=0.0.4", "# TYPE stream_up gauge\nstream_up 1\n")
        as_open_metrics = ("application/openmetrics-text; version=1.0.0", "# EOF\n")
        pages = {
            "/": ("application/json", json.dumps(self.root())),
            "/health": ("application/json", '{"status": "ok"}'),
            "/ready": ("application/json", "{}"),
            "/metrics": as_open_metrics if "openmetrics" in accept else as_text,
        }
        if path in _OPERATOR_PATHS and self.hides(path):
            return 401, "application/json", '{"detail": "This needs a token."}'
        if path in pages:
            return 200, *pages[path]
        if not self.admits_session(unquote(path).removeprefix("/ws/stream/")):
            return 400, "application/json", '{"error": "The session id is invalid."}'
        return None

    def root(self) -> Message:
        return {"service": "Sales API", "status": "operational", "version": "2.4.1"}

    def admits_session(self, session_id: str) -> bool:
        return re.fullmatch(r"[A-Za-z0-9_.:-]{1,64}", session_id) is not None

    # Tokens

    def needs_token(self) -> bool:
        return False

    def accepts(self, token: str, carrier: str) -> bool:
        """``carrier`` is ``header``, ``subprotocol``, ``message`` or ``refresh``."""
        return token == TOKEN

    def hides(self, path: str) -> bool:
        return self.needs_token()

    # Messages

    def connected(self, session_id: str) -> Message:
        left = self.limits["max_requests"] - self.used[session_id]
        expiry = {"timestamp": now(), "session_expires_at": now(), "version": "2.4.1"}
        return {"session_id": session_id, "limits": self.limits, "requests_left": left, **expiry}

    def decode(self, frame: str | bytes) -> Message:
        def refuse(constant: str) -> None:
            raise ValueError(constant)

        if isinstance(frame, bytes):
            raise Mistake("INVALID_MESSAGE")
        try:
            message = json.loads(frame, parse_constant=refuse)
        except ValueError:
            raise Mistake("INVALID_MESSAGE") from None
        if not isinstance(message, dict):
            raise Mistake("INVALID_MESSAGE")
        return message

    def check(self, request: Message) -> None:
        content = request["content"]
        if not isinstance(content, str) or re.search("[\ud800-\udfff]", content):
            raise Mistake("INVALID_MESSAGE")
        for name, (code, known) in _NAMES.items():
            if name in request and request[name] not in known:
                raise Mistake(code)
        if self.too_large(content):
            raise Mistake("CONTENT_TOO_LARGE")
        if not content.strip():
            raise Mistake("EMPTY_CONTENT")

    def too_large(self, content: str) -> bool:
        return bool(len(content.encode()) > self.limits["max_content_size"])

    def admit(self, session_id: str) -> None:
        if self.used[session_id] >= self.limits["max_requests"]:
            raise Mistake("RATE_LIMIT_EXCEEDED")
        self.used[session_id] += 1

    def queue_is_full(self, *, waiting: int) -> bool:
        return waiting >= 10

    # Content

    def sanitise(self, html: str) -> str:
        return nh3.clean(html, link_rel=None)

    def prepare(self, request: Message) -> list[Message]:
        """The chunks."""
        content = request["content"]
        match request.get("content_type", "text"):
            case "text":
                pieces = self.split(content, request.get("chunk_by", "word"))
            case "html" if request.get("html_mode") == "incremental":
                return self.increments(self.sanitise(content))
            case "html":
                pieces = self.split_html(self.sanitise(content))
            case _:
                pieces = self.split_html(self.sanitise(pyromark.html(content, options=pyromark.Options.ENABLE_TABLES)))
        if not any(pieces):
            raise Mistake("EMPTY_CONTENT")
        return [{"data": piece} for piece in pieces]

    def split(self, text: str, chunk_by: str) -> list[str]:
        pieces = re.findall(_PATTERNS[chunk_by], text, re.DOTALL)
        size = self.limits["max_chunk_size"]
        return [piece[at : at + size] for piece in pieces for at in range(0, len(piece), size)]

    def split_html(self, html: str) -> list[str]:
        return re.split(r"(?<=</p>)(?=<p>)", html)

    def increments(self, html: str) -> list[Message]:
        """Chunks of one word, each with its close text."""
        chunks: list[Message] = []
        opened: list[str] = []
        for token in re.findall(r"<[^>]*>|[^<\s]+\s*|\s+", html):
            if not token.startswith("</") and (not chunks or re.sub("<[^>]*>", "", chunks[-1]["data"]).strip()):
                chunks.append({"data": ""})
            if token.startswith("</"):
                opened.pop()
            elif token.startswith("<"):
                opened.append(token[1:-1].split()[0])
            chunks[-1]["data"] += token
            chunks[-1]["close"] = "".join(f"</{name}>" for name in reversed(opened))
        return chunks

    def speed(self, request: Message) -> tuple[str, str]:
        """Complexity and the speed used."""
        words = len(re.sub("<[^>]*>", " ", request["content"]).split())
        density = len(re.findall("<[a-z]", request["content"])) / words
        complexity, adapted = (
            ("high", "normal") if density > 0.3 else ("medium", "fast") if density > 0.1 else ("low", "superfast")
        )
        speed = request.get("speed", "normal")
        return complexity, adapted if speed == "adaptive" else speed

    # Streams

    def due(self, index: int, gap: float) -> float:
        """Seconds after the start of the stream."""
        return index * gap

    def index(self, index: int) -> int:
        return index

    def closes_at(self, index: int) -> int | None:
        """The close code that replaces chunk ``index``."""
        return None

    def merge(self, chunks: list[Message]) -> list[Message]:
        """The rest of the chunks after a skip."""
        merged = [chunks[0]]
        for chunk in chunks[1:]:
            joined = merged[-1]["data"] + chunk["data"]
            if len(joined) <= self.limits["max_chunk_size"]:
                merged[-1] = chunk | {"data": joined}
            else:
                merged.append(chunk)
        return merged

    def pauses(self) -> bool:
        return True

    def cancels(self) -> bool:
        return True

    def pong_waits(self) -> bool:
        return False


class GuardedService(ScriptedService):
    """Needs ``TOKEN``."""

    auth_timeout_seconds = 0.5

    def needs_token(self) -> bool:
        return True
