"""Export what the latent page shows as a PNG with captions and metadata."""

import json
from pathlib import Path

import numpy as np

from gangan_cli.errors import WorkFailed
from gangan_cli.images.grid import Bytes, tile
from gangan_cli.tui.render_client import NearestFound, View
from gangan_cli.tui.scrub import Scrub

SCALE = 3
"""Pixels of the file per pixel of a picture."""

FOLDER = Path("figures")


def save_png(view: View, scrub: Scrub, images: Bytes, columns: int, near: NearestFound | None) -> Path:
    """Write pictures (n, h, w) as a grid of `columns`, and beside it those of the nearest snapshot, if
    it is known; return the path of the file.

    The path is figures/RUN/latent-N.png. The text chunk "gangan" holds, as JSON, the run, snapshot,
    latent, condition, noise seed, chosen codes and nearest snapshot.

    Raises:
        WorkFailed: it cannot be written.
    """
    from PIL import Image, ImageDraw
    from PIL.PngImagePlugin import PngInfo

    rows = len(images) // columns
    caption = f"{view.run}: {scrub.axis()} = {scrub.reading()}"
    if scrub.knob:
        caption += f", GAN {scrub.gan} at epoch {scrub.epoch}"
    if not scrub.by_epoch:
        caption += f", GAN-GAN {scrub.gan} at epoch {scrub.epoch}"
    sheets = [_sheet(images, rows, columns)]
    captions = [caption]
    if near is not None:
        sheets.append(_sheet(near.images[: len(images)], rows, columns))
        captions.append(
            f"nearest snapshot: GAN {near.gan}, epoch {near.epoch}, {near.distance:.1f} away"
        )
    height, width = sheets[0].shape
    page = Image.new("L", (len(sheets) * (width + 24) + 8, height + 44), 255)
    pen = ImageDraw.Draw(page)
    for number, (sheet, words) in enumerate(zip(sheets, captions, strict=True)):
        left = 16 + number * (width + 24)
        page.paste(Image.fromarray(sheet), (left, 32))
        pen.text((left, 10), _fit(words, width), fill=0)
    facts = {
        "run": view.run,
        "id": view.id,
        "gan": scrub.gan,
        "epoch": scrub.epoch,
        "latent": scrub.latent,
        "asked for": scrub.condition
        and scrub.condition_text
        and f"{scrub.condition.title} {scrub.condition_text}",
        "noise": scrub.noise,
        "chosen": {knob.code.name: knob.value for knob in scrub.knobs},
        "nearest": near and [near.gan, near.epoch, near.distance],
    }
    info = PngInfo()
    info.add_text("gangan", json.dumps(facts))
    folder = FOLDER / view.run
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = 1
        while (path := folder / f"latent-{number}.png").exists():
            number += 1
        page.save(path, pnginfo=info)
    except OSError as error:
        raise WorkFailed(f"cannot write to {folder}: {error.strerror or error}") from error
    return path


def _sheet(images: Bytes, rows: int, columns: int) -> Bytes:
    sheet = tile(images.reshape(rows, columns, *images.shape[1:]), 1, 90)
    return np.kron(sheet, np.ones((SCALE, SCALE), np.uint8))


def _fit(words: str, width: int) -> str:
    room = width // 6  # a letter of Pillow's default font is 6 pixels wide
    return words if len(words) <= room else words[: room - 1] + "…"
