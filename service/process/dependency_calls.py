"""Measures the calls of a dependency."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from service.events import DataSystem, Dependency, DependencyCalled, Operation
from service.process import clock
from service.session.ports import Recorder
from service.websocket.call_origin import call_origin

MeasureCall = Callable[[Operation], AbstractContextManager[None]]
"""Returns a context for one call."""


def unmeasured(_operation: Operation) -> AbstractContextManager[None]:
    """Fulfil ``MeasureCall`` for a store that is no dependency."""
    return nullcontext()


class DependencyCalls:
    """Records a ``DependencyCalled`` for each call, in the thread of the call."""

    def __init__(self, dependency: Dependency, system: DataSystem, recorder: Recorder) -> None:
        self._dependency = dependency
        self._system = system
        self._recorder = recorder

    @contextmanager
    def measure(self, operation: Operation) -> Iterator[None]:
        """Measure the call within the context, also if it raises or is cancelled."""
        started, error_type = clock.now(), ""
        try:
            yield
        except BaseException as error:
            error_type = type(error).__name__
            raise
        finally:
            seconds = clock.now().seconds - started.seconds
            origin = call_origin.get()
            self._recorder.record(
                DependencyCalled(
                    self._dependency,
                    self._system,
                    operation,
                    started,
                    seconds,
                    error_type,
                    origin.connection_id,
                    origin.session_id,
                    origin.stream_id,
                    origin.trace,
                )
            )
