"""The table of close codes is complete and consistent with the errors."""

import pytest

from service.protocol.close_codes import CloseCode, close_reason
from service.protocol.errors import StreamingError, error_classes

FIRST_CODE_OF_THE_SERVICE = 4000


FATAL = [error for error in error_classes() if error.fatal]


@pytest.mark.parametrize("error", FATAL)
def test_each_fatal_error_has_one_close_code(error: type[StreamingError]) -> None:
    assert len([code for code in CloseCode if code.error is error.code]) == 1


@pytest.mark.parametrize("code", [code for code in CloseCode if code.error])
def test_a_client_may_reconnect_exactly_after_a_retryable_error(code: CloseCode) -> None:
    [error] = [one for one in FATAL if one.code is code.error]
    assert code.reconnect == error.retryable


@pytest.mark.parametrize("code", CloseCode)
def test_each_code_has_a_meaning_and_each_code_of_the_service_a_reason_and_an_error(code: CloseCode) -> None:
    assert code.meaning
    if code >= FIRST_CODE_OF_THE_SERVICE:
        assert code.reason
        assert code.error


@pytest.mark.parametrize("code", CloseCode)
def test_a_reason_fits_into_a_control_frame(code: CloseCode) -> None:
    """RFC 6455 section 5.5: 125 bytes, of which the code takes two."""
    a_year = 365 * 86_400_000
    assert len(close_reason(code, a_year).encode()) <= 123


def test_the_wait_is_added_to_the_reason() -> None:
    assert close_reason(CloseCode.RESTART, None) == "the server restarts, reconnect soon"
    assert close_reason(CloseCode.RESTART, 8250) == "the server restarts, reconnect soon; retry_after_ms=8250"
