"""The thread that reads the store (twice a second) and the machine's load (every two seconds), and runs
jobs on the store."""

import queue
import threading
import time
from collections.abc import Callable

from textual.message import Message

from gangan_cli.summaries.losses import LossHistory
from gangan_cli.tui.messages import Broken, Done, LossesRead, MachineRead, RunsRead
from gangan_cli.tui.run_index import RunIndex, RunView
from gangan_cli.tui.system import Readings
from store import StoreError

EVERY = 0.5
"""Seconds between two scans of the store. A scan of 200 unchanged runs takes 3 ms."""

TRENDS = 0.1
"""Seconds of a scan that may be spent on trends and scores."""

SCREENFUL = 60
"""Number of runs that the first scan reads; the others are read when these are on the screen."""

FIRST = 0.1
"""Seconds to sleep after the first scan, while its list is drawn."""

MACHINE_EVERY = 2.0

REFRESH_EVERY = 20.0
"""Seconds after which the runs are posted again although none changed: ages and times left do."""


class Watcher(threading.Thread):
    """Scans a store and posts changes. The only thread that uses the feed."""

    def __init__(self, feed: RunIndex, post: Callable[[Message], object]) -> None:
        super().__init__(name="watcher", daemon=True)
        self._feed, self._post = feed, post
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._ended = False
        self._followed: frozenset[str] = frozenset()
        self._sent: dict[str, LossHistory] = {}

    def follow(self, names: frozenset[str]) -> None:
        """Post the losses of these runs, now and whenever they grow."""

        def change() -> None:
            self._followed, self._sent = names, {}

        self.do(change)

    def do(self, job: Callable[[], None]) -> None:
        """Run `job` in this thread, before the next scan."""
        self._jobs.put(job)
        self._wake.set()

    def remove(self, name: str) -> None:
        """Delete a run, and post the outcome."""

        def job() -> None:
            try:
                self._feed.remove(name)
                self._post(Done(f"{name} is deleted"))
            except (StoreError, OSError) as error:
                self._post(Done("", f"{name} is not deleted: {error}"))

        self.do(job)

    def end(self) -> None:
        """Stop after the present scan."""
        self._ended = True
        self._wake.set()

    def run(self) -> None:
        """Scan until `end` is called; post a bug as `Broken`."""
        try:
            self._look()
        except Exception as error:
            self._post(Broken(error))

    def _look(self) -> None:
        before: list[tuple[int, str]] | None = None
        first = True
        drawn = machine_read = float("-inf")
        runs: list[RunView] = []
        readings: Readings | None = None
        while not self._ended:
            self._wake.clear()
            while not self._jobs.empty():
                self._jobs.get()()
            problem = ""
            try:
                runs = self._feed.scan(0.0, SCREENFUL) if first else self._feed.scan(TRENDS)
            except StoreError as error:
                runs, problem = [], str(error)
            now = time.monotonic()
            # Compare the status too: a crash changes it, but not the file.
            look = [(id(run), run.status) for run in runs] + [(0, problem)]
            if look != before or now - drawn > REFRESH_EVERY:
                self._post(RunsRead(runs, problem, whole=not first or len(runs) < SCREENFUL))
                before, drawn = look, now
            self._read_losses({run.name for run in runs})
            if now - machine_read > MACHINE_EVERY and not first:
                readings = readings or Readings(self._feed.root)
                self._post(MachineRead(readings.read()))
                machine_read = now
            if first:
                time.sleep(FIRST)
                first = False
            else:
                self._wake.wait(EVERY)

    def _read_losses(self, there: set[str]) -> None:
        fresh: dict[str, LossHistory] = {}
        for name in self._followed & there:
            try:
                history = self._feed.history(name)
            except (StoreError, OSError):
                continue  # the list of runs shows the error
            if history is not self._sent.get(name):
                fresh[name] = self._sent[name] = history
        if fresh:
            self._post(LossesRead(fresh))
