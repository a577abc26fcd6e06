"""`gangan tui` in a real terminal: a tmux server of its own for each, which no test leaves behind."""

import itertools
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from tests.commands import command

POLL = 0.1
"""Seconds between two looks at what no event tells of: a screen, a process, a file."""

RENDERER = b"gangan_cli.tui.render_process"

_numbers = itertools.count()


def wait_until(reached: Callable[[], object], what: str, timeout: float = 30, more=lambda: "") -> None:
    """Return when `reached` holds; fail, saying `what` was waited for and `more`, when it does not."""
    until = time.monotonic() + timeout
    while not reached():
        if time.monotonic() > until:
            if reached():  # we may have been the one who slept
                return
            pytest.fail(f"waited {timeout:g} s for {what}\n{more()}", pytrace=True)
        time.sleep(POLL)


def alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def children(pid: int) -> list[int]:
    """Return the children of a process, by any of its threads."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def render_processes(pid: int) -> list[int]:
    """Return the processes that make pictures for the TUI `pid`."""
    found = []
    for child in children(pid):
        with suppress(OSError):
            if RENDERER in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
    return found


def terminal_environment(state: Path, **more: str) -> dict[str, str]:
    """Return an environment as in somebody's terminal: none of ours, nor of whoever runs the tests."""
    dropped = ("TMUX", "TMUX_PANE", "NO_COLOR", "COLUMNS", "LINES", "DISPLAY", "FORCE_COLOR")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.startswith(("GANGAN_", "TEXTUAL", "XDG_"))
    }
    return {
        **kept,
        "LC_ALL": "C.UTF-8",
        "COLORTERM": "truecolor",
        "XDG_STATE_HOME": str(state),
        "SHELL": "/bin/sh",
        **more,
    }


class Terminal:
    """A terminal in which a shell runs `gangan tui ARGUMENTS` in `folder`. Use with `with`.

    The shell notes the settings of the terminal before and after, and the exit status. It begins with
    the commands `before`; `redirected` is added to the command line.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: object,
        size: tuple[int, int] = (120, 40),
        before: str = "",
        redirected: str = "",
        **environment: str,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._notes = Path(tempfile.mkdtemp(prefix="gangan-tui-"))
        self._socket = f"gangan-{os.getpid()}-{next(_numbers)}"
        self._environment = terminal_environment(
            folder / "state", TMUX_TMPDIR=str(self._notes), **environment
        )
        notes, program = self._notes, shlex.join(command("tui", *arguments))
        (notes / "start").write_text(
            f"echo $$ >{notes}/shell\n"
            f"cd {shlex.quote(str(folder))}\n"
            f"{before}\n"
            f"stty -a >{notes}/stty-before\n"
            f"sh -c 'echo $$ >{notes}/pid-; mv {notes}/pid- {notes}/pid; exec \"$@\"' - "
            f"{program} {redirected}\n"
            f"echo $? >{notes}/status-\n"
            f"stty -a >{notes}/stty-after\n"
            f"mv {notes}/status- {notes}/status\n"
            "exec cat\n"  # ends with the terminal
        )
        self._tmux(
            "start-server", ";",
            "set", "-g", "default-terminal", "tmux-256color", ";",
            "set", "-g", "history-limit", "200", ";",
            "new-session", "-d", "-x", str(size[0]), "-y", str(size[1]), f"sh {self._notes}/start",
        )  # fmt: skip

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["tmux", "-u", "-L", self._socket, "-f", "/dev/null", *arguments],
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=30,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    # ------------------------------------------------------------------ what a user does

    def keys(self, *names: str) -> None:
        """Press keys, each by tmux's name: "q", "Enter", "Down", "C-p"."""
        self._tmux("send-keys", "--", *names)

    def type(self, text: str) -> None:
        """Type text."""
        self._tmux("send-keys", "-l", "--", text)

    def resize(self, columns: int, lines: int) -> None:
        """Make the window another size."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def vanish(self) -> None:
        """Take the terminal away, as a lost connection does."""
        self._tmux("kill-server", check=False)

    # ------------------------------------------------------------------ what a user sees

    def screen(self) -> str:
        """Return what the terminal shows."""
        return self._tmux("capture-pane", "-p", check=False)

    def wait_for(self, *wanted: str | Callable[[str], object], timeout: float = 30) -> str:
        """Return the screen once it shows all texts, and all functions of it are true.

        Ask for all at once: what is seen of a screen may be half of its next picture.
        """
        screen = ""

        def lacking() -> list[str]:
            return [
                repr(one) if isinstance(one, str) else "what the test says"
                for one in wanted
                if not (one in screen if isinstance(one, str) else one(screen))
            ]

        def reached() -> bool:
            nonlocal screen
            screen = self.screen()
            return not lacking()

        wait_until(reached, "the screen", timeout, lambda: f"it lacks {', '.join(lacking())}:\n{screen}")
        return screen

    def wait_for_still(self, reading: Callable[[str], object], looks: int = 12) -> object:
        """Return what a function of the screen gives, once it has been the same so often in a row."""
        seen: list[object] = []

        def still(screen: str) -> bool:
            seen.append(reading(screen))
            return len(seen) >= looks and len(set(seen[-looks:])) == 1

        self.wait_for(still)
        return seen[-1]

    def said(self) -> str:
        """Return all that was written, scrolled off or not, with lines that were broken made whole."""
        return self._tmux("capture-pane", "-p", "-J", "-S", "-", check=False)

    def flags(self) -> str:
        """Return whether alternate screen, mouse and cursor are on; a clean terminal is "0 0 1"."""
        return self._tmux(
            "display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"
        ).strip()

    # ------------------------------------------------------------------ the process

    @property
    def pid(self) -> int:
        """The process of `gangan tui`."""
        path = self._notes / "pid"
        wait_until(path.exists, "the shell to start gangan tui", more=self.screen)
        return int(path.read_text())

    def status(self, timeout: float = 20) -> int:
        """Return the exit status, once it has ended."""
        path = self._notes / "status"
        wait_until(path.exists, "gangan tui to end", timeout, self.screen)
        return int(path.read_text())

    def assert_clean(self) -> None:
        """Hold the terminal against how it was before."""
        # What was written last may still be on its way through tmux.
        wait_until(lambda: self.flags() == "0 0 1", "a clean terminal", 5, self.flags)
        assert (self._notes / "stty-after").read_text() == (self._notes / "stty-before").read_text()

    def end(self) -> None:
        """End tmux, and what ran in it."""
        self._tmux("kill-server", check=False)
        for name in ("pid", "shell"):
            with suppress(OSError):
                _end(int((self._notes / name).read_text()), str(self._notes))
        shutil.rmtree(self._notes, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def _end(pid: int, socket_folder: str) -> None:
    """Wait for a process of ours to end with its terminal; kill it when it does not."""
    until = time.monotonic() + 10
    while alive(pid) and time.monotonic() < until:
        time.sleep(POLL)
    with suppress(OSError):
        if socket_folder.encode() in Path(f"/proc/{pid}/environ").read_bytes():
            os.kill(pid, signal.SIGKILL)
