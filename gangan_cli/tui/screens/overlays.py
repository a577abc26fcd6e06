"""Overlays over a page: help, a question, the machine's load."""

from typing import ClassVar, Generic, TypeVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from gangan_cli import formatting
from gangan_cli.tui.keys import KEYS, PAGES
from gangan_cli.tui.state import app_of

Answer = TypeVar("Answer")


class Overlay(ModalScreen[Answer], Generic[Answer]):
    """A modal box in the middle; escape, q, ? and S close it."""

    BINDINGS: ClassVar = [Binding("escape,q,question_mark,S", "dismiss", "Close")]


class Help(Overlay[None]):
    """The keys of one page, and the global ones; that of the guide works on top of it too."""

    BINDINGS: ClassVar = [Binding("G", "app.guide", "The guide", id="guide")]

    def __init__(self, page: str) -> None:
        super().__init__()
        self._page = page

    def compose(self) -> ComposeResult:
        table = Table.grid(padding=(0, 2))
        app = app_of(self)
        for page, title in ((self._page, PAGES[self._page].title), ("everywhere", "Everywhere")):
            table.add_row(Text(title, "bold"), "")
            for key in KEYS[page]:
                table.add_row(Text(" ".join(app.keys_of(key))), key.description)
            table.add_row("", "")
        table.add_row("^p", "All of this, and the runs, by name")
        with VerticalScroll():
            yield Static(table)


class Question(Overlay[bool]):
    """A question; y means yes. n, enter and the keys that close an overlay mean no."""

    BINDINGS: ClassVar = [
        Binding("y", "dismiss(True)", "Yes"),
        Binding("n,enter", "dismiss(False)", "No"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(Text(self._question + "\n\ny  yes      n  no"))


class MachinePane(Overlay[None]):
    """The machine's load in detail, kept up to date."""

    def compose(self) -> ComposeResult:
        """Provide an empty box, which `_draw` fills."""
        with VerticalScroll():
            yield Static(id="all")

    def on_mount(self) -> None:
        """Draw now and every second."""
        self._draw()
        self.set_interval(1, self._draw)

    def _draw(self) -> None:
        machine = app_of(self).state.machine
        table = Table.grid(padding=(0, 2))
        if machine is None:
            table.add_row("reading …")
        else:
            for number, load in enumerate(machine.cores):
                table.add_row(f"core {number}", _meter(load), f"{load:3.0f}%")
            if machine.usable < len(machine.cores):
                table.add_row("usable", "", f"{machine.usable} of {len(machine.cores)} cores")
            table.add_row("load", "", " ".join(f"{value:.2f}" for value in machine.load))
            table.add_row(
                "memory", _meter(100 * machine.used / machine.total), _of(machine.used, machine.total)
            )
            if machine.disk_total:
                used = machine.disk_total - machine.disk_free
                table.add_row(
                    "disk", _meter(100 * used / machine.disk_total), _of(used, machine.disk_total)
                )
            for number, gpu in enumerate(machine.gpus):
                table.add_row(
                    f"gpu {number}",
                    _meter(gpu.load),
                    Text(f"{gpu.load:3.0f}%  {gpu.name}, {gpu.celsius} °C"),
                )
                table.add_row("", _meter(100 * gpu.used / gpu.total), _of(gpu.used, gpu.total))
            if not machine.gpus:
                table.add_row("gpu", "", "no NVIDIA GPU here")
        self.query_one("#all", Static).update(table)


def _of(used: float, total: float) -> str:
    return f"{formatting.size(used)} of {formatting.size(total)}"


def _meter(percent: float, width: int = 24) -> str:
    full = round(width * min(100, max(0, percent)) / 100)
    return "━" * full + "─" * (width - full)
