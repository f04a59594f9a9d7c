"""What the quotas of a minute limit."""

from service.protocol.fields import DescribedEnum


class QuotaKind(DescribedEnum):
    CONNECTIONS = "connections", "connections opened"
    SESSIONS = "sessions", "sessions created"
    REQUESTS = "requests", "requests admitted"
    CONTENT_TIME = "content_time", "milliseconds of content work"
    STORED_SIZE = "stored_size", "KiB of streams stored"
