"""Images of a dataset (001, figure 6)."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gangan_cli.errors import ConfigurationError
from gangan_cli.figures.style import Output, house_look, new_figure, save_apart
from gangan_cli.images.dataset import Images
from gangan_cli.images.grid import tile

ROWS, COLUMNS = 8, 10
"""Images in a column and in a row. If there are at most COLUMNS classes, each has a column."""

FOLDER = "datasets"
"""The folder of the figures of datasets, beside those of runs."""


@house_look
def draw_dataset(images: Images, output: Output) -> list[Path]:
    """Draw some images of a dataset, which the output's seed chooses.

    Raises:
        ConfigurationError: its examples are no pictures.
        WorkFailed: the folder cannot be written.
    """
    if min(images.height, images.width) < 2:
        raise ConfigurationError(f"dataset {images.name!r} has numbers, not pictures, to draw")
    columns = _columns(images, output.seed)
    pictures = images.pixels[columns.T].reshape(
        *columns.T.shape, images.channels, images.height, images.width
    )
    sheet = tile(pictures[:, :, 0] if images.channels == 1 else np.moveaxis(pictures, 2, -1), gap=2)
    high, wide = sheet.shape[:2]
    figure, ((axis,),) = new_figure(6, 6 * high / wide + 0.3)
    axis.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axis.axis("off")
    name = images.name.rstrip("/").rpartition("/")[2]
    axis.set_title(f"{name}: {columns.size} of {images.count:,} images", loc="center")
    facts = {"dataset": images.describe(), "rows": columns.T, "seed": output.seed}
    return save_apart(figure, name.replace(":", "-"), FOLDER, output, **facts)


def _columns(images: Images, seed: int) -> NDArray[np.int64]:
    """Return the rows of the images in each column (columns, ROWS)."""
    random = np.random.default_rng(seed)
    if 1 < images.classes <= COLUMNS:
        members = [np.flatnonzero(images.labels == label) for label in range(images.classes)]
        if all(map(len, members)):
            return np.array([random.choice(rows, ROWS, len(rows) < ROWS) for rows in members])
    drawn = random.choice(images.count, ROWS * COLUMNS, images.count < ROWS * COLUMNS)
    return drawn.reshape(COLUMNS, ROWS)
