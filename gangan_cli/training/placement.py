"""Which GANs are trained together, and where.

Chunks depend on the run and the kind of device only, never on the number of workers, so the bytes do not
depend on it either.
"""

import math
import os
import sys
from dataclasses import dataclass

from gangan_cli import limits
from gangan_cli.training.devices import find


@dataclass(frozen=True)
class Placement:
    """Which GANs are trained together, and on which devices; `threads` is the number of threads per
    worker."""

    devices: list[str]
    chunks: list[list[int]]
    threads: int


def place(gans: int, device: str, workers: int | None) -> Placement:
    """Return the placement of `gans` GANs on `device`.

    `device` is auto, cpu, cuda, cuda:N or mps; `workers` bounds the processes (default: one per
    core that may be used, or one per GPU), and the environment's OMP_NUM_THREADS the threads of each.

    Raises:
        ConfigurationError: there is no such device here.
    """
    devices = find(device)
    if devices != ["cpu"]:
        chunks = _split(gans, math.ceil(gans / len(devices)))
        return Placement(devices[: min(len(chunks), workers or len(devices))], chunks, threads=1)
    # Each core trains one GAN after the other: its weights and moments stay in the core's cache, and its
    # bytes do not depend on how many others there are.
    cores = limits.cores()
    chunks = _split(gans, 1)
    processes = min(gans, workers or cores)
    return Placement(["cpu"] * processes, chunks, min(cores // min(gans, cores), _allowed()))


def _allowed() -> int:
    """Return the number of threads that the environment allows a process. Two threads that share a step
    spin while they wait for each other: if other processes have the cores, they take twenty times as
    long as one thread."""
    setting = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return int(setting) if setting.isdecimal() and int(setting) else sys.maxsize


def _split(gans: int, size: int) -> list[list[int]]:
    return [list(range(first, min(first + size, gans))) for first in range(0, gans, size)]
