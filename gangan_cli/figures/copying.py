"""Z_U in each space: whether samples lie as near to the training GANs as copies, or as new GANs do."""

import numpy as np
from matplotlib.axes import Axes

from gangan_cli.audit.audit import Audit
from gangan_cli.audit.rivals import TRAINED_ANEW, label_of
from gangan_cli.figures.style import DARK, FAINT, GREY, VERMILLION

SHOWN = "snapshot", "pca_kernels", "autoencoder_kernels", "run:", TRAINED_ANEW
"""Samplers beside the GAN-GAN, or the beginnings of their ids."""

HEIGHT = 0.7
"""Height of a bar, of the 1 between two of them."""


def draw_copying(axis: Axes, audit: Audit) -> None:
    """Draw a bar from 0 to Z_U for each space, of the GAN-GAN and of some samplers, with the range of
    new GANs and what copies have."""
    bars = [
        (label_of(id), space, of.z_u, id == audit.generator.id)
        for id, spaces in audit.novelty.items()
        if id == audit.generator.id or id.startswith(SHOWN)
        for space, of in spaces.items()
    ]
    places = np.arange(len(bars))[::-1]
    for place, (_, _, z, own) in zip(places, bars, strict=True):
        axis.barh(place, z.null_high - z.null_low, 1, left=z.null_low, color=FAINT, alpha=0.5, zorder=0)
        axis.plot([z.floor] * 2, [place - 0.5, place + 0.5], color=GREY, linewidth=1.2, zorder=1)
        axis.barh(place, z.interval.estimate, HEIGHT, color=VERMILLION if own else GREY, zorder=2)
        axis.plot([z.interval.low, z.interval.high], [place] * 2, color=DARK, linewidth=0.9, zorder=3)
    axis.axvline(0, color=DARK, linewidth=0.9, zorder=4)
    for bound in (-2, 2):
        axis.axvline(bound, color=DARK, linewidth=0.7, linestyle=(0, (2, 2)), zorder=1)
    axis.set_yticks(places, [f"{label}, {space}" for label, space, _, _ in bars], fontsize=7)
    axis.set_ylim(-0.6, len(bars) - 0.4)
    axis.set_xlabel(
        "Z_U: below 0 nearer to the training GANs than GANs held out (band: new GANs; line: all copies)"
    )
