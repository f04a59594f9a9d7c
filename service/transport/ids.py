"""Random ids."""

import secrets

from service.core.trace import TraceContext


class RandomIds:
    """128 random bits in hex for each id; a trace takes the client's id where there is one."""

    def new_id(self) -> str:
        return secrets.token_hex(16)

    def trace_id(self, parent: TraceContext | None) -> str:
        return parent.trace_id if parent is not None else secrets.token_hex(16)
