"""Changes to recorded operations for CUDA: replaces operations that its libraries reject or run
slowly."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node

Operation = Callable[..., Any]

aten = torch.ops.aten

LONG = 8192
"""Inner dimension from which batched products are computed one by one.

cuBLAS splits the inner dimension of a single product among the GPU's processors, but not that of batched
products: five products of (32, 113,745) by (113,745, 64), as in five GAN-GANs over raw weights, take 4.4
ms as a batch and 0.04 ms each alone on an H200, and a step 18 ms instead of 3.3.
"""


def for_cuda(recorded: GraphModule) -> GraphModule:
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
