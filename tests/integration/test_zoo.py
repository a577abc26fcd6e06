"""The families of the papers: parameters as specified, and what one engine makes of them on digits."""

from functools import cache

import numpy as np
import pytest
import torch

from gangan_cli.config import EngineSettings
from gangan_cli.images.domains import outlines
from gangan_cli.images.loading import load_images
from gangan_cli.models.family import ImageSpec, distinct_parameters, layout, parameters, resume_size
from gangan_cli.models.registry import build, hparams_for
from gangan_cli.training.engine import train
from gangan_cli.training.gans import examples_for
from gangan_cli.training.messages import EpochResult
from tests.known import check_known
from tests.small_families import SMALL

pytestmark = pytest.mark.xdist_group("zoo")

DIGITS = ImageSpec(28, 28)

PARAMETERS = [
    ("mlp", "", (54_465, 59_280)),
    ("gan", "", (533_505, 1_510_032)),
    ("gan", "discriminator=512,512,256", (796_161, 1_510_032)),
    ("gan", "discriminator=512,1024,512 generator=128,256,512,1024,1536", (1_452_545, 3_488_912)),
    ("gan", "discriminator=512,512,512", (927_745, 1_510_032)),
    ("goodfellow", "", (1_231_441, 2_503_984)),
    ("cgan", "", (932_965, 1_511_412)),
    ("cgan", "discriminator=512,512,256 generator=128,256,512,1024,1536", (801_381, 3_490_292)),
    ("cgan", "discriminator=512,512,1024 generator=128,256,512,1024,2048", (1_196_133, 4_417_524)),
    ("cgan", "discriminator=512,512,512,1024", (1_458_789, 1_511_412)),
    ("dcgan", "", (98_113, 856_065)),
    ("dcgan", "generator=128,128,128,64 discriminator=16,32,64,128,256", (393_537, 1_003_905)),
    ("dcgan", "generator=128,128,64,32", (98_113, 874_305)),
    ("dcgan", "generator=256,256,64,32", (98_113, 2_024_513)),
    ("dcgan", "generator=256,128,64,32", (98_113, 1_655_489)),
    ("dcgan-small", "", (2_957, 18_729)),
    ("dcgan-small", "width=8", (11_033, 57_937)),
    ("dcgan-32", "", (270_401, 321_505)),
    ("dcgan-32", "width=64", (4_307_201, 4_511_617)),
    ("wgan", "", (168_593, 494_513)),
    ("shared-wgan", "", (168_593, 494_513)),
    ("cyclegan", "", (134_337, 134_337, 195_521, 195_521, 0, 0)),
    ("cyclegan", "width=32 blocks=3", (134_337, 134_337, 1_073_281, 1_073_281, 0, 0)),
]


@pytest.mark.parametrize(("name", "options", "expected"), PARAMETERS)
def test_parameters_are_those_of_the_specifications(name, options, expected):
    assert tuple(parameters(build(name, hparams_for(name, DIGITS, options))).values()) == expected


def test_shared_parameters_are_counted_once():
    def distinct(options):
        return distinct_parameters(build("shared-wgan", hparams_for("shared-wgan", DIGITS, options)))

    assert distinct("") == 560_706  # 102,400 of 663,106 are shared
    assert distinct("bias=true") == 560_706 - 64
    assert distinct("share=1") == 663_106 - 25 * 64
    assert distinct("update=frozen") == 663_106
    assert distinct_parameters(build("wgan", {})) == 663_106


LARGER = [
    ("dcgan", ImageSpec(32, 32), (98_113, 1_049_985)),
    ("infogan", ImageSpec(32, 32), (104_269, 836_993)),
    ("wgan", ImageSpec(64, 64, 3, 0), (171_985, 1_685_827)),
]


@pytest.mark.parametrize(("name", "image_spec", "expected"), LARGER)
def test_and_those_for_other_images(name, image_spec, expected):
    assert tuple(parameters(build(name, hparams_for(name, image_spec))).values()) == expected


SETTINGS = EngineSettings(epochs=2, batch_size=16, learning_rate=2e-4, seed=3, snapshot_every=1)


@pytest.fixture(scope="module")
def digits():
    return load_images("mnist5k").picked(np.arange(0, 5000, 40))


def trained(family, digits, gans, **how):
    told = list(train(family, examples_for(family, digits).load("cpu"), SETTINGS, gans, **how))
    return [epoch for epoch in told if isinstance(epoch, EpochResult)]


@pytest.fixture(scope="module")
def learned(digits):
    """What makes the two epochs of the first GAN of a family with options; each once."""

    @cache
    def epochs(name, options):
        return trained(build(name, hparams_for(name, DIGITS, options)), digits, [0])

    return epochs


@pytest.mark.parametrize(("name", "options"), SMALL)
def test_each_learns_digits_and_goes_on_from_where_it_was(name, options, digits, learned):
    family = build(name, hparams_for(name, DIGITS, options))
    first, second = learned(name, options)
    assert not second.diverged
    assert np.isfinite(second.snapshots).all()
    assert first.checkpoints.shape[1] == resume_size(family)
    assert (first.snapshots != second.snapshots).any()
    assert np.abs(second.losses).max() < 10
    (again,) = trained(family, digits, [0], start=(1, first.checkpoints))
    assert np.array_equal(again.snapshots, second.snapshots)
    assert np.array_equal(again.losses, second.losses)
    both = (first.snapshots, second.snapshots), (first.losses, second.losses)
    check_known(f"{name} {options}", *map(np.concatenate, both))


@pytest.mark.parametrize(("name", "options"), [SMALL[1], SMALL[2], SMALL[8]])
def test_two_side_by_side_are_each_as_if_alone(name, options, digits):
    family = build(name, hparams_for(name, DIGITS, options))
    together, alone = trained(family, digits, [0, 1])[-1], trained(family, digits, [1])[-1]
    np.testing.assert_allclose(together.losses[1], alone.losses[0], rtol=1e-3)


def test_batch_statistics_are_kept_with_each_gan_and_used_when_it_generates(learned):
    family = build("dcgan-small", {})
    flat = layout(family)
    statistics = {tensor.name for tensor in flat.tensors if tensor.statistic}
    assert len(statistics) == 10
    assert all(name.rpartition(".")[2] in ("running_mean", "running_var") for name in statistics)
    (_, last) = learned("dcgan-small", "")
    values = flat.split(last.snapshots[0])
    assert values["generator.1.running_mean"].any()
    assert (values["discriminator.3.running_var"] != 1).all()


def test_a_batch_norm_is_pytorchs():
    from gangan_cli.models.layers import BatchNorm

    torch.manual_seed(0)
    ours, theirs = BatchNorm(3, 0.8), torch.nn.BatchNorm2d(3, 0.8)
    for _ in range(3):
        x = 2 * torch.randn(4, 3, 5, 5) + 1
        torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))


@pytest.mark.parametrize(("name", "options"), SMALL)
def test_each_generates_images_one_by_one_as_in_a_batch(name, options):
    family = build(name, hparams_for(name, DIGITS, options))
    torch.manual_seed(0)
    networks = {network: module.eval() for network, module in family.networks().items()}
    source = torch.Generator().manual_seed(0)
    noise = (
        torch.rand(5, 784, generator=source) if family.translates_images else family.noise((5,), source)
    )
    made = family.generate(networks, noise).detach()
    assert family.translates_images or noise.shape == (5, family.latent_dim)
    assert made.shape == (5, 784)
    assert made.abs().max() <= 1
    if "wgan" not in name:  # whose batch norms see the batch, also then
        torch.testing.assert_close(family.generate(networks, noise[:1]).detach(), made[:1])


def test_a_generator_of_dcgan_32_goes_the_way_of_a_discriminator_back():
    """Its transposed convolutions are the transposes of the other's, padding and all: the same kernel
    maps either way, so that <conv(x), y> = <x, transposed(y)>."""
    networks = build("dcgan-32", {"width": 4}).networks()
    there = networks["discriminator"].convolutions[1].double()
    back = networks["generator"].convolutions[2].double()
    torch.nn.init.zeros_(there.bias), torch.nn.init.zeros_(back.bias)
    back.weight.data = there.weight.data.clone()
    torch.manual_seed(0)
    x, y = torch.randn(2, 4, 16, 16).double(), torch.randn(2, 8, 8, 8).double()
    torch.testing.assert_close((there(x) * y).sum(), (x * back(y)[:, :, :-1, :-1]).sum())


def test_a_memory_gives_every_second_translation_for_an_earlier_one():
    from gangan_cli.models.cyclegan import POOL_SIZE, ImagePool

    torch.manual_seed(0)
    memory, number, given, old = ImagePool(1), 0, 0, 0
    for step in range(40):
        made = torch.arange(number, number + 60).float()[:, None]
        shown = memory(made, torch.rand(60, 2))
        number += 60
        assert torch.equal(shown[POOL_SIZE:], made[POOL_SIZE:])
        changed = shown[:POOL_SIZE] != made[:POOL_SIZE]
        if step:
            old, given = old + int(changed.sum()), given + POOL_SIZE
            assert (shown[:POOL_SIZE][changed] < made[0]).all()
        else:
            assert not changed.any()
        assert len(set(memory.images[:, 0].tolist())) == POOL_SIZE
    assert old / given == pytest.approx(0.5, abs=0.04)


def test_a_memory_is_part_of_no_snapshot():
    family = build("cyclegan", hparams_for("cyclegan", DIGITS, "width=4 critic_width=4"))
    assert not any("memory" in name for name in layout(family).shapes)


def test_outlines_are_where_images_change():
    square = np.zeros((1, 8, 8), np.uint8)
    square[0, 2:6, 2:6] = 200
    found = outlines(square.reshape(1, 64), 8, 8).reshape(8, 8)
    assert found[0, 0] == 0  # nothing near
    assert found[1, 1] == found[2, 2] == found[5, 6] == 200
    assert (found[3:5, 3:5] == 0).all()  # all within


def shared_kernels(options, learned):
    family = build("shared-wgan", hparams_for("shared-wgan", DIGITS, options))
    (first, second) = (layout(family).split(e.snapshots[0]) for e in learned("shared-wgan", options))
    return [
        (values["critic.convolutions.1.weight"], values["generator.convolutions.1.weight"])
        for values in (first, second)
    ]


def test_a_shared_layer_is_copied_once_a_step_but_in_earlier_runs(digits):
    """Before the generator's update, and not after each of the critic's five; runs whose manifests say
    nothing go on as they began."""
    once, earlier = (
        build("shared-wgan", hparams)
        for hparams in (hparams_for("shared-wgan", DIGITS, "width=4"), {"side": 28, "width": 4})
    )
    assert (once.copies, earlier.copies) == ("once", "each")
    assert [bool(phase.post_update) for phase in once.phases] == [False, False]
    assert [bool(phase.post_update) for phase in earlier.phases] == [True, False]
    first, second = trained(earlier, digits, [0])
    both = (first.snapshots, second.snapshots), (first.losses, second.losses)
    check_known("shared-wgan width=4 copies=each", *map(np.concatenate, both))


def test_a_kernel_at_the_edges_is_spread_like_a_clipped_critics():
    torch.manual_seed(0)
    networks = build("shared-wgan", {"update": "edges"}).networks()
    kernel = networks["generator"].convolutions[1].weight
    at_the_ends = (kernel.abs() == torch.tensor(0.01)).float().mean()
    assert kernel.abs().max() == torch.tensor(0.01) and at_the_ends == pytest.approx(0.5, abs=0.01)
    assert networks["critic"].convolutions[1].weight.abs().max() > 0.03  # has its own


def test_a_shared_layer_is_the_critics(learned):
    for critic, generator in shared_kernels("width=4", learned):
        assert np.array_equal(critic, generator)
        # The critic was clipped before its last update, which moves a weight by little.
        assert np.abs(critic).max() < 0.011


def test_a_layer_that_both_update_is_one(learned):
    (_, one), (critic, generator) = shared_kernels("width=4 update=both", learned)
    assert np.array_equal(critic, generator)
    assert (one != generator).any()


def test_a_frozen_layer_stays_as_it_was_drawn(learned):
    (_, first), (critic, second) = shared_kernels("width=4 update=frozen loss=code", learned)
    assert np.array_equal(first, second)
    assert (critic != second).any()
    assert second.std() == pytest.approx(0.0176, rel=0.2)  # normal, .02, cut at twice that
