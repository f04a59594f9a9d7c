"""How long text is held back."""

import asyncio

from service.content.live.document import HOLD_BACK_SECONDS
from service.content.live.text import TextDocument
from service.publishing.hold_back import HoldBack
from tests.virtual_time import run_virtually


class _Holding(TextDocument):
    """Holds as many characters as it is set."""

    held = 0


class _Bench:
    def __init__(self) -> None:
        self.document = _Holding()
        self.counted: list[float] = []
        self.revealed: list[float] = []
        self.busy = False
        self.end = 0
        self.hold_back = HoldBack(self.document, self._reveal, self.counted.append)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _reveal(self) -> bool:
        if self.busy:
            return False
        self.revealed.append(self._now())
        self.change(0, self.document.held)
        return True

    def change(self, added: int, held: int) -> None:
        self.document.held = held
        self.end += added
        self.hold_back.update(self.end, self._now())


async def _pass(seconds: float) -> None:
    await asyncio.sleep(seconds)


def _near(found: list[float], expected: list[float]) -> bool:
    return [round(one, 3) for one in found] == expected


def test_what_is_held_is_revealed_in_time() -> None:
    async def main() -> None:
        bench = _Bench()
        bench.change(10, 4)
        await _pass(1)
        assert _near(bench.revealed, [HOLD_BACK_SECONDS])
        assert _near(bench.counted, [HOLD_BACK_SECONDS])

    run_virtually(main())


def test_nothing_is_revealed_that_was_shown_before() -> None:
    async def main() -> None:
        bench = _Bench()
        for _ in range(20):  # always another character
            bench.change(1, 1)
            await _pass(0.1)
        bench.change(1, 0)
        await _pass(1)
        assert bench.revealed == []
        assert _near(bench.counted, [0.1] * 20)

    run_virtually(main())


def test_text_that_came_first_is_not_held_longer_because_more_comes() -> None:
    async def main() -> None:
        bench = _Bench()
        for number in range(1, 11):
            bench.change(1, number)
            await _pass(0.05)
        assert _near(bench.revealed[:1], [HOLD_BACK_SECONDS])

    run_virtually(main())


def test_undecided_characters_that_remain_are_not_revealed_again() -> None:
    async def main() -> None:
        bench = _Bench()
        bench.change(3, 3)
        await _pass(5)
        assert len(bench.revealed) == 1
        bench.change(1, 4)
        await _pass(5)
        assert len(bench.revealed) == 2

    run_virtually(main())


def test_it_waits_for_a_document_that_is_being_converted() -> None:
    async def main() -> None:
        bench = _Bench()
        bench.change(3, 3)
        bench.busy = True
        await _pass(1)
        bench.busy = False
        bench.change(1, 4)
        await _pass(0.01)
        assert _near(bench.revealed, [1.0])

    run_virtually(main())


def test_the_end_is_counted_and_reveals_nothing() -> None:
    async def main() -> None:
        bench = _Bench()
        bench.change(3, 3)
        await _pass(0.1)
        bench.hold_back.close()
        await _pass(1)
        assert bench.revealed == []
        assert _near(bench.counted, [0.1])

    run_virtually(main())
