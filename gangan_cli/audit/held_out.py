"""GANs that a GAN-GAN was not shown: those that its parent run has besides, and those trained anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gangan_cli.sampling.lineage import Lineage
from gangan_cli.weightspace.snapshots import Matrix, Snapshots
from gangan_cli.weightspace.trainable import without_statistics
from store import Catalog, Manifest
from store.keys import Keys

NAME_ANEW = "{}-anew"
"""The name of the run of GANs trained anew, from that of the run whose configuration they have."""

SEED_ANEW = 1_000_003
"""Added to the parent's seed: no GAN trained anew is one of the parent's."""

MAY_DIFFER = {"run", "gans", "seed"}
"""Settings in which a run of GANs trained anew differs from its parent."""


@dataclass(frozen=True)
class HeldOut:
    """Snapshots of GANs that a GAN-GAN was not shown, of the epochs that it was shown of others.

    `keys` (n, 2) number the GANs from 0; `names` (of each GAN) say which these are, as in "digits:25".
    """

    names: tuple[str, ...]
    keys: Keys
    _views: tuple[Snapshots, ...]
    _of: tuple[tuple[int, int], ...]

    @classmethod
    def find(cls, lineage: Lineage, trained: Keys, anew: Snapshots | None) -> "HeldOut | None":
        """Return the GANs that the parent has besides those in `trained` (m, 2), and those of the run
        `anew`; None if there are none."""
        views = tuple(without_statistics(run) for run in (lineage.below, anew) if run is not None)
        names: list[str] = []
        of: list[tuple[int, int]] = []
        keys: list[Keys] = []
        for number, view in enumerate(views):
            there = view.keys()
            there = there[np.isin(there[:, 1], trained[:, 1])]
            if number == 0:
                there = there[~np.isin(there[:, 0], trained[:, 0])]
            for gan in np.unique(there[:, 0]).tolist():
                epochs = there[there[:, 0] == gan, 1]
                keys.append(np.column_stack([np.full(len(epochs), len(names)), epochs]))
                names.append(f"{view.name}:{gan}")
                of.append((number, gan))
        if not names:
            return None
        return cls(tuple(names), np.concatenate(keys), views, tuple(of))

    @property
    def identity(self) -> list[str]:
        """What says which snapshots these are."""
        runs = [view.manifest.id for view in self._views]
        return [f"{runs[number]} {gan}" for number, gan in self._of] + [str(len(self.keys))]

    def vectors(self, rows: NDArray[np.int64]) -> Matrix:
        """Return the snapshots (n, P) in these rows of `keys`."""
        found = []
        for gan, epoch in self.keys[rows].tolist():
            number, own = self._of[gan]
            found.append(self._views[number].matrix(np.array([(own, epoch)], np.int64))[0])
        return np.concatenate(found)


@contextmanager
def trained_anew(catalog: Catalog, lineage: Lineage) -> Iterator[Snapshots | None]:
    """Open the run of GANs that were trained anew like those of the parent; None if there is none."""
    name = NAME_ANEW.format(lineage.below.name)
    if name not in catalog:
        yield None
        return
    with catalog.open(name) as run:
        yield run if _same_settings(run.manifest, lineage.below.manifest) else None


def _same_settings(anew: Manifest, parent: Manifest) -> bool:
    """Return whether both were trained with the same settings on the same images, from other seeds."""
    theirs, own = dict(anew.config), dict(parent.config)
    same = all(theirs.get(name) == own[name] for name in own.keys() - MAY_DIFFER)
    data = [(one.dataset or {}).get("sha256") for one in (anew, parent)]
    return same and theirs.get("seed") != own.get("seed") and data[0] == data[1]
