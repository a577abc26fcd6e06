"""Hidden units of any plain stack are found, and nothing else is taken for them."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call

from gangan_cli.models.family import layout
from gangan_cli.models.registry import build
from gangan_cli.weightspace.plain_stacks import find_hidden_units
from gangan_cli.weightspace.unit_matching import UnitMatcher
from store import Layout
from tests.runs import numbers


def layout_of(network):
    return Layout.of({n: t.shape for n, t in network.state_dict().items() if t.is_floating_point()})


def function(network, of, vector, *inputs):
    """What the network with the weights of a flat vector makes of inputs."""
    tensors = {name: torch.from_numpy(array) for name, array in of.split(vector).items()}
    with torch.no_grad():
        return functional_call(network.eval(), tensors, inputs).numpy()


def perceptron(activation=None, sizes=(7, 5, 6, 3)):
    layers = []
    for a, b in itertools.pairwise(sizes):
        layers += [nn.Linear(a, b), activation or nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


def convolutional():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3), nn.ReLU(inplace=True), nn.Flatten(),
        nn.Linear(6 * 4 * 4, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 2),
    )  # fmt: skip


class Upwards(nn.Module):
    """A linear layer whose outputs become the pixels of channels, as in a generator."""

    def __init__(self):
        super().__init__()
        self.linear, self.norm = nn.Linear(3, 8 * 4), nn.BatchNorm2d(8)
        self.up, self.last = nn.ConvTranspose2d(8, 5, 4, 2, 1), nn.ConvTranspose2d(5, 1, 4, 2, 1)

    def forward(self, x):
        x = self.norm(self.linear(x).view(len(x), 8, 2, 2)).relu()
        return self.last(self.up(x).relu())


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.inner, self.back, self.last = (
            nn.Linear(*s) for s in ((5, 8), (8, 8), (8, 8), (8, 3))
        )

    def forward(self, x):
        x = self.first(x).relu()
        return self.last(x + self.back(self.inner(x).relu()))


class HalfAndHalf(nn.Module):
    """Units that are not alike: some with one activation, others with another."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(5, 8), nn.Linear(8, 3)

    def forward(self, x):
        x = self.first(x)
        return self.last(torch.cat([x[:, :4].relu(), x[:, 4:].tanh()], dim=1))


def sizes(units):
    return [(group.name, group.units, group.scalable) for group in units.groups]


@pytest.mark.parametrize(
    ("network", "inputs", "expected"),
    [
        (perceptron(), (4, 7), [("0", 5, True), ("2", 6, True)]),
        (perceptron(nn.Tanh()), (4, 7), [("0", 5, False), ("2", 6, False)]),
        (perceptron(nn.ReLU6()), (4, 7), [("0", 5, False), ("2", 6, False)]),
        (convolutional(), (4, 1, 14, 14), [("0", 4, False), ("4", 6, True), ("7", 5, False)]),
        (Upwards(), (4, 3), [("linear", 8, False), ("up", 5, True)]),
    ],
)
def test_a_plain_stacks_units_are_found_and_its_function_stays(network, inputs, expected):
    of = layout_of(network)
    units = find_hidden_units(network, of)
    assert sizes(units) == expected and not units.reasons
    vector = numbers(1, of.size)
    for tensor in of.tensors:
        if tensor.name.endswith("running_var"):
            vector[tensor.place] = np.abs(vector[tensor.place]) + 0.5
    x = torch.from_numpy(numbers(2, *inputs))
    before = function(network, of, vector, x)
    rng = np.random.default_rng(3)
    moved = units.permute(vector[None], units.random(rng))
    assert np.abs(moved - vector).max() > 0.5
    np.testing.assert_allclose(function(network, of, moved[0], x), before, rtol=1e-4, atol=1e-4)
    balanced = units.balance(moved)
    np.testing.assert_allclose(function(network, of, balanced[0], x), before, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (Residual(), "last takes the outputs of back and first at once"),
        (HalfAndHalf(), "the units of first cannot change places"),
        (nn.Sequential(nn.Linear(5, 8), nn.GroupNorm(4, 8), nn.Linear(8, 2)), "cannot change places"),
        (nn.Sequential(nn.Conv2d(4, 4, 3, groups=2), nn.Conv2d(4, 2, 3)), "convolution of groups"),
        (nn.Sequential(nn.Embedding(3, 4), nn.Linear(4, 2)), "0 is Embedding"),
        (nn.Bilinear(3, 3, 3), "the network itself is Bilinear"),
    ],
)
def test_what_is_no_plain_stack_is_refused_with_a_reason(network, reason):
    units = find_hidden_units(network, layout_of(network))
    assert not units.groups
    assert reason in units.reasons[""]


def test_one_layer_used_twice_is_refused():
    layer = nn.Linear(4, 4)
    network = nn.Sequential(layer, nn.ReLU(), layer)
    assert "one tensor" in find_hidden_units(network, layout_of(network)).reasons[""]


def test_another_layout_is_an_error():
    with pytest.raises(
        ValueError, match=r"0\.weight is \(5, 7\) in the network, \(5, 8\) in the layout"
    ):
        find_hidden_units(perceptron(), layout_of(perceptron(sizes=(8, 5, 6, 3))))


@pytest.mark.parametrize("name", ["mlp", "gan", "dcgan-small", "dcgan"])
def test_families_units_are_found_with_or_without_statistics(name):
    options = {
        "mlp": {"data_dim": 16, "latent_dim": 3, "discriminator_width": 5, "generator_width": 5},
        "gan": {"data_dim": 16, "generator": "5,6", "discriminator": "5,4"},
        "dcgan": {"side": 8, "generator": "4,4,4", "discriminator": "4,4"},
    }
    family = build(name, options.get(name, {}))
    whole = find_hidden_units(family.networks(), layout(family))
    trainable = find_hidden_units(family.networks(), layout(family).trainable)
    assert not whole.reasons and sizes(whole) == sizes(trainable)
    assert {group.name.partition(".")[0] for group in whole.groups} == {"discriminator", "generator"}


def test_balanced_units_have_incoming_weights_as_long_as_outgoing_ones_whatever_their_scales():
    network = perceptron()
    of = layout_of(network)
    units = find_hidden_units(network, of)
    vectors = numbers(1, 3, of.size)
    scaled = vectors.copy()
    rng = np.random.default_rng(0)
    units.scale_(scaled, [np.exp(rng.standard_normal((3, group.units))) for group in units.groups])
    balanced = units.balance(vectors)
    np.testing.assert_allclose(units.balance(scaled), balanced, rtol=1e-4, atol=1e-5)
    tensors = of.split(balanced[0])
    incoming = (tensors["2.weight"] ** 2).sum(1) + tensors["2.bias"] ** 2
    np.testing.assert_allclose(incoming, (tensors["4.weight"] ** 2).sum(0), rtol=1e-4)


@pytest.mark.parametrize("seed", range(8))
def test_matching_finds_the_least_distance_over_all_orders_of_a_tiny_network(seed):
    network = perceptron(nn.Tanh(), sizes=(6, 4, 3, 5))
    of = layout_of(network)
    units = find_hidden_units(network, of)
    a = numbers(seed, of.size)
    hidden = units.permute(numbers(seed, 1, of.size), units.random(np.random.default_rng(seed)))
    b = (hidden + 0.5 * numbers(seed + 50, 1, of.size)).astype(np.float32)
    every = itertools.product(*(itertools.permutations(range(group.units)) for group in units.groups))
    least = min(
        np.linalg.norm(units.permute(b, tuple(map(np.array, orders)))[0] - a) for orders in every
    )
    found = units.permute(b, UnitMatcher(units, a).match(b[0]))[0]
    assert np.linalg.norm(found - a) == pytest.approx(least, rel=1e-5)


def test_matching_undoes_any_order_and_never_ends_farther_than_it_began():
    network = convolutional()
    of = layout_of(network)
    units = find_hidden_units(network, of)
    a, other = numbers(1, of.size), numbers(2, of.size)
    moved = units.permute(a[None], units.random(np.random.default_rng(3)))
    orders = UnitMatcher(units, a).match(moved[0])
    assert np.array_equal(units.permute(moved, orders)[0], a)
    found = units.permute(other[None], UnitMatcher(units, a).match(other, units.identity))[0]
    assert np.linalg.norm(found - a) <= np.linalg.norm(other - a)
