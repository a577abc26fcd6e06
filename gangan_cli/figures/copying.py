"""Z_U in each space: whether samples lie as near to the training GANs as copies, or as new GANs do."""

import numpy as np
from matplotlib.axes import Axes

from gangan_cli.audit.audit import Audit
from gangan_cli.audit.rivals import GANGAN, RUN, TRAINED_ANEW, label_of
from gangan_cli.figures.style import DARK, FAINT, GREY, VERMILLION

SHOWN = GANGAN, "snapshot", "pca_kernels", "autoencoder_kernels", TRAINED_ANEW
"""Samplers with bars; other runs have some, too."""

HEIGHT = 0.7
"""Height of a bar, of the 1 between two of them."""


def shown(audit: Audit) -> list[str]:
    """Return the ids of the samplers that have bars."""
    return [id for id in audit.novelty if id in SHOWN or id.startswith(RUN)]


def draw_copying(axis: Axes, audit: Audit) -> None:
    """Draw a bar from 0 to Z_U for each space, of the GAN-GAN and of some samplers, with the range of
    new GANs and what copies have."""
    bars = [
        (label_of(id), space, audit.novelty[id][space].z_u, id == GANGAN)
        for id in shown(audit)
        for space in audit.usual
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
    for place, (label, space, _, _) in zip(places, bars, strict=True):
        # Inside, where bars of copies are not: outside they would narrow the whole page.
        axis.annotate(
            f"{label}, {space}",
            (0.995, place),
            xycoords=axis.get_yaxis_transform(),
            fontsize=6.5,
            ha="right",
            va="center",
        )
    low, high = axis.get_xlim()
    axis.set_xlim(low, high + 0.5 * (high - low))
    axis.set_yticks([])
    axis.set_ylim(-0.6, len(bars) - 0.4)
    axis.set_xlabel(
        "Z_U: below 0, nearer to the training GANs than GANs held out; band: new GANs; line: all copies"
    )
