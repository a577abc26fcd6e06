"""Removes damaged values from a run, so that training fills the gaps; recovers what a broken file
holds."""

import contextlib
import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from store import keys, record, results, salvage
from store.environment import identity
from store.errors import Damaged, InUse
from store.manifest import Manifest
from store.results import Document
from store.run import Run
from store.state import State
from store.values import KINDS, MANIFEST, STATE
from store.verify import Finding, verify


@dataclass(frozen=True)
class Repaired:
    """What a repair did: the snapshots that are left, what was dropped or is missing, and whether the
    file was rebuilt."""

    snapshots: int
    findings: Collection[Finding]
    rebuilt: bool


def repair(path: Path) -> Repaired:
    """Make the run in `path` whole again, but for gaps that training fills.

    Values that are bad are dropped; a result leaves no gap. If the file itself is broken, a new one is
    made of all values that are found in it and prove to be what was written, whether or not anything
    leads to them. A result whose last version is lost may come back as it was before.

    Raises:
        InUse: a living process trains it.
        Damaged: what cannot be made again is lost: the manifest or a constant.
        StoreFull: no room for the new file; the old one is untouched.
    """
    rebuilt = not _usable(path)
    if rebuilt:
        _rebuild(path)
    findings = list(verify(path))
    if lost := [finding for finding in findings if finding.what in ("constant", "file")]:
        raise Damaged(f"{lost[0].why}; it cannot be made again: remove the run, and train it again")
    with Run.open(path, write=True) as run:
        if findings:
            values = [found for found in findings if found.gan is not None and found.epoch is not None]
            bad = [(found.what, found.gan, found.epoch) for found in values]
            gaps = {found.gan for found in values if found.what != "resume"}
            bad_results = [key for key, why in run.check_results().items() if why]
            run.drop(bad, gaps, bad_results)  # type: ignore[arg-type]
        return Repaired(len(run.keys()), findings, rebuilt)


def _usable(path: Path) -> bool:
    """Return whether LMDB can safely change the file."""
    try:
        with Run.open(path, write=True) as run, contextlib.suppress(Damaged):  # its state can be mended
            run.check_free()
    except Damaged:
        return False
    return True


@dataclass
class _Saved:
    """What was found in a broken file: values by (database, key), every state that it was in, and of
    each result the latest, with the number of the transaction that wrote it."""

    manifest: Manifest | None = None
    states: list[State] = field(default_factory=list)
    values: dict[tuple[bytes, bytes], NDArray[Any]] = field(default_factory=dict)
    results: dict[bytes, tuple[int, Document]] = field(default_factory=dict)


def _rebuild(path: Path) -> None:
    file = path / "data.mdb"
    content = np.memmap(file, np.uint8, "r").data if file.stat().st_size else memoryview(b"")
    saved = _Saved()
    for key, value in salvage.scan_leaves(content):
        _recognise(saved, key, value, path)
    if saved.manifest is None:
        raise Damaged(
            f"{path} is damaged beyond repair: its manifest is lost, or of format 1, whose values do "
            "not prove where they belong; remove the run, and train it again"
        )
    for state in saved.states:
        if state.status == "training":
            raise InUse(f"run {path.name!r} is being trained by {state.holder}: stop it first")
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=path.parent))
    try:
        _write(aside / path.name, saved.manifest, saved)
        for name in ("lock.mdb", "data.mdb"):
            (aside / path.name / name).replace(path / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _recognise(saved: _Saved, key: bytes, value: memoryview, path: Path) -> None:
    """Recover a value if its checksum proves that it was written under `key`."""
    if key in (MANIFEST, STATE):
        with contextlib.suppress(record.BadRecord, Damaged):
            document = record.decode_text(value, record.place(key, key))
            if key == MANIFEST:
                manifest = Manifest.from_json(document, str(path))
                saved.manifest = manifest if manifest.format > 1 else None
            else:
                file = identity((path / "data.mdb").stat())
                saved.states.append(State.from_json(document, file))
    with contextlib.suppress(record.BadRecord):
        found = results.decode(key, value)
        if key not in saved.results or found[0] >= saved.results[key][0]:
            saved.results[key] = found
        return
    for database in KINDS.values() if len(key) == keys.SIZE else (b"constants",):
        with contextlib.suppress(record.BadRecord):
            saved.values[database, key] = record.decode(value, record.place(database, key))
            return


def _write(path: Path, manifest: Manifest, saved: _Saved) -> None:
    """Write a new run from the recovered values."""
    constants = {
        name: saved.values.pop((b"constants", name.encode())).reshape(shape)
        for name, shape in manifest.constants.items()
        if (b"constants", name.encode()) in saved.values
    }
    if lost := set(manifest.constants) - set(constants):
        raise Damaged(
            f"{path.name} has lost {', '.join(sorted(lost))}: remove the run, and train it again"
        )
    newest = sorted(saved.states, key=lambda state: state.holder.beat if state.holder else 0.0)
    state = State(
        "interrupted",
        diverged={gan: epoch for known in newest for gan, epoch in known.diverged.items()},
        execution=next((known.execution for known in reversed(newest) if known.execution), {}),
    )
    latest: dict[int, int] = {}
    for database, key in saved.values:
        if database == KINDS["resume"]:
            gan, epoch = keys.unpack(key)
            latest[gan] = max(epoch, latest.get(gan, 0))
    with Run.create(path, manifest, constants) as run:
        run.restore(
            (
                ((database, key), values)
                for (database, key), values in saved.values.items()
                if database != KINDS["resume"] or keys.unpack(key) in latest.items()
            ),
            state,
        )
        run.add_results({key.decode(): document for key, (_, document) in saved.results.items()})
