"""The pane beside the latent page's pictures: the position, and the nearest training snapshot."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.containers import Vertical
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from gangan_cli.tui.render_client import NearestFound
from gangan_cli.tui.scores import Scores
from gangan_cli.tui.scrub import Scrub
from gangan_cli.tui.widgets.digits import Digits
from store.keys import Pair

WIDTH = 10
"""Width of a picture in pixels."""

LINES = 22
"""Lines of text that the pictures may take."""

NAMES = 10
"""Width of the column of names in cells: the longest is "epoch step"."""

SHORT = {"epoch": "epoch", "score": "Fréchet"}
"""Names of the conditions, the same as in the facts of the nearest snapshot."""


class LatentSidebar(Vertical):
    """Facts about the slider's position."""

    def __init__(self, *, ascii: bool, id: str) -> None:
        super().__init__(id=id)
        self._ascii = ascii

    def compose(self) -> Iterable[Widget]:
        """Put the text above the nearest snapshot's pictures."""
        yield Static(id="about")
        yield Digits(ascii=self._ascii, id="near")

    def draw(
        self, scrub: Scrub | None, near: NearestFound | None, own: Scores | None, below: Scores | None
    ) -> None:
        """Draw the facts of position `scrub`; for a latent those of the nearest snapshot, `near`, None
        until it is found.

        Scores are the run's `own`, and those of the run `below`, which it was trained on.
        """
        table, condition = _facts(), _facts()
        parts: list[RenderableType] = [Text(), table]
        digits = self.query_one(Digits)
        if scrub is None or scrub.by_epoch:
            digits.display = False
        if scrub is not None and scrub.by_epoch:
            table.add_row("GAN", str(scrub.gan))
            place = f"{scrub.epoch} of {scrub.epochs[-1]}" if scrub.epoch else "0 (initial)"
            table.add_row("epoch", place)
            _add_score(table, own, (scrub.gan, scrub.epoch), drawn=scrub.has_latent)
        elif scrub is not None:
            parts = [Text("nearest snapshot", "bold"), table]
            if scrub.condition:
                condition.add_row(SHORT[scrub.condition.what], Text(scrub.condition_text))
                parts = [Text("condition", "bold"), condition, *parts]
            if near is None:
                # Keep the old pictures until new ones come: hiding them would change the layout, which
                # doubles the time of a slider step.
                table.add_row("measuring …")
            else:
                _add(table, near, below)
                text = table.row_count + condition.row_count + len(parts) // 2
                lines = self.content_size.height - text - 1
                digits.show_digits(near.images, Size(self.content_size.width, min(LINES, lines)), WIDTH)
                digits.display = True
        self.query_one("#about", Static).update(Group(*parts))


def _facts() -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(min_width=NAMES)
    table.add_column()
    return table


def _add(table: Table, near: NearestFound, below: Scores | None) -> None:
    table.add_row("GAN", str(near.gan))
    table.add_row("epoch", str(near.epoch))
    _add_score(table, below, (near.gan, near.epoch))
    table.add_row("distance", f"{near.distance:.1f}")
    if near.epoch_step == near.epoch_step:  # NaN if no GAN has two snapshots
        table.add_row("epoch step", f"{near.epoch_step:.1f}")
        table.add_row("ratio", f"{near.distance / near.epoch_step:.1f}")


def _add_score(table: Table, scores: Scores | None, key: Pair, drawn: bool = False) -> None:
    """Add the Fréchet distance of a snapshot if it is known; if `drawn`, it is the median over the GANs
    sampled from it."""
    if scores is not None and key in scores.snapshots:
        table.add_row("Fréchet", f"{'median ' if drawn else ''}{scores.snapshots[key]:.1f}")
        table.add_row("", f"{scores.images:,} images")
