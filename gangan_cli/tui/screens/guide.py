"""The guide as an overlay: its pages on the left, the chosen one on the right."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Markdown, OptionList
from textual.widgets.option_list import Option

from gangan_cli.guide import LINK, TOPICS, page
from gangan_cli.tui.screens.overlays import Overlay


class Guide(Overlay[None]):
    """A reader of the guide. Up and down choose a page; the keys of a pager scroll it."""

    BINDINGS: ClassVar = [
        Binding("pagedown,space", "scroll(1)", "Further", priority=True),
        Binding("pageup,b", "scroll(-1)", "Back", priority=True),
    ]

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield OptionList(*(Option(topic, id=topic) for topic in TOPICS))
            with VerticalScroll():
                yield Markdown(open_links=False)

    @property
    def topic(self) -> str:
        """The topic of the page that is shown."""
        return TOPICS[self.query_one(OptionList).highlighted or 0]

    async def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the page under the cursor, from its beginning."""
        await self.query_one(Markdown).update(page(TOPICS[event.option_index]).text)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        """Open the page that a link leads to."""
        if link := LINK.fullmatch(f"[link]({event.href})"):
            self.query_one(OptionList).highlighted = TOPICS.index(link[2])

    def action_scroll(self, by: int) -> None:
        """Scroll the page by a screen."""
        reader = self.query_one(VerticalScroll)
        (reader.scroll_page_down if by > 0 else reader.scroll_page_up)(animate=False)
