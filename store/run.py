"""A run on disk: one LMDB environment with manifest, snapshots, losses, checkpoints and heartbeat."""

import dataclasses
import stat
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from store import keys, record, results
from store.environment import Environment
from store.errors import Damaged, InUse, NotAStore, StoreError
from store.lease import refuse_if_trained, watch
from store.manifest import Manifest
from store.reader import ROWS_AT_ONCE, RunReader
from store.state import Holder, State, Status
from store.transaction import Transaction
from store.values import KINDS, MANIFEST, STEP_LOSSES, Vector


class Run(RunReader):
    """The snapshots of a population, and all else that is stored about it. Use as a context manager."""

    # ------------------------------------------------------------------ opening and closing

    @classmethod
    def create(
        cls, path: str | Path, manifest: Manifest, constants: Mapping[str, NDArray[Any]] | None = None
    ) -> "Run":
        """Create a run in the new folder `path`, and open it for writing.

        Raises:
            ValueError: `constants` do not have the shapes that the manifest gives.
            StoreError: it cannot be written.
        """
        path, constants = Path(path), constants or {}
        shapes = {name: array.shape for name, array in constants.items()}
        if shapes != dict(manifest.constants):
            raise ValueError(f"constants {shapes} are not the manifest's {manifest.constants}")
        manifest.check()
        path.mkdir(parents=True)
        environment = Environment.open(path, write=True)
        run = cls(path, environment, manifest)
        try:
            with environment.writing() as transaction:
                run._put_text(transaction, MANIFEST, manifest.to_json())
                run._put_state(transaction, State())
                for name, array in constants.items():
                    run._put(transaction, b"constants", name.encode(), array)
        except BaseException:
            run.close()
            raise
        return run

    @classmethod
    def open(cls, path: str | Path, *, write: bool = False) -> "Run":
        """Open the run in the folder `path`.

        Raises:
            NotAStore: no run lies there.
            NewerFormat: a later version wrote it.
            Damaged: its manifest cannot be read.
            StoreError: its folder may not be entered.
        """
        path = Path(path)
        try:
            found = (path / "data.mdb").stat()
        except (FileNotFoundError, NotADirectoryError):
            raise NotAStore(f"{path} is not a run: it has no data.mdb") from None
        except OSError as error:
            raise StoreError(f"{path} cannot be looked into: {error.strerror}") from error
        if not stat.S_ISREG(found.st_mode):
            raise NotAStore(f"{path} is not a run: its data.mdb is no file")
        if not found.st_size:
            raise Damaged(f"{path} is damaged: its data.mdb is empty")  # LMDB would begin a new one
        environment = Environment.open(path, write)
        try:
            with environment.reading(results.NAME) as transaction:
                value = transaction.get(MANIFEST, MANIFEST)
                if value is None:
                    raise Damaged(f"{path} has no manifest")
                try:
                    document = record.decode_text(value, record.place(MANIFEST, MANIFEST))
                except record.BadRecord as error:
                    raise Damaged(f"{path}, its manifest: {error}") from error
                manifest = Manifest.from_json(document, str(path))
                run = cls(path, environment, manifest)
                run._check_present(transaction)
        except BaseException:
            environment.close()
            raise
        return run

    def close(self) -> None:
        """Close the run; a second call does nothing."""
        environment, self._environment = self._environment, None  # type: ignore[assignment]
        if environment is not None:
            environment.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------ writing

    def commit(
        self,
        epoch: int,
        gans: Sequence[int],
        losses: NDArray[np.float64],
        vectors: Vector | None = None,
        resume: Vector | None = None,
        step_losses: Vector | None = None,
    ) -> None:
        """Store one epoch of some GANs, durably and all or nothing.

        `losses` is (n, L, 2) as in `losses()`; `vectors` (n, P) are the snapshots and `resume` (n, R)
        the checkpoints, both left out at epochs that keep none; `step_losses` (n, steps, L) are kept if
        the manifest says so. An epoch that was stored before stays as it is, should another machine
        round differently.

        Raises:
            StoreFull: no room; what was committed before is untouched.
            InUse: another process has taken the run over meanwhile.
        """
        with self._environment.writing(*[STEP_LOSSES] * (step_losses is not None)) as transaction:
            for row, gan in enumerate(gans):
                key = keys.pack(gan, epoch)
                if step_losses is not None:
                    self._put(transaction, STEP_LOSSES, key, step_losses[row], overwrite=False)
                self._put(transaction, b"losses", key, losses[row].astype(np.float64), overwrite=False)
                if vectors is not None:
                    self._put(transaction, b"snapshots", key, vectors[row], overwrite=False)
            if resume is not None:
                self._put_checkpoint(transaction, epoch, gans, resume)
            self._update_state(transaction)

    def commit_initial(self, gans: Sequence[int], vectors: Vector) -> None:
        """Store the initial weights (n, P) of some GANs, as epoch 0; those that are stored stay.

        Raises:
            StoreFull, InUse: as `commit`.
        """
        with self._environment.writing() as transaction:
            for gan, vector in zip(gans, vectors, strict=True):
                self._put(transaction, b"snapshots", keys.pack(gan, 0), vector, overwrite=False)
            self._update_state(transaction)

    def save_checkpoint(self, epoch: int, gans: Sequence[int], resume: Vector) -> None:
        """Store checkpoints (n, R) of some GANs after `epoch`, which is stored already.

        Raises:
            StoreFull, InUse: as `commit`.
        """
        with self._environment.writing() as transaction:
            self._update_state(transaction)
            self._put_checkpoint(transaction, epoch, gans, resume)

    def acquire(self) -> None:
        """Take the run for training by this process.

        Raises:
            InUse: a living process trains it.
        """
        found = self.state()
        if found.status == "crashed" and found.holder and found.holder.elsewhere:
            watch(self.name, found.holder, self.state)
        with self._environment.writing() as transaction:
            state = self._state_in(transaction)
            refuse_if_trained(self.name, state)
            self._holder = Holder.me(transaction.count(b"losses"), self._environment.identity)
            state = dataclasses.replace(state, stored="training", holder=self._holder)
            self._put_state(transaction, state)

    def check_free(self) -> None:
        """Check that no living process trains the run.

        Raises:
            InUse: a living process trains it.
        """
        refuse_if_trained(self.name, self.state())

    def heartbeat(self) -> None:
        """Record that the training process is alive."""
        with self._environment.writing() as transaction:
            self._update_state(transaction)

    def diverged(self, gan: int, epoch: int) -> None:
        """Record that training of `gan` ended in `epoch`, where losses or weights were not finite."""
        with self._environment.writing() as transaction:
            known = self._state_in(transaction).diverged
            self._update_state(transaction, diverged={**known, gan: epoch})

    def record_execution(self, execution: Mapping[str, Any]) -> None:
        """Record how the run is executed, so that it can be resumed with the same rounding."""
        with self._environment.writing() as transaction:
            self._update_state(transaction, execution=dict(execution))

    def release(self, status: Status) -> None:
        """End this process's hold on the run, and set its state to `status`."""
        with self._environment.writing() as transaction:
            self._update_state(transaction, stored=status, holder=None)
            self._holder = None

    def add_results(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        """Store results of evaluations by key, durably and all or nothing, replacing earlier ones.

        This needs no `acquire`, and does not disturb another process that trains the run.

        Raises:
            ValueError: a key is not printable text of 1 to 400 bytes, or a number is not finite.
            TypeError: JSON does not know what a document holds.
            StoreFull: as `commit`.
        """
        if not (texts := results.texts(documents)):
            return
        with self._environment.writing(results.NAME) as transaction:
            results.put(transaction, texts)
            state = self._state_in(transaction)
            self._put_state(transaction, dataclasses.replace(state, results=transaction.number))

    def drop(
        self,
        bad: Iterable[tuple[str, int, int]],
        gaps: Iterable[int],
        bad_results: Collection[bytes] = (),
    ) -> None:
        """Remove `bad` values, each one of the KINDS at a (gan, epoch), and bad results.

        GANs with `gaps` also lose their checkpoint, so that they are trained again from the beginning:
        the same bytes come again, and values that are there stay. Results make no gap.

        Raises:
            InUse: a living process trains the run.
        """
        bad = list(bad)
        also = [results.NAME] * bool(bad_results)
        also += [STEP_LOSSES] * any(KINDS[what] == STEP_LOSSES for what, *_ in bad)
        with self._environment.writing(*also) as transaction:
            try:
                state = self._state_in(transaction)
            except Damaged:
                state = State("interrupted")
            refuse_if_trained(self.name, state)
            for what, gan, epoch in bad:
                transaction.delete(KINDS[what], keys.pack(gan, epoch))
            for key in bad_results:
                transaction.delete(results.NAME, key)
                state = dataclasses.replace(state, results=transaction.number)
            for gan in (anew := set(gaps)):
                self._forget(transaction, gan)
            diverged = {gan: epoch for gan, epoch in state.diverged.items() if gan not in anew}
            status: Status = "interrupted" if anew else state.stored
            state = dataclasses.replace(state, stored=status, diverged=diverged)
            self._put_state(transaction, state)

    def restore(self, found: Iterable[tuple[tuple[bytes, bytes], NDArray[Any]]], state: State) -> None:
        """Store values with their (database, key), recovered from a broken file or copied from runs."""
        waiting = iter(found)
        # Not more at once than memory holds with ease.
        while some := dict(islice(waiting, ROWS_AT_ONCE)):
            also = [STEP_LOSSES] * any(database == STEP_LOSSES for database, _ in some)
            with self._environment.writing(*also) as transaction:
                for (database, key), array in some.items():
                    self._put(transaction, database, key, array)
        with self._environment.writing() as transaction:
            self._put_state(transaction, state)

    # ------------------------------------------------------------------ helpers

    _holder: Holder | None = None
    """This process, once it has acquired the run."""

    def _update_state(self, transaction: Transaction, **changes: Any) -> None:
        """Change the state, and renew the heartbeat of the process that trains the run."""
        state = self._state_in(transaction)
        if self._holder:
            if not self._holder.is_same(state.holder):
                raise InUse(
                    f"run {self.name!r} was taken over by {state.holder or 'another process'}: "
                    "what was reported is kept"
                )
            changes = {"holder": dataclasses.replace(self._holder, beat=time.time()), **changes}
        self._put_state(transaction, dataclasses.replace(state, **changes))
