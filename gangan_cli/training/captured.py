"""Updates captured on a GPU: all launches of a step are given to it at once (a CUDA graph)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

WARM_UP = 3
"""Runs before capturing, in which libraries set up what must not be captured."""

Capture = Callable[[Callable[[], Tensor]], Callable[[], Tensor]]
"""Takes operations on fixed tensors; returns what does them again and gives the same output tensor."""


def on_cuda(operations: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """Capture `operations`, without doing them, as a CUDA graph."""
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
    """Return `run(*state, *inputs)` captured, as a function of other inputs of the same shapes.

    `state` is what `run` changes in place; capturing leaves it as it is.
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
