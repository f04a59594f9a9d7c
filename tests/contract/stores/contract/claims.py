"""A repeated request is recognised by its claim and is charged once."""

from service.session.ports import SessionStore
from service.session.records import SessionSnapshot
from tests.contract.stores.contract.records import FIRST, SECOND, THIRD, claim, opened
from tests.contract.stores.contract.store_tests import StoreTests


class ClaimTests(StoreTests):
    async def test_a_repetition_with_the_token_is_the_same_request(self, store: SessionStore) -> None:
        snapshot = await opened(store, "s")
        first = await store.admit(snapshot, "a-stream", claim())
        again = await store.admit(snapshot, "b-stream", claim(owner=SECOND, presented=FIRST))
        assert (first.admitted, first.requests_used, first.repeats) == (True, 1, None)
        assert (again.admitted, again.requests_used, again.repeats) == (True, 1, "a-stream")
        third = await store.admit(snapshot, "c-stream", claim(owner=THIRD, presented=SECOND))
        assert third.repeats == "a-stream", "a repetition can be repeated"

    async def test_repetitions_with_the_token_of_the_first_attempt_are_charged_once(self, store: SessionStore) -> None:
        snapshot = await opened(store, "s")  # with FIRST as its token; the first attempt is lost
        second = await store.admit(snapshot, "b-stream", claim(owner=SECOND, presented=FIRST))
        assert (second.admitted, second.requests_used, second.repeats) == (True, 1, None)
        third = await store.admit(snapshot, "c-stream", claim(owner=THIRD, presented=FIRST))
        assert (third.admitted, third.requests_used, third.repeats) == (True, 1, "b-stream")
        assert (await store.admit(snapshot, "d-stream", claim(content=b"d", presented=FIRST))).conflicts

    async def test_a_repetition_is_admitted_after_the_limit_is_reached(self, store: SessionStore) -> None:
        snapshot = await opened(store, "s")
        for number in range(5):
            await store.admit(snapshot, f"stream-{number}", claim(f"r{number}"))
        assert not (await store.admit(snapshot, "new", claim("new", owner=SECOND, presented=FIRST))).admitted
        again = await store.admit(snapshot, "again", claim("r2", owner=SECOND, presented=FIRST))
        assert (again.admitted, again.requests_used, again.repeats) == (True, 5, "stream-2")

    async def test_other_content_with_the_same_request_id_conflicts(self, store: SessionStore) -> None:
        snapshot = await opened(store, "s")
        await store.admit(snapshot, "a-stream", claim())
        other = await store.admit(snapshot, "b-stream", claim(content=b"d", owner=SECOND, presented=FIRST))
        assert (other.admitted, other.requests_used, other.conflicts) == (False, 1, True)
        assert (await opened(store, "s")).requests_used == 1

    async def test_a_claim_of_another_owner_has_no_effect(self, store: SessionStore) -> None:
        snapshot = await opened(store, "s")
        await store.admit(snapshot, "a-stream", claim())
        for stranger in (claim(owner=SECOND), claim(content=b"d", owner=SECOND, presented=THIRD)):
            admission = await store.admit(snapshot, "b-stream", stranger)
            assert (admission.admitted, admission.repeats, admission.conflicts) == (True, None, False)
        assert (await opened(store, "s")).requests_used == 3

    async def test_a_claim_has_no_effect_in_another_session(self, store: SessionStore) -> None:
        await store.admit(await opened(store, "s"), "a-stream", claim())
        for content in (b"c", b"d"):
            other = await opened(store, f"other-{content!r}")
            admission = await store.admit(other, "b-stream", claim(content=content, owner=SECOND, presented=FIRST))
            assert (admission.admitted, admission.requests_used, admission.repeats) == (True, 1, None)

    async def test_without_a_token_the_latest_request_holds_the_claim(self, store: SessionStore) -> None:
        snapshot = await opened(store, "s")
        await store.admit(snapshot, "a-stream", claim())
        second = await store.admit(snapshot, "b-stream", claim(content=b"d"))
        assert (second.admitted, second.requests_used, second.repeats) == (True, 2, None)
        again = await store.admit(snapshot, "c-stream", claim(content=b"d", owner=SECOND, presented=FIRST))
        assert again.repeats == "b-stream"

    async def test_a_request_that_is_not_admitted_makes_no_claim(self, store: SessionStore) -> None:
        snapshot = SessionSnapshot("s", "of-a-store-that-was-wiped", 5, self.limits.max_session_seconds / 2)
        await store.admit(snapshot, "a-stream", claim())
        assert not (await store.admit(snapshot, "b-stream", claim(owner=SECOND, presented=FIRST))).admitted

    async def test_a_claim_lasts_as_long_as_its_session(self, store: SessionStore) -> None:
        await store.admit(await opened(store, "s"), "a-stream", claim())
        await self.pass_session(0.8)
        again = await store.admit(await opened(store, "s"), "b-stream", claim(owner=SECOND, presented=FIRST))
        assert again.repeats == "a-stream"
        await self.pass_session(0.3)
        anew = await store.admit(await opened(store, "s"), "c-stream", claim(owner=THIRD, presented=FIRST))
        assert (anew.requests_used, anew.repeats) == (1, None)

    async def test_a_repetition_that_is_prepared_again_is_charged_from_the_third_time_on(
        self, store: SessionStore
    ) -> None:
        snapshot = await opened(store, "s")
        await store.admit(snapshot, "a-stream", claim())
        await store.admit(snapshot, "other-stream", claim("other"))
        await store.admit(snapshot, "b-stream", claim(owner=SECOND, presented=FIRST))
        charged = [await store.charge_repetition(snapshot, "a-stream") for _ in range(2)]
        await store.admit(snapshot, "c-stream", claim(owner=THIRD, presented=SECOND))
        charged += [await store.charge_repetition(snapshot, "a-stream") for _ in range(4)]
        assert [(one.admitted, one.requests_used) for one in charged] == [
            (True, 2),
            (True, 2),
            (True, 3),
            (True, 4),
            (True, 5),
            (False, 5),
        ]
        assert (await store.charge_repetition(snapshot, "other-stream")).admitted, "of another request"
        assert (await opened(store, "s")).requests_used == 5

    async def test_a_session_makes_a_bounded_number_of_claims(self, store: SessionStore) -> None:
        snapshot = await opened(store, "s")
        await store.admit(snapshot, "a-stream", claim())
        owners = [bytes([number]) * 32 for number in range(100)]
        for owner in owners:
            await store.admit(snapshot, "again", claim(owner=owner, presented=FIRST))
        kept = [(await store.admit(snapshot, "later", claim(owner=owner, presented=owner))).repeats for owner in owners]
        assert kept.count("a-stream") == 4 * self.limits.max_requests - 1
        again = await store.admit(snapshot, "again", claim(owner=SECOND, presented=FIRST))
        assert again.repeats == "a-stream", "the token of the first attempt is always valid"
