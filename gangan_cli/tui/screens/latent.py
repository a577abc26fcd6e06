"""The latent page: pictures along a GAN-GAN's latent space, or along the epochs and GANs of any run."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import ClassVar

import numpy as np
from rich.text import Text
from textual import work
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.images.grid import Bytes
from gangan_cli.tui import keys, listing
from gangan_cli.tui.export import save_png
from gangan_cli.tui.messages import Done
from gangan_cli.tui.render_client import Answer, Failed, NearestFound, Rendered, Request, View
from gangan_cli.tui.scores import Scores
from gangan_cli.tui.screens.image_view import ImageView
from gangan_cli.tui.screens.latent_sidebar import LatentSidebar
from gangan_cli.tui.screens.page import Page
from gangan_cli.tui.scrub import Scrub
from gangan_cli.tui.widgets.slider import Slider

NOISES = 64
"""Pictures per request, whatever the page's size; as many are shown as fit."""

FRAME = 0.1
"""Seconds between two steps of playing."""


class LatentPage(Page):
    """A slider, the pictures at its place, and the training snapshot nearest to the GAN that makes them.

    `scrub` is the position, `images` (n, height, width) are the pictures there, and `near` is the
    nearest snapshot; each is None until it is known. `playing` is the timer that moves the slider, if
    one does. `random` draws random points and directions.
    """

    page_id = "latent"
    BINDINGS: ClassVar[list[keys.BindingLike]] = keys.bindings("latent")

    def __init__(self) -> None:
        super().__init__()
        self.scrub: Scrub | None = None
        self._view: View | None = None
        self._asked = 0
        self._unanswered: set[int] = set()
        self._request: Request | None = None
        self.images: Bytes | None = None
        self.near: NearestFound | None = None
        self._scores: tuple[Scores | None, Scores | None] = None, None
        self.playing: Timer | None = None
        self._forward = 1
        self.random = np.random.default_rng()

    def body(self) -> Iterable[Widget]:
        """Return the pictures beside the pane of facts, and the slider below."""
        graphics = self.gangan.graphics
        yield Horizontal(
            ImageView(graphics, id="picture"),
            LatentSidebar(ascii=graphics.images == "ascii", id="facts"),
            id="stage",
        )
        yield Slider()
        yield Static(id="where")
        yield Input(id="value", placeholder="a value, then enter")

    # ------------------------------------------------------------------ updates

    def runs_changed(self) -> None:
        """Start at the current run if it is another one; else update epochs, GANs and scores."""
        self.draw_bar()
        run = self.run_shown
        below = listing.parent(self.gangan.state.runs, run) if run else None
        before = self._scores
        self._scores = run.scores if run else None, below.scores if below else None
        view = View(self.gangan.store, run.name, run.manifest.id) if run and run.manifest else None
        if view != self._view or self.scrub is None:
            self._view, self.images, self.near = view, None, None
            self.query_one(ImageView).show(None)
            self._unanswered.clear()
            self._stop()
            start = Scrub.start(run) if run else None
            if start is None:
                self.scrub = None
                self._draw_facts()
                self._say(self._why_nothing())
                return
            self._to(start)
        elif run is not None:
            self._to(self.scrub.refreshed(run))
            if self._scores != before:
                self._draw_facts()

    def _why_nothing(self) -> str:
        run = self.run_shown
        if run is None:
            return self.gangan.state.problem or "no run to look at: 1 shows the list"
        return run.problem or f"{run.name} has no snapshots yet"

    def picture_answered(self, answer: Answer) -> None:
        """Show an answer unless it is outdated. Pictures of any unanswered request are shown, so that
        they change while the slider moves; a nearest snapshot or a failure only of the last one."""
        if isinstance(answer, Rendered) and answer.serial in self._unanswered:
            self._unanswered = {serial for serial in self._unanswered if serial > answer.serial}
            self.images = answer.images
            self.query_one(ImageView).show(answer.images, answer.chart)
        elif isinstance(answer, NearestFound) and answer.serial == self._asked:
            self.near = answer
            self._draw_facts()
        elif isinstance(answer, Failed) and answer.serial == self._asked:
            self._say(answer.reason)
            self._stop()

    # ------------------------------------------------------------------ drawing

    def _to(self, scrub: Scrub) -> None:
        """Go to a position; request its pictures if they are others."""
        self.scrub = scrub
        slider = self.query_one(Slider)
        slider.steps, slider.place = scrub.steps, scrub.place
        self._draw_where()
        assert self._view is not None
        request = Request(
            self._view, scrub.gan, scrub.epoch, scrub.latent, NOISES, scrub.noise, scrub.knobs
        )
        if request != self._request or self.images is None:
            self._request = request
            self.near = None
            self._asked = self.gangan.pictures.ask(request)
            self._unanswered.add(self._asked)
            if self.images is None:
                self._say("drawing …")
            self._draw_facts()

    def _draw_where(self) -> None:
        scrub = self.scrub
        if scrub is None:
            return
        words = f"{scrub.axis()} = {scrub.reading()}", "bold"
        text = Text.assemble(words, no_wrap=True, overflow="ellipsis")
        if scrub.knob:
            text.append(f"   of GAN {scrub.gan} at epoch {scrub.epoch}")
        for knob in scrub.knobs:
            if knob is not scrub.knob:
                text.append(f"   {knob.code.name} {knob.reading()}")
        if not scrub.by_epoch:
            if scrub.condition and not scrub.moves_condition:
                text.append(f"   {scrub.condition.title} {scrub.condition_text}")
            text.append(f"   of GAN-GAN {scrub.gan} at epoch {scrub.epoch}")
            if len(scrub.origin) > 1:
                text.append("   z = " + " ".join(f"{z:+.1f}" for z in scrub.free))
        self.query_one("#where", Static).update(text)

    def _draw_facts(self) -> None:
        self.query_one(LatentSidebar).draw(self.scrub, self.near, *self._scores)

    def _say(self, text: str) -> None:
        self.query_one(ImageView).say(text)

    # ------------------------------------------------------------------ keys and mouse

    def _move(self, change: Callable[[Scrub], Scrub]) -> None:
        if self.scrub is not None:
            try:
                self._to(change(self.scrub))
            except ConfigurationError as error:
                self.notify(str(error), severity="error", markup=False)

    def on_slider_moved(self, event: Slider.Moved) -> None:
        """Move to where the mouse dragged the slider."""
        self._stop()
        self._move(lambda scrub: scrub.at(event.place))

    def action_step(self, by: int) -> None:
        """Move `by` places along the slider."""
        self._stop()
        self._move(lambda scrub: scrub.at(scrub.place + by))

    def action_end(self, which: int) -> None:
        """Move to an end of the slider: 0 for the first, 1 for the last."""
        self._stop()
        self._move(lambda scrub: scrub.at(which * scrub.steps))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the key enter of the page while the field has the focus and needs it."""
        return action != "value" or not self.query_one("#value").has_focus

    def action_value(self) -> None:
        """Open the field for typing a value."""
        field = self.query_one("#value", Input)
        field.value = ""
        field.display = True
        self.set_focus(field)  # at once: the next key may be the first digit

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._close_field()
        if event.value.strip():
            self._stop()
            self._move(lambda scrub: scrub.typed(event.value.strip()))

    def _close_field(self) -> None:
        self.query_one("#value", Input).display = False
        self.set_focus(None)

    def action_back(self) -> None:
        """Close the field without a value or, if it is not open, leave the page."""
        if self.query_one("#value").display:
            self._close_field()
        else:
            self.gangan.action_look("runs")

    def action_play(self) -> None:
        """Start or stop moving the slider automatically, back and forth."""
        if self.playing is not None:
            self._stop()
        elif self.scrub is not None:
            self.playing = self.set_interval(FRAME, self._play_on)

    def _play_on(self) -> None:
        if self.scrub is None or not self.is_current:
            self._stop()
            return
        if not 0 <= self.scrub.place + self._forward <= self.scrub.steps:
            self._forward = -self._forward
        self._move(lambda scrub: scrub.at(scrub.place + self._forward))

    def _stop(self) -> None:
        if self.playing is not None:
            self.playing.stop()
            self.playing = None

    def action_noise(self) -> None:
        self._move(lambda scrub: replace(scrub, noise=scrub.noise + 1))

    def action_axis(self) -> None:
        """Switch the slider between the latent and the epochs."""
        if self.scrub and not self.scrub.has_latent:
            self.notify("this run's GANs make no weights: there are only epochs to scrub")
        self._move(lambda scrub: replace(scrub, by_epoch=not scrub.by_epoch or not scrub.has_latent))

    def _in_latent(self, change: Callable[[Scrub], Scrub]) -> None:
        if self.scrub and not self.scrub.by_epoch:
            self._move(change)
        else:
            self.notify("this needs the latent space of a GAN-GAN: press m to go there")

    def action_dimension(self, by: int) -> None:
        """Choose another dimension as the axis, or another class or code of a GAN that has some."""

        if self.scrub and self.scrub.knobs:
            self._move(lambda scrub: scrub.next_knob(by))
            return

        def next_to(scrub: Scrub) -> Scrub:
            return scrub.along(scrub.first if scrub.dimension is None else scrub.dimension + by)

        self._in_latent(next_to)

    def action_direction(self) -> None:
        """Choose a random direction as the axis."""
        self._in_latent(lambda scrub: scrub.random_axis(self.random))

    def action_sample(self) -> None:
        """Jump to a random point."""
        self._in_latent(lambda scrub: scrub.sampled(self.random))

    def action_gan(self, by: int) -> None:
        run = self.run_shown
        if run is not None:
            self._move(lambda scrub: scrub.other_gan(by, run))

    def action_size(self, by: int) -> None:
        """Show larger pictures, or more of them."""
        self.query_one(ImageView).zoom(by)

    def action_export(self) -> None:
        """Save the pictures that are shown as a PNG."""
        if self.images is None or self.scrub is None or self._view is None:
            self.notify("there is no picture to save yet", severity="warning")
            return
        self._save(self._view, self.scrub, *self.query_one(ImageView).on_screen(), self.near)

    @work(thread=True)
    def _save(
        self, view: View, scrub: Scrub, images: Bytes, columns: int, near: NearestFound | None
    ) -> None:
        try:
            path = save_png(view, scrub, images, columns, near)
            self.app.post_message(Done(f"saved {path}"))
        except WorkFailed as error:
            self.app.post_message(Done("", str(error)))
