"""API keys: the cache, an outage of the store, revocation."""

from hypothesis import given
from hypothesis import strategies as st

from service.access.api_key import KEY_ISSUER, ApiKey, key_digest, key_text
from service.access.principal import AccessRefusal, Principal
from service.access.revocation import KEY_REVOCATION_KEPT_SECONDS, Revocation, RevokedTokens
from service.identity import key_authenticator
from service.identity.key_authenticator import CACHE_SECONDS, KeyAuthenticator
from service.session.ports import StoreUnavailable
from service.settings import Settings
from tests.unit.identity.memory_access_store import MemoryAccessStore

NOW = 1_800_000_000.0
TEXT = key_text(bytes(32))
KEY = ApiKey("k1", key_digest(TEXT), "importer", "team", ("stream",), ("*",), NOW - 60, NOW + 600)


def started() -> tuple[MemoryAccessStore, KeyAuthenticator]:
    store = MemoryAccessStore([KEY])
    return store, KeyAuthenticator(store.find_key)


async def test_a_key_is_looked_up_once_a_minute() -> None:
    store, service = started()
    for second in range(120):
        assert await service.authenticate(TEXT, NOW + second) == KEY.principal(NOW)
    assert store.lookups == 2
    assert isinstance(await service.authenticate(TEXT, NOW - 3600), Principal)
    assert store.lookups == 3, "the clock was set back"


async def test_an_outage_keeps_the_cached_keys_and_refuses_no_other_for_good() -> None:
    store, service = started()
    other = key_text(b"o" * 32)
    assert isinstance(await service.authenticate(TEXT, NOW), Principal)
    store.available = False
    assert isinstance(await service.authenticate(TEXT, NOW + 10 * CACHE_SECONDS - 1), Principal)
    assert await service.authenticate(other, NOW) is AccessRefusal.UNAVAILABLE
    assert await service.authenticate(TEXT, NOW + 600) is AccessRefusal.EXPIRED, "the cache has its end"
    store.available = True
    assert await service.authenticate(other, NOW) is AccessRefusal.INVALID


async def test_an_outage_does_not_keep_a_key_for_longer_than_its_revocation_is_known() -> None:
    endless = ApiKey("k2", KEY.digest, "importer", "team", ("stream",), ("*",), NOW - 60)
    store = MemoryAccessStore([endless])
    service = KeyAuthenticator(store.find_key)
    revoked = RevokedTokens(Settings(auth_mode="key", auth_max_token_age=60).revocations_kept_seconds)
    assert isinstance(await service.authenticate(TEXT, NOW), Principal)
    revoked.add([Revocation(1, KEY_ISSUER, "k2", "", NOW)], NOW)
    store.available = False
    for later in (CACHE_SECONDS, KEY_REVOCATION_KEPT_SECONDS - 1, KEY_REVOCATION_KEPT_SECONDS, 1e8):
        revoked.add([], NOW + later)
        found = await service.authenticate(TEXT, NOW + later)
        assert found is AccessRefusal.UNAVAILABLE or (isinstance(found, Principal) and found in revoked), later


async def test_a_key_that_was_deleted_is_not_kept_for_an_outage() -> None:
    answers: list[ApiKey | None] = [KEY, None]

    async def find_key(_digest: bytes) -> ApiKey | None:
        if not answers:
            raise StoreUnavailable
        return answers.pop(0)

    service = KeyAuthenticator(find_key)
    times = (NOW, NOW + CACHE_SECONDS, NOW + CACHE_SECONDS)
    results = [await service.authenticate(TEXT, now) for now in times]
    assert results == [KEY.principal(NOW), AccessRefusal.INVALID, AccessRefusal.UNAVAILABLE]


async def test_a_revoked_key_is_refused_when_it_is_looked_up_again() -> None:
    store, service = started()
    assert isinstance(await service.authenticate(TEXT, NOW), Principal)
    await store.revoke_key("k1", NOW + 1)
    assert await service.authenticate(TEXT, NOW + CACHE_SECONDS) is AccessRefusal.REVOKED


async def test_the_cache_is_bounded() -> None:
    texts = [key_text(bytes([number]) * 32) for number in range(5)]
    store = MemoryAccessStore(ApiKey(text, key_digest(text), "n", "s", ("stream",), ("*",), NOW) for text in texts)
    key_authenticator.CACHED_KEYS, limit = 3, key_authenticator.CACHED_KEYS
    try:
        service = KeyAuthenticator(store.find_key)
        for text in texts:
            await service.authenticate(text, NOW)
        for text in reversed(texts):
            assert isinstance(await service.authenticate(text, NOW), Principal)
    finally:
        key_authenticator.CACHED_KEYS = limit
    assert store.lookups == 5 + 2


@given(st.one_of(st.text(max_size=60), st.from_regex(r"sk_[A-Za-z0-9_-]{42,44}", fullmatch=True)))
async def test_any_other_text_is_refused_and_only_what_looks_like_a_key_reaches_the_store(text: str) -> None:
    store, service = started()
    assert await service.authenticate(text, NOW) is AccessRefusal.INVALID
    assert store.lookups == (len(text) == 46 and text.isascii() and text.startswith("sk_"))
