"""Principals and refusals."""

import pytest
from msgspec.structs import replace

from service.access.principal import AccessRefusal, Principal
from service.access.scope import Grant

USER = Principal("issuer", "user", "space", Grant(frozenset()), "1", 1.0, 2.0)


def test_a_new_token_continues_that_of_the_same_user_in_the_same_space_only() -> None:
    assert replace(USER, token_id="2", grant=Grant.parse(["watch"], []), expires_at=9.0).continues(USER)
    for change in ({"issuer": "other"}, {"subject": "other"}, {"space": "other"}):
        assert not replace(USER, **change).continues(USER)


@pytest.mark.parametrize("refusal", AccessRefusal)
def test_a_refusal_has_one_close_code_one_status_and_a_remedy(refusal: AccessRefusal) -> None:
    assert (refusal.status, refusal.close) in {(401, 4121), (401, 4122), (401, 4123), (403, 4124), (503, 4125)}
    assert refusal.sentence.count(". ") == 1
    assert refusal.label == refusal.name.lower()
