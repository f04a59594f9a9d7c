"""Revoked tokens, against all revocations ever made."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from service.access.principal import Principal
from service.access.revocation import Revocation, RevokedTokens
from service.access.scope import Grant

KEPT = 100.0

issuers = st.sampled_from(["", "i", "j"])
names = st.sampled_from(["a", "b"])
moments = st.integers(0, 300).map(float)
principals = st.builds(
    Principal,
    issuer=issuers,
    subject=names,
    space=st.just("s"),
    grant=st.just(Grant(frozenset())),
    token_id=st.sampled_from(["", "a", "b"]),
    issued_at=st.one_of(st.none(), moments),
)
revocations = st.one_of(
    st.builds(Revocation, st.just(0), issuers, names, st.just(""), moments),
    st.builds(Revocation, st.just(0), issuers, st.just(""), names, moments),
)


def concerns(revocation: Revocation, principal: Principal) -> bool:
    if revocation.issuer != principal.issuer:
        return False
    if revocation.token_id:
        return revocation.token_id == principal.token_id
    issued_before = principal.issued_at is None or principal.issued_at <= revocation.before
    return revocation.subject == principal.subject and issued_before


@given(st.lists(revocations, max_size=12), principals, st.integers(0, 40))
def test_a_token_is_revoked_as_long_as_it_could_be_accepted(
    made: list[Revocation], principal: Principal, later: int
) -> None:
    made = [replace(one, sequence=number) for number, one in enumerate(sorted(made, key=lambda one: one.before), 1)]
    revoked, now = RevokedTokens(KEPT), 0.0
    for one in made:
        now = one.before
        revoked.add([one], now)
    now += later
    revoked.add([], now)
    assert (principal in revoked) == any(concerns(one, principal) for one in made if one.before >= now - KEPT)
    assert revoked.sequence == len(made)


def test_a_token_that_was_issued_in_the_moment_of_the_revocation_is_revoked() -> None:
    revoked = RevokedTokens(KEPT)
    revoked.add([Revocation(1, "i", "", "a", 50.0)], 50.0)
    issued = {moment: Principal("i", "a", "s", Grant(frozenset()), issued_at=moment) for moment in (50.0, 50.5, None)}
    assert [moment for moment, one in issued.items() if one in revoked] == [50.0, None]


def test_what_is_too_old_is_forgotten_and_an_older_one_does_not_shorten_a_newer_one() -> None:
    revoked = RevokedTokens(KEPT)
    revoked.add([Revocation(1, "i", "", "a", 50.0), Revocation(2, "i", "", "a", 20.0)], 50.0)
    user = Principal("i", "a", "s", Grant(frozenset()), issued_at=40.0)
    assert user in revoked
    revoked.add([], 150.0)
    assert (user in revoked, len(revoked)) == (True, 1)
    revoked.add([], 150.5)
    assert (user in revoked, len(revoked)) == (False, 0)
