"""Both phases of the paper at its sizes, beside the plain loop and the bare matrix products."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import numpy as np

from gangan_cli.training.events import EpochResult, Event
from store import Run
from tests.bench.measure import Figure, in_turn, ratios, say, stamped_lines
from tests.bench.snapshots import snapshots
from tests.commands import clean_environment, command


def digits(folder: Path) -> Path:
    """Return a folder with 60,000 digits for torchvision: MNIST, or 5,000 twelve times over."""
    if there := os.environ.get("GANGAN_DATA"):
        return Path(there)
    from gangan_cli.images.loading import load_images

    images = load_images("mnist5k")
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file, array in (
        ("images-idx3", np.tile(images.pixels, (12, 1)).reshape(-1, 28, 28)),
        ("labels-idx1", np.tile(images.labels, 12).astype(np.uint8)),
    ):
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        for split in ("train", "t10k"):
            (raw / f"{split}-{file}-ubyte").write_bytes(header + array.tobytes())
    return folder


def plain(what: str, where: Path) -> float:
    """Return the seconds of an epoch of the plain loop."""
    run = [sys.executable, "-m", "tests.bench.plain", what, str(where), "1"]
    done = subprocess.run(run, capture_output=True, text=True, check=True, env=clean_environment())
    return float(done.stdout.splitlines()[-1])


def ours(*arguments: object, **environment: str) -> tuple[float, float]:
    """Return the seconds of a GAN-epoch between first and last report, and those to the first."""
    with tempfile.TemporaryDirectory() as store:
        run = command(*arguments, "--compile", "--json", "--run", "r", "--store", store)
        lines = stamped_lines(run, **environment)
    times = [at for at, line in lines if line["event"] == "epoch"]
    return (times[-1] - times[0]) / (len(times) - 1), times[0]


def floor(what: str) -> float:
    """Return the seconds of a GAN-epoch's matrix products alone, with all cores busy."""
    cores = 1 if what == "gangan" else os.cpu_count() or 1
    run = [sys.executable, "-m", "tests.bench.products", what]
    several = [subprocess.Popen(run, stdout=subprocess.PIPE, text=True) for _ in range(cores)]
    return statistics.mean(float(process.communicate()[0]) for process in several) / cores


def bench_gans(rounds: int = 3) -> Iterator[Figure]:
    """GAN-epochs of the paper's first phase, store and all."""
    with tempfile.TemporaryDirectory() as folder:
        data = digits(Path(folder))
        training = ["train-gans", "--dataset", "mnist", "--data-dir", data]
        say("compiling, unless that was done before …")
        ours(*training, "--gans", 2, "--epochs", 2)
        loop, population, products = in_turn(
            rounds,
            lambda: plain("gans", data),
            lambda: ours(*training, "--gans", 35, "--epochs", 1)[0],
            lambda: floor("gans"),
        )
        yield Figure("train-gans: plain loop", "s per GAN-epoch", loop)
        yield Figure("train-gans: gangan, 35 GANs", "s per GAN-epoch", population)
        yield Figure("train-gans: matrix products alone", "s per GAN-epoch", products)
        yield Figure("train-gans: plain loop / gangan", "×", ratios(loop, population), "≥ 10, aim 20")
        yield Figure("train-gans: plain loop / matrix products", "×", ratios(loop, products))
        many, few = in_turn(
            2,
            lambda: ours(*training, "--gans", 70, "--epochs", 1)[0],
            lambda: ours(*training, "--gans", 7, "--epochs", 4)[0],
        )
        yield Figure(
            "train-gans: a GAN-epoch of 70 GANs / of 7", "×", ratios(many, few), "≤ 1.1, aim 1.0"
        )


def bench_cold(rounds: int = 3) -> Iterator[Figure]:
    """From the command to the first step, compiled before or not."""
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        data = digits(Path(folder))

        # A worker is past its first step when its first epoch is told, less that epoch's own time.
        def first_step(**environment: str) -> float:
            training = ["train-gans", "--dataset", "mnist", "--data-dir", data]
            each, first = ours(*training, "--gans", cores, "--epochs", 3, **environment)
            return first - each * cores

        def first_ever() -> float:
            with tempfile.TemporaryDirectory() as empty:
                return first_step(XDG_CACHE_HOME=empty, TORCHINDUCTOR_CACHE_DIR=empty)

        ever, starts = in_turn(rounds, first_ever, first_step)
    yield Figure("train-gans: start to first step, compiled before", "s", starts, "≤ 8, aim 4")
    yield Figure("train-gans: start to first step, the first on a machine", "s", ever)


def bench_gangan(rounds: int = 3) -> Iterator[Figure]:
    """Epochs of the paper's second phase: 109 steps over 3,500 snapshots of 113,745 weights."""
    with snapshots() as (store, files):
        training = ["train-gangan", "--on", "gans", "--preset", "paper"]
        say("compiling, unless that was done before …")
        over(store, *training, "--epochs", 2)
        loop, gangan, products = in_turn(
            rounds,
            lambda: plain("gangan", files),
            lambda: over(store, *training, "--epochs", 4),
            lambda: floor("gangan"),
        )
        yield Figure("train-gangan: plain loop", "s an epoch", loop)
        yield Figure("train-gangan: gangan", "s an epoch", gangan)
        yield Figure("train-gangan: matrix products alone", "s an epoch", products)
        yield Figure("train-gangan: plain loop / gangan", "×", ratios(loop, gangan), "≥ 3, aim 5")
        yield Figure("train-gangan: plain loop / matrix products", "×", ratios(loop, products))


def over(store: Path, *arguments: object) -> float:
    """Return the seconds of an epoch of a GAN-GAN over a run of `store`, between first and last."""
    run = command(*arguments, "--compile", "--json", "--run", "r", "--store", store)
    lines = stamped_lines(run)
    shutil.rmtree(store / "r")
    times = [at for at, line in lines if line["event"] == "epoch"]
    return (times[-1] - times[0]) / (len(times) - 1)


def bench_writing(rounds: int = 3) -> Iterator[Figure]:
    """How much of a training its commits take: the parent's time in them."""
    from gangan_cli.config import GansConfig, RunEnvironment
    from gangan_cli.training.gans import train_gans

    def share(folder: Path) -> float:
        spent = 0.0

        def timed(write: Callable[..., None]) -> Callable[..., None]:
            def writing(*arguments: object) -> None:
                nonlocal spent
                began = time.perf_counter()
                write(*arguments)
                spent += time.perf_counter() - began

            return writing

        with tempfile.TemporaryDirectory() as store:
            config = GansConfig(dataset="mnist", gans=6, epochs=5)
            machine = RunEnvironment(store=Path(store), data_dir=folder, compile=True)
            times = []

            def note_time(event: Event) -> None:
                if isinstance(event, EpochResult):
                    times.append(time.perf_counter())

            with mock.patch.multiple(
                Run, commit=timed(Run.commit), save_checkpoint=timed(Run.save_checkpoint)
            ):
                train_gans(config, machine, note_time)
        return 100 * spent / (times[-1] - times[0])

    with tempfile.TemporaryDirectory() as folder:
        data = digits(Path(folder))
        (progress_of_steps,) = in_turn(rounds, lambda: share(data))
    yield Figure("train-gans: of the time, writing the store", "%", progress_of_steps, "≤ 3, aim 1")
