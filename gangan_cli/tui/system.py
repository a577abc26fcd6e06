"""The machine: processors, memory, free disk and GPUs."""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from gangan_cli import limits
from gangan_cli.formatting import size


@dataclass(frozen=True)
class Gpu:
    """A GPU: load in percent, memory in bytes, temperature in °C."""

    name: str
    load: int
    used: int
    total: int
    celsius: int


@dataclass(frozen=True)
class Machine:
    """A reading of the machine's load. `cores` has the load of each core in percent; `usable` is how
    many of them trainings may use at a time. Memory (as much as processes here may take) and disk are
    in bytes. `load` has the load averages over 1, 5 and 15 minutes."""

    cores: tuple[float, ...]
    usable: int
    load: tuple[float, float, float]
    used: int
    total: int
    disk_free: int
    disk_total: int
    gpus: tuple[Gpu, ...]

    def line(self) -> str:
        """Return the reading as one line."""
        cpu = sum(self.cores) / max(1, len(self.cores))
        parts = [
            f"cpu {cpu:3.0f}%",
            f"mem {size(self.used)}/{size(self.total)}",
            f"disk {size(self.disk_free)} free",
        ]
        parts += [
            f"gpu{number} {gpu.load}% {size(gpu.used)}/{size(gpu.total)} {gpu.celsius}°C"
            for number, gpu in enumerate(self.gpus)
        ]
        return "  ".join(parts)


class Readings:
    """Reads the load of this machine, and the free space of the disk that holds the store `root`. GPUs
    are found once, at the start."""

    def __init__(self, root: Path) -> None:
        self._root = root
        psutil.cpu_percent(percpu=True)  # each call returns the load since the previous one
        self._gpus = _find_gpus()

    def read(self) -> Machine:
        """Return the current load."""
        memory = limits.memory()
        disk_total = disk_free = 0
        with suppress(OSError):
            usage = shutil.disk_usage(self._root)
            disk_total, disk_free = usage.total, usage.free
        return Machine(
            cores=tuple(psutil.cpu_percent(percpu=True)),
            usable=limits.cores(),
            load=os.getloadavg(),
            used=max(0, memory - limits.available()),
            total=memory,
            disk_free=disk_free,
            disk_total=disk_total,
            gpus=tuple(gpu for handle in self._gpus if (gpu := _read_gpu(handle)) is not None),
        )


def _find_gpus() -> list[object]:
    try:
        import pynvml

        pynvml.nvmlInit()
        return [pynvml.nvmlDeviceGetHandleByIndex(n) for n in range(pynvml.nvmlDeviceGetCount())]
    except Exception:
        return []  # there is no NVIDIA driver


def _read_gpu(handle: object) -> Gpu | None:
    import pynvml

    try:
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        name = pynvml.nvmlDeviceGetName(handle)
        return Gpu(
            name=name if isinstance(name, str) else name.decode(),
            load=int(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu),
            used=int(memory.used),
            total=int(memory.total),
            celsius=int(pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU)),
        )
    except pynvml.NVMLError:
        return None  # the GPU fell off the bus, or does not report these values
