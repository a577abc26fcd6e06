"""The latent page: scrub a GAN-GAN's latent space, or the epochs and GANs of any run, in pictures."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import ClassVar

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual import work
from textual.containers import Center, Horizontal, Vertical
from textual.geometry import Size
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.studies.mosaic import Bytes, shrink, tile
from gangan_cli.tui import keys
from gangan_cli.tui.export import save_png
from gangan_cli.tui.messages import Done
from gangan_cli.tui.pictures import Answer, Failed, Measured, Painted, Request, View
from gangan_cli.tui.screens.page import Page
from gangan_cli.tui.scrub import Scrub
from gangan_cli.tui.widgets.halfblocks import HalfBlocks
from gangan_cli.tui.widgets.slider import Slider

NOISES = 64
"""Pictures asked for, of which those are shown that there is room for; the same at any size."""

SIZES = (10, 14, 20, 28)
"""Widths of a digit in pixels; two lines of pixels are one line of text."""

REST = 0.15
"""Seconds without a step after which the terminal's own graphics are drawn."""

FRAME = 0.1
"""Seconds between two steps of playing."""


class LatentPage(Page):
    """A slider, the digits at its place, and the training snapshot nearest to them."""

    place = "latent"
    BINDINGS: ClassVar[list[keys.Bound]] = keys.bindings("latent")

    def __init__(self) -> None:
        super().__init__()
        self._scrub: Scrub | None = None
        self._view: View | None = None
        self._asked = 0
        self._unanswered: set[int] = set()
        self._request: Request | None = None
        self._images: Bytes | None = None
        self._near: Measured | None = None
        self._zoom = SIZES.index(20)
        self._rest: Timer | None = None
        self._playing: Timer | None = None
        self._forward = 1
        self._random = np.random.default_rng()

    def body(self) -> Iterable[Widget]:
        """Return picture and facts, and the slider below."""
        plain = self.gangan.graphics.images == "ascii"
        picture: list[Widget] = [HalfBlocks(ascii=plain, id="grid"), Static(id="message")]
        graphics = self.gangan.graphics
        if graphics.images == "sixel" or graphics.images == "kitty":
            from gangan_cli.tui.widgets.graphics import image_widget

            picture.append(image_widget(graphics.images, graphics.cell, "graphics"))
            picture[-1].display = False
        yield Horizontal(
            Vertical(*(Center(widget) for widget in picture), id="picture"),
            Vertical(Static(id="about"), HalfBlocks(ascii=plain, id="near"), id="facts"),
            id="stage",
        )
        yield Slider()
        yield Static(id="where")
        yield Input(id="value", placeholder="a value, then enter")

    # ------------------------------------------------------------------ what changes

    def runs_changed(self) -> None:
        """Begin with another run, or go along with one that is being trained."""
        self.draw_bar()
        run = self.run_shown
        view = View(self.gangan.store, run.name, run.manifest.id) if run and run.manifest else None
        if view != self._view or self._scrub is None:
            self._view, self._images, self._near = view, None, None
            self._unanswered.clear()
            self._stop()
            start = Scrub.start(run) if run else None
            if start is None:
                self._scrub = None
                self._say(self._why_nothing())
                return
            self._to(start)
        elif run is not None:
            self._to(self._scrub.grown(run))

    def _why_nothing(self) -> str:
        run = self.run_shown
        if run is None:
            return self.gangan.shared.problem or "no run to look at: 1 shows the list"
        return run.problem or f"{run.name} has no snapshots yet"

    def picture_answered(self, answer: Answer) -> None:
        """Show what came in, unless we are elsewhere by now."""
        if isinstance(answer, Painted) and answer.serial in self._unanswered:
            self._unanswered = {serial for serial in self._unanswered if serial > answer.serial}
            self._images = answer.images
            self._draw_picture()
        elif isinstance(answer, Measured) and answer.serial == self._asked:
            self._near = answer
            self._draw_facts()
        elif isinstance(answer, Failed) and answer.serial == self._asked:
            self._say(answer.reason)
            self._stop()

    def on_resize(self) -> None:
        """Draw what there is room for now."""
        super().on_resize()
        self.call_after_refresh(self._draw_picture)

    # ------------------------------------------------------------------ drawing

    def _to(self, scrub: Scrub) -> None:
        """Go to a position: ask for its picture, if it is another."""
        self._scrub = scrub
        slider = self.query_one(Slider)
        slider.steps, slider.place = scrub.steps, scrub.place
        self._draw_where()
        assert self._view is not None
        request = Request(self._view, scrub.gan, scrub.epoch, scrub.latent, NOISES, scrub.noise)
        if request != self._request or self._images is None:
            self._request = request
            self._near = None
            self._asked = self.gangan.pictures.ask(request)
            self._unanswered.add(self._asked)
            if self._images is None:
                self._say("drawing …")
            self._draw_facts()

    def _say(self, text: str) -> None:
        self.query_one("#message", Static).update(Text(text))
        self.query_one("#message").display = bool(text)
        self.query_one("#grid").display = not text
        for graphics in self.query("#graphics"):
            graphics.display = False
        if text:
            self.query_one("#near").display = False
            self.query_one("#about", Static).update("")

    def _draw_picture(self) -> None:
        if self._images is None:
            return
        room = self.query_one("#picture").size
        picture = self._grid(self._images, room)
        self._say("")
        self.query_one("#grid", HalfBlocks).show(picture)
        if self.query("#graphics"):
            if self._rest is not None:
                self._rest.stop()
            self._rest = self.set_timer(REST, self._draw_graphics)

    def _draw_graphics(self) -> None:
        """Draw at full resolution, now that nothing moves."""
        if self._images is None or not self.is_current:
            return
        from gangan_cli.tui.widgets.graphics import show_image

        room = self.query_one("#picture").size
        columns, rows = self._layout(room)
        widget = self.query_one("#graphics")
        sheet = tile(
            self._images[: rows * columns].reshape(rows, columns, *self._images.shape[1:]), 1, 0
        )
        show_image(widget, sheet, (room.width, room.height), self.gangan.graphics.cell)
        widget.display = True
        self.query_one("#grid").display = False

    def _layout(self, room: Size) -> tuple[int, int]:
        """Return how many columns and rows of digits the picture has."""
        height, width = self._pixels()
        lines = room.height * (1 if self.gangan.graphics.images == "ascii" else 2)
        columns = max(1, (room.width + 1) // (width + 1))
        rows = max(1, (lines + 1) // (height + 1))
        assert self._images is not None
        columns = min(columns, len(self._images))
        return columns, min(rows, len(self._images) // columns)

    def _pixels(self) -> tuple[int, int]:
        """Return height and width of a digit in pixels."""
        assert self._images is not None
        width = SIZES[self._zoom]
        height = width * self._images.shape[1] / self._images.shape[2]
        return round(height / 2 if self.gangan.graphics.images == "ascii" else height), width

    def _grid(self, images: Bytes, room: Size) -> Bytes:
        columns, rows = self._layout(room)
        small = shrink(images[: rows * columns], *self._pixels())
        return tile(small.reshape(rows, columns, *small.shape[1:]), 1, 0)

    def _draw_where(self) -> None:
        scrub = self._scrub
        if scrub is None:
            return
        at = f"{scrub.epoch}" if scrub.by_epoch else f"{scrub.value:+.2f}"
        text = Text.assemble((f"{scrub.axis()} = {at}", "bold"), no_wrap=True, overflow="ellipsis")
        if not scrub.by_epoch:
            text.append(f"   of GAN-GAN {scrub.gan} at epoch {scrub.epoch}")
            if len(scrub.origin) > 1:
                text.append("   z = " + " ".join(f"{z:+.1f}" for z in scrub.latent or ()))
        self.query_one("#where", Static).update(text)

    def _draw_facts(self) -> None:
        scrub, run, near = self._scrub, self.run_shown, self._near
        if scrub is None or run is None:
            return
        digits = self.query_one("#near", HalfBlocks)
        table = Table.grid(padding=(0, 2, 0, 0))
        heading = Text()
        if scrub.by_epoch:
            digits.display = False
            table.add_row("GAN", str(scrub.gan))
            table.add_row("epoch", f"{scrub.epoch} of {scrub.epochs[-1]}")
        else:
            heading = Text("nearest snapshot", "bold")
            if near is None:
                table.add_row("measuring …")
            else:
                table.add_row("GAN", str(near.gan))
                table.add_row("epoch", str(near.epoch))
                table.add_row("distance", f"{near.distance:.1f}")
                if near.spacing == near.spacing:
                    table.add_row("", f"{near.distance / near.spacing:.1f} steps")
                    table.add_row("a step is", f"{near.spacing:.1f}")
                room = self.query_one("#facts").content_size
                images = near.images
                width = SIZES[0]
                height = round(width * images.shape[1] / images.shape[2])
                columns = max(1, (room.width + 1) // (width + 1))
                rows = max(1, ((room.height - 9) * 2 + 1) // (height + 1))
                rows = min(rows, 4, len(images) // columns)
                small = shrink(images[: rows * columns], height, width)
                digits.show(tile(small.reshape(rows, columns, height, width), 1, 0))
                digits.display = True
        self.query_one("#about", Static).update(Group(heading, table))

    # ------------------------------------------------------------------ keys and mouse

    def _move(self, change: Callable[[Scrub], Scrub]) -> None:
        if self._scrub is not None:
            try:
                self._to(change(self._scrub))
            except ConfigurationError as error:
                self.notify(str(error), severity="error", markup=False)

    def on_slider_moved(self, event: Slider.Moved) -> None:
        """Follow the mouse."""
        self._stop()
        self._move(lambda scrub: scrub.at(event.place))

    def action_step(self, by: int) -> None:
        """Go along the slider."""
        self._stop()
        self._move(lambda scrub: scrub.at(scrub.place + by))

    def action_end(self, which: int) -> None:
        """Go to an end of the slider."""
        self._stop()
        self._move(lambda scrub: scrub.at(which * scrub.steps))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave enter to the field once it is open."""
        return action != "value" or not self.query_one("#value").has_focus

    def action_value(self) -> None:
        """Open the field in which a value is typed."""
        field = self.query_one("#value", Input)
        field.value = ""
        field.display = True
        self.set_focus(field)  # at once: the next key may be the first digit

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the value that was typed."""
        self._close_field()
        if event.value.strip():
            self._stop()
            self._move(lambda scrub: scrub.typed(event.value.strip()))

    def _close_field(self) -> None:
        self.query_one("#value", Input).display = False
        self.set_focus(None)

    def action_back(self) -> None:
        """Leave the field without a value, or the page."""
        if self.query_one("#value").display:
            self._close_field()
        else:
            self.gangan.action_look("runs")

    def action_play(self) -> None:
        """Go on by itself, there and back, until told to stop."""
        if self._playing is not None:
            self._stop()
        elif self._scrub is not None:
            self._playing = self.set_interval(FRAME, self._play_on)

    def _play_on(self) -> None:
        if self._scrub is None or not self.is_current:
            self._stop()
            return
        if not 0 <= self._scrub.place + self._forward <= self._scrub.steps:
            self._forward = -self._forward
        self._move(lambda scrub: scrub.at(scrub.place + self._forward))

    def _stop(self) -> None:
        if self._playing is not None:
            self._playing.stop()
            self._playing = None

    def action_noise(self) -> None:
        """Draw new noise."""
        self._move(lambda scrub: replace(scrub, noise=scrub.noise + 1))

    def action_axis(self) -> None:
        """Change between the latent and the epochs."""
        if self._scrub and not self._scrub.has_latent:
            self.notify("this run's GANs make images: there are only epochs to scrub")
        self._move(lambda scrub: replace(scrub, by_epoch=not scrub.by_epoch or not scrub.has_latent))

    def _in_latent(self, change: Callable[[Scrub], Scrub]) -> None:
        if self._scrub and not self._scrub.by_epoch:
            self._move(change)
        else:
            self.notify("only in the latent space of a GAN-GAN: m goes there from its epochs")

    def action_dimension(self, by: int) -> None:
        """Take another dimension for the axis."""
        self._in_latent(
            lambda scrub: scrub.along((scrub.dimension if scrub.dimension is not None else -by) + by)
        )

    def action_direction(self) -> None:
        """Take a random direction for the axis."""
        self._in_latent(lambda scrub: scrub.turned(self._random))

    def action_sample(self) -> None:
        """Jump to a random point."""
        self._in_latent(lambda scrub: scrub.drawn(self._random))

    def action_gan(self, by: int) -> None:
        """Look at another GAN."""
        run = self.run_shown
        if run is not None:
            self._move(lambda scrub: scrub.of_gan(by, run))

    def action_size(self, by: int) -> None:
        """Show larger digits, or more."""
        self._zoom = min(max(self._zoom + by, 0), len(SIZES) - 1)
        self._draw_picture()

    def action_export(self) -> None:
        """Save what is on screen."""
        if self._images is None or self._scrub is None or self._view is None:
            self.notify("there is no picture to save yet", severity="warning")
            return
        columns, rows = self._layout(self.query_one("#picture").size)
        self._save(self._view, self._scrub, self._images[: rows * columns], columns, self._near)

    @work(thread=True)
    def _save(
        self, view: View, scrub: Scrub, images: Bytes, columns: int, near: Measured | None
    ) -> None:
        try:
            path = save_png(view, scrub, images, columns, near)
            self.app.post_message(Done(f"saved {path}"))
        except WorkFailed as error:
            self.app.post_message(Done("", str(error)))
