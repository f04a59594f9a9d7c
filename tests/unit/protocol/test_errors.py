"""The classes of errors cover the codes of the protocol."""

from collections import Counter

import pytest

from service.protocol.errors import ErrorCode, StreamingError, error_classes


def test_every_code_has_one_class_but_two_of_faults_and_three_that_may_close_the_connection_or_not() -> None:
    count = Counter(kind.code for kind in error_classes())
    assert set(count) == set(ErrorCode)
    shared = {code for code, classes in count.items() if classes > 1}
    assert shared == {
        ErrorCode.CHUNKING_ERROR,
        ErrorCode.PROCESSING_ERROR,
        ErrorCode.UNAUTHENTICATED,
        ErrorCode.FORBIDDEN,
        ErrorCode.RATE_LIMIT_EXCEEDED,
    }


@pytest.mark.parametrize("kind", list(error_classes()))
def test_every_class_has_a_description_of_its_own(kind: type[StreamingError]) -> None:
    assert "__doc__" in vars(kind)
    assert kind.__doc__
