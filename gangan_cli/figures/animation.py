"""Animations of image grids, as GIF: along a latent axis, and over a training (004's film)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from gangan_cli.errors import WorkFailed
from gangan_cli.figures.style import Output, describe
from gangan_cli.images.grid import shades, tile
from gangan_cli.sampling.over_training import SamplesOverTraining
from store import Run

FRAME_MS, LAST_MS = 120, 2000
"""How long a frame is shown, and the last one of a film that does not turn back."""

SIDE = 336
"""About the width of a frame in pixels."""

CAPTION = 16
"""Height in pixels of the line with the epoch."""


def frames(images: NDArray[np.float32]) -> list[Image.Image]:
    """Return a frame for each row of pictures (n, columns, height, width) in [-1, 1], or in colour: as
    large a square of its pictures as there is, over a bar that marks the row's place among all."""
    side = int(images.shape[1] ** 0.5)
    found = []
    for row, pictures in enumerate(images[:, : side * side]):
        sheet = tile(shades(pictures).reshape(side, side, *pictures.shape[1:]), gap=2)
        scale = max(1, SIDE // sheet.shape[1])
        big = sheet.repeat(scale, axis=0).repeat(scale, axis=1)
        bar = np.full((14, *big.shape[1:]), 255, np.uint8)
        bar[6:8, 4:-4] = 170
        centre = 4 + round((big.shape[1] - 9) * row / max(1, len(images) - 1))
        bar[3:11, max(0, centre - 3) : centre + 4] = 40
        found.append(Image.fromarray(np.vstack([big, bar])))
    return found


def write(found: Sequence[Image.Image], path: Path, durations: Sequence[int] | int) -> None:
    """Write frames as a GIF that repeats; `durations` are in milliseconds.

    Raises:
        WorkFailed: the folder cannot be written.
    """
    first, *rest = found
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        first.save(path, save_all=True, append_images=rest, duration=durations, loop=0, optimize=True)
    except OSError as error:
        raise WorkFailed(f"cannot write {path}: {error.strerror}") from error


def animate_training(run: Run, film: SamplesOverTraining, output: Output) -> list[Path]:
    """Write a film of a GAN over its training, from the same noise: a frame for each epoch, which stands
    below the pictures."""
    found = [
        _captioned(frame, f"GAN {film.gan}, epoch {epoch}")
        for frame, epoch in zip(frames(film.images), film.epochs, strict=True)
    ]
    path = output.folder / run.name / "training.gif"
    write(found, path, [FRAME_MS] * (len(found) - 1) + [LAST_MS])
    describe("training", run, output, [path], keys=[(film.gan, epoch) for epoch in film.epochs])
    return [path]


def _captioned(frame: Image.Image, text: str) -> Image.Image:
    """Return a frame with a line of text below it."""
    white = 255 if frame.mode == "L" else (255, 255, 255)
    whole = Image.new(frame.mode, (frame.width, frame.height + CAPTION), white)
    whole.paste(frame)
    grey = 40 if frame.mode == "L" else (40, 40, 40)
    ImageDraw.Draw(whole).text((4, frame.height), text, fill=grey)
    return whole
