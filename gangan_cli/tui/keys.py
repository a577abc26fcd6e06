"""The tables of pages and of all keys, from which modes, bindings, help and the command palette are
made.

A new page is a file in screens/, and an entry in PAGES and in KEYS.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.binding import Binding

from gangan_cli.errors import ConfigurationError

BindingLike = Binding | tuple[str, str] | tuple[str, str, str]
"""The types that Textual accepts in BINDINGS."""


@dataclass(frozen=True)
class PageEntry:
    """A page: its title, and its module and class in screens/, imported when it is first shown."""

    title: str
    where: str


PAGES: Mapping[str, PageEntry] = {
    "runs": PageEntry("Runs", "runs:RunsPage"),
    "live": PageEntry("Live", "live:LivePage"),
    "latent": PageEntry("Latent", "latent:LatentPage"),
}
"""The pages by id, in the order of the number keys that open them."""


@dataclass(frozen=True)
class Key:
    """An action and its keys. `id` is its name in the configuration file, `description` the text in the
    help; with a `short` text it appears in the line of keys too."""

    id: str
    keys: str
    action: str
    description: str
    short: str = ""


KEYS: Mapping[str, tuple[Key, ...]] = {
    "everywhere": (
        *(
            Key(page, str(number), f"app.look('{page}')", entry.title)
            for number, (page, entry) in enumerate(PAGES.items(), start=1)
        ),
        Key("system", "S", "app.system", "This machine: processors, memory, disk, GPUs"),
        Key("theme", "T", "app.theme", "Light or dark"),
        Key("help", "question_mark", "app.help", "Help", "Help"),
        Key("guide", "G", "app.guide", "The guide"),
        Key("quit", "q", "app.quit", "Quit", "Quit"),
        Key("quit-anywhere", "ctrl+c", "app.quit", "Quit, wherever the focus is"),
    ),
    "runs": (
        Key("open", "enter", "open", "Watch the run's losses"),
        Key("filter", "slash", "filter", "Filter", "Filter"),
        Key("clear", "escape", "clear", "Show all runs again"),
        Key("sort", "s", "sort", "Sort by name, newest, state or size"),
        Key("mark", "space", "mark", "Mark", "Mark"),
        Key("detail", "o", "detail", "Details", "Details"),
        Key("preview", "p", "preview", "Preview the chosen GAN's digits in the details"),
        Key("previous-gan", "left_square_bracket", "gan(-1)", "Choose the GAN before"),
        Key("next-gan", "right_square_bracket", "gan(1)", "Choose the next GAN"),
        Key("delete", "d", "delete", "Delete the run, after asking"),
        Key("interrupt", "i", "interrupt", "Interrupt a training on this machine, after asking"),
        Key("resume", "R", "resume", "Resume a run that is not complete"),
        Key("copy", "y", "copy", "Copy the command that made the run"),
    ),
    "live": (
        Key("back", "escape", "app.look('runs')", "Back to the runs"),
        Key("highlight-previous", "up,left_square_bracket", "gan(-1)", "Highlight the GAN before"),
        Key("highlight-next", "down,right_square_bracket", "gan(1)", "Highlight the next GAN", "GAN"),
        Key("log", "l", "log", "Log axis", "Log"),
        Key("smooth", "s", "smooth", "Smooth", "Smooth"),
        Key("zoom-in", "plus,equals_sign", "zoom(0.5)", "Zoom in", "Zoom"),
        Key("zoom-out", "minus", "zoom(2)", "Zoom out"),
        Key("pan-left", "left", "pan(-1)", "Earlier epochs"),
        Key("pan-right", "right", "pan(1)", "Later epochs"),
        Key("whole", "0,home", "whole", "All epochs"),
        Key("lock", "y", "lock", "Lock the range of the losses", "Lock range"),
    ),
    "latent": (
        Key("back-latent", "escape", "back", "Back to the runs, or out of the field"),
        Key("step-back", "left", "step(-1)", "A step back along the slider"),
        Key("step-on", "right", "step(1)", "A step on along the slider"),
        Key("leap-back", "shift+left,H", "step(-10)", "Ten steps back"),
        Key("leap-on", "shift+right,L", "step(10)", "Ten steps on"),
        Key("first", "home", "end(0)", "To the slider's beginning"),
        Key("last", "end", "end(1)", "To its end"),
        Key("value", "enter", "value", "Type a value", "Value"),
        Key("play", "space", "play", "Play", "Play"),
        Key("noise", "n", "noise", "New noise", "Noise"),
        Key("axis", "m", "axis", "Scrub the latent, or the epochs", "Axis"),
        Key(
            "dimension-before",
            "left_square_bracket",
            "dimension(-1)",
            "The dimension, or code, before",
        ),
        Key(
            "dimension-next",
            "right_square_bracket",
            "dimension(1)",
            "The next dimension, or code",
        ),
        Key("direction", "r", "direction", "A random direction through this point"),
        Key("sample", "z", "sample", "Jump to a random point of the latent space"),
        Key("gan-before", "comma", "gan(-1)", "The GAN before"),
        Key("gan-next", "full_stop", "gan(1)", "The next GAN"),
        Key("larger", "plus,equals_sign", "size(1)", "Larger digits"),
        Key("smaller", "minus", "size(-1)", "Smaller digits, more of them"),
        Key("export", "e", "export", "Save what is on screen as PNG", "PNG"),
    ),
}
"""The keys of each page by its id, and those of all pages."""

AT_ONCE = ("quit-anywhere", "filter", "value")
"""Priority bindings, which are checked before the focused widget: Ctrl-C, which input fields use for
copying, and the keys that open a field, since the keys that follow may be in the same packet and are
meant for it."""


def bindings(page: str) -> list[BindingLike]:
    """Return the keys of a page as Textual bindings; their ids let the configuration rebind them."""
    return [
        Binding(
            key.keys,
            key.action,
            key.short or key.description,
            show=bool(key.short),
            id=key.id,
            priority=key.id in AT_ONCE,
        )
        for key in KEYS[page]
    ]


def keymap(changes: dict[str, str]) -> dict[str, str]:
    """Return a configuration's `[tui.keys]` as Textual's keymap.

    Raises:
        ConfigurationError: it has an unknown id, or a value that is not a key.
    """
    known = [key.id for keys in KEYS.values() for key in keys]
    for id, key in changes.items():
        if id not in known:
            raise ConfigurationError(f"[tui.keys] has {id!r}, which no key does: {', '.join(known)}")
        if not isinstance(key, str) or not key:
            raise ConfigurationError(f'[tui.keys] {id} is {key!r}: give keys, as in "x,ctrl+x"')
    return changes
