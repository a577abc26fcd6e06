"""The classifiers of the zoo, and their score: what a user writes for `gangan audit`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

TEST = Path(__file__).parent / "test.npz"
"""Test images and labels, which the zoo puts beside its copy of this file."""


def build() -> nn.Module:
    """A classifier of MNIST, 784-32-32-10."""
    return nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 10))


@cache
def _test() -> tuple[Tensor, Tensor]:
    with np.load(TEST) as arrays:
        return torch.from_numpy(arrays["images"]), torch.from_numpy(arrays["labels"])


def accuracy(state: Mapping[str, Tensor]) -> float:
    """The share of test images that are classified correctly."""
    network = build()
    network.load_state_dict(dict(state))
    images, labels = _test()
    with torch.no_grad():
        return float((network(images).argmax(1) == labels).float().mean())
