"""What surrounds a CUDA graph, with operations that are simply done again in its place."""

import torch

from gangan_cli.config import EngineSettings
from gangan_cli.models.registry import build
from gangan_cli.training import backends
from gangan_cli.training.cuda_graph import capture_update
from gangan_cli.training.engine import Population
from gangan_cli.training.execution import Execution


def test_capturing_changes_nothing_and_each_replay_takes_the_inputs_it_is_given():
    state = torch.zeros(3)

    def add(state, x, rate):
        state.add_(rate * x)
        return state.sum()

    run = capture_update(add, [state], [torch.ones(3), torch.tensor(9.0)], capture=lambda again: again)
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

    run = capture_update(copy, [], [torch.zeros(1)], capture=lambda again: again)
    first = run(torch.ones(1))
    run(torch.full((1,), 2.0))
    assert first.item() == 1


def test_a_captured_update_of_a_stack_is_the_update(monkeypatch):
    family = build("mlp", {"data_dim": 6, "latent_dim": 4, "generator_width": 8})
    settings = EngineSettings(epochs=1, batch_size=16, learning_rate=1e-2, seed=3, snapshot_every=1)
    examples, noise = torch.rand(2, 3, 16, 6), torch.randn(2, 2, 3, 16, 4)
    scalars = torch.tensor([[[1e-2, 1.0, 0.0]] * 2, [[2e-2, 0.5, 0.5]] * 2])
    plain = Population(family, settings, [0, 1, 2], "cpu")

    def as_on_a_gpu(what, recorded, state, inputs, compiling):
        return capture_update(recorded(), state, inputs, capture=lambda again: again)

    monkeypatch.setattr(backends, "compile_update", as_on_a_gpu)
    other = Population(family, settings, [0, 1, 2], "cpu", Execution(compiled=True))
    for step in zip(examples, noise, scalars, strict=True):
        assert torch.equal(plain.step(*step), other.step(*step))
    for one, same in zip(plain.copies(), other.copies(), strict=True):
        assert torch.equal(one, same)
