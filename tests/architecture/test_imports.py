"""What is imported when: start-up stays quick, and the store stays usable without torch."""

import subprocess
import sys

import pytest

from tests.commands import clean_environment

HEAVY = ("torch", "torchvision", "textual", "matplotlib", "safetensors", "plotext", "mlxtend")


def heavy_modules_after(code: str, heavy: tuple[str, ...] = HEAVY) -> list[str]:
    report = f"import sys\n{code}\nprint(*[m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", report],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=True,
    )
    return done.stderr.splitlines()[-1].split()


RUN_CLI = """
sys.argv = ["gangan", *{arguments!r}]
from gangan_cli.cli.app import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["train-gans", "--help"], ["runs", "--help"]]
)
def test_help_imports_nothing_heavy(arguments):
    heavy = (*HEAVY, "numpy", "lmdb")
    assert heavy_modules_after(RUN_CLI.format(arguments=arguments), heavy) == []


@pytest.mark.parametrize("command", ["list", "show"])
def test_looking_at_runs_imports_nothing_heavy(trained, command):
    arguments = ["runs", command, "--json", "--store", str(trained)] + ["a"] * (command == "show")
    assert heavy_modules_after(RUN_CLI.format(arguments=arguments), (*HEAVY, "scipy")) == []


@pytest.mark.parametrize("command", ["evaluate", "audit", "export-figures"])
def test_a_wrong_name_is_told_before_anything_heavy_is_imported(trained, command):
    arguments = [command, "nope", "--store", str(trained)]
    wrong = RUN_CLI.replace("assert not end.code", "assert end.code == 2")
    assert heavy_modules_after(wrong.format(arguments=arguments), (*HEAVY, "scipy")) == []


def test_the_store_imports_nothing_heavy():
    assert heavy_modules_after("import store") == []


def test_the_tui_has_no_torch_in_its_process_whatever_page_is_shown():
    pages = "import gangan_cli.tui.app, gangan_cli.tui.screens.live, gangan_cli.tui.screens.latent"
    assert heavy_modules_after(pages) == ["textual"]


def test_the_list_of_runs_needs_no_textual(trained):
    arguments = ["tui", "--once", "--store", str(trained)]
    assert heavy_modules_after(RUN_CLI.format(arguments=arguments)) == []


def test_completion_imports_nothing_heavy():
    words = {"_GANGAN_COMPLETE": "complete_bash", "COMP_WORDS": "gangan ru", "COMP_CWORD": "1"}
    asked = f"import os, sys\nos.environ |= {words}"
    assert heavy_modules_after(asked + RUN_CLI.format(arguments=[]), (*HEAVY, "numpy", "lmdb")) == []
