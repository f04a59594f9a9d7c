"""The tables of codes in docs/protocol.md, from ``service.protocol``."""

from service.asyncapi.schemas import text_of
from service.protocol.close_codes import CloseCode, HandshakeRefusal
from service.protocol.errors import error_classes
from tools.generators.markdown import table, with_blocks

_PATH = "docs/protocol.md"


def protocol_tables() -> dict[str, str]:
    blocks = {"refusals": refusals(), "error-codes": error_codes(), "close-codes": close_codes()}
    return {_PATH: with_blocks(_PATH, blocks)}


def refusals() -> str:
    """The HTTP statuses with which a handshake is refused."""
    return table(("Status", "Meaning"), ((f"`{int(refusal)}`", refusal.meaning) for refusal in HandshakeRefusal))


def error_codes() -> str:
    """One row for each class of error: a code of two classes has two rows."""
    return table(
        ("Code", "Meaning", "fatal", "retryable"),
        (
            (f"`{error.code}`", text_of(error), "yes" if error.fatal else "", "yes" if error.retryable else "")
            for error in error_classes()
        ),
    )


def close_codes() -> str:
    """The codes that the service sends, and those that a client meets beside them."""
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
