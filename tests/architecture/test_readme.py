"""README and guide: all that they name exists, and each example is a command that gangan understands."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from gangan_cli.cli.app import app
from gangan_cli.guide import LINK, OPENING, TOPICS, pages

ROOT = Path(__file__).parents[2]

TEXTS = {"README": (ROOT / "README.md").read_text(), **{page.topic: page.text for page in pages()}}

COMMAND = re.compile(r"^(?:    |\$ |    \$ )?(gangan [a-z-].*?)(?:\s{2,}#.*| # .*)?$", re.M)
"""A line of a block that begins with a command; a comment may follow."""


def examples() -> list[tuple[str, str]]:
    """Return (page, command) for each line of a code block that is a command of gangan."""
    found = []
    for name, text in TEXTS.items():
        text = text.replace("\\\n", " ")
        blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
        unfenced = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
        blocks += re.findall(r"(?:^    .*\n)+", unfenced, re.M)
        for block in blocks:
            found += [(name, command) for command in COMMAND.findall(block)]
    return found


def inline_options() -> list[tuple[str, str]]:
    """Return (page, option) for each option that stands in the text as code."""
    return [
        (name, option)
        for name, text in TEXTS.items()
        for code in re.findall(r"`([^`\n]+)`", text)
        for option in re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", code)
    ]


def parse(command: str) -> None:
    """Have gangan's own parser read a command, without running it."""
    group = typer.main.get_command(app)
    typed = re.split(r" (?:[&|>]|2>)", command)[0]  # the rest is the shell's
    arguments = [word for word in shlex.split(typed)[1:] if word != "…"]
    context = group.make_context("gangan", arguments, resilient_parsing=True)
    while hasattr(group, "commands"):
        name, group, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        context = group.make_context(name, rest, parent=context, resilient_parsing=True)
        assert hasattr(group, "commands") or not context.args, f"{command}: {context.args} is too much"


def known_options() -> set[str]:
    """Return all options of all commands."""

    def of(command) -> set[str]:
        own = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        return own.union(*map(of, getattr(command, "commands", {}).values()))

    return of(typer.main.get_command(app)) | {"--help"}


def test_the_readme_is_short():
    assert len(TEXTS["README"].splitlines()) <= 150


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_says_first_what_its_reader_can_do_after_it(topic):
    title, summary, *rest = TEXTS[topic].split("\n\n")
    assert title.startswith("# ") and "\n" not in title and rest
    assert summary.startswith(OPENING)


def test_there_are_examples_and_gangan_understands_each():
    assert len(examples()) > 60
    for page, command in examples():
        try:
            parse(command)
        except Exception as error:
            pytest.fail(f"{page}: {command}: {error}")


def test_every_option_in_the_text_exists():
    known = known_options() | {"--signal", "--requeue", "--open-mode", "--gpus", "--node-ip-address"}
    unknown = [(page, option) for page, option in inline_options() if option not in known]
    assert not unknown


def test_every_command_is_in_the_guide():
    listed = "\n".join(TEXTS.values())
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        for sub in getattr(command, "commands", {"": None}):
            assert f"gangan {name} {sub}".strip() in listed


def test_links_lead_to_pages_and_headings():
    for name, text in TEXTS.items():
        prefix = "gangan_cli/guide/" if name == "README" else ""
        for _, topic, heading in LINK.findall(text.replace(f"]({prefix}", "](")):
            assert topic in TOPICS, f"{name}: {topic}"
            headings = re.findall(r"^#+ (.+)$", TEXTS[topic], re.M)
            anchors = {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}
            assert not heading or heading[1:] in anchors, f"{name}: {topic}{heading}"
        for path in re.findall(r"\]\((?!http|#)([^)#]+)", text):
            base = ROOT if name == "README" else ROOT / "gangan_cli" / "guide"
            assert (base / path).exists(), f"{name}: {path}"


def test_every_test_that_is_named_exists():
    named = {one for text in TEXTS.values() for one in re.findall(r"`(test_\w+)`", text)}
    existing = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(), re.M)
    }
    assert len(named) > 20
    assert named <= existing


def test_every_file_that_is_named_exists():
    for name, text in TEXTS.items():
        for path in re.findall(r"`((?:gangan_cli|store|tests)/[\w/.-]+)`", text):
            assert (ROOT / path).exists(), f"{name}: {path}"
