"""The ``verify`` command: every check against a deployment, in a table or as JSON."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass

from service.cli.checks import CHECKS, Check, Mismatch, Probe
from service.cli.exits import Exit
from service.cli.fetch import Response
from service.cli.target import SIGN_IN_ADVICE, report_unreachable
from service.cli.terminal import Screen
from streaming_content import Address, ConnectFailed, ServerError, StreamingError

_CHECK_SECONDS = 120.0
_SLOW_CHECK_SECONDS = 3600.0

_SHOWN_CHARACTERS = 160

_REFUSALS = ("UNAUTHENTICATED", "FORBIDDEN")
_REFUSED_STATUSES = (401, 403)
_NO_SOCKET_STATUSES = (200, 301, 302, 307, 308, 404, 405, 426, 501)


@dataclass(frozen=True)
class Result:
    """The result of one check."""

    check: str
    passed: bool
    seconds: float
    figure: str = ""
    expected: str = ""
    """Only for a failure, as is ``got``."""
    got: str = ""

    @property
    def detail(self) -> str:
        return self.figure if self.passed else f"expected {_cut(self.expected)}, got {_cut(self.got)}"


class CannotVerify(Exception):
    """The address is that of another web server, or the token is refused. ``str()`` is a sentence."""


def verify(  # noqa: PLR0913 - independent options
    address: Address,
    token: str | None,
    *,
    tolerance_ms: float,
    secret: str | None = None,
    with_slow: bool = False,
    as_json: bool = False,
) -> Exit:
    """Run the checks and print their results. ``tolerance_ms`` is that of the pace.

    With a token, the service must need one. With ``secret``, the ``VERIFY_SECRET`` of the service, usage leaves the
    sessions of the checks out.
    """
    checks = [check for check in CHECKS if (with_slow or not check.slow) and (token or not check.needs_token)]
    try:
        return asyncio.run(_verify(Probe(address, token, tolerance_ms / 1000, secret), checks, as_json=as_json))
    except ConnectFailed as error:
        return report_unreachable(error)
    except CannotVerify as error:
        print(error, file=sys.stderr)
        return Exit.USAGE


async def _verify(probe: Probe, checks: Sequence[Check], *, as_json: bool) -> Exit:
    # A wrong address is reported once, and not by each check.
    [root] = await probe.get("/")
    if not _is_service(root):
        answer = f"redirects to {root.location}" if root.location else _answer(root)
        raise CannotVerify(f"{probe.address} is not a Streaming Content API: GET / {answer}. Check --url.")
    await _expect_entry(probe)
    began = time.perf_counter()
    if as_json:
        results = [result async for result in run_checks(probe, checks)]
    else:
        results = await _shown(probe, checks)
    failed = sum(not result.passed for result in results)
    passed = len(results) - failed
    seconds = time.perf_counter() - began
    if as_json:
        summary = {"url": str(probe.address), "passed": passed, "failed": failed, "seconds": round(seconds, 3)}
        print(json.dumps(summary | {"checks": [asdict(result) for result in results]}, indent=2))
    else:
        print(f"\n{passed} passed, {failed} failed in {seconds:.1f} s{_left_out(checks)}")
    return Exit.FAILED if failed else Exit.DONE


async def _shown(probe: Probe, checks: Sequence[Check]) -> list[Result]:
    """Print each result when it is there; on a terminal in colour, above a progress bar."""
    results: list[Result] = []
    width = max(len(check.claim) for check in checks)
    with Screen(sys.stdout) as screen:
        screen.line(f"Verifying {probe.address}{'' if probe.secret is None else ', with VERIFY_SECRET'}\n")
        screen.progress("checks", 0, len(checks))
        async for result in run_checks(probe, checks):
            results.append(result)
            verdict = ("PASS", "green") if result.passed else ("FAIL", "bold red")
            screen.line(f"{result.check:<{width}}  ", verdict, f"  {result.detail}")
            screen.progress("checks", len(results), len(checks))
    return results


async def _expect_entry(probe: Probe) -> None:
    """No WebSocket, a wrong token, or a missing one: reported once too. Raises ``CannotVerify``."""
    try:
        async with probe.connect_as(probe.token) as connection:
            await connection.send("ping")  # a service that waits for a token answers any other message
            refusal: StreamingError | None = None
            first = await connection.receive()
            if first.get("code") in _REFUSALS:
                refusal = ServerError(first)
    except ConnectFailed as error:
        if error.status in _NO_SOCKET_STATUSES:
            raise CannotVerify(
                f"{probe.address} has no Streaming Content API, or a proxy that does not pass WebSockets: the "
                f"handshake was answered with HTTP {error.status}. Check --url."
            ) from None
        refusal = error if error.status in _REFUSED_STATUSES else None
    except StreamingError:
        return  # the checks report it
    if refusal is not None:
        raise CannotVerify(f"{refusal}{SIGN_IN_ADVICE}")


def _answer(root: Response) -> str:
    return f"returned HTTP {root.status} with {root.content_type or 'no content type'}"


def _is_service(root: Response) -> bool:
    try:
        body = json.loads(root.body)
    except (ValueError, RecursionError):  # JSON that is nested too deeply
        return False
    return isinstance(body, dict) and {"service", "status", "version"} <= body.keys()


async def run_checks(probe: Probe, checks: Sequence[Check]) -> AsyncIterator[Result]:
    """Run the checks in order and yield each result; a check that raises has failed."""
    for check in checks:
        yield await _run(check, probe)


async def _run(check: Check, probe: Probe) -> Result:
    began = time.perf_counter()
    limit = _SLOW_CHECK_SECONDS if check.slow else _CHECK_SECONDS

    def result(*, passed: bool, figure: str = "", expected: object = "", got: object = "") -> Result:
        seconds = round(time.perf_counter() - began, 3)
        return Result(check.claim, passed, seconds, figure, str(expected), str(got))

    try:
        async with asyncio.timeout(limit):
            return result(passed=True, figure=await check.run(probe))
    except Mismatch as mismatch:
        return result(passed=False, expected=mismatch.expected, got=mismatch.got)
    except StreamingError as error:
        return result(passed=False, expected="no error and an open connection", got=error)
    except TimeoutError:
        return result(passed=False, expected=f"an end within {limit:g} s", got="none")
    except Exception as error:  # noqa: BLE001 - an unexpected message must not end the other checks
        return result(passed=False, expected="a message of the protocol", got=f"{type(error).__name__}: {error}")


def _left_out(checks: Sequence[Check]) -> str:
    count = sum(check.slow for check in CHECKS) - sum(check.slow for check in checks)
    return f"; {count} slow check left out (--slow)" if count == 1 else ""


def _cut(text: str) -> str:
    one_line = text.replace("\n", " ")
    return one_line if len(one_line) <= _SHOWN_CHARACTERS else one_line[: _SHOWN_CHARACTERS - 1] + "…"
