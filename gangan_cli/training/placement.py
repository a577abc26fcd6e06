"""Which GANs are trained together, and where.

Chunks depend on the run and the kind of device only, never on the number of workers, so the bytes do not
depend on it either.
"""

import math
import os
import sys
from dataclasses import dataclass

from gangan_cli import limits
from gangan_cli.errors import ConfigurationError
from gangan_cli.training.devices import find
from gangan_cli.training.ray_cluster import Cluster


@dataclass(frozen=True)
class Placement:
    """Which GANs are trained together, and on which devices, one a worker; `threads` is the number of
    threads per worker. On a `cluster` there may be more workers, up to `most`, when nodes join."""

    devices: list[str]
    chunks: list[list[int]]
    threads: int
    cluster: Cluster | None = None
    most: int | None = None


def place(
    gans: int,
    device: str,
    workers: int | None,
    *,
    cluster: Cluster | None = None,
    cpu_stack: int = 1,
) -> Placement:
    """Return the placement of `gans` GANs on `device`, here or on a cluster; a processor trains up to
    `cpu_stack` together.

    `device` is auto, cpu, cuda, cuda:N or mps; `workers` bounds the processes (default: one per
    core that may be used, or one per GPU), and the environment's OMP_NUM_THREADS the threads of each.

    Raises:
        ConfigurationError: there is no such device here.
    """
    devices = find(device) if cluster is None else _of_cluster(device, cluster)
    if devices != ["cpu"]:
        chunks = _split(gans, math.ceil(gans / len(devices)))
        devices = devices[: min(len(chunks), workers or len(devices))]
        return Placement(devices, chunks, 1, cluster, workers)
    # Each core trains one GAN after the other: its weights and moments stay in the core's cache, and its
    # bytes do not depend on how many others there are. Tiny networks are trained in stacks, of equal
    # sizes if possible: each size is recorded and compiled by itself.
    chunks = _split(gans, math.ceil(gans / math.ceil(gans / cpu_stack)))
    cores = limits.cores() if cluster is None else max(1, cluster.cpus)
    processes = min(len(chunks), workers or cores)
    threads = min(cores // min(len(chunks), cores), _allowed()) if cluster is None else 1
    return Placement(["cpu"] * processes, chunks, threads, cluster, workers)


def _of_cluster(device: str, cluster: Cluster) -> list[str]:
    """Return the devices that `device` means on a cluster, where auto takes all GPUs if it has any."""
    if device in ("auto", "cuda") and cluster.gpus:
        return ["cuda"] * cluster.gpus
    if device in ("auto", "cpu"):
        return ["cpu"]
    raise ConfigurationError(f"device is {device!r}, but the Ray cluster has no such: use auto or cpu")


def _allowed() -> int:
    """Return the number of threads that the environment allows a process. Two threads that share a step
    spin while they wait for each other: if other processes have the cores, they take twenty times as
    long as one thread."""
    setting = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return int(setting) if setting.isdecimal() and int(setting) else sys.maxsize


def _split(gans: int, size: int) -> list[list[int]]:
    return [list(range(first, min(first + size, gans))) for first in range(0, gans, size)]
