"""The entries of the command palette: the actions of the page's keys, and the runs."""

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from gangan_cli.tui.keys import KEYS
from gangan_cli.tui.state import app_of


class Commands(Provider):
    """Provides the palette's entries. Textual's own provider would interpret run names as markup."""

    async def discover(self) -> Hits:
        for title, about, deed in self._commands():
            yield DiscoveryHit(Content(title), deed, title, about)

    async def search(self, query: str) -> Hits:
        """Yield the entries that match, with the matching letters highlighted."""
        matcher = self.matcher(query)
        for title, about, deed in self._commands():
            score, places = matcher.fuzzy_search.match(query, title)
            if score:
                shown = Content(title)
                for place in places:
                    shown = shown.stylize(matcher.match_style, place, place + 1)
                yield Hit(score, shown, deed, title, about)

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        """Yield (title, help, callback), sorted by title."""
        app = app_of(self)
        found: list[tuple[str, str, Callable[[], None]]] = [
            (key.description, f"key {key.keys}", partial(app.act, key.action))
            for page in ("everywhere", app.current_mode)
            for key in KEYS[page]
        ]
        for name in app.state.runs:
            found += [
                (f"Watch {name}", "its losses", partial(app.go, name, "live")),
                (f"Scrub {name}", "its pictures", partial(app.go, name, "latent")),
            ]
        yield from sorted(found, key=lambda command: command[0])
