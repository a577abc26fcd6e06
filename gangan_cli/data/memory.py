"""How much memory may be taken here without pushing anybody out."""

import resource
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def available() -> int:
    """Return the bytes that this process can still take: of the machine, container and `ulimit -v`."""
    import psutil

    free: list[int] = [psutil.virtual_memory().available]
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        free.append(limit - psutil.Process().memory_info().vms)
    for ceiling, statistics, used in (
        ("memory.max", "memory.stat", "anon"),
        ("memory/memory.limit_in_bytes", "memory/memory.stat", "rss"),
    ):
        try:
            most = (CGROUPS / ceiling).read_text().strip()
            lines = dict(line.split() for line in (CGROUPS / statistics).read_text().splitlines())
            free += [int(most) - int(lines[used])] if most.isdecimal() else []
        except (OSError, KeyError, ValueError):
            continue  # another kind of cgroup, or none
    return max(0, min(free))
