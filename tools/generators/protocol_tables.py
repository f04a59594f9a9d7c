"""The tables of codes in docs/protocol.md, from ``service.protocol``."""

from service.protocol.close_codes import CloseCode
from tools.generators.markdown import table, with_blocks

_PATH = "docs/protocol.md"


def protocol_tables() -> dict[str, str]:
    return {_PATH: with_blocks(_PATH, {"close-codes": close_codes()})}


def close_codes() -> str:
    """The table of close codes: those that the service sends, and those that a client meets beside them."""
    return table(
        ("Code", "Reason in the frame", "Meaning", "Error before it", "Reconnect"),
        (
            (
                f"`{int(code)}`",
                code.reason,
                code.meaning,
                f"`{code.error}`" if code.error else "",
                "yes" if code.reconnect else "no",
            )
            for code in CloseCode
        ),
    )
