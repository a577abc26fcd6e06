"""gangan guide"""

from typing import Annotated

import typer

from gangan_cli.cli import options, output


def topics(incomplete: str) -> list[str]:
    """Return the topics that begin with what was typed, for the shell's completion."""
    from gangan_cli.guide import TOPICS

    return [topic for topic in TOPICS if topic.startswith(incomplete)]


def guide(
    topic: Annotated[
        str | None,
        typer.Argument(help="Page to read; without one, all are listed.", autocompletion=topics),
    ] = None,
    json: options.Json = False,
) -> None:
    """Read the guide: a page in the terminal, or the list of its pages.

    **gangan guide getting-started**
    """
    from gangan_cli.guide import page, pages, with_commands

    if topic is not None:
        shown = page(topic)
        if json:
            output.document({"topic": shown.topic, "title": shown.title, "text": shown.text})
        else:
            output.markdown(shown.text, with_commands(shown.text))
    elif json:
        output.document(
            [{"topic": one.topic, "title": one.title, "summary": one.summary} for one in pages()]
        )
    else:
        output.table(["page", "what you can do after it"], [[one.topic, one.summary] for one in pages()])
