"""Scales that a leaky network leaves free, brought to one choice."""

import numpy as np

from gangan_cli.models.family import layout
from gangan_cli.models.registry import build
from gangan_cli.weightspace.matching import rescale_
from gangan_cli.weightspace.symmetries import NETWORKS, weights
from tests.runs import numbers

HPARAMS = {"data_dim": 20, "latent_dim": 6, "discriminator_width": 7, "generator_width": 9}
LAYOUT = layout(build("mlp", HPARAMS))


def test_balanced_scales_are_a_function_of_the_vector_alone():
    plain = numbers(4, 5, LAYOUT.size)
    once = rescale_(LAYOUT, plain.copy())
    np.testing.assert_allclose(rescale_(LAYOUT, once.copy()), once, rtol=1e-5)
    for network in NETWORKS:
        own = weights(LAYOUT, network, once)
        first = np.square(own.input).sum(2) + np.square(own.input_bias)
        second = np.square(own.hidden).sum(2) + np.square(own.hidden_bias)
        np.testing.assert_allclose(first, np.square(own.hidden).sum(1), rtol=1e-4)
        np.testing.assert_allclose(second, np.square(own.out).sum(1), rtol=1e-4)
    scaled = plain.copy()
    weights(LAYOUT, "generator", scaled).input[:, 2] *= 3
    weights(LAYOUT, "generator", scaled).input_bias[:, 2] *= 3
    weights(LAYOUT, "generator", scaled).hidden[:, :, 2] /= 3
    np.testing.assert_allclose(rescale_(LAYOUT, scaled), once, rtol=1e-4, atol=1e-5)
