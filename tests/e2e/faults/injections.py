"""The faults. Each is a context manager that takes a stage, and lasts until the context ends."""

import asyncio
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress

import httpx
import psutil

from service.stores.factory import FILE_NAME
from tests.clients.direct import handshake
from tests.contract.stores.test_sqlite import damage
from tests.descriptors import further_descriptors
from tests.e2e.faults import visits
from tests.e2e.faults.stage import Stage
from tests.integration.access.users import bearer
from tests.integration.observability.known_users import token

Fault = Callable[[Stage], AbstractContextManager[None]]


def together(*those: Fault) -> Fault:
    """All of these at once."""

    @contextmanager
    def fault(stage: Stage) -> Iterator[None]:
        with ExitStack() as ends:
            for one in those:
                ends.enter_context(one(stage))
            yield

    return fault


@contextmanager
def nothing(_: Stage) -> Iterator[None]:
    yield


@contextmanager
def job_renamed(stage: Stage) -> Iterator[None]:
    """The scrape configuration has another job name than the rules."""
    stage.prometheus.rename_job("streaming")
    yield


# Dependencies


@contextmanager
def redis_slow(stage: Stage) -> Iterator[None]:
    """Each call takes 450 ms longer."""
    stage.redis_proxy.delay_seconds = 0.45
    yield
    stage.redis_proxy.delay_seconds = 0


@contextmanager
def redis_hung(stage: Stage) -> Iterator[None]:
    with stage.redis.frozen():
        yield


@contextmanager
def redis_dead(stage: Stage) -> Iterator[None]:
    stage.redis.stop()
    yield
    stage.redis.start()


@contextmanager
def postgres_dead(stage: Stage) -> Iterator[None]:
    stage.postgres.stop()
    yield
    stage.postgres.start()


@contextmanager
def collector_dead(stage: Stage) -> Iterator[None]:
    stage.collector.stop()
    yield


@contextmanager
def collector_slow(stage: Stage) -> Iterator[None]:
    """Each export takes a second longer."""
    stage.collector_proxy.delay_seconds = 1
    yield
    stage.collector_proxy.delay_seconds = 0


@contextmanager
def keys_lost(stage: Stage) -> Iterator[None]:
    """The issuer signs with a new key, and its keys cannot be fetched."""
    stage.published_keys.close()
    asyncio.run(handshake(stage.instance.server, "/ws/stream/fault", **bearer(token("next"))))
    yield


# Processes


@contextmanager
def repeated(action: Callable[[], object], every_seconds: float) -> Iterator[None]:
    """Do this now, and again while the context lasts; raise what it raised."""
    over = threading.Event()
    errors: list[BaseException] = []

    def repeat() -> None:
        try:
            action()
            while not over.wait(every_seconds):
                action()
        except BaseException as error:  # noqa: BLE001 - raised at the end
            errors.append(error)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if errors:
        raise errors[0]


def freezes(seconds: float, every_seconds: float) -> Fault:
    """The process is suspended for so long, at this interval: a host that has no time for it."""

    @contextmanager
    def fault(stage: Stage) -> Iterator[None]:
        def freeze() -> None:
            with frozen(stage.processes()):
                threading.Event().wait(seconds)

        with repeated(freeze, every_seconds - seconds):
            yield

    return fault


def blocked_loop(every_seconds: float) -> Fault:
    """The event loop is blocked for half a second, at this interval: a call in it that waits."""

    @contextmanager
    def fault(stage: Stage) -> Iterator[None]:
        def block() -> None:
            httpx.get(f"{stage.instance.server.url}/break/loop", timeout=60)

        with repeated(block, every_seconds):
            yield

    return fault


@contextmanager
def frozen(processes: list[psutil.Process]) -> Iterator[None]:
    with ExitStack() as ends:
        for process in processes:
            process.suspend()
            ends.callback(resumed, process)
        yield


def resumed(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):  # it was killed
        process.resume()


@contextmanager
def worker_hung(stage: Stage) -> Iterator[None]:
    with frozen(stage.workers()[:1]):
        yield


def workers_killed(times: int, every_minutes: float) -> Fault:
    @contextmanager
    def fault(stage: Stage) -> Iterator[None]:
        for number in range(times):
            victim = stage.workers()[number % 2]
            victim.kill()
            stage.instance.server.logged("worker_replaced", pid=victim.pid)
            stage.wait_minutes(every_minutes)
        yield

    return fault


@contextmanager
def instance_dead(stage: Stage) -> Iterator[None]:
    """The first of several is killed."""
    stage.instance.kill()
    yield
    stage.instance.start()


@contextmanager
def instances_dead(stage: Stage) -> Iterator[None]:
    for instance in stage.instances:
        instance.kill()
    yield
    for instance in stage.instances:
        instance.start()


@contextmanager
def instance_hung(stage: Stage) -> Iterator[None]:
    with frozen(stage.processes()):
        yield


@contextmanager
def deploys(stage: Stage) -> Iterator[None]:
    """All instances are replaced, twice, one after the other."""
    for _ in range(2):
        for instance in stage.instances:
            instance.stop()
            instance.start()
            stage.wait_minutes(2)
    yield


@contextmanager
def restarts(stage: Stage) -> Iterator[None]:
    """The process is killed again and again, and replaced; the fault is there with the fourth time."""
    for number in range(5):
        stage.instance.kill()
        stage.instance.start()
        if number == 3:
            stage.fault_at = time.time()
        stage.wait_minutes(1)
    yield


# Resources


@contextmanager
def disk_full(stage: Stage) -> Iterator[None]:
    """No file of the service can grow."""
    with ExitStack() as ends:
        for process in stage.processes():
            soft, hard = process.rlimit(resource.RLIMIT_FSIZE)
            process.rlimit(resource.RLIMIT_FSIZE, (4096, hard))
            ends.callback(process.rlimit, resource.RLIMIT_FSIZE, (soft, hard))
        yield


def changed(prepare: Callable[[Stage], dict[str, object]]) -> Fault:
    """The first of several instances is restarted with the settings that ``prepare`` returns."""

    @contextmanager
    def fault(stage: Stage) -> Iterator[None]:
        stage.instance.stop()
        stage.instance.start(**prepare(stage))
        stage.fault_at = time.time()
        yield

    return fault


def unusable_folder(stage: Stage) -> dict[str, object]:
    """``DATA_DIR`` is below a file."""
    (stage.folder / "file").touch()
    return {"DATA_DIR": stage.folder / "file" / "data"}


def damaged_table(stage: Stage) -> dict[str, object]:
    damage(stage.folder / "instance-0" / "data" / FILE_NAME, "streams")
    return {}


def little_memory(stage: Stage) -> dict[str, object]:
    """The limit is what another instance uses."""
    return {"MEMORY_LIMIT": stage.memory_bytes(stage.instances[1])}


@contextmanager
def descriptors_used_up(stage: Stage) -> Iterator[None]:
    """For a moment the process may open no further file."""
    server = stage.instance.server
    with further_descriptors(server, 0), stage.load.clients(5, visits.sit):
        server.logged("accept_paused")
    yield


# Clients


@contextmanager
def bad_client(stage: Stage) -> Iterator[None]:
    with stage.load.clients(1, visits.err):
        yield


@contextmanager
def heavy_documents(stage: Stage) -> Iterator[None]:
    with stage.load.clients(4, visits.stream_heavy):
        yield


@contextmanager
def seats_taken(stage: Stage) -> Iterator[None]:
    with stage.load.clients(int(str(stage.setup.settings["MAX_CONNECTIONS"])), visits.sit):
        yield


@contextmanager
def seats_taken_at_times(stage: Stage) -> Iterator[None]:
    """For one minute in ten."""
    with repeated_in_minutes(stage, 10, seats_taken):
        yield


@contextmanager
def repeated_in_minutes(stage: Stage, every: float, fault: Fault) -> Iterator[None]:
    def once() -> None:
        with fault(stage):
            stage.wait_minutes(1)

    with repeated(once, (every - 1) * stage.minute):
        yield


@contextmanager
def refused_handshakes(stage: Stage) -> Iterator[None]:
    """A page of an origin that is not allowed connects again and again."""
    with stage.load.clients(5, visits.edit, lambda _: {"origin": "https://other.example"}):
        yield


@contextmanager
def expired_tokens(stage: Stage) -> Iterator[None]:
    """Clients connect with a token that has expired, again and again."""
    with stage.load.clients(5, visits.edit, lambda _: {"token": token(exp=time.time() - 60)}):
        yield


@contextmanager
def slow_readers(stage: Stage) -> Iterator[None]:
    with stage.load.clients(20, visits.stall, visits.narrow):
        yield
