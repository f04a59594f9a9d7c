"""The log of a command: lines as those of the service, on standard error beside what the command prints there."""

from collections.abc import Iterator
from contextlib import contextmanager

from observability.logs.event_logger import EventLogger
from observability.logs.log_sink import LogSink
from observability.resource_attributes import INSTANCE_ID, load_resource_attributes
from service.session.ports import Recorder
from service.settings import Settings

_STANDARD_ERROR = 2
_CLOSE_SECONDS = 1.0


@contextmanager
def command_log(settings: Settings) -> Iterator[Recorder]:
    """Log events within the context, in ``LOG_FORMAT``. To be entered once in a process."""
    logger = EventLogger(
        settings.log_level,
        settings.log_format,
        lambda _level: None,
        lambda _count: None,
        instance=load_resource_attributes(settings.railway_environment)[INSTANCE_ID],
        descriptor=_STANDARD_ERROR,
    )
    logger.open()
    try:
        yield LogSink(logger)
    finally:
        logger.close(_CLOSE_SECONDS)
