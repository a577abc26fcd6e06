"""`make bench`: ratios measured in one run, interleaved, so that a noisy machine does not decide.

python -m tests.bench [NAME...]     train, read, start or tui; all without a name
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import tui
from tests.conftest import clean_environment, command

ROUNDS = 3


def interleaved(
    first: Callable[[], float], second: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Return what both measure, taken in turn."""
    pairs = [(first(), second()) for _ in range(ROUNDS)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def report(what: str, unit: str, ours: list[float], name: str, theirs: list[float]) -> None:
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    middle, other, ratio = map(statistics.median, (ours, theirs, ratios))
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(
        f"{what:<34} gangan {middle:.3f} {unit}, {name} {other:.3f} {unit}, ratio {ratio:.2f} ({spread})"
    )


def bench_train() -> None:
    """GAN-epochs per second on 5,000 digits, store and all, against one module after the other."""
    import torch

    from gangan_cli.data.images import load_images
    from gangan_cli.models import build

    digits = load_images("mnist5k")
    pixels = torch.from_numpy(digits.pixels)
    gans, epochs = 4, 6

    def ours() -> float:
        with tempfile.TemporaryDirectory() as store:
            run = command("train-gans", "--dataset", "mnist5k", "--gans", gans, "--epochs", epochs)
            began, first, count = 0.0, 0, 0
            process = subprocess.Popen(
                [*run, "--json", "--store", store],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=clean_environment(),
                text=True,
            )
            for line in process.stdout or ():
                count += '"epoch"' in line and '"event": "epoch"' in line
                if count == gans and not began:  # start-up is not what is compared here
                    began, first = time.perf_counter(), count
            process.wait()
            return (count - first) / (time.perf_counter() - began)

    def plain() -> float:
        torch.set_num_threads(os.cpu_count() or 1)
        networks = build("mlp", {}).networks()
        discriminator, generator = networks["discriminator"], networks["generator"]
        adams = [torch.optim.Adam(n.parameters(), lr=2e-4) for n in networks.values()]
        bce, one, zero = torch.nn.BCELoss(), torch.ones(128, 1), torch.zeros(128, 1)
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            for epoch in range(3):
                for batch in torch.randperm(len(pixels)).split(128)[:-1]:
                    x = 2 * (pixels[batch].float() / 255 - 0.5)
                    for adam in adams:
                        adam.zero_grad()
                    bce(discriminator(generator(torch.randn(128, 64))), one).backward()
                    adams[1].step()
                    for adam in adams:
                        adam.zero_grad()
                    fake = generator(torch.randn(128, 64))
                    (bce(discriminator(x), one) + bce(discriminator(fake), zero)).backward()
                    adams[0].step()
                state = {name: network.state_dict() for name, network in networks.items()}
                torch.save(state, Path(folder) / f"model_{epoch}.pt")
        return 3 / (time.perf_counter() - began)

    report("train, GAN-epochs/s (5,000 digits)", "/s", *_named(interleaved(ours, plain), "in memory"))


def bench_read() -> None:
    """Seconds to bring 500 snapshots into one matrix, against torch.load of as many files."""
    import numpy as np
    import torch

    from store import Layout, Run
    from tests.conftest import numbers, small_manifest

    count = 500
    vectors = numbers(0, 1, 113_745)
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout.of({"discriminator.w": (113_745,)})
        with Run.create(Path(folder) / "r", small_manifest(layout=layout)) as run:
            for epoch in range(1, count + 1):
                run.commit(epoch, [0], np.zeros((1, 2, 2)), vectors)
                torch.save({"w": torch.from_numpy(vectors[0])}, Path(folder) / f"model_{epoch}.pt")

        def ours() -> float:
            with Run.open(Path(folder) / "r") as run:
                began = time.perf_counter()
                run.matrix()
                return time.perf_counter() - began

        def files() -> float:
            began = time.perf_counter()
            rows = [torch.load(Path(folder) / f"model_{e}.pt")["w"] for e in range(1, count + 1)]
            torch.stack(rows)
            return time.perf_counter() - began

        report("read 500 snapshots", "s", *_named(interleaved(ours, files), "torch.load"))


def bench_start() -> None:
    """Seconds to start, against python that does nothing."""

    def seconds(*arguments: str) -> Callable[[], float]:
        def run() -> float:
            began = time.perf_counter()
            subprocess.run(arguments, stdout=subprocess.DEVNULL, check=True, env=clean_environment())
            return time.perf_counter() - began

        return run

    ours, idle = interleaved(seconds(*command("--help")), seconds(sys.executable, "-c", "pass"))
    more = [a - b for a, b in zip(ours, idle, strict=True)]
    middle, spread = statistics.median(more), f"{min(more):.2f} to {max(more):.2f}"
    print(f"{'gangan --help':<34} {middle:.2f} s more than python -c pass ({spread})")


def _named(measured: tuple[list[float], list[float]], name: str) -> tuple[list[float], str, list[float]]:
    return measured[0], name, measured[1]


BENCHES = {"train": bench_train, "read": bench_read, "start": bench_start, "tui": tui.bench}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or BENCHES:
        BENCHES[wanted]()
