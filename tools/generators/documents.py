"""The tables in three documents, and all of .env.example, from the code they describe."""

import textwrap

from service.asyncapi.schemas import text_of
from service.protocol.close_codes import CloseCode, HandshakeRefusal
from service.protocol.errors import error_classes
from service.protocol.publish_errors import PublishErrorCode
from service.settings import Settings, about
from tools.generators.markdown import table, with_blocks

_CONFIGURATION = "docs/configuration.md"
_PROTOCOL = "docs/protocol.md"
_PUBLISHING = "docs/publishing.md"
_WIDTH = 118
_ENV_HEADER = """\
# The settings, each with its default. To change one, copy this file to .env and remove the # before the setting.
# An environment variable takes precedence over the file.
"""


def configuration() -> dict[str, str]:
    defaults = Settings.model_construct().shown()
    rows = []
    for name in Settings.model_fields:
        variable = name.upper()
        note = about(name)
        default = f"`{defaults[variable]}`" if defaults[variable] else "empty"
        rows.append((f"`{variable}`", default, note.unit, note.effect, note.allowed))
    return {
        _CONFIGURATION: with_blocks(
            _CONFIGURATION, {"settings": table(("Variable", "Default", "Unit", "Effect", "Allowed"), rows)}
        )
    }


def env_example() -> dict[str, str]:
    """Every setting in a comment, with its default: a copy of the file changes nothing."""
    paragraphs = [_ENV_HEADER]
    for variable, default in Settings.model_construct().shown().items():
        note = about(variable.lower())
        unit = f" Unit: {note.unit}." if note.unit else ""
        sentences = f"# {note.effect}{unit} Allowed: {note.allowed}."
        lines = textwrap.wrap(sentences, _WIDTH, subsequent_indent="# ", break_on_hyphens=False, break_long_words=False)
        paragraphs.append("\n".join([*lines, f"#{variable}={default}\n"]))
    return {".env.example": "\n".join(paragraphs)}


def protocol_tables() -> dict[str, str]:
    blocks = {"refusals": refusals(), "error-codes": error_codes(), "close-codes": close_codes()}
    return {_PROTOCOL: with_blocks(_PROTOCOL, blocks)}


def publishing_tables() -> dict[str, str]:
    rows = ((f"`{code}`", str(code.status), code.meaning, code.remedy) for code in PublishErrorCode)
    errors = table(("Code", "Status", "Meaning", "What to do"), rows)
    return {_PUBLISHING: with_blocks(_PUBLISHING, {"publish-errors": errors})}


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
    """The codes that the service sends, and others that a client can receive."""
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
