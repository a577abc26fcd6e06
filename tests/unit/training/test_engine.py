from dataclasses import replace

import numpy as np
import pytest
import torch

from gangan_cli.config import EngineSettings
from gangan_cli.images.loading import load_images
from gangan_cli.models.family import layout
from gangan_cli.models.registry import build
from gangan_cli.rng import stream
from gangan_cli.training.engine import train
from gangan_cli.training.messages import InitialWeights
from gangan_cli.training.placement import place
from gangan_cli.weightspace.sources import ArrayExamples
from tests.runs import numbers

pytestmark = pytest.mark.xdist_group("population")

SETTINGS = EngineSettings(epochs=3, batch_size=64, learning_rate=2e-4, seed=5, snapshot_every=1)


@pytest.fixture(scope="module")
def digits():
    """Enough for 9 steps an epoch."""
    return load_images("mnist5k").picked(np.arange(0, 5000, 8)).load("cpu")


@pytest.fixture(scope="module")
def paper():
    return build("mlp", {})


@pytest.fixture(scope="module")
def three(paper, digits):
    return list(train(paper, digits, SETTINGS, [0, 1, 2]))


def textbook(family, digits, settings, gan):
    """One GAN as one would write it down: modules, two optimisers, two loops."""
    with torch.random.fork_rng():
        torch.set_rng_state(stream(settings.seed, gan, 0, "cpu").get_state())
        networks = family.networks()
    discriminator, generator = networks["discriminator"], networks["generator"]
    adams = [torch.optim.Adam(n.parameters(), lr=settings.learning_rate) for n in networks.values()]
    bce, batch = torch.nn.BCELoss(), settings.batch_size
    one, zero = torch.ones(batch, 1), torch.zeros(batch, 1)
    for epoch in range(1, settings.epochs + 1):
        source = stream(settings.seed, gan, epoch, "cpu")
        order, losses = torch.randperm(len(digits), generator=source), []
        for step in range(len(digits) // batch):
            x = digits.batch(order[None, step * batch : (step + 1) * batch])[0]
            z = torch.randn(batch, family.latent_dim, generator=source)
            g_loss = bce(discriminator(generator(z)), one)
            generator.zero_grad()
            g_loss.backward()
            adams[1].step()
            z = torch.randn(batch, family.latent_dim, generator=source)
            d_loss = bce(discriminator(x), one) + bce(discriminator(generator(z)), zero)
            discriminator.zero_grad()
            d_loss.backward()
            adams[0].step()
            losses.append([g_loss.item(), d_loss.item()])
        weights = torch.cat([p.detach().flatten() for n in networks.values() for p in n.parameters()])
        yield weights.numpy(), np.mean(losses, axis=0), losses[-1]


def test_a_gan_in_a_population_is_the_gan_one_would_train_alone(paper, digits, three):
    for epoch, (weights, mean, last) in zip(three, textbook(paper, digits, SETTINGS, 1), strict=True):
        np.testing.assert_allclose(epoch.snapshots[1], weights, atol=2e-5)
        np.testing.assert_allclose(epoch.losses[1, :, 0], mean, rtol=1e-3)
        np.testing.assert_allclose(epoch.losses[1, :, 1], last, rtol=1e-2)


def test_a_population_of_one_is_that_gan_too(paper, digits):
    alone = train(paper, digits, SETTINGS, [2])
    for epoch, (weights, mean, _) in zip(alone, textbook(paper, digits, SETTINGS, 2), strict=True):
        np.testing.assert_allclose(epoch.snapshots[0], weights, atol=2e-5)
        np.testing.assert_allclose(epoch.losses[0, :, 0], mean, rtol=1e-3)


def test_the_same_seed_gives_the_same_bytes(paper, digits, three):
    for one, other in zip(three, train(paper, digits, SETTINGS, [0, 1, 2]), strict=True):
        assert np.array_equal(one.snapshots, other.snapshots)
        assert np.array_equal(one.losses, other.losses)
        assert np.array_equal(one.checkpoints, other.checkpoints)


@pytest.mark.parametrize("done", [1, 2])
def test_resumed_training_ends_with_the_same_bytes(paper, digits, three, done):
    start = (done, three[done - 1].checkpoints)
    for one, other in zip(
        three[done:], train(paper, digits, SETTINGS, [0, 1, 2], start=start), strict=True
    ):
        assert one.epoch == other.epoch
        assert np.array_equal(one.snapshots, other.snapshots)
        assert np.array_equal(one.losses, other.losses)
        assert np.array_equal(one.checkpoints, other.checkpoints)


def test_gans_differ_from_each_other_and_seeds_too(three, paper, digits):
    assert not np.array_equal(three[0].snapshots[0], three[0].snapshots[1])
    other = EngineSettings(1, 64, 2e-4, seed=6, snapshot_every=1)
    again = next(iter(train(paper, digits, other, [0])))
    assert not np.allclose(again.snapshots[0], three[0].snapshots[0], atol=1e-3)


def test_gans_with_shared_initial_weights_begin_as_gan_0_and_go_their_own_ways(paper, digits, three):
    still = EngineSettings(1, 500, 1e-12, seed=5, snapshot_every=1, init="shared")
    (begun,) = train(paper, digits, still, [2, 0])
    (own,) = train(paper, digits, replace(still, init="own"), [0, 2])
    np.testing.assert_allclose(begun.snapshots[0], begun.snapshots[1], atol=1e-8)
    np.testing.assert_allclose(begun.snapshots[0], own.snapshots[0], atol=1e-8)
    assert not np.allclose(own.snapshots[0], own.snapshots[1], atol=1e-3)
    (moved,) = train(paper, digits, replace(SETTINGS, epochs=1, init="shared"), [0, 1, 2])
    assert np.array_equal(moved.snapshots[0], three[0].snapshots[0])
    assert not np.allclose(moved.snapshots[0], moved.snapshots[1], atol=1e-3)


def test_a_diverged_gan_is_dropped_and_the_others_keep_their_bytes(paper, digits, three):
    states = three[0].checkpoints.copy()
    states[1] = np.nan
    epochs = list(train(paper, digits, SETTINGS, [0, 1, 2], start=(1, states)))
    assert [(e.gans, e.diverged) for e in epochs] == [([0, 2], [1]), ([0, 2], [])]
    assert np.array_equal(epochs[-1].snapshots, three[-1].snapshots[[0, 2]])


def test_when_all_have_diverged_it_ends(paper, digits):
    wild = EngineSettings(5, 64, 1e38, seed=0, snapshot_every=1)
    (epoch,) = train(paper, digits, wild, [0, 1])
    assert epoch.diverged == [0, 1]
    assert epoch.gans == []


def test_when_told_to_stop_the_unfinished_epoch_is_dropped(paper, digits):
    asked = iter([False] * 14 + [True])
    epochs = list(train(paper, digits, SETTINGS, [0], stop=lambda: next(asked)))
    assert [e.epoch for e in epochs] == [1]


def test_epochs_handed_over_late_are_the_same(paper, digits, three):
    late = list(train(paper, digits, SETTINGS, [0, 1, 2], ahead=1))
    assert [epoch.epoch for epoch in late] == [1, 2, 3]
    for one, other in zip(three, late, strict=True):
        assert np.array_equal(one.snapshots, other.snapshots)
        assert np.array_equal(one.losses, other.losses)
        assert np.array_equal(one.checkpoints, other.checkpoints)


def test_what_waits_to_be_handed_over_is_not_lost_when_told_to_stop(paper, digits):
    asked = iter([False] * 14 + [True])
    epochs = list(train(paper, digits, SETTINGS, [0], stop=lambda: next(asked), ahead=1))
    assert [e.epoch for e in epochs] == [1]


def test_states_to_go_on_from_may_come_later_but_come(paper, digits, three):
    *epochs, last = train(paper, digits, SETTINGS, [0, 1, 2], checkpoint_every=3600)
    assert [epoch.checkpoints is None for epoch in epochs] == [True, True]
    assert np.array_equal(last.checkpoints, three[-1].checkpoints)  # the last epoch has one in any case
    asked = iter([False] * 22 + [True])
    *epochs, kept = train(
        paper, digits, SETTINGS, [0, 1, 2], checkpoint_every=3600, stop=lambda: next(asked)
    )
    assert [(epoch.epoch, epoch.checkpoints) for epoch in epochs] == [(1, None), (2, None)]
    assert (kept.epoch, kept.gans) == (2, [0, 1, 2])
    assert np.array_equal(kept.checkpoints, three[1].checkpoints)


def test_only_every_nth_and_the_last_epoch_is_saved(paper, digits):
    sparse = EngineSettings(5, 500, 2e-4, seed=0, snapshot_every=2)
    epochs = list(train(paper, digits, sparse, [0]))
    assert [e.snapshots is not None for e in epochs] == [False, True, False, True, True]
    assert all(len(e.losses) == 1 for e in epochs)


def test_a_snapshot_holds_the_moving_average_and_the_resume_state_the_weights_themselves():
    family = build("r1-mlp", {"data_dim": 6, "latent_dim": 2})
    examples = ArrayExamples(torch.from_numpy(numbers(0, 64, 6)), repeat=1)
    settings = EngineSettings(2, 16, 1e-2, seed=0, snapshot_every=1)
    first, second = train(family, examples, settings, [0])
    size = layout(family).size
    discriminator = sum(t.size for t in layout(family).tensors if t.name.startswith("disc"))
    assert np.array_equal(first.snapshots[0, :discriminator], first.checkpoints[0, :discriminator])
    assert not np.array_equal(
        first.snapshots[0, discriminator:], first.checkpoints[0, discriminator:size]
    )
    (again,) = train(family, examples, settings, [0], start=(1, first.checkpoints))
    assert np.array_equal(again.snapshots, second.snapshots)


def test_checkpoints_of_another_size_are_refused(paper, digits):
    with pytest.raises(ValueError, match="checkpoints of shape"):
        next(iter(train(paper, digits, SETTINGS, [0], start=(1, numbers(0, 1, 7)))))


def test_gans_are_trained_one_by_one_on_processors_whatever_the_number_of_workers():
    for workers in (1, 2, 8):
        assert place(35, "cpu", workers).chunks == [[gan] for gan in range(35)]
    assert len(place(35, "cpu", 1).devices) == 1


def test_tiny_gans_are_stacked_on_processors_in_chunks_that_depend_on_the_run_alone(monkeypatch):
    chunks = [list(range(first, first + 40)) for first in (0, 40, 80)]
    for cores, workers in ((2, None), (8, None), (8, 1)):
        monkeypatch.setattr("gangan_cli.limits.cores", lambda cores=cores: cores)
        placement = place(120, "cpu", workers, cpu_stack=50)
        assert placement.chunks == chunks
        assert len(placement.devices) == min(3, workers or cores)


def test_an_epoch_may_have_a_number_of_steps_of_several_passes_or_a_part_of_one(paper, digits, three):
    """Digits are enough for 9 steps."""
    (part,) = train(paper, digits, replace(SETTINGS, epochs=1, epoch_steps=4), [1])
    (whole,) = train(paper, digits, replace(SETTINGS, epochs=1, epoch_steps=9), [1])
    (more,) = train(paper, digits, replace(SETTINGS, epochs=1, epoch_steps=20), [1])
    np.testing.assert_allclose(whole.snapshots[0], three[0].snapshots[1], atol=2e-5)
    assert len({epoch.snapshots.tobytes() for epoch in (part, whole, more)}) == 3


def test_few_gans_share_all_cores_or_what_the_environment_allows(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("gangan_cli.limits.cores", lambda: 8)
    assert [place(gans, "cpu", None).threads for gans in (1, 3, 8, 35)] == [8, 2, 1, 1]
    for said, threads in (("3", 3), ("4,2", 4), ("16", 8), ("0", 8), ("many", 8)):
        monkeypatch.setenv("OMP_NUM_THREADS", said)
        assert place(1, "cpu", None).threads == threads


def test_gpus_share_the_gans_evenly(monkeypatch):
    monkeypatch.setattr("gangan_cli.training.placement.find", lambda device: ["cuda:0", "cuda:1"])
    spread = place(5, "auto", None)
    assert spread.chunks == [[0, 1, 2], [3, 4]]
    assert spread.devices == ["cuda:0", "cuda:1"]


def test_initial_weights_come_first_if_asked_for_and_change_nothing(paper, digits, three):
    settings = replace(SETTINGS, keep_initial=True)
    initial, *epochs = train(paper, digits, settings, [0, 1, 2])
    assert isinstance(initial, InitialWeights) and initial.gans == [0, 1, 2]
    for gan in (0, 1):
        generator = stream(SETTINGS.seed, gan, 0, "cpu")
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(generator.get_state())
            networks = paper.networks()
        first = networks["discriminator"].state_dict()["input.weight"].flatten().numpy()
        assert np.array_equal(initial.snapshots[gan, : len(first)], first)
    assert np.array_equal(epochs[-1].snapshots, three[-1].snapshots)
    again = list(train(paper, digits, settings, [0, 1, 2], start=(1, three[0].checkpoints)))
    assert not any(isinstance(one, InitialWeights) for one in again)


def test_losses_of_steps_are_those_whose_mean_is_the_epochs(paper, digits):
    (epoch,) = train(paper, digits, replace(SETTINGS, epochs=1, keep_step_losses=True), [0, 1])
    steps = SETTINGS.steps(len(digits))
    assert epoch.step_losses.shape == (2, steps, 2)
    np.testing.assert_allclose(epoch.step_losses.mean(axis=1), epoch.losses[:, :, 0], rtol=1e-5)
    assert np.array_equal(epoch.step_losses[:, -1], epoch.losses[:, :, 1].astype(np.float32))


def test_a_gan_may_have_another_gans_random_numbers(paper, digits, three):
    settings = replace(SETTINGS, seed=99, origins=((SETTINGS.seed, 2), (SETTINGS.seed, 0)))
    last = list(train(paper, digits, settings, [0, 1]))[-1]
    np.testing.assert_allclose(last.snapshots, three[-1].snapshots[[2, 0]], atol=2e-5)
