"""Where the keys that verify tokens come from: a setting, or a file that may change."""

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Protocol

from joserfc.jwk import Key

from service.events import Dependency, DependencyChanged, DependencyFailed
from service.identity.key_set import KeySet, UnusableKeys, read_key_set
from service.session.ports import Recorder

_CHECK_SECONDS = 1.0


class KeySource(Protocol):
    """The keys of the issuer as they are now."""

    async def candidates(self, algorithm: str, kid: str | None) -> Sequence[Key] | None:
        """Return the keys that may have signed a token with this header; ``None`` if that cannot be found out now."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Keep the keys up to date within the context."""


class FixedKeys:
    """The keys of a setting."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    async def candidates(self, algorithm: str, kid: str | None) -> Sequence[Key]:
        return self._keys.candidates(algorithm, kid)

    def running(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()


class KeyFile:
    """The keys of a file, which is read again when it changes. If it cannot be read then, the keys stay.

    The first time it is read by the constructor, which raises ``UnusableKeys``.
    """

    def __init__(
        self,
        path: Path,
        algorithms: Collection[str],
        recorder: Recorder,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._algorithms = algorithms
        self._recorder = recorder
        self._clock = clock
        self._checked_at = clock()
        self._version = self._find_version()
        self._keys = self._read()
        self._up = True

    async def candidates(self, algorithm: str, kid: str | None) -> Sequence[Key]:
        now = self._clock()
        if now - self._checked_at >= _CHECK_SECONDS:
            self._checked_at = now
            self._read_if_changed()
        return self._keys.candidates(algorithm, kid)

    def running(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def _read_if_changed(self) -> None:
        version = self._find_version()
        if version == self._version:
            return
        self._version = version
        try:
            self._keys = self._read()
        except UnusableKeys as unusable:
            self._recorder.record(DependencyFailed(Dependency.TOKEN_KEYS))
            if self._up:
                self._up = False
                self._recorder.record(
                    DependencyChanged(Dependency.TOKEN_KEYS, up=False, reason=f"{self._path}: {unusable}")
                )
            return
        if not self._up:
            self._up = True
            self._recorder.record(DependencyChanged(Dependency.TOKEN_KEYS, up=True))

    def _find_version(self) -> tuple[int, ...]:
        """Return what differs after a change of the file, also if another file takes its place."""
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> KeySet:
        try:
            content = self._path.read_bytes()
        except OSError as error:
            raise UnusableKeys(error.strerror or type(error).__name__) from None
        return read_key_set(content, self._algorithms)
