"""How recorded updates are executed: eagerly, compiled, or as CUDA graphs; with how many threads, and
with which library for matrix products.

All of this affects rounding and nothing else. The choice is stored with the run, so that it is resumed
with the same rounding.
"""

from dataclasses import dataclass
from typing import Literal

Matmul = Literal["default", "onednn"]


@dataclass(frozen=True)
class Execution:
    """How updates are executed: compiled or not, with which library for matrix products, and with how
    many threads."""

    compiled: bool = False
    matmul: Matmul = "default"
    threads: int = 1


EAGER = Execution()
"""Eager execution of the recorded operations, with PyTorch's defaults."""


@dataclass(frozen=True)
class ExecutionRequest:
    """Inputs to the choice of execution: the user's compile flag (None: where it pays), the total number
    of steps of all GANs, the threads available per worker, and how many GANs are trained together."""

    compile: bool | None
    steps: int
    threads: int = 1
    stack: int = 1
