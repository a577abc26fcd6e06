"""What surrounds a CUDA graph, with operations that are simply done again in its place."""

import torch

from gangan_cli.training.captured import captured


def test_capturing_changes_nothing_and_each_replay_takes_the_inputs_it_is_given():
    state = torch.zeros(3)

    def add(state, x, rate):
        state.add_(rate * x)
        return state.sum()

    run = captured(add, [state], [torch.ones(3), torch.tensor(9.0)], capture=lambda again: again)
    assert state.tolist() == [0, 0, 0]
    first = run(torch.tensor([1.0, 2, 3]), torch.tensor(2.0))
    assert state.tolist() == [2, 4, 6]
    second = run(torch.ones(3), torch.tensor(-1.0))
    assert state.tolist() == [1, 3, 5]
    assert (first.item(), second.item()) == (12, 9)


def test_an_output_outlives_the_next_replay():
    place = torch.zeros(1)

    def copy(x):
        place.copy_(x)
        return place  # as a CUDA graph does, which always writes to the same place

    run = captured(copy, [], [torch.zeros(1)], capture=lambda again: again)
    first = run(torch.ones(1))
    run(torch.full((1,), 2.0))
    assert first.item() == 1
