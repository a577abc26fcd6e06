"""The runs page: all runs of the store as a tree, and details of the current one."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import DataTable, Input

from gangan_cli import formatting
from gangan_cli.errors import ConfigurationError
from gangan_cli.tui import detail, keys, launch, listing
from gangan_cli.tui.messages import Done
from gangan_cli.tui.render_client import Answer
from gangan_cli.tui.screens.page import Page
from gangan_cli.tui.screens.run_sidebar import RunSidebar

COLUMNS = (
    ("run", 0),
    ("state", 0),
    ("GANs × epochs", 0),
    ("losses", 0),
    ("family", 110),
    ("on", 110),
    ("size", 100),
    ("age", 74),
)
"""The table's columns, each with the least width of the table, in cells, at which it is shown."""

SIDE = 58
"""Width of the details beside the table in cells, as in gangan.tcss."""


class RunsPage(Page):
    """Browse, filter, compare; delete, interrupt, resume."""

    page_id = "runs"
    BINDINGS: ClassVar[list[keys.BindingLike]] = keys.bindings("runs")

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self._rows: list[listing.Row] = []
        self._shown: dict[str, tuple[Text, ...]] = {}
        self._columns: tuple[str, ...] = ()
        self._widths: list[int] = []
        self._over = False  # whether the details cover the table, in a window too narrow for both

    def body(self) -> Iterable[Widget]:
        """Return table and details side by side, and the hidden filter."""
        table: DataTable[Text] = DataTable(id="table", cursor_type="row", zebra_stripes=False)
        side = RunSidebar(ascii=self.gangan.graphics.images == "ascii", id="side")
        side.set_class(not self.gangan.session.detail, "-hidden")
        yield Horizontal(table, side)
        yield Input(id="filter", placeholder="words, state:training, family:mlp, on:digits")

    def on_mount(self) -> None:
        """Focus the table, so that it gets the keys."""
        self._table.focus()

    # ------------------------------------------------------------------ drawing

    def runs_changed(self) -> None:
        """Update the cells that changed, or the whole table if columns or rows did; draw the details."""
        state = self.gangan.state
        self.draw_bar()
        self._rows = listing.arrange(list(state.runs.values()), self.gangan.session.sort, self._words)
        table = self._table
        columns = tuple(name for name, room in COLUMNS if self._room >= room)
        rows = {row.run.name: self._cells(row, columns) for row in self._rows}
        widths = [
            max(map(cell_len, (name, *(row[place].plain for row in rows.values()))))
            for place, name in enumerate(columns)
        ]
        if widths != self._widths or columns != self._columns or list(rows) != list(self._shown):
            table.clear(columns=True)
            for name, width in zip(columns, widths, strict=True):
                table.add_column(name, key=name, width=width)
            for name, cells in rows.items():
                table.add_row(*cells, key=name)
            if state.current in rows:
                table.move_cursor(row=list(rows).index(state.current), animate=False)
        else:
            for name, cells in rows.items():
                for column, cell, old in zip(columns, cells, self._shown[name], strict=True):
                    if cell != old:
                        table.update_cell(name, column, cell)
        self._widths = widths
        self._columns, self._shown = columns, rows
        self._draw_about()

    def _cells(self, row: listing.Row, columns: tuple[str, ...]) -> tuple[Text, ...]:
        run, state = row.run, self.gangan.state
        mark = "● " if run.name in state.marked else "  " if state.marked else ""
        colour = listing.STATE_COLOURS.get(run.status, "")
        cells = {
            "run": Text.assemble((mark, "bold"), (row.branch, "dim"), formatting.plain(run.name)),
            "state": Text(listing.standing(run), self.gangan.theme_variables.get(colour[1:], "")),
            "GANs × epochs": Text(listing.population(run), justify="left"),
            "losses": Text(listing.losses(run)),
            "family": Text(run.manifest.family if run.manifest else ""),
            "on": Text(run.on),
            "size": Text(formatting.size(run.size) if run.size else "", justify="right"),
            "age": Text(listing.age(run), justify="right"),
        }
        return tuple(cells[name] for name in columns)

    def _draw_about(self) -> None:
        state, note = self.gangan.state, ""
        run = self.run_shown if self._rows else None
        if not state.read:
            note = "reading the store …"
        elif state.problem or not state.runs:
            note = state.problem or detail.nothing_yet(self.gangan.store)
        elif run is None:
            note = f"no run matches {self._words!r}: escape shows all"
        self.query_one(RunSidebar).draw(run, note)

    def picture_answered(self, answer: Answer) -> None:
        self.query_one(RunSidebar).picture_answered(answer)

    # ------------------------------------------------------------------ events

    def on_resize(self) -> None:
        """Show the columns for which there is room."""
        super().on_resize()
        if self._columns:
            self.runs_changed()

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Make the run under the cursor the current one."""
        if event.row_key.value and event.row_key.value in self.gangan.state.runs:
            self.gangan.choose(event.row_key.value)
            self._draw_about()

    def leave(self) -> None:
        """Make the run under the cursor the current one: the table's message may still be queued."""
        if 0 <= self._table.cursor_row < len(self._rows):
            self.gangan.choose(self._rows[self._table.cursor_row].run.name)

    def on_data_table_row_selected(self) -> None:
        """Open the run on enter, or on a click on the row of the cursor."""
        self.action_open()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._words = event.value
        self.runs_changed()
        if self._rows and self.gangan.state.current not in self._shown:
            self._table.move_cursor(row=0, animate=False)
            self.gangan.choose(self._rows[0].run.name)
            self._draw_about()

    def on_input_submitted(self) -> None:
        """Return to the table, which stays filtered."""
        self._table.focus()

    # ------------------------------------------------------------------ keys

    def action_open(self) -> None:
        """Show the current run on the live page."""
        if self.run_shown:
            self.gangan.action_look("live")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the key of the filter while the field has the focus, so that a slash can be typed."""
        return action != "filter" or not self.query_one("#filter").has_focus

    def action_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.display = True
        self.set_focus(field)  # at once: the next key may be the first letter

    def action_clear(self) -> None:
        """Clear and close the filter, and close details that cover the table."""
        field = self.query_one("#filter", Input)
        field.value = ""
        field.display = False
        self.set_focus(self._table)
        self._lay_over(False)

    def action_sort(self) -> None:
        """Sort by the next of the sort keys."""
        names = list(listing.SORTS)
        session = self.gangan.session
        session.sort = names[(names.index(session.sort) + 1) % len(names)]
        self.notify(f"sorted by {session.sort}", timeout=1.5)
        self.runs_changed()

    def action_mark(self) -> None:
        """Mark or unmark the current run, and move to the next."""
        if run := self.run_shown:
            marked = self.gangan.state.marked
            if run.name in marked:
                marked.remove(run.name)
            else:
                marked.append(run.name)
            self.runs_changed()
            self._table.action_cursor_down()

    def action_detail(self) -> None:
        """Show or hide the details: beside the table, or over it in a narrow window."""
        if self.has_class("-narrow"):
            self._lay_over(not self._over)
        else:
            self.gangan.session.detail = not self.gangan.session.detail
            self.query_one("#side").set_class(not self.gangan.session.detail, "-hidden")
            self.runs_changed()

    def _lay_over(self, over: bool) -> None:
        self._over = over
        self.query_one("#side").set_class(over, "-over")
        self._table.set_class(over, "-under")

    def action_preview(self) -> None:
        """Show or hide the preview of pictures."""
        self.gangan.session.preview = not self.gangan.session.preview
        if self.gangan.session.preview:
            self.notify("drawing …", timeout=1.5)
        self._draw_about()

    def action_gan(self, by: int) -> None:
        """Choose another GAN for details and preview."""
        self.query_one(RunSidebar).step_gan(by)

    def action_delete(self) -> None:
        """Delete the current run, after asking."""
        run = self.run_shown
        if run is None:
            return
        children = listing.children(self.gangan.state.runs.values(), run)
        loss = f"\n{', '.join(children)} will no longer decode to images." if children else ""
        question = f"Delete {run.name}: {run.snapshots} snapshots, {formatting.size(run.size)}?{loss}"
        self._ask(question, lambda: self.gangan.watcher.remove(run.name))

    def action_interrupt(self) -> None:
        """Interrupt the training of the current run, after asking if `confirm` is set."""
        run = self.run_shown
        if run is None:
            return
        name = run.name

        def interrupt() -> None:
            # Read the run again: by the time of the answer, another process may train it.
            now = self.gangan.state.runs.get(name, run)
            with self._refusal_told():
                self.notify(launch.interrupt(now), markup=False)

        with self._refusal_told():
            launch.trainer(run)
            if self.gangan.confirm:
                self._ask(f"Interrupt {name}, {listing.standing(run)}? R resumes it.", interrupt)
            else:
                interrupt()

    def action_resume(self) -> None:
        """Resume the training of the current run."""

        def failed(why: str) -> None:
            self.app.post_message(Done("", why))

        if run := self.run_shown:
            with self._refusal_told():
                self.notify(launch.resume(run, self.gangan.store, failed), markup=False)

    def _ask(self, question: str, deed: Callable[[], None]) -> None:
        from gangan_cli.tui.screens.overlays import Question

        self.app.push_screen(Question(question), lambda yes: deed() if yes else None)

    @contextmanager
    def _refusal_told(self) -> Iterator[None]:
        try:
            yield
        except ConfigurationError as error:
            self.notify(str(error), severity="error", markup=False)

    def action_copy(self) -> None:
        """Copy the command that created the run."""
        if self.run_shown and self.run_shown.manifest:
            self.app.copy_to_clipboard(self.run_shown.manifest.command)
            self.notify(f"copied: {self.run_shown.manifest.command}", markup=False)

    @property
    def _room(self) -> int:
        """The width in cells that is left for the table."""
        beside = not self.has_class("-narrow") and self.gangan.session.detail
        return self.size.width - (SIDE if beside else 0)

    @property
    def _table(self) -> "DataTable[Text]":
        return self.query_one("#table", DataTable)
