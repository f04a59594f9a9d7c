"""A token is accepted if it is valid and not revoked; a session takes those that may enter it."""

from service.access.principal import AccessRefusal, Principal
from service.access.revocation import Revocation
from service.access.scope import Grant, Scope, SessionPattern
from service.events import FaultRaised, FaultSource, TokenChecked
from tests.unit.session.conversation import user
from tests.unit.websocket.access_doubles import Events, Tokens, access_control


async def test_the_authenticator_gets_the_wall_time_and_its_answer_counts() -> None:
    tokens = Tokens({"good": user(None), "old": AccessRefusal.EXPIRED})
    events = Events()
    access = access_control(tokens, wall=7.5, events=events)
    assert [await access.authenticate(token) for token in ("good", "old", "x")] == [
        user(None),
        AccessRefusal.EXPIRED,
        AccessRefusal.INVALID,
    ]
    assert tokens.calls == [("good", 7.5), ("old", 7.5), ("x", 7.5)]
    assert events == [TokenChecked(0.0)] * 3


async def test_a_revoked_token_is_refused() -> None:
    access = access_control(Tokens({"a": user(None, token_id="t-1"), "b": user(None, token_id="t-2")}))
    access.revoked.add([Revocation(1, "i-1", "t-1", "", 5.0)], 5.0)
    assert await access.enter("a", "s-1") is AccessRefusal.REVOKED
    assert await access.enter("b", "s-1") == user(None, token_id="t-2")


async def test_a_fault_of_the_check_refuses_and_is_recorded() -> None:
    class Broken(Tokens):
        async def authenticate(self, token: str, now: float) -> Principal | AccessRefusal:
            raise LookupError

    events = Events()
    access = access_control(Broken({}), events=events)
    assert await access.enter("a", "s-1") is AccessRefusal.UNAVAILABLE
    assert await access.authenticate("a") is AccessRefusal.UNAVAILABLE
    faults = [(event.source, event.session_id) for event in events if isinstance(event, FaultRaised)]
    assert faults == [(FaultSource.ACCESS, "s-1"), (FaultSource.ACCESS, "")]


async def test_no_token_is_accepted_before_the_revocations_are_read() -> None:
    tokens = Tokens({"good": user(None)})
    assert await access_control(tokens, revocations_read=False).enter("good", "s-1") is AccessRefusal.UNAVAILABLE
    assert tokens.calls == []


async def test_a_session_takes_those_who_may_enter_it() -> None:
    only_x = user(None, grant=Grant(frozenset({Scope.WATCH}), (SessionPattern(None, "x-*"),)))
    access = access_control(Tokens({"x": only_x, "admin": user(None, grant=Grant(frozenset({Scope.ADMIN})))}))
    assert await access.enter("x", "x-1") == only_x
    assert await access.enter("x", "y-1") is AccessRefusal.FORBIDDEN
    assert await access.enter("admin", "x-1") is AccessRefusal.FORBIDDEN
