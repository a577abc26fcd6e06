"""The pane beside the latent page's picture: where it stands, and the nearest training snapshot."""

from collections.abc import Iterable

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.containers import Vertical
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from gangan_cli.tui.pictures import Measured
from gangan_cli.tui.scrub import Scrub
from gangan_cli.tui.widgets.digits import Digits

WIDTH = 10
"""Pixels of a digit's width."""

LINES = 22
"""Lines of text that the digits may take."""


class Facts(Vertical):
    """What is known of the place on the slider."""

    def __init__(self, *, ascii: bool, id: str) -> None:
        super().__init__(id=id)
        self._ascii = ascii

    def compose(self) -> Iterable[Widget]:
        """Put words above digits."""
        yield Static(id="about")
        yield Digits(ascii=self._ascii, id="near")

    def draw(self, scrub: Scrub | None, near: Measured | None) -> None:
        """Draw what is known of `scrub`: of a latent the snapshot `near` it, once it is measured."""
        table = Table.grid(padding=(0, 2, 0, 0))
        heading = Text()
        digits = self.query_one(Digits)
        if scrub is None or scrub.by_epoch:
            digits.display = False
        if scrub is not None and scrub.by_epoch:
            table.add_row("GAN", str(scrub.gan))
            table.add_row("epoch", f"{scrub.epoch} of {scrub.epochs[-1]}")
        elif scrub is not None:
            heading = Text("nearest snapshot", "bold")
            if near is None:
                # The digits stay until the next are there: taking them away would move all else,
                # which doubles the time of a step.
                table.add_row("measuring …")
            else:
                _add(table, near)
                lines = min(LINES, self.content_size.height - table.row_count - 2)
                digits.show_digits(near.images, Size(self.content_size.width, lines), WIDTH)
                digits.display = True
        self.query_one("#about", Static).update(Group(heading, table))


def _add(table: Table, near: Measured) -> None:
    table.add_row("GAN", str(near.gan))
    table.add_row("epoch", str(near.epoch))
    table.add_row("distance", f"{near.distance:.1f}")
    if near.spacing == near.spacing:  # NaN where no GAN has two snapshots
        table.add_row("", f"{near.distance / near.spacing:.1f} steps")
        table.add_row("a step is", f"{near.spacing:.1f}")
