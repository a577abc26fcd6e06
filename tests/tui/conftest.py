"""Fixtures of the TUI's tests: a store made without training, and the app over it."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from textual.css import parse, stylesheet

from gangan_cli import formatting
from gangan_cli.tui import watcher
from gangan_cli.tui.app import GanganApp
from gangan_cli.tui.render_client import Answer, RenderClient, Request
from gangan_cli.tui.run_index import RunIndex
from gangan_cli.tui.session import Session
from gangan_cli.tui.terminal import Graphics
from store import Run
from tests.runs import numbers, small_manifest
from tests.tui import asking, gallery


@pytest.fixture(scope="session")
def gallery_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gallery.make(tmp_path_factory.mktemp("gallery") / "runs")


@pytest.fixture(scope="session")
def asking_store(gallery_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asking.make(tmp_path_factory.mktemp("asking") / "runs", gallery_store / "digits")


@pytest.fixture(scope="session", autouse=True)
def styles_parsed_once() -> Iterator[None]:
    """Parse each style sheet once for all apps of this process: a third of an app's start."""

    @cache
    def parsed(scope: str, css: str, read_from: Any, variables: Any, **more: Any) -> list[Any]:
        return list(parse.parse(scope, css, read_from, variable_tokens=dict(variables), **more))

    def known(scope: str, css: str, read_from: Any, *, variable_tokens: Any, **more: Any) -> list[Any]:
        variables = tuple((name, tuple(tokens)) for name, tokens in variable_tokens.items())
        return parsed(scope, css, read_from, variables, **more)

    with patch.object(stylesheet, "parse", known):
        yield


class SharedPictures(RenderClient):
    """One painter process for all tests, since torch takes seconds to import."""

    def answering(self, answered: Callable[[Answer], None]) -> "SharedPictures":
        """Answer another app from now on."""
        self.answered = answered
        return self

    def ask(self, request: Request) -> int:
        """Ask from wherever the process was started."""
        view = replace(request.view, store=request.view.store.resolve())
        return super().ask(replace(request, view=view))

    def close(self) -> None:
        self.answered = lambda answer: None


@pytest.fixture(scope="session")
def pictures() -> Iterator[SharedPictures]:
    state = SharedPictures(lambda answer: None)
    yield state
    RenderClient.close(state)


@pytest.fixture
def app_over(tmp_path, monkeypatch, pictures) -> Callable[..., GanganApp]:
    """Return what makes the app over a store, in a folder of its own, remembering nothing.

    `notices` of the app are what it has told its user.
    """
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")

    def make(
        store: Path, run: str = "", images: str = "half", rebound: Any = None, **remembered: Any
    ) -> GanganApp:
        app = GanganApp(
            RunIndex(store),
            Session(**remembered),
            Graphics(images),
            run=run,
            rebound=rebound,
            pictures=pictures.answering,
        )
        app.notices = []

        def notify(message: str, **how: Any) -> None:
            app.notices.append(message)
            GanganApp.notify(app, message, **how)

        app.notify = notify
        return app

    return make


@pytest.fixture
def steady(still, gallery_store) -> Path:
    """Return the store, while all that could change stands still."""
    return still(gallery_store)


@pytest.fixture
def steady_asking(still, asking_store) -> Path:
    """Return the store of what can be asked, while all that could change stands still."""
    return still(asking_store)


@pytest.fixture
def still(monkeypatch, tmp_path) -> Callable[[Path], Path]:
    """Make what differs from day to day and machine to machine stand still; put a store in its place."""
    monkeypatch.setattr(formatting, "age", lambda created: "2 d")
    monkeypatch.setattr(watcher, "Readings", gallery.SteadyMachine)
    monkeypatch.setattr(Run, "size_bytes", property(lambda run: 12_300_000))
    monkeypatch.chdir(tmp_path)

    def place(store: Path) -> Path:
        Path("runs").symlink_to(store)
        return Path("runs")

    return place


@pytest.fixture
def trainer():
    """A process that stands for one that trains: SIGTERM would end it."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


@pytest.fixture
def held(tmp_path, trainer):
    """A store with a run that the process holds."""
    (tmp_path / "runs").mkdir()
    with Run.create(tmp_path / "runs" / "t", small_manifest(id="t")) as run:
        with patch("os.getpid", return_value=trainer.pid):
            run.acquire()
        run.commit(1, [0, 1], numbers(1, 2, 2, 2), numbers(2, 2, 10))
    return tmp_path / "runs"
