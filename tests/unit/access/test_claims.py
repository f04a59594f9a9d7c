"""The claims of a token: each rule, and that nothing raises."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.access.claims import ClaimRules, revocations_kept_seconds
from service.access.principal import AccessRefusal, Principal
from service.access.scope import EVERY_SESSION, Grant, Scope, SessionPattern

NOW = 1_800_000_000.0
DAY = 86_400.0
RULES = ClaimRules("https://issuer.example", "streaming", "sub", 30 * DAY)
VALID: dict[str, Any] = {
    "iss": "https://issuer.example",
    "aud": "streaming",
    "sub": "user",
    "scope": "stream watch",
    "iat": NOW - 60,
    "exp": NOW + 3600,
    "jti": "t1",
}


def read(now: float = NOW, rules: ClaimRules = RULES, /, **changes: object) -> Principal | AccessRefusal:
    """The result for the valid claims with changes; a claim of ``...`` is absent."""
    claims = {name: value for name, value in (VALID | changes).items() if value is not ...}
    return rules.principal(claims, now)


def principal(**changes: object) -> Principal:
    result = read(**changes)
    assert isinstance(result, Principal)
    return result


def test_a_valid_token_is_its_user() -> None:
    grant = Grant(frozenset({Scope.STREAM, Scope.WATCH}), EVERY_SESSION)
    assert read() == Principal(RULES.issuer, "user", "user", grant, "t1", NOW - 60, NOW + 3600)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"iss": ...},
        {"iss": ["https://issuer.example"]},
        {"aud": "other"},
        {"aud": "streaming other"},
        {"aud": ...},
        {"aud": []},
        {"aud": [["streaming"]]},
        {"aud": ["streaming", 1]},
        {"sub": ...},
        {"sub": ""},
        {"sub": 7},
        {"sub": "line\nbreak"},
        {"sub": "unit\x1fseparator"},
        {"sub": "x" * 256},
        {"exp": ...},
        {"exp": None},
        {"exp": "2030-01-01"},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": 10**400},
        {"iat": "now"},
        {"iat": NOW + 31},
        {"nbf": NOW + DAY + 31},
        {"nbf": None},
        {"exp": NOW - 60 + 30 * DAY + 1},
        {"exp": NOW + 30 * DAY + 1, "iat": ...},
        {"iat": NOW - 31 * DAY},
        {"jti": 5},
        {"jti": ""},
        {"scope": None},
        {"scope": {"stream": True}},
        {"sessions": None},
        {"sessions": ["a b"]},
        {"sessions": ["*"] * 33},
    ],
)
def test_a_wrong_claim_is_invalid_also_after_the_end(changes: dict[str, object]) -> None:
    assert read(**changes) is AccessRefusal.INVALID
    if not changes.keys() & {"exp", "iat"}:
        assert read(NOW + DAY) is AccessRefusal.EXPIRED
        assert read(NOW + DAY, **changes) is AccessRefusal.INVALID


def test_the_clocks_may_differ_by_the_leeway() -> None:
    assert isinstance(read(NOW + 3629.9), Principal)
    assert read(NOW + 3630) is AccessRefusal.EXPIRED
    assert isinstance(read(nbf=NOW + 30, iat=NOW + 30), Principal)
    assert read(nbf=NOW + 31) is AccessRefusal.INVALID
    assert isinstance(read(exp=NOW - 60 + 30 * DAY), Principal)


def test_scopes_and_sessions_are_a_list_or_separated_by_spaces() -> None:
    for scope in ("publish admin", ["publish", "admin"]):
        assert principal(scope=scope).grant.scopes == {Scope.PUBLISH, Scope.ADMIN}
    for sessions in ("a* team/b", ["a*", "team/b"]):
        expected = (SessionPattern(None, "a*"), SessionPattern("team", "b"))
        assert principal(sessions=sessions).grant.sessions == expected
    assert principal(sessions="").grant.sessions == ()
    assert principal(scope=...).grant.scopes == frozenset(), "no scope, no rights"


def test_the_space_is_that_of_the_claim_of_the_setting() -> None:
    rules = ClaimRules("", "streaming", "org", 30 * DAY)
    found = read(NOW, rules, org="acme", iss=...)
    assert isinstance(found, Principal)
    assert (found.issuer, found.space, found.subject) == ("", "acme", "user")
    assert read(NOW, rules) is AccessRefusal.INVALID, "without it the user would share a space with others"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*sorted(VALID), "nbf", "sessions"]), json_values))
def test_no_claims_raise_and_what_is_admitted_keeps_the_rules(changes: dict[str, object]) -> None:
    result = read(**changes)
    if isinstance(result, Principal):
        assert result.expires_at is not None
        assert NOW - 30 < result.expires_at <= NOW + 30 + 30 * DAY
        assert result.subject == changes.get("sub", "user")
        assert VALID["aud"] in changes.get("aud", "streaming")  # type: ignore[operator]


@given(st.floats(-DAY, DAY), st.floats(0, 30 * DAY), st.floats(0, 40 * DAY), st.booleans())
def test_a_revocation_is_kept_for_as_long_as_a_token_from_before_it_is_accepted(
    issued: float, life: float, later: float, stated: bool
) -> None:
    """The token was issued, by a clock that may be ahead, up to the leeway after the revocation at ``NOW``."""
    issued_at = NOW + min(issued, 30.0)
    if isinstance(read(NOW + later, iat=issued_at if stated else ..., exp=issued_at + life), Principal):
        assert later < revocations_kept_seconds(30 * DAY)
