"""Pictures in a terminal that can show them: an xterm with sixels, looked at by screenshot."""

import io
import os
import shutil
import subprocess
from contextlib import ExitStack, contextmanager

import numpy as np
import pytest
from PIL import Image

from gangan_cli.images.grid import grey
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.tui.run_index import RunIndex
from gangan_cli.tui.scrub import Scrub
from store import Catalog
from tests.commands import command
from tests.tui.terminal import terminal_environment, wait_until

NEEDED = ("Xvfb", "xterm", "xdotool", "import")

pytestmark = pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"needs {', '.join(NEEDED)}")

COLUMNS, LINES = 120, 40
CURVE = (86, 180, 233)
"""The colour in which the live page draws a run's losses."""


class Xterm:
    """An xterm with sixel graphics on a display of its own, that runs `gangan tui ARGUMENTS`."""

    def __init__(self, folder, *arguments):
        self._folder, self._ended = folder, ExitStack()
        reading, writing = os.pipe()
        xvfb = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]
        self._start(xvfb, pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as told:
            display = f":{told.readline().strip()}"
        self._environment = terminal_environment(folder / "state", DISPLAY=display)
        self._start(
            ["xterm", "-ti", "vt340", "-xrm", "XTerm*numColorRegisters: 256",
             "-fa", "DejaVu Sans Mono", "-fs", "11", "-geometry", f"{COLUMNS}x{LINES}+0+0",
             "-e", "env", "COLORTERM=truecolor", *command("tui", *arguments)],
            env=self._environment, cwd=folder,
        )  # fmt: skip

    def _start(self, command, **options):
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            **options,
        )  # fmt: skip
        self._ended.callback(process.wait, 20)
        self._ended.callback(process.terminate)

    def keys(self, *names):
        subprocess.run(["xdotool", "key", *names], env=self._environment, check=True, timeout=20)

    def picture(self):
        """What the whole display shows, (H, W, 3)."""
        done = subprocess.run(
            ["import", "-silent", "-window", "root", "png:-"],
            env=self._environment, check=True, capture_output=True, timeout=20,
        )  # fmt: skip
        return np.asarray(Image.open(io.BytesIO(done.stdout)).convert("RGB")).astype(int)

    def wait_for(self, seen, what, timeout=30):
        """Return what a function finds in the picture once it finds something."""
        found = None

        def look():
            nonlocal found
            found = seen(self.picture())
            return bool(found)

        wait_until(look, what, timeout, lambda: f"see {self._keep()}")
        return found

    def _keep(self):
        path = self._folder / "failed.png"
        Image.fromarray(self.picture().astype(np.uint8)).save(path)
        return path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended.close()


def digits_of(store, name):
    """The digits (n, 28, 28) with which the latent page of a run begins."""
    (view,) = (run for run in RunIndex(store).scan() if run.name == name)
    scrub = Scrub.start(view)
    return digits_at(store, name, scrub.epoch, scrub.latent)


def digits_at(store, name, epoch, latent=None):
    """The digits (n, 28, 28) of GAN 0 at an epoch, or of the GAN that it makes of a latent."""
    with Lineage.open(Catalog(store), name) as lineage:
        vector, noises = lineage.top.snapshot(0, epoch)[None], lineage.fixed_noise(64, 0)
        if latent is None:
            return grey(lineage.render(vector, noises)[0])
        weights = lineage.sample_weights(np.array(latent, np.float32)[None], 0, epoch)
        return grey(lineage.render(weights, noises[1:])[0])


SHADE = 17
"""Greys between two of the 16 shades in which sixels are drawn."""


def place(picture, digit, scale):
    """Where a picture shows a digit with `scale` pixels for each of its own, or None."""
    shades = picture[:, :, 1]
    y, x = np.mgrid[: shades.shape[0] - 28 * scale, : shades.shape[1] - 28 * scale].reshape(2, -1)
    for row, column in np.random.default_rng(0).permutation(list(np.ndindex(28, 28))):
        there = shades[y + row * scale, x + column * scale]
        near = np.abs(there - int(digit[row, column])) <= SHADE + 2
        y, x = y[near], x[near]
        if not len(y):
            return None
    return y[0], x[0]


def grid(picture, digits):
    """The largest grid of `digits` that a picture shows, as (scale, rows, columns, its pixels)."""
    digits = digits // SHADE * SHADE
    for scale in range(6, 0, -1):
        if found := place(picture, digits[0], scale):
            break
    else:
        return None
    top, left = found
    step = 29 * scale

    def shown(row, column, number):
        y, x = top + row * step, left + column * step
        there = picture[y : y + 28 * scale, x : x + 28 * scale, 1]
        if number >= len(digits) or there.shape != (28 * scale, 28 * scale):
            return False
        wanted = np.kron(digits[number].astype(int), np.ones((scale, scale), int))
        return np.mean(np.abs(there - wanted) <= 3) > 0.99

    columns = next(column for column in range(99) if not shown(0, column, column))
    if not columns:
        return None
    rows = next(
        row
        for row in range(99)
        if not all(shown(row, column, row * columns + column) for column in range(columns))
    )
    height, width = rows * step - scale, columns * step - scale
    return scale, rows, columns, picture[top : top + height, left : left + width]


@contextmanager
def scrubbing(folder, store, run, *arguments):
    with Xterm(folder, run, "--store", store, *arguments) as xterm:
        xterm.wait_for(
            lambda picture: np.count_nonzero(np.all(np.abs(picture - CURVE) < 40, axis=2)) > 100,
            "the losses",
        )
        xterm.keys("3")
        yield xterm


def details(picture):
    """What the list's page shows beside the list, of the first lines."""
    return picture[30:200, 600:]


def test_an_xterm_shows_the_digits_in_its_own_pixels_and_in_greys_alone(tmp_path, trained):
    with scrubbing(tmp_path, trained, "a") as xterm:

        def seen(digits):
            scale, rows, columns, pixels = xterm.wait_for(
                lambda picture: grid(picture, digits), "these digits"
            )
            assert rows * columns >= 12
            assert scale >= 2
            assert (pixels.max(axis=2) - pixels.min(axis=2)).max() <= 3
            assert np.percentile(pixels, 5) < np.percentile(pixels, 95)
            return len(np.unique(pixels))

        assert 8 <= seen(digits_at(trained, "a", 3)) <= 16
        xterm.keys("Left")
        before = digits_at(trained, "a", 2)
        assert 8 <= seen(before) <= 16

        xterm.keys("1")
        listed = xterm.wait_for(lambda picture: [] if grid(picture, before) else [picture], "the list")
        xterm.keys("Down")
        xterm.wait_for(lambda picture: (details(picture) != details(listed[0])).any(), "another run")
        xterm.keys("3")
        seen(digits_of(trained, "g"))
