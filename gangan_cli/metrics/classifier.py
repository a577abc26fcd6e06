"""The classifier that most scores are based on: "Deep MNIST for Experts" of TensorFlow's tutorials.

Karuvally (001) judges GANs with it, in section 6.1.1 of the paper. Two 5×5 convolutions of 32 and 64
channels, each with a 2×2 maximum pool, then 1,024 units with dropout, then a logit for each of ten
classes: 3,274,634 parameters.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

Pixels = NDArray[np.uint8]
Features = NDArray[np.float32]

FEATURES = 1024
"""Length of the feature vector: the activations of the last hidden layer."""

BLOCK = 250
"""Images classified at a time: their activations fit in the cache of a core or two."""


class Classifier(nn.Module):
    """Images (B, 1, 28, 28) in [0, 1] to logits (B, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 5, padding=2)
        self.conv2 = nn.Conv2d(32, 64, 5, padding=2)
        self.hidden = nn.Linear(64 * 7 * 7, FEATURES)
        self.out = nn.Linear(FEATURES, 10)
        for layer in (self.conv1, self.conv2, self.hidden, self.out):
            nn.init.trunc_normal_(layer.weight, std=0.1, a=-0.2, b=0.2)
            layer.bias = nn.Parameter(torch.full((len(layer.weight),), 0.1))

    def features(self, images: Tensor) -> Tensor:
        """Return the activations (B, 1024) of the last hidden layer, for Fréchet distances etc."""
        # ReLU after the pool: the result is the same, for a quarter of the work.
        x = F.relu(F.max_pool2d(self.conv1(images), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        return F.relu(self.hidden(x.flatten(1)))

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, 10); in training mode half of the features are dropped."""
        logits: Tensor = self.out(F.dropout(self.features(images), 0.5, self.training))
        return logits


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained: as in the paper, but for half of its 20,000 steps, and at a learning
    rate that begins ten times as high and falls linearly to 0.

    Accuracy on MNIST's test images: with the paper's constant rate of 1e-4, 99.0 to 99.2 %, depending on
    the step at which training stops; with the weights of the last 8,000 steps averaged, 99.22 % on one
    machine and 99.18 % on another; with this recipe 99.37 % and, on one thread, 99.42 %.
    """

    steps: int = 10_000
    batch_size: int = 50
    learning_rate: float = 1e-3
    seed: int = 0


def train(
    pixels: Pixels, labels: NDArray[np.int64], recipe: Recipe, on_progress: Callable[[int, int], None]
) -> Classifier:
    """Return a classifier trained on images (N, 784); call `on_progress` with (steps done, total)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        classifier = Classifier().to(memory_format=torch.channels_last)
        optimiser = torch.optim.Adam(classifier.parameters(), recipe.learning_rate, fused=True)
        falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, recipe.steps)
        for step, rows in enumerate(_batches(len(pixels), recipe), start=1):
            images = as_images(pixels[rows])
            loss = F.cross_entropy(classifier(images), torch.from_numpy(labels[rows]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            falling.step()
            on_progress(step, recipe.steps)
    return classifier.eval()


def _batches(count: int, recipe: Recipe) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of each step's batch: all images in a random order, then in another, and so on."""
    random, left = np.random.default_rng(recipe.seed), np.empty(0, np.int64)
    for _ in range(recipe.steps):
        while len(left) < recipe.batch_size:
            left = np.concatenate([left, random.permutation(count)])
        rows, left = left[: recipe.batch_size], left[recipe.batch_size :]
        yield rows


def as_images(pixels: Pixels) -> Tensor:
    """Return bytes (B, 784) as images (B, 1, 28, 28) in [0, 1]."""
    return torch.from_numpy(pixels).view(-1, 1, 28, 28).float().div_(255)


@torch.no_grad()
def judged(classifier: Classifier, images: Features) -> tuple[Features, Features]:
    """Return features (n, 1024) and class probabilities (n, 10) of images (n, 784) in [0, 1]."""
    features, probabilities = np.empty((len(images), FEATURES), np.float32), []
    for first in range(0, len(images), BLOCK):
        block = torch.from_numpy(images[first : first + BLOCK]).view(-1, 1, 28, 28)
        found = classifier.features(block)
        features[first : first + len(block)] = found.numpy()
        probabilities.append(classifier.out(found).softmax(1).numpy())
    return features, np.concatenate(probabilities)
