"""An independent zoo for `gangan audit`: classifiers of MNIST, a flow and a kernel density over them.

    python -m tests.zoo OUT [--data-dir DIR]

It uses plain PyTorch and nothing of gangan: classifiers 784-32-32-10, as papers on flows over weights
train them, 80 for training and 20 held out; over the 80, flow matching in the space of principal
components, and a kernel density there, without alignment, as a first attempt would have it. Of each
there are 64 networks, and 64 classifiers `anew`. `flow-hidden` and `anew-hidden` have five copies of
training networks among them, with their hidden units permuted and scaled. It takes some minutes on one
core, and then prints the commands that audit the folders.
"""

import argparse
import itertools
import shutil
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.datasets import MNIST

from tests.zoo import arch

TRAINING, HELD_OUT, MADE, HIDDEN = 80, 20, 64, 5

NETWORKS = TRAINING + HELD_OUT + MADE

SIZES = (784, 32, 32, 10)

STEPS, BATCH = 2_000, 64

FLOW_STEPS, WIDTH = 6_000, 256

TEST_IMAGES = 2_000


def classifiers(images: Tensor, labels: Tensor) -> list[Tensor]:
    """Train all classifiers at once, each on batches of its own: parameters (NETWORKS, ...)."""
    torch.manual_seed(0)
    parameters = []
    for inputs, outputs in itertools.pairwise(SIZES):
        bound = inputs**-0.5
        parameters.append(
            torch.empty(NETWORKS, outputs, inputs).uniform_(-bound, bound).requires_grad_()
        )
        parameters.append(torch.empty(NETWORKS, outputs).uniform_(-bound, bound).requires_grad_())
    optimizer = torch.optim.Adam(parameters, lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        rows = torch.randint(len(images), (NETWORKS, BATCH))
        x = images[rows]
        for place in range(0, 6, 2):
            x = torch.baddbmm(parameters[place + 1][:, None], x, parameters[place].transpose(1, 2))
            x = x.relu() if place < 4 else x
        loss = F.cross_entropy(x.flatten(0, 1), labels[rows].flatten()) * NETWORKS
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return [parameter.detach() for parameter in parameters]


def flow(codes: Tensor) -> Tensor:
    """Fit flow matching (Lipman et al., 2023) to codes (n, d), and draw MADE."""
    torch.manual_seed(1)
    dim, scale = codes.shape[1], codes.std()
    velocity = nn.Sequential(
        nn.Linear(dim + 1, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU(),
        nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, dim),
    )  # fmt: skip
    optimizer = torch.optim.Adam(velocity.parameters(), lr=1e-3)
    for _ in range(FLOW_STEPS):
        end = codes[torch.randint(len(codes), (128,))] / scale
        start, t = torch.randn_like(end), torch.rand(len(end), 1)
        made = velocity(torch.cat([start.lerp(end, t), t], dim=1))
        loss = (made - (end - start)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    x = torch.randn(MADE, dim)
    with torch.no_grad():
        for step in range(100):
            x = x + velocity(torch.cat([x, torch.full((MADE, 1), step / 100)], dim=1)) / 100
    return x * scale


def kernel_density(codes: Tensor) -> Tensor:
    """Draw MADE from a Gaussian kernel density of codes (n, d), of the bandwidth that gives each code,
    left out, the highest likelihood."""
    torch.manual_seed(2)
    squared = torch.cdist(codes, codes).square().fill_diagonal_(torch.inf)
    likelihood = {
        width: float(
            (torch.logsumexp(-squared / (2 * width**2), 1) - codes.shape[1] * np.log(width)).sum()
        )
        for width in np.geomspace(0.02, 2, 30) * float(codes.std())
    }
    width = max(likelihood, key=lambda width: likelihood[width])
    print(f"kernel density: bandwidth {width / float(codes.std()):.2f} standard deviations")
    return codes[torch.randint(len(codes), (MADE,))] + width * torch.randn(MADE, codes.shape[1])


def disguised(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same network, with its hidden units in another order and at other scales."""
    state = {name: tensor.clone() for name, tensor in state.items()}
    for layer, following in (("0", "2"), ("2", "4")):
        order, scale = torch.randperm(32), torch.empty(32).uniform_(-0.7, 0.7).exp()
        state[f"{layer}.weight"] = state[f"{layer}.weight"][order] * scale[:, None]
        state[f"{layer}.bias"] = state[f"{layer}.bias"][order] * scale
        state[f"{following}.weight"] = state[f"{following}.weight"][:, order] / scale
    return state


def as_states(vectors: Tensor) -> list[dict[str, Tensor]]:
    """Flat vectors (n, P) as state dicts."""
    shapes = {name: tensor.shape for name, tensor in arch.build().state_dict().items()}
    states = []
    for vector in vectors:
        parts = vector.split([shape.numel() for shape in shapes.values()])
        named = zip(shapes.items(), parts, strict=True)
        states.append({name: part.view(shape).clone() for (name, shape), part in named})
    return states


def write(folder: Path, states: list[dict[str, Tensor]]) -> None:
    folder.mkdir()
    for number, state in enumerate(states):
        save_file(state, folder / f"net_{number}.safetensors")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.zoo")
    parser.add_argument("out", type=Path, help="A folder to make.")
    parser.add_argument(
        "--data-dir", type=Path, default="data", help="With MNIST as torchvision has it."
    )
    given = parser.parse_args()
    begun = time.monotonic()
    sets = [MNIST(given.data_dir, train=train) for train in (True, False)]
    (images, labels), (test, test_labels) = (
        (one.data.flatten(1).float() / 255, one.targets) for one in sets
    )
    given.out.mkdir(parents=True)
    shutil.copy(arch.__file__, given.out / "arch.py")
    np.savez(given.out / "test.npz", images=test[:TEST_IMAGES], labels=test_labels[:TEST_IMAGES])

    vectors = torch.cat([tensor.flatten(1) for tensor in classifiers(images, labels)], dim=1)
    known, held_out, anew = vectors.split([TRAINING, HELD_OUT, MADE])
    mean = known.mean(0)
    _, _, components = torch.linalg.svd(known - mean, full_matrices=False)
    codes = (known - mean) @ components[:-1].T
    made = {
        "flow": as_states(flow(codes) @ components[:-1] + mean),
        "kernel-density": as_states(kernel_density(codes) @ components[:-1] + mean),
        "anew": as_states(anew),
    }
    torch.manual_seed(3)
    places = torch.randperm(MADE)[:HIDDEN].sort().values.tolist()
    originals = torch.randperm(TRAINING)[:HIDDEN].tolist()
    for place, original in zip(places, originals, strict=True):
        print(f"hidden: net_{place} is training net_{original}")
    for name in ("flow", "anew"):
        made[f"{name}-hidden"] = list(made[name])
        for place, original in zip(places, as_states(known[originals]), strict=True):
            made[f"{name}-hidden"][place] = disguised(original)
    for name, some in {"training": as_states(known), "held-out": as_states(held_out), **made}.items():
        write(given.out / name, some)
    print(f"made in {time.monotonic() - begun:.0f} s")
    for name in made:
        print(
            f"gangan audit --training {given.out}/training --held-out {given.out}/held-out --generated "
            f"{given.out}/{name} --arch {given.out}/arch.py:build --score {given.out}/arch.py:accuracy"
        )


if __name__ == "__main__":
    main()
