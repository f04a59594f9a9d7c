"""What the content process answers; its limits are tested with a real one."""

from importlib import import_module

import pytest

from service.content import DEFAULT_RULES, unpack_plan
from service.preparation import content_worker
from service.preparation.content_worker import _reply
from service.preparation.worker_messages import REPLY_DECODER, REPLY_ENCODER, Failed, Prepared, Setup
from service.protocol.limits import Limits
from service.protocol.messages import ContentType, StreamRequest

SETUP = Setup(Limits(), DEFAULT_RULES, cpu_seconds=5, memory_bytes=10**10)
PREPARE = import_module("service.content.prepare")
REQUEST = StreamRequest(content="<p>a secret", content_type=ContentType.HTML)


def fail(*_arguments: object) -> None:
    raise ValueError("a secret")


def exhaust(*_arguments: object) -> None:
    raise MemoryError


def test_a_reply_has_the_plan_and_survives_its_encoding() -> None:
    reply = _reply(REQUEST, SETUP)
    assert isinstance(reply, Prepared)
    assert [*unpack_plan(reply.plan).chunks] == ["<p>a secret</p>"]
    assert not reply.leaves
    assert REPLY_DECODER.decode(REPLY_ENCODER.encode(reply)) == reply


def test_an_unexpected_exception_is_described_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PREPARE, "sanitise_html", fail)
    reply = _reply(REQUEST, SETUP)
    assert isinstance(reply, Failed)
    assert reply.failure is not None
    assert reply.failure.error == "ProcessingFailed"
    assert reply.failure.cause is not None
    assert "ValueError in " in reply.failure.cause
    assert "fail (" in reply.failure.cause
    assert b"secret" not in REPLY_ENCODER.encode(reply)


def test_an_exception_outside_of_a_stage_is_described_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_worker, "pack_plan", fail)
    reply = _reply(REQUEST, SETUP)
    assert isinstance(reply, Failed)
    assert reply.failure is not None
    assert (reply.failure.error, reply.failure.cause is None) == ("ProcessingFailed", False)


def test_a_plan_of_the_fallback_has_its_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PREPARE, "split_fragments", fail)
    reply = _reply(REQUEST, SETUP)
    assert isinstance(reply, Prepared)
    assert reply.failure is not None
    assert reply.failure.error == "ChunkingFailed"


@pytest.mark.parametrize("stage", ["sanitise_html", "split_fragments"])
def test_without_memory_the_process_leaves_and_gives_no_plan(monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    monkeypatch.setattr(PREPARE, stage, exhaust)
    reply = _reply(REQUEST, SETUP)
    assert isinstance(reply, Failed)
    assert (reply.failure, reply.leaves) == (None, True)


def test_a_process_that_needed_half_of_its_memory_leaves_after_its_reply() -> None:
    reply = _reply(REQUEST, Setup(Limits(), DEFAULT_RULES, cpu_seconds=5, memory_bytes=1))
    assert isinstance(reply, Prepared)
    assert reply.leaves
