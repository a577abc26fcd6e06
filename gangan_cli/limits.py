"""The cores and the memory that this process may use, which in a container are fewer than the machine's.

Containers and batch systems limit the control group (cgroup) of a process, or one above it; the smallest
limit counts. Linux has two kinds: version 1 with a tree for each resource, version 2 with one tree.
All functions take the folder that contains /proc and /sys, so that tests can imitate other machines.
"""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")

DIGITS = 21
"""More digits than any number of bytes or microseconds has."""


def cores(root: Path = ROOT) -> int:
    """Return how many processes can compute at the same time, at least 1.

    A fractional quota is rounded down: a process with a share of a core is paused within its steps, and
    takes as much memory as the others.
    """
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([there, *map(int, _quotas(root))]))


def available(root: Path = ROOT) -> int:
    """Return the bytes of memory still available to this process, by the machine, its cgroups and
    `ulimit -v`."""
    import psutil

    free: list[int] = [psutil.virtual_memory().available]
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        free.append(limit - psutil.Process().memory_info().vms)
    free += [most - used for most, used in _memories(root)]
    return max(0, min(free))


def memory(root: Path = ROOT) -> int:
    """Return the total memory in bytes: the machine's, or the limit of its cgroups."""
    import psutil

    return min([int(psutil.virtual_memory().total), *(most for most, _ in _memories(root))])


def _quotas(root: Path) -> Iterator[float]:
    """Yield the number of cores of each cgroup that limits them."""
    for group in _groups(root, ""):
        quota, period = _numbers(group / "cpu.max", 2)
        if quota and period:
            yield quota / period
    for group in _groups(root, "cpu"):
        (quota,), (period,) = (_numbers(group / f"cpu.cfs_{name}_us", 1) for name in ("quota", "period"))
        if quota and period:
            yield quota / period


def _memories(root: Path) -> Iterator[tuple[int, int]]:
    """Yield the limit and the usage in bytes of each cgroup that limits memory. Cached files, which the
    kernel drops on demand, do not count as used.
    """
    for group in _groups(root, ""):
        for limit in ("memory.max", "memory.high"):
            (most,) = _numbers(group / limit, 1)
            if most:
                yield most, _taken(group, "memory.current", "")
    for group in _groups(root, "memory"):
        (most,) = _numbers(group / "memory.limit_in_bytes", 1)  # without a limit, more than there is
        if most:
            yield most, _taken(group, "memory.usage_in_bytes", "total_")


def _taken(group: Path, usage: str, prefix: str) -> int:
    (used,) = _numbers(group / usage, 1)
    wanted = (f"{prefix}active_file", f"{prefix}inactive_file")
    lines = (line.partition(" ") for line in _text(group / "memory.stat").splitlines())
    return max(0, used - sum(_number(value) for name, _, value in lines if name in wanted))


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of the cgroup that this process is in, and of those above it: of the tree of a
    version 1 `controller`, or of version 2's with "".

    A container may see its own cgroup at the top of the tree, but its path as the machine has it: the
    folders on the way are then missing, and nothing is read from them.
    """
    places = {"": ["", "unified"]}.get(controller, [controller])  # beside version 1, "unified" is 2
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controller in controllers.split(","):
            parts = [part for part in path.split("/") if part not in ("", "..")]
            for place in places:
                for depth in range(len(parts), -1, -1):
                    yield (root / "sys/fs/cgroup" / place).joinpath(*parts[:depth])


def _numbers(file: Path, count: int) -> list[int]:
    """Return the first `count` numbers in `file`; 0 in place of anything but a positive number, as in
    "max" or -1."""
    numbers = [_number(word) for word in _text(file).split()[:count]]
    return numbers + [0] * (count - len(numbers))


def _number(word: str) -> int:
    return int(word) if word.isdecimal() and len(word) < DIGITS else 0


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except (OSError, ValueError):  # not there, not for us; ValueError: a path with a null byte
        return ""
