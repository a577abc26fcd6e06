"""Checks every byte of a run: reports what differs from what was written, and what is missing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from store import keys
from store.errors import Damaged, StoreError, UnknownSnapshot
from store.manifest import Manifest
from store.run import Run
from store.values import KINDS

OnProgress = Callable[[int, int], None]
"""(values looked at, values in all) as reading goes on."""


@dataclass(frozen=True)
class Finding:
    """Something wrong in a run; `why` is a sentence.

    `what` is file, layout, state, constant, result, snapshot, losses or resume; `gan` and `epoch` say
    which one, if it belongs to one. `missing`: the value was dropped, or lost with the pages that led to
    it.
    """

    what: str
    why: str
    gan: int | None = None
    epoch: int | None = None
    missing: bool = False


UNOPENED = "unopened"
"""What a finding is about that says why a run could not be looked at: no repair helps there."""


def verify(path: Path, on_progress: OnProgress = lambda done, total: None) -> Iterator[Finding]:
    """Check the run in `path` from its first page to its last value; yield what is wrong.

    The run may be in training meanwhile. LMDB may, in spite of all checks, kill a process that reads a
    scrambled file: callers that must survive do this in a child process.
    """
    try:
        run = Run.open(path)
    except StoreError as error:
        yield Finding("file" if isinstance(error, Damaged) else UNOPENED, str(error))
        return
    with run:
        try:
            yield from _values(run, on_progress)
        except StoreError as error:
            yield Finding("file", str(error))


def _values(run: Run, on_progress: OnProgress) -> Iterator[Finding]:
    try:
        run.state()
    except Damaged as error:
        yield Finding("state", str(error))
    for name in run.manifest.constants:
        try:
            run.constant(name)
        except Damaged as error:
            yield Finding("constant", str(error))
    results = run.check_results()
    yield from (Finding("result", why) for why in results.values() if why)
    there = run.index()
    yield from _missing(run, there)
    done = len(results)
    total = done + sum(map(len, there.values()))
    if results:
        on_progress(done, total)
    for what, pairs in there.items():
        for gan, epoch in sorted(pairs):
            try:
                run.value(what, gan, epoch)
            except UnknownSnapshot:
                pass  # a state to resume from has been superseded
            except Damaged as error:
                yield Finding(what, str(error), gan, epoch)
            done += 1
            on_progress(done, total)


def _missing(run: Run, there: Mapping[str, set[keys.Pair]]) -> Iterator[Finding]:
    """Yield what is missing, judging by what is there."""
    if "imported" in run.manifest.config:
        return  # state dicts may be of any epochs
    try:
        state = run.state()
    except Damaged:
        state = None
    last: dict[int, int] = {}
    for gan, epoch in set().union(*there.values()):
        last[gan] = max(epoch, last.get(gan, 0))
    if state and state.stored in ("complete", "diverged"):
        whole = set(range(run.manifest.gans)) - set(state.diverged)
        last |= dict.fromkeys(whole, run.manifest.epochs)
    for gan, end in sorted(last.items()):
        for epoch in range(end + 1):
            for what in _expected(run.manifest, epoch):
                if (gan, epoch) not in there.get(what, ()):
                    place = keys.describe(KINDS[what], keys.pack(gan, epoch))
                    yield Finding(what, f"run {run.name!r}, {place}: missing", gan, epoch, missing=True)


def _expected(manifest: Manifest, epoch: int) -> Iterator[str]:
    """Yield what is stored of a GAN after `epoch`."""
    if manifest.saves(epoch) if epoch else manifest.keeps_initial:
        yield "snapshot"
    if epoch:
        yield "losses"
        if manifest.keeps_step_losses:
            yield "step losses"
