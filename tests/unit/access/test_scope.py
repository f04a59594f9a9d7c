"""Scopes and patterns of sessions; the patterns against regular expressions."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.access.scope import EVERY_SESSION, MAX_PATTERN_LENGTH, MAX_PATTERNS, Grant, Scope, SessionPattern
from tests.profiles import scaled

few = st.text("ab*", max_size=8)
ids = st.text("ab", max_size=8)


def by_regular_expression(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text, re.DOTALL) is not None


@scaled(20)
@given(few, ids)
def test_an_id_matches_as_by_a_regular_expression(pattern: str, session_id: str) -> None:
    if pattern:
        found = SessionPattern.parse(pattern).matches("own", "own", session_id)
        assert found == by_regular_expression(pattern, session_id)


@scaled(4)
@given(few, few, ids, ids)
def test_a_pattern_with_a_space_matches_both(space: str, pattern: str, of: str, session_id: str) -> None:
    found = SessionPattern.parse(f"{space}/{pattern}").matches("own", of, session_id)
    assert found == (by_regular_expression(space, of) and by_regular_expression(pattern, session_id))


@given(few.filter(bool), ids, st.text(max_size=8), st.text(max_size=8))
def test_a_pattern_without_a_space_is_of_the_space_of_the_token(
    pattern: str, session_id: str, own: str, other: str
) -> None:
    assert SessionPattern.parse(pattern).matches(own, other, session_id) == (
        own == other and by_regular_expression(pattern, session_id)
    )


@pytest.mark.parametrize(
    "text", ["", "a b", "a/b/c", "a\n", "*/é", "a/b?", "a/\n", "x" * (MAX_PATTERN_LENGTH + 1), " ", "\u2028"]
)
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        SessionPattern.parse(text)


@given(st.one_of(st.text(max_size=20), st.text("ab*/", max_size=20)))
def test_a_pattern_matches_at_least_itself(text: str) -> None:
    try:
        pattern = SessionPattern.parse(text)
    except ValueError:
        return
    space, _, session_id = text.rpartition("/")
    assert pattern.matches("", space, session_id)


@pytest.mark.parametrize(("pattern", "text"), [("a*a", "a"), ("*ab*b", "ab"), ("ab*ba", "aba"), ("*a*a*", "a")])
def test_the_parts_of_a_pattern_do_not_overlap(pattern: str, text: str) -> None:
    assert not SessionPattern.parse(pattern).matches("", "", text)


def test_many_stars_take_no_exponential_time() -> None:
    pattern = SessionPattern.parse("*a" * (MAX_PATTERN_LENGTH // 2))
    assert not pattern.matches("", "", "a" * 100 + "b")


def test_no_scope_gives_no_right_and_an_unknown_one_neither() -> None:
    for scopes in ([], ["STREAM", "root", ""]):
        grant = Grant.parse(scopes, None)
        assert (grant.scopes, grant.may_enter("u", "s")) == (frozenset(), False)


@pytest.mark.parametrize("scope", Scope)
def test_entering_needs_stream_or_watch(scope: Scope) -> None:
    assert Grant.parse([scope], None).may_enter("u", "s") == (scope in {Scope.STREAM, Scope.WATCH})


def test_the_patterns_bound_every_right() -> None:
    grant = Grant.parse(["stream"], ["doc-*", "team/*"])
    assert grant.may_enter("u", "doc-1")
    assert not grant.may_enter("u", "other")
    assert grant.may_enter("team", "other")
    assert grant.covers("u", "team", "x")
    assert not grant.covers("u", "v", "doc-1"), "a stranger's session of the same name"
    assert not Grant.parse(["stream"], []).may_enter("u", "doc-1"), "no pattern, no session"
    assert Grant.parse(["stream"], None).sessions == EVERY_SESSION


def test_the_number_of_patterns_is_bounded() -> None:
    Grant.parse([], ["*"] * MAX_PATTERNS)
    with pytest.raises(ValueError, match="33"):
        Grant.parse([], ["*"] * (MAX_PATTERNS + 1))
