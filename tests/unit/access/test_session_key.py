"""The key of a session in a store."""

from hypothesis import given
from hypothesis import strategies as st

from service.access.session_key import live_key, session_id_of, session_key

ids = st.from_regex(r"[A-Za-z0-9_.:-]{1,64}", fullmatch=True)


@given(st.tuples(st.text(max_size=300), ids), st.tuples(st.text(max_size=300), ids))
def test_no_two_sessions_share_a_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (session_key(*one) == session_key(*other)) == (one == other)


@given(ids, st.text(min_size=1))
def test_without_a_space_it_is_the_id_and_with_one_it_is_short_and_plain(session_id: str, space: str) -> None:
    assert session_key("", session_id) == session_id
    key = session_key(space, session_id)
    assert (len(key) <= 33 + 64, key.isascii(), key.endswith(f"/{session_id}")) == (True, True, True)


@given(ids, st.text())
def test_the_key_contains_the_id(session_id: str, space: str) -> None:
    assert session_id_of(session_key(space, session_id)) == session_id


def test_the_key_is_the_same_in_every_process() -> None:
    assert session_key("user-1", "s") == "c6c289e49e9c05b2145860387b73bcb1/s"


def test_live_streams_of_a_session_with_a_secret_have_a_key_of_their_own() -> None:
    key = session_key("space", "id")
    keys = {live_key(key, None), live_key(key, b"one"), live_key(key, b"two"), live_key(session_key("", "id"), b"one")}
    assert len(keys) == 4
    assert live_key(key, None) == key
