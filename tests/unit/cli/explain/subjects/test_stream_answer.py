"""Why a stream ended or was slow, with what was wrong with the service at that time."""

import pytest

from service.cli.explain.causes.finding import Finding
from service.cli.explain.causes.table import Diagnosis
from service.cli.explain.subjects.stream_answer import findings_of, sentence_of
from service.cli.explain.subjects.stream_story import StreamStory
from service.events import Outcome
from service.protocol.errors import ErrorCode

SLOW_STORE = Finding(
    what="The session store is slow: p95 450 ms.", cause="session_store_slow", since=7.0, runbook="slow-response.md"
)
DEPLOY = Finding(what="A process shut down.", cause="deploy", runbook="some.md")
WELL = {"completed", "skipped", "cancelled", "taken_over"}


def story(**fields: object) -> StreamStory:
    return StreamStory(**{"stream_id": "s-1", "start": 0.0, "end": 1.0, "outcome": "completed"} | fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_explained(outcome: Outcome) -> None:
    found = findings_of(story(outcome=outcome), Diagnosis())
    assert bool(found) == (outcome not in WELL)
    assert sentence_of(story(outcome=outcome)).startswith("The stream ")


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_is_explained(code: ErrorCode) -> None:
    [found] = findings_of(story(outcome="rejected", code=code.value), Diagnosis())
    assert code in found.what
    assert len(found.what) > len(f"It was rejected: ({code}).")


def test_a_stream_that_went_well_has_no_finding() -> None:
    assert findings_of(story(first_chunk_seconds=0.02, phases={"work": 0.01}), Diagnosis(causes=(SLOW_STORE,))) == []


def test_a_late_first_chunk_is_explained_by_its_longest_phase_and_the_service() -> None:
    late = story(first_chunk_seconds=0.912, phases={"admission": 0.88, "work": 0.01}, sources=("traces",))
    [found] = findings_of(late, Diagnosis(causes=(SLOW_STORE,)))
    assert (
        found.what == "Its first chunk came after 912 ms: 880 ms of it in admission, the answer of the session store."
    )
    assert found.facts == ("because: The session store is slow: p95 450 ms.", "traces: admission 880 ms, work 10 ms")
    assert (found.since, found.runbook, found.cause) == (7.0, "slow-response.md", "session_store_slow")


def test_what_does_not_make_the_phase_long_is_no_reason() -> None:
    late = story(first_chunk_seconds=3.0, phases={"work": 2.9})
    [found] = findings_of(late, Diagnosis(causes=(SLOW_STORE,), notes=(DEPLOY,)))
    assert found.cause == "stream_completed"
    assert "the preparation of its content" in found.what


def test_an_interrupted_stream_is_explained_by_the_deploy() -> None:
    [found] = findings_of(story(outcome="shutdown"), Diagnosis(notes=(DEPLOY,)))
    assert "because: A process shut down." in found.facts


def test_a_lost_connection_has_its_reason() -> None:
    [found] = findings_of(story(outcome="disconnected", close_reason="keepalive_timeout"), Diagnosis())
    assert found.what == "It ended because its connection was lost: the peer did not answer a ping (keepalive_timeout)."


def test_a_client_that_did_not_read_is_named() -> None:
    [found] = findings_of(story(blocked_seconds=12.0), Diagnosis())
    assert found.what == "The client did not read for 12 s."


def test_a_stream_without_an_end_ended_with_its_worker() -> None:
    [found] = findings_of(story(outcome="", worker_died=True), Diagnosis())
    assert found.what == "Its worker died while it ran."
    assert findings_of(story(outcome=""), Diagnosis()) == []
    assert "no end" in sentence_of(story(outcome=""))
