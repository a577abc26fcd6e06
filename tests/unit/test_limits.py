"""Cores and memory of a made-up machine: its cgroups, of either version, limit them."""

import os

import psutil
import pytest

from gangan_cli import limits

MB = 1_000_000


@pytest.fixture
def machine(tmp_path):
    """What makes files below a root: of `/proc/self/cgroup` and of the cgroups, by path."""

    def make(cgroup, **files):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(cgroup)
        for path, content in files.items():
            file = tmp_path / "sys/fs/cgroup" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        return tmp_path

    return make


@pytest.fixture(autouse=True)
def sixteen_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("200000 100000", 2), ("50000 100000", 1), ("1000 100000", 1), ("370000 100000", 3),
     ("max 100000", 16), ("9900000 100000", 16), ("", 16), ("much", 16), ("100000", 16), ("-1 0", 16),
     ("9" * 5000 + " 1", 16)],
)  # fmt: skip
def test_as_many_cores_are_used_as_a_quota_pays_for(machine, quota, cores):
    assert limits.cores(machine("0::/job\n", **{"job/cpu.max": quota})) == cores


@pytest.mark.parametrize("limited", ["", "user/", "user/job/"])
def test_a_quota_counts_wherever_above_it_is_set(machine, limited):
    found = {"user/cpu.max": "max 100000", f"{limited}cpu.max": "300000 100000"}
    assert limits.cores(machine("0::/user/job\n", **found)) == 3


def test_the_least_of_several_quotas_counts(machine):
    found = {"a/cpu.max": "800000 100000", "a/b/cpu.max": "400000 100000", "c/cpu.max": "100000 100000"}
    assert limits.cores(machine("0::/a/b\n", **found)) == 4


@pytest.mark.parametrize(("quota", "cores"), [("250000", 2), ("50000", 1), ("-1", 16)])
@pytest.mark.parametrize("group", ["", "slurm/job_7/"])
def test_quotas_of_version_1_count_too(machine, quota, cores, group):
    found = {f"cpu/{group}cpu.cfs_quota_us": quota, f"cpu/{group}cpu.cfs_period_us": "100000\n"}
    assert (
        limits.cores(machine("4:cpu,cpuacct:/slurm/job_7\n1:name=systemd:/\n0::/\n", **found)) == cores
    )


def test_a_container_that_sees_its_own_cgroup_at_the_top_is_limited_by_it(machine):
    found = {"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000",
             "memory/memory.limit_in_bytes": "7000000"}  # fmt: skip
    root = machine("4:cpu,cpuacct:/docker/0a1b\n3:memory:/docker/0a1b\n", **found)
    assert limits.cores(root) == 2
    assert limits.memory(root) == 7 * MB


def test_no_more_cores_are_used_than_the_process_is_bound_to(machine, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5})
    assert limits.cores(machine("0::/\n", **{"cpu.max": "800000 100000"})) == 2


def test_a_machine_without_cgroups_has_what_it_has(tmp_path):
    assert limits.cores(tmp_path) == 16
    assert limits.memory(tmp_path) == psutil.virtual_memory().total


@pytest.mark.parametrize(
    "cgroup", ["", "\n", "nonsense", "0:", "0::", "0::/../..", "0::/a\0b", "::::::"]
)
def test_a_cgroup_that_makes_no_sense_limits_nothing(machine, cgroup):
    assert limits.cores(machine(cgroup)) == 16


def test_memory_is_what_the_least_cgroup_leaves_but_for_copies_of_files(machine):
    root = machine(
        "0::/pod/box\n",
        **{
            "pod/memory.max": f"{50 * MB}\n",
            "pod/memory.current": f"{45 * MB}\n",
            "pod/memory.stat": f"anon 1\nactive_file {4 * MB}\ninactive_file {6 * MB}\n",
            "pod/box/memory.max": "max\n",
            "pod/box/memory.high": f"{40 * MB}\n",
            "pod/box/memory.current": f"{20 * MB}\n",
        },
    )
    assert limits.available(root) == 15 * MB
    assert limits.memory(root) == 40 * MB


def test_memory_of_version_1_counts_what_groups_below_have_taken(machine):
    root = machine(
        "5:memory:/job\n0::/\n",
        **{
            "memory/memory.limit_in_bytes": "9223372036854771712\n",
            "memory/job/memory.limit_in_bytes": f"{30 * MB}\n",
            "memory/job/memory.usage_in_bytes": f"{25 * MB}\n",
            "memory/job/memory.stat": f"inactive_file 7\ntotal_inactive_file {8 * MB}\nhierarchy\n",
        },
    )
    assert limits.available(root) == 13 * MB
    assert limits.memory(root) == 30 * MB


def test_what_is_taken_beyond_a_limit_leaves_nothing(machine):
    found = {"memory.max": "100", "memory.current": "200"}
    assert limits.available(machine("0::/\n", **found)) == 0


@pytest.mark.parametrize("content", ["", "lots", "-5", "\0", "12 MB of 30"])
def test_statistics_that_make_no_sense_are_not_fatal(machine, content):
    names = ("memory.max", "memory.current", "memory.stat", "cpu.max")
    root = machine("0::/\n", **dict.fromkeys(names, content))
    assert limits.cores(root) == 16
    assert 0 <= limits.available(root) <= limits.memory(root)
