"""Serves a ``ScriptedService``: connections, their requests in order, and the pace of their streams."""

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from urllib.parse import unquote

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.integration.cli.scripted import GAPS, Message, Mistake, ScriptedService, now


def _labels(request: Message) -> Message:
    return {"request_id": request["request_id"]} if "request_id" in request else {}


class Connection:
    """One connection."""

    def __init__(self, service: ScriptedService, socket: ServerConnection, session_id: str) -> None:
        self._service = service
        self._socket = socket
        self._session_id = session_id
        self._waiting: asyncio.Queue[Message] = asyncio.Queue()
        self._open_requests = 0
        self._stream: asyncio.Task[None] | None = None
        self._running = asyncio.Event()
        self._skipping = asyncio.Event()

    async def run(self) -> None:
        if not await self._has_token():
            await self._send("error", code="UNAUTHENTICATED", message="Sign in.", fatal=True)
            await self._socket.close(4121, "token required")
            return
        await self._send("connected", **self._service.connected(self._session_id))
        streams = asyncio.create_task(self._streams())
        try:
            while True:
                try:
                    async with asyncio.timeout(None if self._open_requests else self._service.limits["idle_timeout"]):
                        frame = await self._socket.recv()
                except TimeoutError:
                    await self._send("error", code="IDLE_TIMEOUT", message="Idle.", fatal=True)
                    await self._socket.close(4111, "idle")
                    return
                message: Message = {}
                try:
                    message = self._service.decode(frame)
                    await self._handle(message)
                except Mistake as mistake:
                    await self._send_error(mistake, message)
        finally:
            tasks = [task for task in (streams, self._stream) if task]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _has_token(self) -> bool:
        assert self._socket.request is not None
        headers = self._socket.request.headers
        if not self._service.needs_token() or "Authorization" in headers:  # that was checked in the handshake
            return True
        _, _, offered = headers.get("Sec-WebSocket-Protocol", "").partition("bearer.")
        if offered:
            return self._service.accepts(offered, "subprotocol")
        try:
            async with asyncio.timeout(self._service.auth_timeout_seconds):
                message = json.loads(await self._socket.recv())
        except TimeoutError:
            return False
        return message["type"] == "auth" and self._service.accepts(message["token"], "message")

    async def _send_error(self, mistake: Mistake, request: Message) -> None:
        await self._send("error", code=str(mistake), message="Correct it.", fatal=False, **_labels(request))

    async def _send(self, type_: str, **fields: object) -> None:
        await self._socket.send(json.dumps({"type": type_, "timestamp": now(), **fields}))

    async def _handle(self, message: Message) -> None:
        self._service.received.append(message)
        match message.get("type"):
            case "stream_request":
                self._service.check(message)
                if self._service.queue_is_full(waiting=self._open_requests - 1):
                    raise Mistake("QUEUE_FULL")
                self._service.admit(self._session_id)
                self._open_requests += 1
                self._waiting.put_nowait(message)
            case "stream_control":
                await self._control(message["action"])
            case "ping":
                if self._service.pong_waits() and self._stream:
                    await asyncio.wait([self._stream])
                await self._send("pong")
            case "auth_refresh":
                if not self._service.accepts(message["token"], "refresh"):
                    raise Mistake("UNAUTHENTICATED")
                await self._send("auth_refreshed")
            case "heartbeat":
                await self._send("heartbeat_ack", session_id=self._session_id)
            case _:
                raise Mistake("UNKNOWN_MESSAGE_TYPE")

    async def _control(self, action: str) -> None:
        answer = {"pause": "paused", "resume": "resumed", "skip": "skipped", "cancel": "cancelled"}.get(action)
        if answer is None:
            raise Mistake("INVALID_CONTROL_ACTION")
        if self._stream is None:
            raise Mistake("NO_ACTIVE_STREAM")
        if action == "pause" and self._service.pauses():
            self._running.clear()
        if action == "cancel" and self._service.cancels():
            self._stream.cancel()
            await asyncio.wait([self._stream])
        await self._send(f"stream_{answer}")
        if action == "resume":
            self._running.set()
        if action == "skip":
            self._skipping.set()

    async def _streams(self) -> None:
        while True:
            request = await self._waiting.get()
            self._running.set()
            self._skipping.clear()
            self._stream = asyncio.create_task(self._deliver(request))
            await asyncio.wait([self._stream])
            self._stream = None
            self._open_requests -= 1

    async def _deliver(self, request: Message) -> None:
        with suppress(ConnectionClosed):
            try:
                await self._send_chunks(request, self._service.prepare(request))
            except Mistake as mistake:
                await self._send_error(mistake, request)

    async def _send_chunks(self, request: Message, chunks: list[Message]) -> None:
        service, clock = self._service, asyncio.get_running_loop().time
        labels = _labels(request)
        complexity, speed = service.speed(request)
        await self._send(
            "stream_start",
            total_chunks=len(chunks),
            content_type=request.get("content_type", "text"),
            stream_id="s1",
            trace_id=request.get("trace", {}).get("traceparent", "0" * 55)[3:35],
            metadata={"complexity": complexity, "speed_used": speed, "has_html": True, "processing_time_ms": 1.5},
            **labels,
        )
        origin = clock()
        sent: list[str] = []
        while chunks:
            try:
                async with asyncio.timeout_at(origin + service.due(len(sent), GAPS[speed])):
                    await self._skipping.wait()
                    chunks = service.merge(chunks)
            except TimeoutError:
                pass
            paused_at = clock()
            await self._running.wait()
            origin += clock() - paused_at
            if code := service.closes_at(len(sent)):
                await self._socket.close(code)
                return
            chunk = chunks.pop(0)
            await self._send("chunk", index=service.index(len(sent)), **chunk)
            sent.append(chunk["data"])
        sums = {"duration_ms": 1, "bytes": len("".join(sent).encode()), "skipped": self._skipping.is_set()}
        await self._send("stream_complete", total_chunks=len(sent), session_id="s", metadata=sums, **labels)


@contextmanager
def serving(service: ScriptedService) -> Iterator[str]:
    """Serve in a thread; yields the URL of the service."""
    loop = asyncio.new_event_loop()
    server: Server = loop.run_until_complete(_listen(service))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(service: ScriptedService) -> Server:
    def answer(_connection: ServerConnection, request: Request) -> Response | None:
        answer = service.http(request.path, request.headers.get("Accept", ""))
        _, _, token = request.headers.get("Authorization", "").partition("Bearer ")
        if answer is None and token and service.needs_token() and not service.accepts(token, "header"):
            answer = 401, "application/json", '{"error": "The token is not valid."}'
        if answer is None:
            return None
        status, content_type, body = answer
        headers = {"Content-Type": content_type, "Content-Length": str(len(body.encode())), "Connection": "close"}
        if service.location:
            headers["Location"] = service.location
        return Response(status, "", Headers(headers), body.encode())

    async def talk(socket: ServerConnection) -> None:
        assert socket.request is not None
        with suppress(ConnectionClosed):
            await Connection(service, socket, unquote(socket.request.path).removeprefix("/ws/stream/")).run()

    def select(_connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        return offered[0] if offered else None

    return await serve(talk, "127.0.0.1", 0, process_request=answer, select_subprotocol=select)


async def _stop(server: Server) -> None:
    server.close()
    await server.wait_closed()
