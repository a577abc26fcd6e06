"""What a run is: everything that was decided before its first step, and never changes after it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from store.errors import Damaged, NewerFormat
from store.layout import Layout

FORMAT = 2
"""Number of the layout on disk. A run with a larger one is refused.

1: a checksum for each array, of its bytes alone. 2: also for documents, and of the key too.
"""


@dataclass(frozen=True)
class Parent:
    """The run whose snapshots this run was trained on. The id decides; the name is where to look."""

    name: str
    id: str


@dataclass(frozen=True)
class Manifest:
    """A run's description.

    `family` and `sizes` rebuild its networks; `layout` says how they lie in a snapshot; `losses`
    names the columns of its losses; `config` is every setting as resolved, and what a second start
    of the same run is compared with; `dataset` (for images) or `parent` (for weights) is what it
    was trained on; `constants` are shapes of arrays stored once beside the snapshots; `machine` is
    where it was first trained: folder of the data, device, workers.
    """

    id: str
    family: str
    sizes: Mapping[str, Any]
    layout: Layout
    losses: tuple[str, ...]
    gans: int
    epochs: int
    snapshot_every: int
    config: Mapping[str, Any]
    created: str
    command: str
    versions: Mapping[str, str]
    dataset: Mapping[str, Any] | None = None
    parent: Parent | None = None
    constants: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    def saved_epochs(self) -> list[int]:
        """Return the epochs that leave a snapshot: every `snapshot_every`-th and the last."""
        every = range(self.snapshot_every, self.epochs + 1, self.snapshot_every)
        return sorted({*every, self.epochs})

    def saves(self, epoch: int) -> bool:
        """Tell whether `epoch` leaves a snapshot."""
        return epoch % self.snapshot_every == 0 or epoch == self.epochs

    @property
    def planned_snapshots(self) -> int:
        """How many snapshots the finished run will hold."""
        return self.gans * -(-self.epochs // self.snapshot_every)

    def to_json(self) -> str:
        """Return the manifest as one JSON document."""
        document = asdict(self)
        document["layout"] = [[tensor.name, list(tensor.shape)] for tensor in self.layout.tensors]
        return json.dumps(document)

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> "Manifest":
        """Return the manifest written as `text`; `where` names it in errors.

        Raises:
            NewerFormat: a later version of gangan wrote it.
            Damaged: it is not a manifest.
        """
        try:
            document = json.loads(text)
            number = document["format"]
            if number > FORMAT:
                raise NewerFormat(
                    f"{where} has format {number}, this gangan reads up to {FORMAT}: upgrade gangan"
                )
            document["layout"] = Layout.of(dict(document["layout"]))
            document["losses"] = tuple(document["losses"])
            if document["parent"] is not None:
                document["parent"] = Parent(**document["parent"])
            document["constants"] = {name: tuple(shape) for name, shape in document["constants"].items()}
            return cls(**document)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Damaged(f"{where} is not a manifest of a run: {error}") from error
