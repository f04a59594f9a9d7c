"""Fields of messages that a plain type does not describe: what may stand in them, for the decoder and for readers."""

from typing import Annotated

from msgspec import Meta

SESSION_ID_PATTERN = r"^(?!\.{1,2}$)[A-Za-z0-9_.:-]{1,64}$"
"""Read alike by Python and by JavaScript, where the whole text has to match."""

_JAVASCRIPT_COUNTS_TO = 2**53 - 1

RequestId = Annotated[str, Meta(max_length=64)]
StreamId = Annotated[str, Meta(max_length=64)]
Token = Annotated[str, Meta(max_length=128)]
Index = Annotated[int, Meta(ge=0, le=_JAVASCRIPT_COUNTS_TO)]
IndexOrNone = Annotated[int, Meta(ge=-1, le=_JAVASCRIPT_COUNTS_TO)]
"""-1 for none."""
Timestamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""ISO 8601 in UTC, with milliseconds and ``Z``."""
