"""What is changed in recorded operations for a GPU, which here are done on the processor."""

import torch
from torch.fx import symbolic_trace

from gangan_cli.training.cuda_graph import LONG, ORDERED, adapt_to_cuda, in_order, one_by_one
from gangan_cli.training.train_step import record

aten = torch.ops.aten


def called(recorded):
    return [node.target for node in recorded.graph.nodes if node.op == "call_function"]


def test_products_over_many_numbers_are_done_one_by_one_and_stay_what_they_are():
    left, right = torch.randn(2, 3, LONG), torch.randn(2, LONG, 4)

    def both(left, right):
        return torch.bmm(torch.bmm(left, right), right[:, :4, :])

    changed = adapt_to_cuda(record(both, (left, right)))
    assert called(changed).count(one_by_one) == 1
    assert called(changed).count(aten.bmm.default) == 1  # over four numbers
    torch.testing.assert_close(changed(left, right), both(left, right), rtol=1e-4, atol=1e-2)


def test_cudnn_is_given_tensors_that_lie_in_order():
    x = torch.randn(3, 16, 1, 2, 2).movedim(0, 1).reshape(16, 3, 2, 2)  # as vmap does it: a view
    assert not x.is_contiguous()

    def picky(x, gradient, scale):
        assert x.is_contiguous()
        assert not gradient.is_contiguous()
        return (x * scale).sum()

    torch.testing.assert_close(in_order(picky, 1)(x, x, 2.0), (2 * x).sum())
    recorded = symbolic_trace(lambda x, scale: aten.cudnn_batch_norm.default(x, scale))
    assert called(recorded) == [aten.cudnn_batch_norm.default]
    assert called(adapt_to_cuda(recorded)) == [ORDERED[aten.cudnn_batch_norm.default]]
