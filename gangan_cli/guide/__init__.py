"""The guide: Markdown pages that ship with the package. Standard library only."""

import re
from dataclasses import dataclass
from pathlib import Path

from gangan_cli.errors import ConfigurationError

TOPICS = (
    "getting-started",
    "commands",
    "families",
    "gangan",
    "evaluation",
    "audit",
    "networks",
    "studies",
    "findings",
    "store",
    "clusters",
    "performance",
    "extending",
    "architecture",
)
"""The pages in reading order; each is the file TOPIC.md beside this module."""

OPENING = "After this page you can "
"""How the first paragraph of each page begins."""

LINK = re.compile(r"\[([^\]]+)\]\(([a-z-]+)\.md(#[^)\s]*)?\)")
"""A link from one page to another: its text, the topic, and perhaps a heading."""


@dataclass(frozen=True)
class GuidePage:
    """A page: its topic, its title, what its reader can do after it, and its Markdown."""

    topic: str
    title: str
    summary: str
    text: str


def page(topic: str) -> GuidePage:
    """Return the page of a topic.

    Raises:
        ConfigurationError: there is no such page.
    """
    if topic not in TOPICS:
        raise ConfigurationError(f"the guide has no page {topic!r}: it has {', '.join(TOPICS)}")
    text = Path(__file__).with_name(f"{topic}.md").read_text(encoding="utf-8")
    title, first, *_ = text.split("\n\n")
    able = " ".join(first.split()).removeprefix(OPENING)
    return GuidePage(topic, title.removeprefix("# "), able[0].upper() + able[1:], text)


def pages() -> list[GuidePage]:
    """Return all pages in reading order."""
    return [page(topic) for topic in TOPICS]


def with_commands(text: str) -> str:
    """Return Markdown whose links to pages name the command that shows the page."""
    return LINK.sub(r"\1 (`gangan guide \2`)", text)
