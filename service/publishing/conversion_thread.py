"""The thread in which long parts of live streams are converted."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Result = TypeVar("_Result")


class ConversionThread:
    """One for the process: short pieces of work, in the order of the calls, so that streams take turns."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="live content")

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """Return the result of ``work``, or raise its exception. It runs to its end even if the caller is cancelled."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def close(self) -> None:
        """Accept no more work, and drop what waits."""
        self._executor.shutdown(wait=False, cancel_futures=True)
