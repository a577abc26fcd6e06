"""The runs in a folder."""

import contextlib
import difflib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store import filesystem
from store.errors import BadName, Damaged, NotAStore, RunExists, StoreError, UnknownRun
from store.run import Run

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+=@-]{0,99}")


def check_name(name: str) -> str:
    """Return `name` if it can be a run's: letters, digits and ._+=@-, up to 100, no leading dot or dash.

    Raises:
        BadName: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise BadName(
            f"{name!r} cannot be a run's name: use up to 100 letters, digits and ._+=@-, "
            "beginning with a letter, a digit or _"
        )
    return name


class Catalog:
    """A store: a folder with one folder per run. It need not exist before the first run."""

    def __init__(self, root: str | Path, *, force: bool = False) -> None:
        """Take the folder `root`; with `force`, write runs there even if it lies on a network.

        Raises:
            NotAStore: `root` is there and is not a folder, or cannot be reached.
        """
        self.root, self._force = Path(root), force
        try:
            other = self.root.exists() and not self.root.is_dir()
        except OSError as error:  # a folder above it may not be entered
            raise NotAStore(
                f"the store {self.root} cannot be reached ({error.strerror}): name another with --store"
            ) from error
        if other:
            raise NotAStore(f"the store {self.root} is not a folder: give --store a folder")

    def names(self) -> list[str]:
        """Return the names of the runs, sorted. A folder without permission to enter is listed too: it
        may hold a run, and opening it raises the reason.

        Raises:
            NotAStore: the folder is missing or cannot be read.
        """
        try:
            with os.scandir(self.root) as entries:
                folders = sorted(entry.name for entry in entries if entry.name[0] != ".")
        except FileNotFoundError:
            raise NotAStore(
                f"no store at {self.root}: gangan train-gans makes one, or name yours with --store"
            ) from None
        except OSError as error:
            raise NotAStore(f"the store {self.root} cannot be read: {error.strerror}") from error
        return [name for name in folders if self._may_hold_run(name)]

    def _may_hold_run(self, name: str) -> bool:
        try:
            return stat.S_ISREG((self.root / name / "data.mdb").stat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True

    def path(self, name: str) -> Path:
        """Return the folder of the run `name`, whether or not it exists.

        Raises:
            BadName: `name` cannot be a run's.
        """
        return self.root / check_name(name)

    def __contains__(self, name: str) -> bool:
        return self._may_hold_run(check_name(name))

    def known(self, name: str) -> Path:
        """Return the folder of the run `name`, which exists.

        Raises:
            UnknownRun: the store has no such run; the message offers those it has.
        """
        if name not in self:
            known = self.names()
            near = difflib.get_close_matches(name, known, n=3) or known[:5]
            offer = f"; there is {', '.join(near)}" if near else "; the store is empty"
            raise UnknownRun(f"no run {name!r} in {self.root}{offer}")
        return self.path(name)

    def open(self, name: str, *, write: bool = False) -> Run:
        """Open the run `name`.

        Raises:
            UnknownRun: the store has no such run.
            Unsuitable: it is to be written, and lies on a network's file system.
            StoreError: it cannot be opened.
        """
        path = self.known(name)
        if write:
            self.check_local()
        return Run.open(path, write=write)

    def check_local(self) -> None:
        """Make sure that runs may be written here.

        Raises:
            Unsuitable: the store lies on a network file system, and `force` is not set.
        """
        if not self._force:
            filesystem.check_local(self.root)

    def find(self, name: str, id: str) -> Run:
        """Open the run with this id, whatever its name is now; look at `name` first.

        Raises:
            UnknownRun: no run of the store has this id.
            StoreError: no readable run has it, and the run `name` cannot be read.
        """
        names, unreadable = self.names(), None
        for candidate in sorted(names, key=lambda other: other != name):
            try:
                run = self.open(candidate)
            except StoreError as error:
                unreadable = error if candidate == name else unreadable
                continue
            if run.manifest.id == id:
                return run
            run.close()
        if unreadable:
            raise unreadable
        raise UnknownRun(
            f"the run {name!r} that this one was trained on is not in {self.root} "
            "(or was replaced by another of that name)"
        )

    @contextmanager
    def adding(self, name: str) -> Iterator[Path]:
        """Yield a temporary path at which to write a new run `name`.

        When the block ends, the run is moved into the store; when the block raises, it is deleted. Close
        the run before the block ends: an open LMDB environment must not be moved.

        Raises:
            RunExists: the store has a run of that name.
            StoreError: the store cannot be written, or should not be.
        """
        self.check_local()
        final = self.path(name)
        if name in self:
            raise RunExists(f"a run {name!r} is in {self.root} already")
        if os.path.lexists(final) and not _is_empty(final):
            raise RunExists(f"{final} is there, and is not a run: remove it, or give another name")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self._sweep()
            aside = Path(tempfile.mkdtemp(prefix=".new-", dir=self.root))
        except OSError as error:
            raise StoreError(f"cannot write to the store {self.root}: {error.strerror}") from error
        try:
            yield aside / name
            try:
                (aside / name).rename(final)
            except OSError as error:  # somebody else was quicker
                raise RunExists(
                    f"a run {name!r} was created in {self.root} by another process meanwhile"
                ) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove temporary runs that a killed process left, if they are older than a day."""
        for left in self.root.glob(".new-*"):
            with contextlib.suppress(OSError):  # another may sweep, too
                if time.time() - left.stat().st_mtime > 86400:
                    shutil.rmtree(left)

    def children(self, run: Run) -> list[str]:
        """Return the names of the runs that were trained on `run`."""
        found = []
        for name in self.names():
            try:
                with self.open(name) as other:
                    if other.manifest.parent and other.manifest.parent.id == run.manifest.id:
                        found.append(name)
            except StoreError:
                continue
        return found

    def remove(self, name: str) -> None:
        """Delete the run `name` and all its snapshots, even if it cannot be read. Of a symbolic link
        only the link is removed, since its target may belong to another store.

        Raises:
            UnknownRun: the store has no such run.
            InUse: a living process trains it.
            StoreError: its folder cannot be removed.
        """
        path = self.known(name)
        with contextlib.suppress(Damaged), self.open(name) as run:
            run.check_free()
        try:
            path.unlink() if path.is_symlink() else shutil.rmtree(path)
        except OSError as error:
            raise StoreError(f"cannot remove {path}: {error.strerror}") from error


def _is_empty(path: Path) -> bool:
    try:
        return path.is_dir() and not path.is_symlink() and not any(path.iterdir())
    except OSError:
        return False
