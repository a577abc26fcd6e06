"""The devices of this machine, and what of it determines how results round."""

import contextlib
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gangan_cli.errors import ConfigurationError


def find(device: str) -> list[str]:
    """Return the devices that `device` (auto, cpu, cuda, cuda:N or mps) means here, one a worker.

    auto takes every CUDA GPU, else Apple's, else the processor; cuda takes every CUDA GPU.

    Raises:
        ConfigurationError: there is no such device here.
    """
    import torch

    gpus = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if device == "cpu":
        return ["cpu"]
    if device == "auto":
        return gpus or (["mps"] if torch.backends.mps.is_available() else ["cpu"])
    if device == "cuda" and gpus:
        return gpus
    if device in gpus or (device == "mps" and torch.backends.mps.is_available()):
        return [device]
    if device == "cuda" or device.startswith("cuda:") or device == "mps":
        raise ConfigurationError(
            f"no device {device!r} on this machine: it has {', '.join([*gpus, 'cpu'])}"
        )
    raise ConfigurationError(f"no device {device!r}: use auto, cpu, cuda, cuda:N or mps")


def numerics_fingerprint(device: str) -> dict[str, Any]:
    """Return what, besides the settings, determines how results round: equal values give equal bytes.

    This does not hold on a GPU, whose kernels may sum in a different order each time.
    """
    kind = device.partition(":")[0]
    return {
        "device": kind,
        "processor": processor(),
        "torch": version("torch"),
        "repeats": kind == "cpu",
    }


def processor() -> str:
    """Return the processor's name, as in "AMD EPYC 9R14"."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
