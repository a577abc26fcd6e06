"""A store made without training, the same on every machine: what the pictures of the pages show."""

import time
from dataclasses import asdict
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

from gangan_cli.images.loading import load_images
from gangan_cli.models.family import layout
from gangan_cli.models.registry import build
from gangan_cli.tui.system import Gpu, Machine
from gangan_cli.weightspace.pca import PrincipalComponents
from store import Layout, Manifest, Run, RunRef

GANS, EPOCHS = 3, 8

MACHINE = Machine(
    cores=(35.0, 4.0, 81.0, 0.0),
    usable=4,
    load=(1.2, 0.8, 0.4),
    used=9_100_000_000,
    total=25_300_000_000,
    disk_free=410_000_000_000,
    disk_total=1_000_000_000_000,
    gpus=(Gpu("NVIDIA H100", 87, 41_000_000_000, 85_000_000_000, 61),),
)


class SteadyMachine:
    """Stands for the readings of a machine on which nothing changes."""

    def __init__(self, root: Path) -> None:
        pass

    def read(self) -> Machine:
        return MACHINE


def manifest(id: str, family: object, flat: Layout, **more: object) -> Manifest:
    plain = {
        "losses": ("d_loss", "g_loss"),
        "snapshot_every": 1,
        "created": "2026-11-20T08:30:00+00:00",
        "versions": {"gangan": "0.1.0", "numpy": "2.4.6", "torch": "2.14.1"},
    }
    return Manifest(id=id, family=family.name, hparams=asdict(family), layout=flat, **{**plain, **more})


def losses(seed: int, gans: int, epochs: int) -> np.ndarray:
    """(epochs, gans, 2, 2): a discriminator that learns and a generator that is left behind."""
    random = np.random.default_rng(seed)
    way = np.linspace(0, 1, epochs)[:, None]
    noise = random.normal(0, 0.08, (epochs, gans, 2)).cumsum(axis=0) / 2
    means = np.stack([1.4 - 0.6 * way + 0 * noise[..., 0], 0.7 + 1.5 * way + 0 * noise[..., 0]], axis=-1)
    means = np.abs(means + noise)
    return np.stack([means, means], axis=-1)


def digit_snapshot(flat: Layout, digit: np.ndarray, strength: float) -> np.ndarray:
    """The weights of a GAN that makes one digit, whatever its noise, and a little of the noise."""
    random = np.random.default_rng(7)
    tensors = {t.name: 0.02 * random.standard_normal(t.shape).astype(np.float32) for t in flat.tensors}
    last = [t.name for t in flat.tensors if t.name.startswith("generator") and t.shape == (784,)][-1]
    tensors[last] = ((digit / 127.5 - 1) * strength).astype(np.float32)
    return flat.join(tensors)


def make(root: Path) -> Path:
    """Write the store: a population, a GAN-GAN over it, one in training, one of a later version."""
    digits = load_images("mnist5k")
    torch.manual_seed(0)
    small = build("mlp", {})
    flat = layout(small)
    shown = [digits.pixels[digits.labels == label][3] for label in (3, 5, 8)]
    about = manifest(
        "d" * 32, small, flat, gans=GANS, epochs=EPOCHS,
        dataset={"name": "mnist5k", "height": 28, "width": 28},
        config={"dataset": "mnist5k", "family": "mlp", "gans": 3, "epochs": 8, "lr": 0.0003, "seed": 0},
        command="gangan train-gans --run digits --dataset mnist5k --gans 3 --epochs 8 --lr 3e-4",
    )  # fmt: skip
    vectors = np.stack(
        [
            [digit_snapshot(flat, shown[gan], 0.3 + 0.3 * epoch) for gan in range(GANS)]
            for epoch in range(EPOCHS)
        ]
    )
    fill(root / "digits", about, losses(1, GANS, EPOCHS), vectors)

    keys = np.array([(gan, epoch + 1) for gan in range(GANS) for epoch in range(EPOCHS)])
    with Run.open(root / "digits") as run:
        code, codes = PrincipalComponents.fit(run, keys, 4)
    hparams = {
        "data_dim": codes.shape[1],
        "latent_dim": 2,
        "discriminator_width": 16,
        "generator_width": 16,
    }
    over = build("r1-mlp", hparams)
    torch.manual_seed(5)
    vector = torch.cat(
        [t.reshape(-1) for module in over.networks().values() for t in module.state_dict().values()]
    ).numpy()
    constants = {
        "keys": keys,
        "codes": codes,
        "mean": code.mean,
        "basis": code.basis,
        "scale": code.scale,
    }
    shapes = {name: array.shape for name, array in constants.items()}
    setting = {
        "on": "digits",
        "preset": "default",
        "epochs": 40,
        "latent_dim": 2,
        "lr": 0.002,
        "seed": 0,
    }
    about = manifest(
        "e" * 32, over, layout(over), gans=1, epochs=40, config=setting, snapshot_every=10,
        parents=(RunRef("digits", "d" * 32),), constants=shapes,
        command="gangan train-gangan --on digits --run gangan",
    )  # fmt: skip
    fill(root / "gangan", about, losses(2, 1, 40), np.tile(vector * 3, (40, 1, 1)), constants)

    setting = {**setting, "lr": 0.0002, "latent_dim": 1, "preset": "paper"}
    about = manifest(
        "f" * 32, over, layout(over), gans=1, epochs=100, config=setting, snapshot_every=10,
        parents=(RunRef("digits", "d" * 32),), constants=shapes,
        command="gangan train-gangan --on digits --run paper --preset paper",
    )  # fmt: skip
    fill(root / "paper", about, losses(3, 1, 60), np.tile(vector, (60, 1, 1)), constants, training=True)

    about = manifest(
        "a" * 32, small, flat, gans=1, epochs=1, config={}, command="", format=9,
        dataset={"name": "mnist5k", "height": 28, "width": 28},
    )  # fmt: skip
    with Run.create(root / "tomorrow", about):
        pass
    return root


def fill(
    path: Path,
    about: Manifest,
    of_epochs: np.ndarray,
    vectors: np.ndarray,
    constants: dict[str, np.ndarray] | None = None,
    training: bool = False,
) -> None:
    path.parent.mkdir(exist_ok=True)
    with Run.create(path, about, constants) as run:
        if training:  # by this process, for eleven minutes
            with patch("time.time", return_value=time.time() - 660):
                run.acquire()
        for epoch, (row, weights) in enumerate(zip(of_epochs, vectors, strict=True), 1):
            saved = about.saves(epoch)
            run.commit(epoch, list(range(about.gans)), row, weights if saved else None)
        if not training:
            run.release("complete")
