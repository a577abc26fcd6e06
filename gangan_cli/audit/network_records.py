"""What an audit of networks of any kind found, as dataclasses: they are also its JSON document."""

from dataclasses import dataclass

from gangan_cli.metrics.statistics import Interval

GENERATED = "generated"
"""The id of the row that is audited; the others are trivial ways to make networks, and known ones."""

VERDICTS = {
    "copies": "copies",
    "mixtures": "mixtures of training networks",
    "new": "new networks",
    "far-off": "far off",
    "undecided": "undecided",
}
"""The verdicts by id, in words."""


@dataclass(frozen=True)
class Suspect:
    """A network that is named: its `kind` is "copy", "near copy" or "mixture", `of` are the training
    files.

    `distance` is that to the nearest training network, as a share of the held-out networks' median.
    `chance` is that of naming any network of a set of new ones.
    """

    file: str
    kind: str
    of: list[str]
    distance: float
    chance: float


@dataclass(frozen=True)
class Nearness:
    """How near networks lie to the training networks, beside held-out networks.

    `distance` is the median as a share of the held-out networks' median. `z_u` is the average over
    tenths of training, new networks have one from `z_u_low` to `z_u_high` in 95 of 100 cases, and copies
    have `z_u_floor`; new networks lie as near with probability `p_near`, and as
    far off with `p_far`.
    `plain_z_u`, with its floor, takes all snapshots for independent, as published figures do. `copies`
    is the share nearer than the 1 % quantile of held-out networks, new networks have at most
    `usual_copies`.
    """

    distance: float
    z_u: Interval
    z_u_low: float
    z_u_high: float
    z_u_floor: float
    p_near: float
    p_far: float
    plain_z_u: float
    plain_z_u_floor: float
    copies: Interval
    usual_copies: float
    p_copies: float


@dataclass(frozen=True)
class Mixing:
    """How far networks lie from the mixtures (affine hulls) of `of` training networks around them, after
    these were matched to them: the median residual over that of held-out networks, its Z_U, and the
    chance that new networks lie as near."""

    of: int
    residual: float
    z_u: float
    p_near: float


@dataclass(frozen=True)
class Scores:
    """The user's score of a set: its median, extremes, and the difference of the median to the training
    networks', with 95 % intervals."""

    median: Interval
    least: float
    most: float
    difference: Interval | None


@dataclass(frozen=True)
class NetworkRow:
    """A set of networks: those generated, held-out or training ones, or those of a trivial sampler.

    `verdict` is one of VERDICTS, None for a row that is none of a sampler, and `why` says why. Tests are
    None where they need held-out networks and there are none.
    """

    id: str
    label: str
    count: int
    verdict: str | None
    why: str
    nearness: Nearness | None
    mixing: list[Mixing]
    suspects: list[Suspect]
    dispersion: Interval | None
    scores: Scores | None


@dataclass(frozen=True)
class Nearest:
    """The training file nearest to a generated one, with the distance after matching, and as they
    are."""

    file: str
    of: str
    distance: float
    plain_distance: float


@dataclass(frozen=True)
class NetworkAudit:
    """An audit of a folder of generated networks.

    `units` are hidden units that were matched, by group; `notes` say what was not done, and why.
    `held_out_distance` is the median distance of held-out networks, the unit of the others, and
    `between_training` that of training networks to the nearest other one.
    """

    training: int
    training_files: int
    held_out: int
    parameters: int
    units: dict[str, int]
    scaled: bool
    held_out_distance: float | None
    between_training: float
    rows: list[NetworkRow]
    nearest: list[Nearest]
    notes: list[str]

    @property
    def generated(self) -> NetworkRow:
        """The row that is audited."""
        return next(row for row in self.rows if row.id == GENERATED)
