"""The token of a connection: its warning, its refresh and its end, beside the streams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.access.principal import AccessRefusal, Principal
from service.access.scope import Grant, Scope, SessionPattern
from service.events import (
    CloseReason,
    ConnectionClosed,
    ConnectionOpened,
    Outcome,
    RequestAdmitted,
    RequestRejected,
    StreamEnded,
    TokenCarrier,
    TokenRefused,
)
from service.protocol.close_codes import CloseCode
from service.protocol.errors import ProcessingFailed
from service.protocol.messages import Speed
from service.session.effects import Authenticate, EffectFailed
from service.session.step import Close
from tests.profiles import scaled
from tests.unit.session.conversation import Conversation, Message, at, user


def test_connected_has_the_end_of_the_token_and_nothing_without_one() -> None:
    assert Conversation(principal=user(300)).last()["auth_expires_at"] == "2023-11-14T22:18:20.000Z"
    assert "auth_expires_at" not in Conversation(principal=user(None)).last()
    assert "auth_expires_at" not in Conversation().last()


def test_the_events_of_a_connection_and_of_its_streams_name_the_user() -> None:
    conversation = Conversation(principal=user(300, "zoë"))
    conversation.stream("a", "b")
    conversation.execute(conversation.machine.disconnect(1000, None, at(0.5)))
    named = {type(event): event.subject for event in conversation.events if hasattr(event, "subject")}
    assert named == dict.fromkeys((ConnectionOpened, RequestAdmitted, StreamEnded, ConnectionClosed), "zoë")


def test_the_client_is_warned_once_60_s_before_the_end() -> None:
    conversation = Conversation(principal=user(200))
    conversation.sleep_until(139.9)
    assert conversation.types() == ["connected"]
    conversation.sleep_until(199)
    assert conversation.sent[1:] == [
        (
            140.0,
            {
                "type": "auth_expiring",
                "timestamp": "2023-11-14T22:15:40.000Z",
                "expires_at": "2023-11-14T22:16:40.000Z",
                "seconds_left": 60,
            },
        )
    ]


def test_a_token_of_less_than_60_s_warns_at_once() -> None:
    conversation = Conversation(principal=user(30))
    conversation.sleep_until(0)
    assert conversation.last()["seconds_left"] == 30


def test_without_a_refresh_the_connection_closes_at_the_end_and_its_stream_has_an_outcome() -> None:
    conversation = Conversation(principal=user(0.5))
    conversation.stream(*"abcdefghijklmnopqrstuvwxyz", speed=Speed.SLOW)
    conversation.sleep_until(0.4999)
    assert conversation.close_code is None
    conversation.sleep_until(0.5)
    assert (conversation.last()["code"], conversation.last()["fatal"]) == ("TOKEN_EXPIRED", True)
    assert (conversation.close, conversation.outcomes) == (Close(CloseCode.TOKEN_EXPIRED), [Outcome.TIMEOUT])
    conversation.execute(conversation.machine.disconnect(1006, None, at(0.5)))
    assert [event.reason for event in conversation.event(ConnectionClosed)] == [CloseReason.TOKEN_EXPIRED]


def test_a_refresh_moves_the_end_and_warns_again_before_that() -> None:
    conversation = Conversation(principal=user(70))
    conversation.sleep_until(20)
    assert conversation.send(type="auth_refresh", token="new") == []
    assert [effect.token for effect in conversation.pending(Authenticate)] == ["new"]
    assert conversation.check(user(200)) == [
        {
            "type": "auth_refreshed",
            "timestamp": "2023-11-14T22:13:40.000Z",
            "expires_at": "2023-11-14T22:16:40.000Z",
        }
    ]
    conversation.sleep_until(199.9)
    assert [seconds for seconds, message in conversation.sent if message["type"] == "auth_expiring"] == [10.0, 140.0]
    conversation.sleep_until(200)
    assert conversation.close_code == CloseCode.TOKEN_EXPIRED


def test_a_refresh_with_a_token_that_does_not_expire_has_no_end() -> None:
    conversation = Conversation(principal=user(70))
    conversation.send(type="auth_refresh", token="key")
    [answer] = conversation.check(user(None))
    assert "expires_at" not in answer
    conversation.sleep_until(80)
    assert (conversation.types(), conversation.close) == (["connected", "auth_refreshed"], None)


@pytest.mark.parametrize(
    ("checked", "sentence"),
    [
        *((refusal, refusal.sentence) for refusal in AccessRefusal),
        (user(900, "u-2"), "another user"),
        (user(900, issuer="i-2"), "another user"),
        (user(900, space="elsewhere"), "another user"),
        (user(900, grant=Grant(frozenset({Scope.ADMIN}))), "does not allow this session"),
        (user(900, grant=Grant(frozenset(Scope), (SessionPattern(None, "x-*"),))), "does not allow this session"),
    ],
)
def test_a_refused_refresh_is_not_fatal_and_keeps_the_token(checked: Principal | AccessRefusal, sentence: str) -> None:
    conversation = Conversation(principal=user(70))
    conversation.send(type="auth_refresh", token="another")
    [error] = conversation.check(checked)
    assert (error["code"], error["fatal"]) == ("UNAUTHENTICATED", False)
    assert sentence in error["message"]
    reason = checked if isinstance(checked, AccessRefusal) else AccessRefusal.FORBIDDEN
    assert conversation.event(TokenRefused) == [TokenRefused(reason, TokenCarrier.REFRESH, "s-1")]
    conversation.sleep_until(70)
    assert conversation.close_code == CloseCode.TOKEN_EXPIRED


def test_a_check_that_fails_is_answered_and_the_next_refresh_is_checked() -> None:
    conversation = Conversation(principal=user(70))
    conversation.send(type="auth_refresh", token="new")
    [effect] = conversation.pending(Authenticate)
    [error] = conversation.resolve(EffectFailed(effect.ticket, ProcessingFailed("Report id 7.")))
    assert error["code"] == "PROCESSING_ERROR"
    conversation.send(type="auth_refresh", token="new")
    assert [message["type"] for message in conversation.check(user(900))] == ["auth_refreshed"]


def test_one_refresh_is_checked_at_a_time() -> None:
    conversation = Conversation(principal=user(70))
    conversation.send(type="auth_refresh", token="one")
    [error] = conversation.send(type="auth_refresh", token="two")
    assert (error["code"], error["fatal"]) == ("UNAUTHENTICATED", False)
    assert [effect.token for effect in conversation.pending(Authenticate)] == ["one"]


def test_a_refresh_that_is_checked_too_late_changes_nothing() -> None:
    conversation = Conversation(principal=user(1))
    conversation.send(type="auth_refresh", token="new")
    conversation.sleep_until(1)
    assert conversation.check(user(900)) == []


def test_a_revoked_token_closes_the_connection_and_ends_its_streams() -> None:
    conversation = Conversation(principal=user(300))
    conversation.stream(*"abc")
    conversation.request("waiting")
    conversation.run_effects()
    conversation.execute(conversation.machine.revoke(at(0)))
    assert (conversation.last()["code"], conversation.close) == ("TOKEN_REVOKED", Close(CloseCode.TOKEN_REVOKED))
    assert conversation.outcomes == [Outcome.DISCONNECTED] * 2
    assert conversation.execute(conversation.machine.revoke(at(0))) == []


def test_who_may_only_watch_cannot_stream_before_a_refresh_with_that_scope() -> None:
    watcher = user(300, grant=Grant(frozenset({Scope.WATCH})))
    conversation = Conversation(principal=watcher)
    [error] = conversation.request(request_id="r-1")
    assert (error["code"], error["request_id"], error["fatal"]) == ("FORBIDDEN", "r-1", False)
    assert [event.code for event in conversation.event(RequestRejected)] == ["FORBIDDEN"]
    for messages in (conversation.recover("s", 0, "t"), conversation.control("pause")):
        assert [message["code"] for message in messages] == ["FORBIDDEN"]
    assert conversation.effects == []
    assert conversation.send(type="ping")[0]["type"] == "pong"
    conversation.send(type="auth_refresh", token="x")
    conversation.check(user(300))
    conversation.stream("a")
    assert conversation.types()[-1] == "stream_complete"


def test_auth_on_an_open_connection_has_no_effect() -> None:
    for conversation in (Conversation(), Conversation(principal=user(300))):
        assert conversation.send(type="auth", token="x") == []
        assert conversation.effects == []


def test_without_authentication_a_refresh_has_an_answer_without_an_end() -> None:
    conversation = Conversation()
    assert conversation.send(type="auth_refresh", token="x") == [
        {"type": "auth_refreshed", "timestamp": "2023-11-14T22:13:20.000Z"}
    ]


ACTS = st.tuples(
    st.sampled_from(["refresh", "accept", "refuse", "ping"]), st.sampled_from([0.0, 0.01, 0.03, 0.05, 0.2, 0.7])
)


@given(acts=st.lists(ACTS, max_size=20), sends_runs=st.booleans(), speed=st.sampled_from(list(Speed)[:4]))
@scaled(2)
def test_no_chunk_is_late_for_a_warning_or_a_refresh(
    acts: list[tuple[str, float]], sends_runs: bool, speed: Speed
) -> None:
    """Whatever happens to the token, the chunks are those of a connection without one, at the same times."""

    def chunks(principal: Principal | None) -> list[tuple[float, Message]]:
        conversation = Conversation(principal=principal, sends_runs=sends_runs)
        conversation.stream(*(f"{index} " for index in range(20)), speed=speed)
        for act, seconds in acts:
            conversation.sleep_until(conversation.now + seconds)
            checking = principal is not None and conversation.pending(Authenticate)
            if act == "refresh" and not checking:
                conversation.send(type="auth_refresh", token="x")
            elif act == "accept" and checking:
                conversation.check(user(conversation.now + 60.4))
            elif act == "refuse" and checking:
                conversation.check(AccessRefusal.INVALID)
            else:
                conversation.send(type="ping")
        conversation.sleep_until(conversation.now + 10)
        assert conversation.outcomes == [Outcome.COMPLETED]
        return [(seconds, message) for seconds, message in conversation.sent if message["type"] == "chunk"]

    assert chunks(user(60.3)) == chunks(None)
