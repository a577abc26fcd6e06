"""Classes and codes, where they lie in noise."""

import numpy as np
import torch

from gangan_cli.models.latent_codes import Categorical, Continuous, one_of_each_class
from gangan_cli.models.registry import build


def noise_of(family, count):
    return family.noise((count,), torch.Generator().manual_seed(0)).numpy()


def test_a_label_is_one_hot_where_noise_has_it():
    family = build("cgan", {})
    (label,) = family.latent_codes
    noise = noise_of(family, 25)
    drawn = noise[:, label.first : label.first + label.count]
    assert np.array_equal(np.sort(drawn, axis=1), np.eye(10)[[9] * 25])
    chosen = label.put(noise, [3] * 25)
    assert np.array_equal(chosen[:, 100:], np.eye(10)[[3] * 25])
    assert np.array_equal(chosen[:, :100], noise[:, :100])


def test_infogan_has_a_class_and_codes():
    family = build("infogan", {})
    codes = family.latent_codes
    assert codes == (
        Categorical("class", 62, 10, learned=True),
        Continuous("code 1", 72),
        Continuous("code 2", 73),
    )
    noise = noise_of(family, 2000)
    assert np.abs(noise[:, 72:]).max() <= 1
    assert np.abs(noise[:, 72:].std(axis=0) - 3**-0.5).max() < 0.02
    assert (codes[2].put(noise, np.full(2000, 0.5))[:, 73] == 0.5).all()


def test_classes_take_turns_and_other_noise_stays():
    family = build("cgan", {})
    noise = noise_of(family, 25)
    turned = one_of_each_class(family.latent_codes, noise)
    assert turned[:, 100:].argmax(axis=1).tolist() == [*range(10), *range(10), *range(5)]
    assert np.array_equal(turned[:, :100], noise[:, :100])
    plain = build("mlp", {})
    assert one_of_each_class(plain.latent_codes, noise) is noise
