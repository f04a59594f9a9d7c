"""The log events of sockets that have no session, and of their limits."""

from observability.registry.log_types import SECONDS, LogEvent, LogField, LogLevel, one_of
from service.events import DropReason

SOCKET_LIMIT_LOW = LogEvent(
    "socket_limit_low",
    LogLevel.WARNING,
    "The process may open {descriptors} descriptors and its settings need {needed}: it serves {sockets} sockets. "
    "Raise the hard limit (ulimit -n, LimitNOFILE, docker run --ulimit nofile), or lower MAX_CONNECTIONS and "
    "MAX_PENDING_SOCKETS",
    "the service starts, and the hard limit of RLIMIT_NOFILE is lower than what the settings need",
    (
        LogField("descriptors", "RLIMIT_NOFILE"),
        LogField("needed", "MAX_CONNECTIONS, MAX_PENDING_SOCKETS and a reserve for files"),
        LogField("sockets", "of clients that may be open"),
    ),
)
SOCKET_DROPPED = LogEvent(
    "socket_dropped",
    LogLevel.INFO,
    "Socket closed before it had a session: {reason}",
    "a client sends no complete or valid request in time or does not read its response, or another needs the place",
    (LogField("reason", one_of(DropReason)),),
    burst=5,
)
ACCEPT_PAUSED = LogEvent(
    "accept_paused",
    LogLevel.WARNING,
    "No connection can be accepted: {reason}. New clients and health checks wait",
    "an accept fails, or no socket may be closed for a further one; once, until one is accepted again",
    (LogField("reason", "of the operating system, or which sockets are open"),),
    burst=3,
)
ACCEPT_RESUMED = LogEvent(
    "accept_resumed",
    LogLevel.INFO,
    "Connections are accepted again, after {seconds:.1f} s",
    "a socket is accepted after accept_paused",
    (LogField("seconds", "since accept_paused", SECONDS),),
    burst=3,
)
