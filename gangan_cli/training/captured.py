"""Updates captured as CUDA graphs: all kernels of an update are launched at once."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

WARM_UP = 3
"""Warm-up runs before capturing, in which libraries do setup that must not be captured."""

Capture = Callable[[Callable[[], Tensor]], Callable[[], Tensor]]
"""Takes operations on fixed tensors; returns a function that replays them into the same output
tensor."""


def on_cuda(operations: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """Capture `operations` as a CUDA graph, without running them."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = operations()

    def replay() -> Tensor:
        graph.replay()
        return output

    return replay


def captured(
    run: Callable[..., Tensor],
    state: Sequence[Tensor],
    inputs: Sequence[Tensor],
    capture: Capture = on_cuda,
) -> Callable[..., Tensor]:
    """Return `run(*state, *inputs)` as a captured function of other inputs of the same shapes.

    `run` changes `state` in place; capturing leaves it unchanged.
    """
    fixed = [tensor.clone() for tensor in inputs]
    copies = [tensor.clone() for tensor in state]
    for _ in range(WARM_UP):
        run(*copies, *fixed)
    replay = capture(lambda: run(*state, *fixed))

    def again(*inputs: Tensor) -> Tensor:
        for place, tensor in zip(fixed, inputs, strict=True):
            place.copy_(tensor, non_blocking=True)
        return replay().clone()  # the next replay writes to the same place

    return again
