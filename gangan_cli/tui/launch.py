"""Starting and stopping trainings, which are other processes. The TUI never trains in its own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from gangan_cli import toml
from gangan_cli.errors import ConfigurationError
from gangan_cli.tui.feed import RunView
from store.state import Holder, host_namespace


def trainer(run: RunView) -> Holder:
    """Return the process of this machine that trains `run`.

    Raises:
        ConfigurationError: nobody trains it, or a process on another machine does.
    """
    holder = run.state.holder
    if run.status != "training" or holder is None:
        raise ConfigurationError(f"{run.name} is not being trained")
    if holder.where != host_namespace():
        raise ConfigurationError(f"{run.name} is trained by {holder}, which is not this machine")
    return holder


def interrupt(run: RunView) -> str:
    """Ask the process that trains `run` to stop after its step; return what was done.

    Raises:
        ConfigurationError: there is none that can be asked.
    """
    holder = trainer(run)
    try:
        # Not SIGINT: a shell has it ignored in whatever a script starts with &.
        os.kill(holder.pid, signal.SIGTERM)
    except OSError as error:
        raise ConfigurationError(f"{run.name}: {holder} cannot be told: {error.strerror}") from error
    return f"{run.name} is told to stop; R resumes it"


def resume(run: RunView, store: Path, failed: Callable[[str], object]) -> str:
    """Start a process that trains what `run` lacks; return what was done.

    It outlives the TUI. What it says goes to train.log in the run's folder; `failed` is called, from
    another thread, with its last line if it fails.

    Raises:
        ConfigurationError: there is nothing to train, or it cannot be started.
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
    # What was set for a training that starts anew must not change the one that goes on.
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
        """Wait: a process that is dead and not waited for looks alive."""
        if 0 < process.wait() < 128:
            said = log.read_bytes().decode(errors="replace").splitlines() or ["it says nothing"]
            failed(f"{run.name} does not go on: {said[-1]}")

    threading.Thread(target=wait, daemon=True).start()
    return f"{run.name} goes on; what it says is in {log}"
