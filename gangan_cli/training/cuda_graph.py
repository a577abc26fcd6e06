"""Updates captured as CUDA graphs: all kernels of an update are launched at once.

First the operations that CUDA's libraries reject or run slowly are replaced.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node

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


def capture_update(
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


Operation = Callable[..., Any]

aten = torch.ops.aten

LONG = 8192
"""Inner dimension from which batched products are computed one by one.

cuBLAS splits the inner dimension of a single product among the GPU's processors, but not that of batched
products: five products of (32, 113,745) by (113,745, 64), as in five GAN-GANs over raw weights, take 4.4
ms as a batch and 0.04 ms each alone on an H200, and a step 18 ms instead of 3.3.
"""


def adapt_to_cuda(recorded: GraphModule) -> GraphModule:
    """Change `recorded` in place for CUDA; return it."""
    for node in recorded.graph.nodes:
        if node.target is aten.bmm.default and _inner(node) >= LONG:
            node.target = one_by_one
        elif node.target in ORDERED:
            node.target = ORDERED[node.target]
    recorded.recompile()
    return recorded


def _inner(product: Node) -> int:
    left = product.args[0]
    assert isinstance(left, Node)
    return int(left.meta["val"].shape[-1])


def one_by_one(left: Tensor, right: Tensor) -> Tensor:
    """Return the matrix products (n, A, C) of (n, A, B) and (n, B, C), computed one by one."""
    return torch.stack([a @ b for a, b in zip(left, right, strict=True)])


def in_order(operation: Operation, count: int) -> Operation:
    """Return `operation` with its first `count` tensors made contiguous."""

    def ordered(*given: Any) -> Any:
        return operation(*(tensor.contiguous() for tensor in given[:count]), *given[count:])

    return ordered


ORDERED = {
    aten.cudnn_batch_norm.default: in_order(aten.cudnn_batch_norm.default, 1),
    aten.cudnn_batch_norm_backward.default: in_order(aten.cudnn_batch_norm_backward.default, 2),
}
"""cuDNN operations that require contiguous tensors. With one channel per GAN, PyTorch already counts
vmap's strided tensor as contiguous, so it makes no copy, and cuDNN rejects the tensor.
"""
