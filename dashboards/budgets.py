"""The budgets of the objectives: what was kept, and how fast they burn."""

from collections.abc import Callable

from grafana_foundation_sdk.models import units

from dashboards import thresholds
from dashboards.board import Row
from dashboards.objectives import AVAILABILITY, ELIGIBLE_REQUESTS, FAST, FIRST_CHUNK, SLOW, Objective
from dashboards.panels import Frame, Limit, Panel, lines, number
from dashboards.queries import Query, grown, grown_observations, grown_within, ratio, recorded
from observability.registry.metrics import REQUESTS, TIME_TO_FIRST_CHUNK


def budgets() -> Row:
    in_time = grown_within(TIME_TO_FIRST_CHUNK, thresholds.FIRST_CHUNK_P95_SECONDS)
    return Row(
        "Objectives",
        (
            _kept(
                "Requests that went well",
                AVAILABILITY,
                f"1 - {ratio(grown(REQUESTS, outcome='error'), grown(REQUESTS, ELIGIBLE_REQUESTS))}",
            ),
            _burning("Availability: how fast the budget burns", AVAILABILITY, _failed),
            _kept("First chunks in time", FIRST_CHUNK, ratio(in_time, grown_observations(TIME_TO_FIRST_CHUNK))),
            _burning("First chunk: how fast the budget burns", FIRST_CHUNK, _late),
        ),
    )


def _kept(title: str, objective: Objective, share: str) -> Panel:
    return number(
        Frame(
            title,
            f"In the time shown. The objective over 30 days: {objective.description}.",
            units.PercentUnit,
            4,
        ),
        Query(share),
        floor=objective.share,
        nothing="no requests",
    )


def _burning(title: str, objective: Objective, missed: Callable[[str], str]) -> Panel:
    """How many times as fast as it may the budget burns, over the windows that alerts look at."""
    burns = (*SLOW[::-1], *FAST[::-1])
    lowest, *higher = (burn.rate for burn in burns)
    return lines(
        Frame(
            title,
            "How many times as fast as it may be: at 1 the budget of 30 days lasts 30 days. The lines are those of the "
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
