"""What has to be changed in recorded operations for a GPU: what its libraries are slow at, or refuse."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node

Operation = Callable[..., Any]

aten = torch.ops.aten

LONG = 8192
"""Inner dimension from which the products of a batch are done one by one.

cuBLAS shares the inner dimension of one product out among the GPU's processors, but not that of several
at once: five of (32, 113,745) by (113,745, 64), as five GAN-GANs over raw weights take, cost 4.4 ms
together and 0.04 ms each alone on an H200, and a step of theirs 18 ms for 3.3.
"""


def for_cuda(recorded: GraphModule) -> GraphModule:
    """Change `recorded` so that a GPU can do it, and fast; return it."""
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
    """Return the products (n, A, C) of matrices (n, A, B) and (n, B, C)."""
    return torch.stack([a @ b for a, b in zip(left, right, strict=True)])


def in_order(operation: Operation, count: int) -> Operation:
    """Return `operation` as it is done with its first `count` tensors in the order of their axes."""

    def ordered(*given: Any) -> Any:
        return operation(*(tensor.contiguous() for tensor in given[:count]), *given[count:])

    return ordered


ORDERED = {
    aten.cudnn_batch_norm.default: in_order(aten.cudnn_batch_norm.default, 1),
    aten.cudnn_batch_norm_backward.default: in_order(aten.cudnn_batch_norm_backward.default, 2),
}
"""Operations of cuDNN that want tensors which lie in memory as their axes say.

vmap gives it others: the one channel that each of several GANs has, side by side, is no copy to PyTorch.
"""
