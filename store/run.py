"""A run on disk: one LMDB environment with manifest, snapshots, losses, resume state and heartbeat."""

import dataclasses
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from store import keys, losses, record
from store.environment import Environment, Transaction
from store.errors import Damaged, InUse, NotAStore, UnknownSnapshot
from store.keys import Keys
from store.manifest import Manifest
from store.state import Glance, Holder, State, Status

Vector = NDArray[np.float32]

MANY = 64
"""Snapshots from which on threads read them, so many at a time."""


class Run:
    """A population's snapshots and all that is known of it. Open with `Run.open`; use with `with`."""

    def __init__(self, path: Path, environment: Environment, manifest: Manifest) -> None:
        self.path, self.manifest, self._environment = path, manifest, environment

    # ------------------------------------------------------------------ opening and closing

    @classmethod
    def create(
        cls, path: str | Path, manifest: Manifest, constants: Mapping[str, NDArray[Any]] | None = None
    ) -> "Run":
        """Make the folder `path` a new run and open it for writing.

        Raises:
            ValueError: `constants` have not the shapes that the manifest says.
            StoreError: it cannot be written.
        """
        path, constants = Path(path), constants or {}
        shapes = {name: array.shape for name, array in constants.items()}
        if shapes != dict(manifest.constants):
            raise ValueError(f"constants {shapes} are not the manifest's {manifest.constants}")
        path.mkdir(parents=True)
        environment = Environment.open(path, write=True)
        with environment.writing() as transaction:
            transaction.put(b"manifest", b"manifest", manifest.to_json().encode())
            transaction.put(b"state", b"state", State().to_json())
            for name, array in constants.items():
                transaction.put(b"constants", name.encode(), record.encode(array))
        return cls(path, environment, manifest)

    @classmethod
    def open(cls, path: str | Path, *, write: bool = False) -> "Run":
        """Open the run in the folder `path`.

        Raises:
            NotAStore: no run lies there.
            NewerFormat: a later version wrote it.
            Damaged: its manifest cannot be read.
        """
        path = Path(path)
        if not (path / "data.mdb").is_file():
            raise NotAStore(f"{path} is not a run: it has no data.mdb")
        if not (path / "data.mdb").stat().st_size:
            raise Damaged(f"{path} is damaged: its data.mdb is empty")  # LMDB would begin a new one
        environment = Environment.open(path, write)
        try:
            with environment.reading() as transaction:
                value = transaction.get(b"manifest", b"manifest")
                if value is None:
                    raise Damaged(f"{path} has no manifest")
                manifest = Manifest.from_json(bytes(value), str(path))
        except BaseException:
            environment.close()
            raise
        return cls(path, environment, manifest)

    def close(self) -> None:
        """Close the run; a second call does nothing."""
        environment, self._environment = self._environment, None  # type: ignore[assignment]
        if environment is not None:
            environment.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------ reading

    @property
    def name(self) -> str:
        """The folder's name: a run may be renamed and copied like any folder."""
        return self.path.name

    @property
    def size_bytes(self) -> int:
        """Bytes that the run takes on disk."""
        return sum(file.stat().st_blocks * 512 for file in self.path.iterdir() if file.is_file())

    @property
    def last_transaction(self) -> int:
        """A number that moves with every commit of any process: the cheap way to see a change."""
        return self._environment.last_transaction()

    def keys(self) -> Keys:
        """Return the (gan, epoch) of every snapshot, in order, as an (n, 2) array."""
        with self._cursor(b"snapshots") as cursor:
            return keys.as_array(map(keys.unpack, cursor.iternext(keys=True, values=False)))

    def snapshot(self, gan: int, epoch: int) -> Vector:
        """Return the weights of `gan` after `epoch` epochs: (P,) float32.

        Raises:
            UnknownSnapshot: the run does not hold it.
            Damaged: its bytes are not what was written.
        """
        vector = np.empty(self.manifest.layout.size, np.float32)
        self.read_into(keys.as_array([(gan, epoch)]), vector[None])
        return vector

    def matrix(self, of: Keys | None = None) -> tuple[Vector, Keys]:
        """Return snapshots as one (n, P) float32 matrix, and their keys as (n, 2).

        `of` chooses and orders the rows (repeats are welcome); without it, all, in order.

        Raises:
            UnknownSnapshot, Damaged: as `snapshot`.
        """
        of = self.keys() if of is None else of
        matrix = np.empty((len(of), self.manifest.layout.size), np.float32)
        self.read_into(of, matrix)
        return matrix, of

    def read_into(self, of: Keys, rows: Vector) -> None:
        """Copy the snapshots `of` an (n, 2) array of keys into the (n, P) float32 `rows`.

        Short transactions, so that nothing keeps the file from reusing pages. Many rows are shared
        among threads, since what takes the time, checksums and copies, leaves Python to others.

        Raises:
            UnknownSnapshot, Damaged: as `snapshot`.
        """
        if len(of) < MANY:
            self._read_rows(of, rows)
            return
        from concurrent.futures import ThreadPoolExecutor

        shares = range(0, len(of), MANY)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            done = [
                threads.submit(self._read_rows, of[first : first + MANY], rows[first : first + MANY])
                for first in shares
            ]
            for share in done:
                share.result()

    def _read_rows(self, of: Keys, rows: Vector) -> None:
        with self._environment.reading() as transaction:
            for row, (gan, epoch) in zip(rows, of.tolist(), strict=True):
                value = transaction.get(b"snapshots", keys.pack(gan, epoch))
                if value is None:
                    raise UnknownSnapshot(
                        f"run {self.name!r} has no snapshot of GAN {gan} at epoch {epoch}"
                    )
                row[:] = self._decode(value, f"GAN {gan} at epoch {epoch}", row.size)

    def glance(self) -> Glance:
        """Return where the run stands, in one transaction: for viewers of many runs."""
        with self._environment.reading() as transaction, transaction.cursor(b"losses") as cursor:
            last = {gan: epoch - 1 for gan, epoch in losses.last_epochs(cursor).items()}
            means, keys = losses.read(cursor, len(self.manifest.losses), self._decode, last, None)
            return Glance(
                state=self._state_in(transaction),
                done=transaction.count(b"losses"),
                snapshots=transaction.count(b"snapshots"),
                last={
                    gan: (epoch, tuple(row))
                    for (gan, epoch), row in zip(keys.tolist(), means[:, :, 0].tolist(), strict=True)
                },
            )

    def losses(
        self, after: Mapping[int, int] | None = None, limit: int | None = None
    ) -> tuple[NDArray[np.float64], Keys]:
        """Return losses as (n, L, 2) float64 and their keys as (n, 2).

        The middle axis follows `manifest.losses`; the last is the epoch's mean, then its last batch
        (which is what the paper's released code records). With `after`, only GANs that it names, each
        from the epoch that follows the one given, and at most `limit` of each.
        """
        with self._cursor(b"losses") as cursor:
            return losses.read(cursor, len(self.manifest.losses), self._decode, after, limit)

    def constant(self, name: str) -> NDArray[Any]:
        """Return an array stored once for the whole run, in the shape that the manifest gives.

        Raises:
            KeyError: the manifest knows no such constant.
            Damaged: its bytes are not what was written.
        """
        shape = self.manifest.constants[name]
        with self._environment.reading() as transaction:
            value = transaction.get(b"constants", name.encode())
            if value is None:
                raise Damaged(f"run {self.name!r} lacks its constant {name!r}")
            return self._decode(value, f"constant {name!r}", None).reshape(shape).copy()

    def resume_point(self, gan: int) -> tuple[int, Vector | None]:
        """Return the last epoch from which `gan` can go on and its resume vector; (0, None) if new."""
        with self._cursor(b"resume") as cursor:
            if cursor.set_range(keys.pack(gan, 0)):
                found, epoch = keys.unpack(cursor.key())
                if found == gan:
                    what = f"resume state of GAN {gan}"
                    return epoch, self._decode(cursor.value(), what, None).copy()
        return 0, None

    def state(self) -> State:
        """Return where the run stands."""
        with self._environment.reading() as transaction:
            return self._state_in(transaction)

    # ------------------------------------------------------------------ writing

    def commit(
        self,
        epoch: int,
        gans: Sequence[int],
        losses: NDArray[np.float64],
        vectors: Vector | None = None,
        resume: Vector | None = None,
    ) -> None:
        """Store one epoch of some GANs, durably and all or nothing.

        `losses` is (n, L, 2) as in `losses()`; `vectors` (n, P) are the snapshots and `resume`
        (n, R) what is needed to go on from here, both left out at epochs that keep none. An epoch
        that was stored before stays as it is, should another machine round differently.

        Raises:
            StoreFull: no room; what was committed before is untouched.
        """
        with self._environment.writing() as transaction:
            for row, gan in enumerate(gans):
                key = keys.pack(gan, epoch)
                means = record.encode(losses[row].astype(np.float64))
                transaction.put(b"losses", key, means, anew=False)
                if vectors is not None:
                    transaction.put(b"snapshots", key, record.encode(vectors[row]), anew=False)
            if resume is not None:
                self._keep(transaction, epoch, gans, resume)
            self._update_state(transaction, beat=True)

    def keep(self, epoch: int, gans: Sequence[int], resume: Vector) -> None:
        """Store the (n, R) states from which some GANs can go on after `epoch`, which is stored.

        Raises:
            StoreFull: no room; what was committed before is untouched.
        """
        with self._environment.writing() as transaction:
            self._keep(transaction, epoch, gans, resume)

    def hold(self) -> None:
        """Claim the run for training by this process.

        Raises:
            InUse: a living process trains it.
        """
        with self._environment.writing() as transaction:
            self._refuse_if_trained(self._state_in(transaction))
            holder = Holder.me(transaction.count(b"losses"))
            self._update_state(transaction, stored="training", holder=holder)

    def check_free(self) -> None:
        """Make sure that nobody trains the run.

        Raises:
            InUse: a living process trains it.
        """
        self._refuse_if_trained(self.state())

    def beat(self) -> None:
        """Say that the training process is alive."""
        with self._environment.writing() as transaction:
            self._update_state(transaction, beat=True)

    def diverged(self, gan: int, epoch: int) -> None:
        """Record that `gan` cannot go on: its losses or weights were not finite in `epoch`."""
        with self._environment.writing() as transaction:
            known = self._state_in(transaction).diverged
            self._update_state(transaction, diverged={**known, gan: epoch})

    def executed(self, execution: Mapping[str, Any]) -> None:
        """Record how the run is trained, so that it can go on with the same rounding."""
        with self._environment.writing() as transaction:
            self._update_state(transaction, execution=dict(execution))

    def release(self, status: Status) -> None:
        """Give the run back in the state `status`."""
        with self._environment.writing() as transaction:
            self._update_state(transaction, stored=status, holder=None)

    # ------------------------------------------------------------------ helpers

    @contextmanager
    def _cursor(self, database: bytes) -> Iterator[Any]:
        with (
            self._environment.reading() as transaction,
            transaction.cursor(database) as cursor,
        ):
            yield cursor

    def _decode(self, value: memoryview, what: str, size: int | None) -> NDArray[Any]:
        try:
            array = record.decode(value)
        except record.BadRecord as error:
            raise Damaged(f"run {self.name!r}, {what}: {error}") from error
        if size is not None and array.size != size:
            raise Damaged(f"run {self.name!r}, {what}: {array.size} values instead of {size}")
        return array

    def _refuse_if_trained(self, state: State) -> None:
        if state.status == "training":
            raise InUse(
                f"run {self.name!r} is being trained by {state.holder}: "
                "wait for it, or stop it and give the same command again"
            )

    @staticmethod
    def _keep(transaction: Transaction, epoch: int, gans: Sequence[int], resume: Vector) -> None:
        for gan, state in zip(gans, resume, strict=True):
            with transaction.cursor(b"resume") as cursor:
                while cursor.set_range(keys.pack(gan, 0)) and keys.unpack(bytes(cursor.key()))[0] == gan:
                    cursor.delete()
            transaction.put(b"resume", keys.pack(gan, epoch), record.encode(state))

    @staticmethod
    def _state_in(transaction: Transaction) -> State:
        value = transaction.get(b"state", b"state")
        return State.from_json(bytes(value)) if value is not None else State()

    def _update_state(self, transaction: Transaction, beat: bool = False, **changes: Any) -> None:
        state = self._state_in(transaction)
        if beat and state.holder:
            changes["holder"] = dataclasses.replace(state.holder, beat=time.time())
        transaction.put(b"state", b"state", dataclasses.replace(state, **changes).to_json())
