"""Live streams: producers that are lost or silent, and what makes their readers wait."""

from collections.abc import Iterator

from service.cli.explain.causes.finding import Finding
from service.cli.explain.causes.wording import counted, kept, places, seconds, sessions, share
from service.cli.explain.evidence import Evidence

_STREAMS = "stream_live_streams"
_CHANGES = "stream_live_producer_changes_total"
_HOLD_BACK = "stream_live_hold_back_seconds"
_LAG = "stream_live_durable_lag_seconds"
_REFUSALS = "stream_live_refusals_total"
_MANY_LOST = 10
_MANY_STREAMS = 8
_SILENT_SHARE = 0.25
_MANY_OBSERVATIONS = 1000
_MANY_COMMITS = 100
_LONG_HOLD_SECONDS = 0.3
_LONG_LAG_SECONDS = 0.5
"""As for the alerts, all of them."""


def producers_lost(evidence: Evidence) -> Iterator[Finding]:
    """Back ends end, or lose their connection, without closing their streams."""
    metrics = evidence.metrics
    lost = metrics.increase(_CHANGES, change="lost")
    adopted = metrics.increase(_CHANGES, change="adopted")
    lines = evidence.recent("producer_lost")
    count = max(lost, len(lines))
    if count <= _MANY_LOST:
        return
    of = sessions(lines)
    yield Finding(
        what=f"Back ends lose their live streams: {counted(count, 'producer')}, "
        f"{counted(adopted, 'stream was', 'streams were')} adopted by another one.",
        since=lines[0].at if lines else metrics.began(_CHANGES, change="lost"),
        touches="readers of these streams: what was shown stays, and they wait until another producer continues",
        facts=kept(
            f'metrics: {_CHANGES}{{change="lost"}} +{lost:.0f}' if lost else "",
            f"log: producer_lost of {counted(len(of), 'session')}" if of else "",
        ),
        remedy="Look at the back end: was it killed or replaced? It must close its streams, or adopt them again.",
    )


def producers_silent(evidence: Evidence) -> Iterator[Finding]:
    """Producers of open streams send nothing, and do not renew their leases."""
    states = {
        state: max((one.value for one in evidence.metrics.present(_STREAMS, state=state)), default=0.0)
        for state in ("open", "stalled", "interrupted")
    }
    total = sum(states.values())
    silent = total - states["open"]
    if total <= _MANY_STREAMS or silent <= _SILENT_SHARE * total:
        return
    yield Finding(
        what=f"Producers of live streams are silent: {share(silent, total)} of {counted(total, 'stream')}.",
        since=evidence.metrics.held_since(lambda value: value > 0, _STREAMS, state=("stalled", "interrupted")),
        touches="readers of these streams: nothing new is shown",
        facts=(f"metrics: {_STREAMS}: {', '.join(f'{value:.0f} {state}' for state, value in states.items())}",),
        remedy="Look at the back end and its model, and at proxies that keep request bodies until their end.",
    )


def live_store_lag(evidence: Evidence) -> Iterator[Finding]:
    """Appends are stored late, and nothing is shown before."""
    metrics = evidence.metrics
    lag = metrics.quantile(0.99, _LAG)
    if lag is None or lag.count <= _MANY_COMMITS or lag.seconds <= _LONG_LAG_SECONDS:
        return
    refused = metrics.increase(_REFUSALS, reason=("overloaded", "unavailable"))
    yield Finding(
        what=f"Live streams are stored late: p99 {seconds(lag.seconds)} until an append is durable.",
        since=metrics.began_above(_LAG, _LONG_LAG_SECONDS),
        touches="all readers of live streams: nothing is shown before it is stored; producers are slowed down",
        facts=kept(
            f"metrics: {_LAG} p99 {seconds(lag.seconds)} of {counted(lag.count, 'commit')}",
            f"metrics: {counted(refused, 'refused request')} of producers" if refused else "",
        ),
        remedy="Look at the disk of DATA_DIR and at what locks live.sqlite3 there, or at Redis.",
    )


def live_hold_back(evidence: Evidence) -> Iterator[Finding]:
    """Undecided markup is held back for longer than the limit of the service."""
    metrics = evidence.metrics
    held = metrics.quantile(0.99, _HOLD_BACK)
    if held is None or held.count <= _MANY_OBSERVATIONS or held.seconds <= _LONG_HOLD_SECONDS:
        return
    series = metrics.series(f"{_HOLD_BACK}_count")
    affected = [one.labels for one in series if metrics.growth(one) > 0]
    yield Finding(
        what=f"Text of live streams is held back for too long{places(affected, (one.labels for one in series))}: "
        f"p99 {seconds(held.seconds)}.",
        since=metrics.began_above(_HOLD_BACK, _LONG_HOLD_SECONDS),
        touches="readers of Markdown and HTML: text appears late and in bursts",
        facts=(f"metrics: {_HOLD_BACK} p99 {seconds(held.seconds)} of {counted(held.count, 'undecided end')}",),
        remedy="Fewer live streams per process, or fewer and larger appends: the processor does not keep up.",
    )
