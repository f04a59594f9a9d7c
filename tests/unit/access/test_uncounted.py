"""The ids of sessions that usage leaves out: only the holder of the secret makes them, and they expire."""

from hypothesis import given
from hypothesis import strategies as st

from service.access.uncounted import MAX_NAME_CHARACTERS, is_uncounted, uncounted_session_id
from service.protocol.codec import is_session_id

NOW = 1_800_000_000.0
SECRET = "kX9.5N7pQ-aW3e_z"
NAMES = st.text("Aa09_-.:", max_size=MAX_NAME_CHARACTERS)


@given(NAMES, st.floats(-3599, 3599))
def test_an_id_is_recognised_for_an_hour(name: str, seconds: float) -> None:
    session_id = uncounted_session_id(name, SECRET, NOW)
    assert is_session_id(session_id)
    assert is_uncounted(session_id, SECRET, int(NOW) + seconds)
    assert not is_uncounted(session_id, SECRET, NOW + 3600)
    assert not is_uncounted(session_id, SECRET, NOW - 3601)


@given(NAMES, st.integers(0, 63), st.sampled_from("Aa09_-.:"))
def test_an_id_with_another_character_is_not_recognised(name: str, place: int, character: str) -> None:
    session_id = uncounted_session_id(name, SECRET, NOW)
    changed = session_id[:place] + character + session_id[place + 1 :]
    assert is_uncounted(changed, SECRET, NOW) == (changed == session_id)


@given(st.one_of(st.text(max_size=64), NAMES.map(lambda name: uncounted_session_id(name, "another secret", NOW))))
def test_no_other_id_is_recognised(session_id: str) -> None:
    assert not is_uncounted(session_id, SECRET, NOW)
    assert not is_uncounted(f"verify-{session_id}", SECRET, NOW)
