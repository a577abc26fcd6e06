"""The description of a run: everything that is decided before the first step, and never changes
afterwards."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from store.errors import Damaged, NewerFormat, Unsuitable
from store.layout import Layout

FORMAT = 3
"""Version of the format on disk. A run with a larger number is refused.

1: a checksum for each array, of its bytes alone. 2: also for documents, and of the key too. 3: several
parents, the origin of a run and of its GANs, initial weights as epoch 0, losses of each step.
"""

ORIGINS = ("sampled", "started", "merged", "imported", "retrained")
"""Kinds of `Origin`."""

NEW_IN_3 = ("origin", "gan_origins", "keeps_initial", "keeps_step_losses")
"""Fields of the manifest that earlier formats do not have."""

STATISTIC = "statistic"
"""Marks a tensor of the layout as a batch statistic, which is not a parameter."""

MAX_COUNT = 1_000_000
"""Maximum number of GANs, and of epochs."""

MAX_TEXT = 10_000
"""Maximum length of a text in characters; commands can be long."""


@dataclass(frozen=True)
class RunRef:
    """A reference to a run. The id identifies it; the name says where to look first."""

    name: str
    id: str


@dataclass(frozen=True)
class Origin:
    """Where a run's weights come from, if training did not begin with new networks.

    `kind` is one of ORIGINS: "sampled" from the GAN-GAN `runs`, at the latents in the constant
    `latents` ("" for a baseline, fitted to what it was trained on); "started" from snapshots of `runs`,
    and trained further; "merged", the GANs of `runs`; "imported" from files; "retrained", with the
    configuration of `runs` and other seeds.
    """

    kind: str
    runs: tuple[RunRef, ...] = ()
    latents: str = ""


@dataclass(frozen=True)
class Manifest:
    """A run's description.

    `family` and `hparams`, its hyperparameters, rebuild its networks; `layout` says how they lie in a
    snapshot; `losses` names the columns of its losses; `config` is every setting as resolved, and what a
    second start of the same run is compared with; `dataset` (for images) or `parents` (for weights) is
    what it was trained on; `constants` are shapes of arrays stored once beside the snapshots; `machine`
    is where it was first trained: folder of the data, device, workers.

    `gan_origins` has for each GAN the (seed, number) that its random numbers come from; if it is empty,
    these are the run's own seed and the GAN's own number. With `keeps_initial` the initial weights are
    stored as epoch 0, and with `keeps_step_losses` the losses of each step.
    """

    id: str
    family: str
    hparams: Mapping[str, Any]
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
    parents: tuple[RunRef, ...] = ()
    constants: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = None
    gan_origins: tuple[tuple[int, int], ...] = ()
    keeps_initial: bool = False
    keeps_step_losses: bool = False
    format: int = FORMAT

    @property
    def parent(self) -> RunRef | None:
        """The run that this run was trained on, the first of several; None for a run on images."""
        return self.parents[0] if self.parents else None

    def saves(self, epoch: int) -> bool:
        """Return whether a snapshot is stored after `epoch`: after every `snapshot_every`-th, and after
        the last."""
        return epoch % self.snapshot_every == 0 or epoch == self.epochs

    @property
    def planned_snapshots(self) -> int:
        """Number of snapshots of the finished run, without initial weights."""
        return self.gans * -(-self.epochs // self.snapshot_every)

    def check(self) -> None:
        """Check that the manifest could be read again.

        Raises:
            Unsuitable: a number is absurd, or a text is not printable.
        """
        try:
            _check(json.loads(self.to_json()))
        except (ValueError, TypeError) as error:
            raise Unsuitable(f"this cannot be a run: {error}") from error

    def to_json(self) -> str:
        """Return the manifest as one JSON document."""
        document = asdict(self)
        document["sizes"] = document.pop("hparams")  # its first name, which all formats have
        if self.format < 3:
            parents = document.pop("parents")
            document["parent"] = parents[0] if parents else None
            for name in NEW_IN_3:
                del document[name]
        document["layout"] = [
            [tensor.name, list(tensor.shape), *([STATISTIC] if tensor.statistic else [])]
            for tensor in self.layout.tensors
        ]
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
            _check(document)
            tensors = document["layout"]
            statistics = {name for name, _, *marks in tensors if marks}
            document["layout"] = Layout.of({name: shape for name, shape, *_ in tensors}, statistics)
            document["losses"] = tuple(document["losses"])
            if number < 3:
                parent = document.pop("parent", None)
                document["parents"] = [parent] if parent else []
            document["parents"] = _refs(document.get("parents", []))
            if origin := document.get("origin"):
                document["origin"] = Origin(**{**origin, "runs": _refs(origin["runs"])})
            document["gan_origins"] = tuple(tuple(one) for one in document.get("gan_origins", ()))
            document["hparams"] = document.pop("sizes")
            constants = document.get("constants") or {}
            document["constants"] = {name: tuple(shape) for name, shape in constants.items()}
            return cls(**document)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Damaged(f"{where} is not a manifest of a run: {error}") from error


def _refs(documents: list[dict[str, str]]) -> tuple[RunRef, ...]:
    return tuple(RunRef(**one) for one in documents)


def _check(document: dict[str, Any]) -> None:
    """Check a manifest, which may come from a stranger: sizes must be plausible and texts printable.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: they are not.
    """
    _check_texts(document)
    for name in ("gans", "epochs", "snapshot_every"):
        _check_number(name, document[name], 1, MAX_COUNT)
    dataset, origin = document.get("dataset") or {}, document.get("origin") or {}
    runs = [document.get("parent") or {}, *document.get("parents", ()), *origin.get("runs", ())]
    texts = {name: document[name] for name in ("id", "family", "created", "command")}
    texts |= {f"version of {name}": text for name, text in document["versions"].items()}
    texts |= {f"loss {place}": name for place, name in enumerate(document["losses"])}
    for number, run in enumerate(runs):
        texts |= {f"run {number}'s {name}": text for name, text in run.items()}
    texts["dataset's name"] = dataset.get("name", "")
    for name, text in texts.items():
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            raise ValueError(f"{name} is {text!r:.80}")
    if datetime.fromisoformat(document["created"]).tzinfo is None:
        raise ValueError(f"created is {document['created']}, without a time zone")
    shapes = [*(document.get("constants") or {}).items()]
    for name, shape, *marks in document["layout"]:
        shapes.append((name, shape))
        if marks not in ([], [STATISTIC]):
            raise ValueError(f"{name} is marked {marks!r:.80}")
    for name, shape in shapes:
        for side in shape:
            _check_number(f"a side of {name}", side, 0, 2**40)
    if origin and (origin["kind"] not in ORIGINS or not isinstance(origin["latents"], str)):
        raise ValueError(f"origin is {origin!r:.80}")
    if (gan_origins := document.get("gan_origins")) and len(gan_origins) != document["gans"]:
        raise ValueError(f"{len(gan_origins)} origins of {document['gans']} GANs")
    for seed, gan in gan_origins or ():
        _check_number("the seed that a GAN comes from", seed, 0, 2**64)
        _check_number("the number that a GAN comes from", gan, 0, MAX_COUNT)
    for name in ("keeps_initial", "keeps_step_losses"):
        if type(document.get(name, False)) is not bool:
            raise ValueError(f"{name} is {document[name]!r:.80}")
    for name in ("height", "width"):
        _check_number(name, dataset.get(name, 1), 1, MAX_COUNT)
    for name in ("config", "machine", "sizes"):
        for key, value in (document.get(name) or {}).items():
            if isinstance(value, dict | list):
                raise ValueError(f"{name} has {value!r:.80} for {key}")


def _check_number(name: str, value: Any, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} is {value!r:.80}")


def _check_texts(value: Any) -> None:
    """Refuse control characters, which could change the reader's terminal."""
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        for item in value:
            _check_texts(item)
    elif isinstance(value, str) and any(ord(c) < 32 or 127 <= ord(c) < 160 for c in value):
        raise ValueError(f"{value!r:.80} holds control characters")
