"""The objectives: the share of good events, and the burn rates of the error budgets."""

from collections.abc import Callable

from grafana_foundation_sdk.models import units

from dashboards import limits, thresholds
from dashboards.board import Row
from dashboards.objectives import (
    AVAILABILITY,
    ELIGIBLE_REQUESTS,
    FAILED_HANDSHAKES,
    FAILED_RECOVERIES,
    FAST,
    FIRST_CHUNK,
    SLOW,
    Objective,
)
from dashboards.panels import Frame, Limit, Panel, lines, number
from dashboards.queries import Query, increase, increase_observations, increase_within, ratio, recorded
from observability.registry.metrics import CONNECTION_ATTEMPTS, RECOVERIES, REQUESTS, TIME_TO_FIRST_CHUNK


def budgets() -> Row:
    in_time = increase_within(TIME_TO_FIRST_CHUNK, thresholds.FIRST_CHUNK_P95_SECONDS)
    not_made = f"{increase(CONNECTION_ATTEMPTS, FAILED_HANDSHAKES)} + {increase(RECOVERIES, FAILED_RECOVERIES)}"
    failed, eligible = (
        f"{increase(REQUESTS, requests)} + {not_made}" for requests in ('outcome="error"', ELIGIBLE_REQUESTS)
    )
    return Row(
        "Objectives",
        (
            _share(
                "Successful requests",
                AVAILABILITY,
                f"1 - {ratio(f'({failed})', f'({eligible})')}",
            ),
            _burn_rate("Availability: burn rate", AVAILABILITY, _failed),
            _share("First chunks in time", FIRST_CHUNK, ratio(in_time, increase_observations(TIME_TO_FIRST_CHUNK))),
            _burn_rate("First chunk: burn rate", FIRST_CHUNK, _late),
            lines(
                Frame(
                    "Failures in an hour",
                    "Requests that failed or could not be made. The alert also requires that they are most of all.",
                    units.Short,
                    24,
                ),
                Query(f"sum({recorded('instance:stream_requests_failed:increase1h')})", "failures"),
                limit=limits.FAILURES,
            ),
        ),
    )


def _share(title: str, objective: Objective, share: str) -> Panel:
    return number(
        Frame(
            title,
            f"In the time range. The objective over 30 days: {objective.description}.",
            units.PercentUnit,
            4,
        ),
        Query(share),
        floor=objective.share,
        nothing="no requests",
    )


def _burn_rate(title: str, objective: Objective, missed: Callable[[str], str]) -> Panel:
    """The burn rate over the windows of the alerts."""
    burns = (*SLOW[::-1], *FAST[::-1])
    lowest, *higher = (burn.rate for burn in burns)
    return lines(
        Frame(
            title,
            "At a burn rate of 1 the error budget of 30 days lasts 30 days. The lines are the thresholds of the "
            "alerts, one for each window.",
            units.Short,
        ),
        *(Query(f"({missed(burn.long)}) / {objective.budget}", burn.long) for burn in reversed(burns)),
        limit=Limit(lowest, (f"{objective.name}BurnFast", f"{objective.name}BurnSlow"), tuple(higher)),
    )


def _failed(window: str) -> str:
    failed = recorded(f"instance:stream_requests_failed:increase{window}")
    eligible = recorded(f"instance:stream_requests_eligible:increase{window}")
    return ratio(f"sum({failed})", f"sum({eligible})")


def _late(window: str) -> str:
    in_time = recorded(f"instance:stream_first_chunks_in_time:increase{window}")
    begun = recorded(f"instance:stream_first_chunks:increase{window}")
    return f"1 - {ratio(f'sum({in_time})', f'sum({begun})')}"
