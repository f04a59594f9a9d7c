"""The targets of the project, as listed in README.md."""

import re
from functools import partial

from benchmarks.browser import PAGE, SET_CONTENT
from benchmarks.contents import HOSTILE, RICH
from benchmarks.fairness import ATTACKS
from benchmarks.hostile_clients import CUT, END, ENDED, GET, PACE
from benchmarks.hostile_clients import MEMORY as ATTACKER_MEMORY
from benchmarks.live import AT_ONCE, PACED
from benchmarks.measure import Goal
from benchmarks.processes import BARE_FASTAPI, FLOOR
from benchmarks.restart import FOLLOWED
from benchmarks.telemetry import EVERY_TRACE, LAG, OFF, SOME_TRACES
from benchmarks.token_checks import CACHED_KEY, SECRET_TOKEN
from benchmarks.token_streams import NO_USERS, WITH_A_TOKEN
from benchmarks.worker_scrape import LOOPS, WORKERS

_A, _B = BARE_FASTAPI.name, FLOOR.name
_NH3 = "nh3.clean of its HTML"

_content = partial(Goal, "content", "CPU, {case}", other="library", paired=True)
_memory = partial(Goal, "content_memory", over="worst")
_lag = partial(Goal, "content_lag", "lag of the event loop during content work, {case}, ms")
_worst = partial(Goal, over="worst", paired=True)
_cpu = partial(Goal, "telemetry_cpu", other=OFF, paired=True, over="each")
_pace = partial(Goal, "telemetry_deviation_p99", limit=1, minus=OFF, over="each")


GOALS = (
    Goal("cpu", f"CPU for a chunk at {{case}} / {_A}", 0.35, _A),
    Goal("cpu", f"CPU for a chunk at {{case}} / {_B}", 1.4, _B),
    Goal("deviation_p99", "deviation p99 at {case}, ms", 20),
    Goal("growth_deviation_p99", "deviation p99 at {case}, ms", 20, over="each"),
    Goal("growth_slope", "CPU for a chunk, {case}", 1.1),
    Goal("memory", f"memory of an idle connection at {{case}} / {_A}", 1.2, _A),
    Goal("memory", "memory of an idle connection at {case}, KB", 14),
    _content(4, only=".* KB Latin text by word .*"),
    _content(2, only=".* KB Latin text by character .*"),
    _content(4, only=".* KB HTML, fragment .*"),
    _content(6, only=".* KB HTML, incremental .*"),
    _content(4, only=".* KB styled HTML, fragment .*"),
    _content(6, only=".* KB styled HTML, incremental .*"),
    Goal("content_markdown", f"CPU, {{case}} beyond its conversion / {_NH3}", 4, _NH3, "conversion"),
    _worst("content_growth_rich", "CPU for twice the content / once, worst ({case})", 2.2, "once", subject="twice"),
    _worst("content_growth_hostile", "CPU for twice the content / once, worst ({case})", 2.2, "once", subject="twice"),
    Goal("content_growth_hostile", "CPU, hostile content, worst ({case}), ms", 250, subject="once", over="worst"),
    _memory("memory at the peak / rich content, worst ({case})", 16, only=rf"\d+ KB ({'|'.join(RICH)})"),
    _memory(
        "memory at the peak / hostile content, worst ({case})",
        60,
        only=rf"\d+ KB ({'|'.join(map(re.escape, HOSTILE))})",
    ),
    _lag(10, only="p99"),
    _lag(30, only="maximum"),
    _worst("cache_hit", "CPU, plan in memory / not, worst ({case})", 0.1, "not in memory", subject="in memory"),
    _worst("cache_packing", "CPU, pack / prepare, worst ({case})", 0.2, "prepare", subject="pack"),
    Goal("tokens", "CPU to check a token, {case}, ms", 0.1, over="each", only=f"{CACHED_KEY}|{SECRET_TOKEN}"),
    Goal(
        "token_cpu",
        f"CPU for a chunk at {{case}}: {WITH_A_TOKEN} / {NO_USERS}",
        1.02,
        NO_USERS,
        subject=WITH_A_TOKEN,
        paired=True,
    ),
    _cpu(f"CPU for a chunk at {{case}}: {SOME_TRACES} / {OFF}", 1.05, subject=SOME_TRACES),
    _pace(f"deviation p99 at {{case}}: {SOME_TRACES} - {OFF}, ms", subject=SOME_TRACES),
    _cpu(f"CPU for a chunk at {{case}}: {EVERY_TRACE} / {OFF}", 1.15, subject=EVERY_TRACE),
    _pace(f"deviation p99 at {{case}}: {EVERY_TRACE} - {OFF}, ms", subject=EVERY_TRACE),
    Goal("live_cpu", "CPU for a token at {case}, µs", 80, over="each"),
    Goal("live_delay_p99", "source to socket p99, {case}, ms", 15, only=f".*, {AT_ONCE}"),
    Goal("live_delay_p99", "source to socket p99, {case}, ms", 250, only=f".*, {PACED}"),
    Goal("live_gaps", "gap between chunks on bursts, {case}", 2, only="p99 / p50"),
    Goal("live_growth", "CPU of the last tokens / of the first, {case}", 1.3),
    Goal("live_memory", "memory beyond the source, {case}, KB", 20),
    Goal("live_cancel", "cancel to producer, {case}, ms", 100, only="p99"),
    Goal("telemetry_scrape", "{case} in a scrape, ms", 10, only=LAG),
    Goal("telemetry_workers", f"{{case}} of {WORKERS} workers in a scrape, ms", 100, only=LOOPS),
    Goal("browser_frames", "frames of {case} of HTML, p95, ms", 50, subject=PAGE),
    Goal("browser_frames", f"frames of {{case}} of HTML / {SET_CONTENT}", 1, SET_CONTENT, subject=PAGE),
    Goal("browser_memory", "memory of a stream, {case}, KB", 5, subject=PAGE),
    Goal("attacks", "slowest GET / under attack, worst ({case}), ms", 250, subject=GET, over="worst"),
    Goal("attacks", "p99 deviation / before the attack, worst ({case})", 2, subject=PACE, over="worst"),
    Goal("attacks", "memory of an attacker, worst ({case}), KB", 1000, subject=ATTACKER_MEMORY, over="worst"),
    Goal("attacks", "last cut, worst ({case}), s", 11, subject=CUT, over="worst", only=ENDED),
    Goal("attacks", "end after SIGTERM, worst ({case}), s", 10, subject=END, over="worst"),
    *(Goal("fairness", f"first chunk {name}, {{case}}", 500, subject=name, only="p99, ms") for name in ATTACKS),
    *(Goal("fairness", f"{name}, {{case}}", 0, subject=name, only="small refused") for name in ATTACKS),
    Goal("restart", "restart, {case}", 60, subject=FOLLOWED, only=".*: most .* 100 ms", over="each"),
    Goal("restart", "restart, {case}", 0, subject=FOLLOWED, only=".*: (lost|failed attempts)", over="each"),
)
