"""Baselines: ways to draw weight vectors that need no training, to try before a GAN-GAN.

Each draws from the snapshots that a GAN-GAN was trained on.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.weightspace.encoder import WeightEncoder
from gangan_cli.weightspace.pca import PrincipalComponents
from gangan_cli.weightspace.snapshots import Matrix, Snapshots
from store.keys import Keys

LAST = 10
"""Snapshots in the mean of a trajectory's last ones: a tenth of the paper's 100 epochs."""

TENTH = 10
"""Part of a trajectory that counts as its end."""

KEEP = 0.9
"""What each epoch keeps of a trajectory's moving average, which so looks about as far back."""

BANDWIDTHS = np.geomspace(0.02, 2, 13)
"""Widths that a kernel density is tried with, in mean standard deviations of a component."""

ROWS = 128
"""Snapshots in memory at a time."""


@dataclass(frozen=True)
class BaselineData:
    """The snapshots `keys` (m, 2) of `view` that samplers may look at, and codes of them.

    `epoch_step` is the median distance between consecutive snapshots of a GAN.
    """

    view: Snapshots
    keys: Keys
    epoch_step: float
    components: int
    fitted_pca: tuple[PrincipalComponents, Matrix] | None = None
    """Components fitted to them already, with their codes (m, k)."""
    autoencoder: tuple[WeightEncoder, Matrix] | None = None
    """The shorter code that an autoencoder makes of these, if one does, and the snapshots' (m, d)."""

    def pick(self, count: int, random: np.random.Generator) -> NDArray[np.int64]:
        """Return `count` rows of `keys`, drawn with repeats."""
        return random.integers(len(self.keys), size=count)

    def pick_last(self, count: int, random: np.random.Generator) -> NDArray[np.int64]:
        """Return `count` rows of `keys` from each GAN's last tenth of snapshots, drawn with repeats."""
        gans = self.keys[:, 0]
        own = [np.flatnonzero(gans == gan) for gan in np.unique(gans)]
        ordered = [rows[np.argsort(self.keys[rows, 1], kind="stable")] for rows in own]
        last = np.concatenate([rows[-max(1, len(rows) // TENTH) :] for rows in ordered])
        return random.choice(last, size=count)

    def vectors(self, rows: NDArray[np.int64]) -> Matrix:
        """Return the snapshots (n, P) in these rows of `keys`."""
        return self.view.matrix(self.keys[rows])[0]

    def before(self, row: int) -> NDArray[np.int64]:
        """Return the rows of the same GAN up to and with `row`, in the order of epochs."""
        gan, epoch = self.keys[row]
        same = np.flatnonzero((self.keys[:, 0] == gan) & (self.keys[:, 1] <= epoch))
        return same[np.argsort(self.keys[same, 1], kind="stable")]

    @cached_property
    def code(self) -> tuple[PrincipalComponents, Matrix]:
        """The principal components, and the snapshots' codes (m, k)."""
        return self.fitted_pca or PrincipalComponents.fit(self.view, self.keys, self.components)

    @cached_property
    def marginals(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean (P,) and standard deviation (P,) of each weight."""
        size, count = self.view.manifest.layout.size, len(self.keys)
        total, squares = np.zeros(size), np.zeros(size)
        for first in range(0, count, ROWS):
            block = self.vectors(np.arange(first, min(first + ROWS, count)))
            total += block.sum(axis=0, dtype=np.float64)
            squares += np.square(block, dtype=np.float64).sum(axis=0)
        mean = total / count
        return mean, np.sqrt(np.maximum(squares / count - mean**2, 0))


Draw = Callable[[BaselineData, int, np.random.Generator], Matrix]
"""Draws by a baseline: (data, n, random) -> weight vectors (n, P)."""


def snapshot(data: BaselineData, count: int, random: np.random.Generator) -> Matrix:
    """Return training snapshots as they are."""
    return data.vectors(data.pick(count, random))


def last_snapshot(data: BaselineData, count: int, random: np.random.Generator) -> Matrix:
    """Return training snapshots from the last tenth of training: what a user would otherwise take."""
    return data.vectors(data.pick_last(count, random))


def noisy(size: float) -> Draw:
    """Return a sampler of snapshots moved `size` spacings in a random direction."""

    def draw(data: BaselineData, count: int, random: np.random.Generator) -> Matrix:
        vectors = snapshot(data, count, random)
        for vector in vectors:
            step = random.standard_normal(len(vector), np.float32)
            vector += step * np.float32(size * data.epoch_step / np.linalg.norm(step))
        return vectors

    return draw


def mean_of_last(data: BaselineData, count: int, random: np.random.Generator) -> Matrix:
    """Return means of a snapshot and the few before it."""
    return np.stack(
        [data.vectors(data.before(row)[-LAST:]).mean(axis=0) for row in data.pick(count, random)]
    )


def moving_average(data: BaselineData, count: int, random: np.random.Generator) -> Matrix:
    """Return exponential moving averages of trajectories, up to a random epoch."""
    return np.stack([_averaged(data, row) for row in data.pick(count, random)])


def _averaged(data: BaselineData, row: int) -> Matrix:
    rows = data.before(row)[-5 * LAST :]  # what lies further back counts for half a percent
    weights = KEEP ** np.arange(len(rows))[::-1]
    average: Matrix = ((weights / weights.sum()).astype(np.float32)) @ data.vectors(rows)
    return average


def between(same: bool) -> Draw:
    """Return a sampler of points between two snapshots, of the `same` GAN or of different ones."""

    def draw(data: BaselineData, count: int, random: np.random.Generator) -> Matrix:
        gans = data.keys[:, 0]
        first = data.pick(count, random)
        second = np.array([random.choice(np.flatnonzero((gans == gans[row]) == same)) for row in first])
        along = random.random((count, 1), np.float32)
        return (1 - along) * data.vectors(first) + along * data.vectors(second)

    return draw


def gaussian(data: BaselineData, count: int, random: np.random.Generator) -> Matrix:
    """Return vectors whose weights are drawn one by one, each from its own normal distribution."""
    mean, deviation = data.marginals
    drawn = random.standard_normal((count, len(mean)), np.float32)
    drawn *= deviation.astype(np.float32)
    drawn += mean.astype(np.float32)
    return drawn


def on_components(data: BaselineData, count: int, random: np.random.Generator) -> Matrix:
    """Return training snapshots without what lies outside the components' space, which is mostly the
    noise of the last steps."""
    components, _ = data.code
    return components.restore(components.project(snapshot(data, count, random)))


def through_autoencoder(data: BaselineData, count: int, random: np.random.Generator) -> Matrix:
    """Return training snapshots encoded by the autoencoder and decoded again."""
    assert data.autoencoder is not None  # it is not `applicable` otherwise
    encoder, codes = data.autoencoder
    return encoder.decode(codes[data.pick(count, random)])


def component_gaussian(data: BaselineData, count: int, random: np.random.Generator) -> Matrix:
    """Return vectors whose principal components are drawn from a normal distribution."""
    code, codes = data.code
    drawn = random.standard_normal((count, codes.shape[1]), np.float32) * codes.std(axis=0)
    return code.decode(drawn)


def component_kernels(data: BaselineData, count: int, random: np.random.Generator) -> Matrix:
    """Return vectors drawn from a kernel density of the snapshots' principal components."""
    return _kernels(*data.code, data, count, random)


def short_kernels(data: BaselineData, count: int, random: np.random.Generator) -> Matrix:
    """Return vectors drawn from a kernel density of the snapshots' short codes."""
    assert data.autoencoder is not None  # it is not `applicable` otherwise
    return _kernels(*data.autoencoder, data, count, random)


def _kernels(
    code: PrincipalComponents | WeightEncoder,
    codes: Matrix,
    data: BaselineData,
    count: int,
    random: np.random.Generator,
) -> Matrix:
    """Return vectors drawn from a kernel density of codes (m, k).

    The width is the one under which each snapshot is likeliest when the others are known. Leaving out
    whole GANs would ask for a width that reaches from one to the next, and draw neither.
    """
    width = _bandwidth(codes)
    chosen = codes[data.pick(count, random)]
    noise = random.standard_normal(chosen.shape, np.float32)
    return code.decode((chosen + np.float32(width) * noise).astype(np.float32))


def _bandwidth(codes: Matrix) -> float:
    squares = np.square(codes, dtype=np.float64).sum(axis=1)
    apart = np.maximum(squares[:, None] + squares - 2 * (codes @ codes.T), 0)
    np.fill_diagonal(apart, np.inf)
    scale = float(codes.std(axis=0).mean())
    return max(
        (float(width * scale) for width in BANDWIDTHS),
        key=lambda width: _likelihood(apart, width, codes.shape[1]),
    )


def _likelihood(apart: NDArray[np.float64], width: float, dimensions: int) -> float:
    """Return the mean log-likelihood of points, each under the kernels that are not infinitely far."""
    exponents = -apart / (2 * width**2)
    most = exponents.max(axis=1, keepdims=True)
    likely = np.log(np.exp(exponents - most).sum(axis=1)) + most[:, 0]
    return float(likely.mean() - dimensions * np.log(width))


Kind = Literal["copy", "average", "mixture", "density"]


@dataclass
class BaselineSampler:
    """Draws weight vectors by a baseline, one after the other from the same random numbers."""

    draw: Draw
    data: BaselineData
    random: np.random.Generator

    def sample(self, count: int) -> Matrix:
        """Return the next `count` weight vectors (n, P)."""
        return self.draw(self.data, count, self.random)


@dataclass(frozen=True)
class Baseline:
    """A way to draw weights without training. `label` is what people read; `kind` says what it draws
    from: copies of snapshots, averages or mixtures of them, or a density fitted to them."""

    label: str
    kind: Kind
    draw: Draw


BASELINES: Mapping[str, Baseline] = {
    "snapshot": Baseline("training snapshot", "copy", snapshot),
    "last_snapshot": Baseline("last snapshot", "copy", last_snapshot),
    "snapshot_noise_0.5": Baseline("snapshot + noise, ½ step", "copy", noisy(0.5)),
    "snapshot_noise_1": Baseline("snapshot + noise, 1 step", "copy", noisy(1)),
    "snapshot_noise_2": Baseline("snapshot + noise, 2 steps", "copy", noisy(2)),
    "mean_of_last": Baseline(f"mean of the last {LAST}", "average", mean_of_last),
    "moving_average": Baseline("moving average", "average", moving_average),
    "interpolation_within_gan": Baseline("between snapshots of a GAN", "mixture", between(same=True)),
    "interpolation_between_gans": Baseline("between two GANs", "mixture", between(same=False)),
    "gaussian": Baseline("Gaussian per weight", "density", gaussian),
    "pca_gaussian": Baseline("components + Gaussian", "density", component_gaussian),
    "pca_kernels": Baseline("components + kernels", "density", component_kernels),
    "pca_snapshot": Baseline("snapshot on components", "copy", on_components),
    "autoencoder_kernels": Baseline("autoencoder + kernels", "density", short_kernels),
    "autoencoder_snapshot": Baseline("snapshot through the autoencoder", "copy", through_autoencoder),
}
"""Every baseline by the id that results and scripts know it by."""


def applicable(data: BaselineData) -> Iterator[tuple[str, Draw]]:
    """Yield the baselines that these snapshots allow, as (id, sampler): some need two GANs, two epochs
    of a GAN, or a short code."""
    gans, counts = np.unique(data.keys[:, 0], return_counts=True)
    if len(data.keys) < 2:
        raise ConfigurationError("one snapshot is too few to compare with")
    possible = {
        "interpolation_between_gans": len(gans) > 1,
        "interpolation_within_gan": counts.min() > 1,
        "autoencoder_kernels": data.autoencoder is not None,
        "autoencoder_snapshot": data.autoencoder is not None,
        **{id: bool(np.isfinite(data.epoch_step)) for id in BASELINES if "noise" in id},
    }
    for id, baseline in BASELINES.items():
        if possible.get(id, True):
            yield id, baseline.draw
