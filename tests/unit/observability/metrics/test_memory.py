"""Memory usage and limit, from trees of files as in containers and on hosts."""

import os
from collections.abc import Mapping
from pathlib import Path

from observability.metrics.memory import MemoryCollector

MIB = 2**20

V1_NO_LIMIT = 9223372036854771712
FIRST = 10
"""The process that started all others."""


def tree(root: Path, files: Mapping[str, object]) -> Path:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{content}\n")
    return root


def v2(folder: str, current: int, limit: object, **stat: int) -> dict[str, object]:
    """The files of one group of version 2."""
    path = Path("sys/fs/cgroup") / folder
    return {
        f"{path}/memory.current": current,
        f"{path}/memory.max": limit,
        f"{path}/memory.stat": lines(stat),
    }


def v1(folder: str, usage: int, limit: int, **stat: int) -> dict[str, object]:
    """The files of one group of version 1."""
    path = Path("sys/fs/cgroup/memory") / folder
    return {
        f"{path}/memory.usage_in_bytes": usage,
        f"{path}/memory.limit_in_bytes": limit,
        f"{path}/memory.stat": lines(stat),
    }


def lines(stat: dict[str, int]) -> str:
    return "\n".join(f"{name} {value}" for name, value in stat.items())


def processes(children: Mapping[int, tuple[int, ...]]) -> dict[str, object]:
    """The files of processes with two threads, of which one has started the children. Each has 800 private pages."""
    files: dict[str, object] = {}
    for process, started in children.items():
        files[f"proc/{process}/statm"] = "5000 1200 400 1 0 900 0"
        files[f"proc/{process}/task/{process}/children"] = ""
        files[f"proc/{process}/task/{process + 1}/children"] = " ".join(map(str, started))
    return files


def private(count: int) -> int:
    """The memory of this many processes."""
    return count * 800 * os.sysconf("SC_PAGE_SIZE")


def shown(root: Path, limit: int | None = None) -> dict[str, float]:
    families = MemoryCollector(limit, root, FIRST).collect()
    return {sample.name: sample.value for family in families for sample in family.samples}


def expected(usage: int, limit: int | None = None) -> dict[str, float]:
    both = {"stream_memory_usage_bytes": usage, "stream_memory_limit_bytes": limit}
    return {name: value for name, value in both.items() if value is not None}


def test_a_container_of_version_2_sees_its_group_as_the_root(tmp_path: Path) -> None:
    stat = {"anon": 90 * MIB, "file": 60 * MIB, "shmem": 5 * MIB, "inactive_file": 40 * MIB, "active_file": 15 * MIB}
    files = v2("", 150 * MIB, 512 * MIB, **stat)
    assert shown(tree(tmp_path, {"proc/self/cgroup": "0::/", **files})) == expected(95 * MIB, 512 * MIB)


def test_the_limit_of_a_group_around_it_holds_and_is_compared_with_that_groups_usage(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/machine/unit/part",
        **v2("machine/unit/part", 10 * MIB, "max", inactive_file=0),
        **v2("machine/unit", 200 * MIB, 400 * MIB, inactive_file=50 * MIB),
        **v2("machine", 900 * MIB, 1000 * MIB, inactive_file=0),
    }
    assert shown(tree(tmp_path, files)) == expected(150 * MIB, 400 * MIB)


def test_without_a_limit_there_is_none_and_usage_is_the_innermost_groups(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/user/shell",
        **v2("user/shell", 30 * MIB, "max", inactive_file=10 * MIB),
        **v2("user", 100 * MIB, "max", inactive_file=0),
    }
    assert shown(tree(tmp_path, files)) == expected(20 * MIB)


def test_a_container_of_version_1_whose_path_is_the_hosts(tmp_path: Path) -> None:
    stat = {"cache": 3 * MIB, "total_cache": 60 * MIB, "total_inactive_file": 40 * MIB, "total_active_file": 20 * MIB}
    files = {
        "proc/self/cgroup": "5:cpu,cpuacct:/docker/b7\n4:memory:/docker/b7\n0::/",
        **v1("", 160 * MIB, 256 * MIB, **stat),
    }
    assert shown(tree(tmp_path, files)) == expected(100 * MIB, 256 * MIB)


def test_the_largest_number_of_version_1_is_no_limit(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "4:memory:/", **v1("", 160 * MIB, V1_NO_LIMIT, total_inactive_file=0)}
    assert shown(tree(tmp_path, files)) == expected(160 * MIB)


def test_with_a_limit_from_the_settings_usage_is_that_of_the_processes_and_not_of_the_group(tmp_path: Path) -> None:
    """A group that surrounds the service contains other processes too."""
    files = {"proc/self/cgroup": "0::/", **v2("", 745 * MIB, 4096 * MIB, inactive_file=0), **processes({FIRST: ()})}
    assert shown(tree(tmp_path, files), limit=256 * MIB) == expected(private(1), 256 * MIB)


def test_with_several_workers_usage_is_that_of_all_processes(tmp_path: Path) -> None:
    """The supervisor, two workers, and the process for large content of one of them; another process of the machine."""
    tree(tmp_path, processes({FIRST: (20, 30), 20: (40,), 30: (), 40: (), 99: ()}))
    assert shown(tmp_path, limit=256 * MIB) == expected(private(4), 256 * MIB)


def test_without_a_group_usage_is_that_of_the_processes(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "0::/", **processes({FIRST: (20,), 20: ()})}
    assert shown(tree(tmp_path, files)) == expected(private(2))


def test_a_process_that_ends_during_the_scrape_has_no_memory(tmp_path: Path) -> None:
    assert shown(tree(tmp_path, processes({FIRST: (20,)})), limit=MIB) == expected(private(1), MIB)


def test_this_process_has_memory() -> None:
    usage = sum(family.samples[0].value for family in MemoryCollector(2**40).collect()) - 2**40
    assert MIB < usage < 2**36


def test_a_cache_larger_than_the_usage_read_just_before_leaves_nothing(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "0::/", **v2("", 5 * MIB, "max", inactive_file=6 * MIB)}
    assert shown(tree(tmp_path, files)) == expected(0)


def test_a_limit_that_is_changed_while_the_process_runs_is_seen(tmp_path: Path) -> None:
    tree(tmp_path, {"proc/self/cgroup": "0::/", **v2("", 5 * MIB, "max", inactive_file=0)})
    collector = MemoryCollector(None, tmp_path, FIRST)
    assert len(list(collector.collect())) == 1
    tree(tmp_path, v2("", 5 * MIB, 64 * MIB, inactive_file=0))
    assert [family.samples[0].value for family in collector.collect()] == [5 * MIB, 64 * MIB]


def test_what_is_unknown_is_absent(tmp_path: Path) -> None:
    assert shown(tmp_path) == {}
    assert shown(tmp_path, limit=MIB) == {"stream_memory_limit_bytes": MIB}
    files = {"proc/self/cgroup": "0::/", "sys/fs/cgroup/memory.current": "garbage", "sys/fs/cgroup/memory.max": ""}
    assert shown(tree(tmp_path, files)) == {}
