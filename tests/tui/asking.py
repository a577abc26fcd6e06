"""A store made without training whose GAN-GANs can be asked for something, judged and audited."""

import shutil
from pathlib import Path

import numpy as np
import torch

from gangan_cli.models.family import layout
from gangan_cli.models.registry import build
from gangan_cli.weightspace.conditions import Condition
from gangan_cli.weightspace.pca import PrincipalComponents
from store import Run, RunRef
from tests.tui import gallery

CLAIMS = (
    ("samples lie near the snapshots (within 3 steps)", "holds"),
    ("samples come near 90% of the GANs", "does not hold"),
    ("samples are no copies: as far from snapshots as these from each other", "undecided"),
)


def evaluation(gan: int | None, epoch: int | None, frechet: float, **changes: object) -> dict:
    """What `gangan evaluate` keeps of one subject."""
    plain = {
        "gan": gan, "epoch": epoch, "drawn": None, "dataset": "mnist5k", "judge": "0123456789ab",
        "accuracy": 0.99, "samples": 2000, "seed": 0, "classes": [], "entropies": [],
        "values": {"frechet": frechet, "entropy": frechet / 1000}, "errors": {"frechet": 0.9},
    }  # fmt: skip
    return {**plain, **changes}


def audit(gan: int, epoch: int, claims: tuple[tuple[str, str], ...] = CLAIMS, count: int = 64) -> dict:
    """What the TUI reads of what `gangan audit` keeps."""
    return {
        "gan": gan,
        "epoch": epoch,
        "options": {"count": count, "images": 2000, "points": 32, "seed": 0},
        "claims": [{"claim": claim, "verdict": verdict, "figures": "1"} for claim, verdict in claims],
    }


def frechet(gan: int, epoch: int) -> float:
    """Of a snapshot of the population: from 440 at the beginning to 50 at the end."""
    return round(400 * 0.75 ** (epoch - 1) + 20 * gan - 3, 1)


def evaluations() -> dict[str, dict]:
    """Those of all snapshots of the population, and of real images."""
    keys = [(gan, epoch) for gan in range(gallery.GANS) for epoch in range(1, gallery.EPOCHS + 1)]
    judged = {
        f"evaluation/{gan}/{epoch}": evaluation(gan, epoch, frechet(gan, epoch)) for gan, epoch in keys
    }
    return {"evaluation/real": evaluation(None, None, 4.8), **judged}


def make(root: Path, digits: Path) -> Path:
    """Write the store: the gallery's population, judged, and above it a GAN-GAN for each condition."""
    root.mkdir()
    shutil.copytree(digits, root / "digits")
    with Run.open(root / "digits", write=True) as run:
        run.add_results(evaluations())
        keys = run.keys()
        code, codes = PrincipalComponents.fit(run, keys, 4)
    hparams = {
        "data_dim": codes.shape[1] + 1,
        "latent_dim": 3,
        "discriminator_width": 16,
        "generator_width": 16,
        "condition": 1,
    }
    over = build("r1-mlp", hparams)
    torch.manual_seed(5)
    vector = torch.cat(
        [t.reshape(-1) for module in over.networks().values() for t in module.state_dict().values()]
    ).numpy()
    values = {"epoch": keys[:, 1].astype(float), "score": np.array([frechet(*key) for key in keys])}
    for what, asked in values.items():
        scale = Condition.fit(what, asked)
        constants = {
            "keys": keys,
            "codes": codes,
            "mean": code.mean,
            "basis": code.basis,
            "scale": code.scale,
            "conditions": scale.encode(asked).astype(np.float32),
            "asked_for": np.array([scale.low, scale.high]),
        }
        about = gallery.manifest(
            what[0] * 32, over, layout(over), gans=1, epochs=40, snapshot_every=10,
            config={"on": "digits", "epochs": 40, "latent_dim": 2, "condition": what, "seed": 0},
            parents=(RunRef("digits", "d" * 32),),
            constants={name: array.shape for name, array in constants.items()},
            command=f"gangan train-gangan --on digits --run by-{what} --condition {what}",
        )  # fmt: skip
        tiled = np.tile(vector * 3, (40, 1, 1))
        gallery.fill(root / f"by-{what}", about, gallery.losses(4, 1, 40), tiled, constants)
    with Run.open(root / "by-epoch", write=True) as run:
        drawn = [evaluation(0, 40, 90.0 + k, drawn=k) for k in range(3)]
        run.add_results({f"evaluation/{k}": document for k, document in enumerate(drawn)})
        run.add_results({"audit/0/40": audit(0, 40)})
    return root
