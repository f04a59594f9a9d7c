"""The keys that verify tokens, each with the algorithms for which it may be used."""

import re
import warnings
from base64 import b64decode
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import msgspec
from joserfc.errors import InvalidKeyTypeError, JoseError, SecurityWarning
from joserfc.jwk import ECKey, JWKRegistry, Key, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from service.setting_values import HMAC_ALGORITHMS

MIN_SECRET_BYTES = 32
MIN_SECRET_CHARACTERS = 8
"""Different ones. Of 32 random digits in base 16, or of more, so few are seen once in ten millions."""
MAX_KEYS = 64
MAX_TRIES = 4
"""The keys that are tried for a token that names none: each takes time of the event loop."""

_CURVES = ("P-256", "P-384", "P-521", "Ed25519")
_PEM_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")

_URL_SAFE = bytes.maketrans(b"-_", b"+/")

_INCOMPLETE = "its PEM is not complete"
_PRIVATE = "a key is private: only the issuer may have it, and the service needs the public one"

_Result = TypeVar("_Result")


class UnusableKeys(Exception):
    """``str()`` is a clause that states why; it contains no part of a key."""


class _OtherType(UnusableKeys):
    """The key is of a type that the library does not have, or that was not asked for."""


class VerificationKey(NamedTuple):
    key: Key
    algorithms: frozenset[str]
    kid: str | None


class KeySet:
    """Keys by algorithm and ``kid``. Immutable."""

    def __init__(self, keys: Iterable[VerificationKey] = ()) -> None:
        self._keys: dict[tuple[str, str | None], list[Key]] = {}
        self._all: dict[str, list[Key]] = {}
        for key, algorithms, kid in keys:
            for algorithm in algorithms:
                self._keys.setdefault((algorithm, kid), []).append(key)
                self._all.setdefault(algorithm, []).append(key)

    def candidates(self, algorithm: str, kid: str | None) -> Sequence[Key]:
        """Return the keys that may have signed a token with this header: at most ``MAX_TRIES``.

        A key without ``kid`` may have signed any.
        """
        if kid is None:
            return self._all.get(algorithm, [])[:MAX_TRIES]
        return self._keys.get((algorithm, kid), self._keys.get((algorithm, None), []))[:MAX_TRIES]


def read_key_set(content: bytes, algorithms: Collection[str]) -> KeySet:
    """Read keys for the algorithms: PEM, a JWK, a JWK set or, for HMAC, a secret. Raises ``UnusableKeys``.

    Of a JWK set, keys that are not usable are ignored as long as one is.
    """
    try:
        text = content.decode("utf-8-sig").strip()  # editors on Windows begin a file with a mark
    except UnicodeDecodeError:
        raise UnusableKeys("it is not UTF-8") from None
    if text.startswith(("{", "[")):
        return _read_json(text, algorithms)
    if "-----BEGIN " in text:
        return KeySet(_read_pem(text.replace("\\n", "\n"), algorithms))
    if not HMAC_ALGORITHMS.issuperset(algorithms):
        raise UnusableKeys("it is neither PEM nor a JWK nor a JWK set")
    if text.startswith(("https://", "http://")):
        raise UnusableKeys("it is an address, which is no secret: set AUTH_JWKS_URL")
    secret = text.encode()
    _check_secret(secret)
    return KeySet([_with_algorithms(_imported(lambda: OctKey.import_key(secret)), algorithms)])


def _read_json(text: str, algorithms: Collection[str]) -> KeySet:
    try:
        value = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        raise UnusableKeys("it begins like JSON and is not an object in JSON") from None
    if "keys" not in value:
        return KeySet([_read_jwk(value, algorithms)])
    entries = value["keys"]
    if not isinstance(entries, list) or not entries:
        raise UnusableKeys("its JWK set has no keys")
    usable, problem = list[VerificationKey](), UnusableKeys()
    for entry in entries[:MAX_KEYS]:
        try:
            usable.append(_read_jwk(entry, algorithms))
        except UnusableKeys as unusable:
            problem = unusable
    if not usable:
        raise problem
    return KeySet(usable)


def _read_jwk(value: object, algorithms: Collection[str]) -> VerificationKey:
    if not isinstance(value, dict):
        raise UnusableKeys("a key of its JWK set is not an object")
    return _with_algorithms(_imported(lambda: JWKRegistry.import_key(value)), algorithms)


def _read_pem(text: str, algorithms: Collection[str]) -> list[VerificationKey]:
    blocks = list(islice(_pem_blocks(text), MAX_KEYS))
    if not blocks:
        raise UnusableKeys(_INCOMPLETE)
    if any("PRIVATE" in label for label, _ in blocks):
        raise UnusableKeys(_PRIVATE)
    return [_with_algorithms(_read_block(block.encode()), algorithms) for _, block in blocks]


def _pem_blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield the label and the text of each block. Raises ``UnusableKeys`` for one without an end."""
    position = 0
    while begin := _PEM_BEGIN.search(text, position):
        end_line = f"-----END {begin[1]}-----"
        end = text.find(end_line, begin.end())
        if end < 0:
            raise UnusableKeys(_INCOMPLETE)
        position = end + len(end_line)
        yield begin[1], text[begin.start() : position]


def _read_block(block: bytes) -> Key:
    kinds: tuple[Callable[[bytes], Key], ...] = (RSAKey.import_key, ECKey.import_key, OKPKey.import_key)
    for import_key in kinds:
        with suppress(_OtherType):
            return _imported(partial(import_key, block))
    raise UnusableKeys("a key has a type that no algorithm uses")


def _imported(import_key: Callable[[], _Result]) -> _Result:
    """Return the key. Raises ``UnusableKeys``, also for a key of which the library warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", SecurityWarning)
        try:
            return import_key()
        except SecurityWarning as warning:
            raise UnusableKeys(f"a key is too weak ({warning})") from None
        except InvalidKeyTypeError:
            raise _OtherType("a key has a type that no algorithm uses") from None
        except Exception as error:  # noqa: BLE001 - of several libraries, for any content
            raise UnusableKeys(f"a key cannot be read ({type(error).__name__})") from None


def _with_algorithms(key: Key, algorithms: Collection[str]) -> VerificationKey:
    """Return the key with those of the algorithms that it can verify. Raises ``UnusableKeys`` if there is none."""
    if isinstance(key, OctKey):
        _check_secret(key.raw_value)
    elif key.is_private:
        raise UnusableKeys(_PRIVATE)
    usable = frozenset(name for name in algorithms if _verifies(key, name))
    if not usable:
        raise UnusableKeys(f"a key of type {key.key_type} does not verify {', '.join(algorithms)}")
    kid = key.get("kid")
    return VerificationKey(key, usable, kid if isinstance(kid, str) else None)


def _check_secret(secret: bytes) -> None:
    """Raise ``UnusableKeys`` for what is certainly no secret: a placeholder, or a public key in base64."""
    if len(secret) < MIN_SECRET_BYTES:
        raise UnusableKeys(f"the secret has fewer than {MIN_SECRET_BYTES} bytes")
    if len(set(secret)) < MIN_SECRET_CHARACTERS:
        raise UnusableKeys(f"the secret has fewer than {MIN_SECRET_CHARACTERS} different characters")
    longest = min(len(secret) // 2, MIN_SECRET_BYTES - 1)
    if any(secret.startswith(secret[period:]) for period in range(1, longest + 1)):
        raise UnusableKeys(f"the secret repeats a text of fewer than {MIN_SECRET_BYTES} bytes")
    with suppress(ValueError):
        encoded = b"".join(secret.splitlines()).rstrip(b"=")
        decoded = b64decode(encoded.translate(_URL_SAFE) + b"=" * (-len(encoded) % 4), validate=True)
        try:
            _imported(lambda: OctKey.import_key(decoded))
        except UnusableKeys:
            raise UnusableKeys("the secret is a public key in base64, which is no secret") from None


def _verifies(key: Key, algorithm: str) -> bool:
    if isinstance(key, ECKey | OKPKey) and key.curve_name not in _CURVES:
        return False
    try:
        JWSRegistry.algorithms[algorithm].check_key(key)
        key.check_key_op("verify")
    except JoseError:
        return False
    return True
