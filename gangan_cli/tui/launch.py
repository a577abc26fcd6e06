"""Start and stop trainings in other processes. The TUI never trains in its own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from gangan_cli import toml
from gangan_cli.errors import ConfigurationError
from gangan_cli.tui.run_index import RunView
from store.state import Holder, host_namespace


def trainer(run: RunView) -> Holder:
    """Return the process on this machine that trains `run`.

    Raises:
        ConfigurationError: it is not being trained, or on another machine.
    """
    holder = run.state.holder
    if run.status != "training" or holder is None:
        raise ConfigurationError(f"{run.name} is not being trained")
    if holder.where != host_namespace():
        raise ConfigurationError(f"{run.name} is trained by {holder}, which is not this machine")
    return holder


def interrupt(run: RunView) -> str:
    """Ask the process that trains `run` to stop after its step; return a message that says so.

    Raises:
        ConfigurationError: there is no such process on this machine, or it cannot be signalled.
    """
    holder = trainer(run)
    try:
        # Not SIGINT: commands that a shell script starts with & ignore it.
        os.kill(holder.pid, signal.SIGTERM)
    except OSError as error:
        raise ConfigurationError(
            f"{run.name}: {holder} cannot be signalled: {error.strerror}"
        ) from error
    return f"{run.name} was asked to stop; R resumes it"


def resume(run: RunView, store: Path, failed: Callable[[str], object]) -> str:
    """Start a process that trains what `run` lacks; return a message that says so.

    The process outlives the TUI, and appends its stderr to train.log in the run's folder. If it exits
    with an error (not if a signal ended it), `failed` is called from another thread with a message that
    ends in the last line of the log.

    Raises:
        ConfigurationError: there is nothing to train, or the process cannot be started.
    """
    manifest = run.manifest
    if manifest is None or run.status not in ("interrupted", "crashed", "new"):
        raise ConfigurationError(f"{run.name} is {run.status}: there is nothing to resume")
    if manifest.dataset is None and manifest.parent is None:
        raise ConfigurationError(f"{run.name} was imported: there is nothing to resume")
    command = "train-gangan" if manifest.parent else "train-gans"
    settings = run.path / "resume.toml"
    log = run.path / "train.log"
    arguments = [command, "--config", str(settings), "--run", run.name, "--store", str(store)]
    for name, value in manifest.machine.items():
        if isinstance(value, bool):
            arguments.append(f"--{name}" if value else f"--no-{name}")
        elif value is not None:
            arguments += [f"--{name.replace('_', '-')}", str(value)]
    # Settings in the environment, meant for new trainings, must not change one that is resumed.
    kept = ("GANGAN_DATA", "GANGAN_DEVICE", "GANGAN_WORKERS", "GANGAN_COMPILE")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GANGAN_") or k in kept}
    try:
        settings.write_text(toml.table(command, manifest.config), "utf-8", "surrogateescape")
        with log.open("ab") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "gangan_cli", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environment,
                start_new_session=True,
            )
    except OSError as error:
        raise ConfigurationError(f"{run.name} cannot be resumed: {error}") from error

    def wait() -> None:
        """Wait for the process: unless somebody does, it looks alive after its end (a zombie)."""
        if 0 < process.wait() < 128:
            said = log.read_bytes().decode(errors="replace").splitlines() or ["it says nothing"]
            failed(f"{run.name} does not go on: {said[-1]}")

    threading.Thread(target=wait, daemon=True).start()
    return f"{run.name} goes on; what it says is in {log}"
