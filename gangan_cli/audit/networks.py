"""Audits generated networks of any kind, from folders of state dicts: whether they are copies of the
training networks, mixtures of these, or new.

Beside them stand trivial ways to make networks, through the same tests: a verdict that these pass too
says little. Networks that are new need not be any good: that is what a score is for.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gangan_cli.audit.network_records import (
    GENERATED,
    Mixing,
    Nearest,
    Nearness,
    NetworkAudit,
    NetworkRow,
    Scores,
    Suspect,
)
from gangan_cli.audit.network_tests import EXPLAINED, LEVEL, TESTS, Measured, NetworkTests
from gangan_cli.audit.trivial_networks import trivial_networks
from gangan_cli.errors import ConfigurationError
from gangan_cli.interchange.state_dicts import NetworkSet
from gangan_cli.metrics.dispersion import Spread, dispersion
from gangan_cli.metrics.statistics import Interval, bootstrap
from gangan_cli.progress import ProgressCallback
from gangan_cli.weightspace.hidden_units import HiddenUnits
from gangan_cli.weightspace.matched_index import MatchedIndex
from gangan_cli.weightspace.sketches import Sketcher
from gangan_cli.weightspace.snapshots import Matrix
from gangan_cli.weightspace.unit_matching import UnitMatcher, match_each

Score = Callable[[Matrix, str], float]
"""(a weight vector (P,), its name for messages) -> its score."""

LEAST = 3
"""Generated networks that are needed; no test says anything of fewer."""

TRIVIAL = 64
"""Most networks drawn from each trivial sampler."""

SPREAD = 200
"""Most networks, evenly spaced, whose spread is measured."""

RESAMPLES = 1000


def audit_networks(
    training: NetworkSet,
    generated: NetworkSet,
    held_out: NetworkSet | None,
    units: HiddenUnits | None,
    score: Score | None = None,
    seed: int = 0,
    on_progress: ProgressCallback = lambda *_: None,
) -> NetworkAudit:
    """Return what generated networks are, beside training networks and held-out ones.

    `units` are the networks' hidden units, None if their architecture is not known.

    Raises:
        ConfigurationError: there are too few networks to compare.
        WorkFailed: `score` fails.
    """
    _check(training, generated, held_out)
    notes = _notes(training, generated, held_out, units)
    index = MatchedIndex(units or HiddenUnits(training.layout, ()), training, training.keys, on_progress)
    tests = NetworkTests(index, training, held_out, on_progress)
    rows = _Rows(tests, training, score, on_progress)
    measured = tests.measure(generated.vectors, generated.keys)
    found = [rows.sampler(GENERATED, "generated", generated, measured)]
    if held_out is not None:
        found.append(rows.known("held-out", "held out", held_out))
    found.append(rows.known("training", "training", training))
    between = float(np.median(tests.between.found.distances))
    count = min(generated.networks, TRIVIAL)
    for id, label, vectors in trivial_networks(index, training, between, count, seed):
        made = _drawn(label, vectors, training)
        found.append(rows.sampler(id, label, made, tests.measure(vectors, made.keys)))
    return NetworkAudit(
        training.networks,
        len(training.files),
        0 if held_out is None else held_out.networks,
        training.layout.size,
        {group.name: group.units for group in index.units.groups},
        index.units.scalable,
        None if tests.held_out is None else float(np.median(tests.held_out.found.distances)),
        between,
        found,
        _nearest(generated, training, measured, index.distances_as_they_are(generated.vectors)),
        notes,
    )


def _check(training: NetworkSet, generated: NetworkSet, held_out: NetworkSet | None) -> None:
    for name, some, least in (("training", training, 2), ("generated", generated, LEAST)):
        if some.networks < least:
            raise ConfigurationError(
                f"{some.folder} holds {some.networks} {name} network{'s' * (some.networks > 1)}: at "
                f"least {least} are needed"
            )
    if held_out is not None and held_out.networks < 2:
        raise ConfigurationError(f"{held_out.folder} holds one held-out network: give two or more")


def _notes(
    training: NetworkSet,
    generated: NetworkSet,
    held_out: NetworkSet | None,
    units: HiddenUnits | None,
) -> list[str]:
    """Return what was not done, and why."""
    found = []
    if held_out is None:
        found.append("no held-out networks: the tests for copies, mixtures and new networks are skipped")
    as_they_are = "weights were compared as they are, and a copy with its hidden units in another order"
    if units is None:
        found.append(f"no architecture was given: {as_they_are} passes for new")
    else:
        for name, why in units.reasons.items():
            where = f"of {name} " if name else ""
            found.append(
                f"the hidden units {where}could not be found ({why}): {as_they_are} passes for new"
            )
    for some in (training, generated, held_out):
        if some is not None and some.skipped:
            found.append(f"{some.folder}: no state dicts in {', '.join(some.skipped)}, left out")
    return found


class _Rows:
    """Makes the rows, of which all are compared with the training networks."""

    def __init__(
        self,
        tests: NetworkTests,
        training: NetworkSet,
        score: Score | None,
        on_progress: ProgressCallback,
    ) -> None:
        self._tests, self._score, self._on_progress = tests, score, on_progress
        units = tests.index.units
        self._sketcher = Sketcher(units)
        self._first = UnitMatcher(units, tests.index.snapshots(training.last[:1])[0])
        self._spread = Spread(self._codes(training))
        self._scores: NDArray[np.float64] | None = None  # of the training networks, for differences
        self._scores = self._scored(training)

    def sampler(self, id: str, label: str, some: NetworkSet, measured: Measured) -> NetworkRow:
        """Return the row of networks that something has made."""
        nearness, mixing, suspects = None, list[Mixing](), list[Suspect]()
        verdict, why = "undecided", "there are no held-out networks"
        if self._tests.held_out is not None:
            try:
                nearness, copies = self._tests.nearness(measured)
                mixing = self._tests.mixing(measured)
                suspects = self._tests.suspects(measured, copies, some.files)
                verdict, why = decided(nearness, mixing, suspects, some.networks)
            except ValueError as error:  # too few in each tenth of training
                why = str(error)
        return NetworkRow(
            id, label, some.networks, verdict, why, nearness, mixing, suspects,
            dispersion(Spread(self._codes(some)), self._spread), self._summary(self._scored(some)),
        )  # fmt: skip

    def known(self, id: str, label: str, some: NetworkSet) -> NetworkRow:
        """Return the row of networks that were trained."""
        spread = dispersion(Spread(self._codes(some)), self._spread)
        scores = self._summary(self._scored(some))
        return NetworkRow(id, label, some.networks, None, "", None, [], [], spread, scores)

    def _codes(self, some: NetworkSet) -> NDArray[np.float64]:
        """Return short codes of the networks' last epochs, all in the units of one network."""
        rows = some.last
        rows = rows[np.unique(np.linspace(0, len(rows) - 1, SPREAD).round().astype(np.int64))]
        own = self._tests.index.units.balance(some.vectors[rows])
        orders = match_each([self._first] * len(own), own, [None] * len(own))
        units = self._tests.index.units
        framed = [units.permute(vector[None], order) for vector, order in zip(own, orders, strict=True)]
        return np.concatenate([self._sketcher.plain(one) for one in framed]).astype(np.float64)

    def _scored(self, some: NetworkSet) -> NDArray[np.float64] | None:
        """Return the scores of the networks' last epochs."""
        if self._score is None:
            return None
        found = []
        for done, row in enumerate(some.last.tolist()):
            self._on_progress("scoring networks", done, len(some.last))
            found.append(self._score(some.vectors[row], some.files[row]))
        return np.array(found)

    def _summary(self, scores: NDArray[np.float64] | None) -> Scores | None:
        if scores is None or self._scores is None:
            return None
        random, training = np.random.default_rng(0), self._scores
        again = [
            np.median(of[random.integers(len(of), size=(RESAMPLES, len(of)))], axis=1)
            for of in (scores, training)
        ]
        low, high = np.quantile(again[0] - again[1], (0.025, 0.975))
        difference = Interval(float(np.median(scores) - np.median(training)), float(low), float(high))
        middle = bootstrap(scores, lambda of: np.quantile(of, 0.5, axis=-1))
        return Scores(middle, float(scores.min()), float(scores.max()), difference)


def decided(
    nearness: Nearness, mixing: Sequence[Mixing], suspects: Sequence[Suspect], count: int
) -> tuple[str, str]:
    """Return the verdict on `count` networks, one of VERDICTS, and the figures that it rests on.

    The rule: each of the TESTS finds something of new networks in at most LEVEL / TESTS of cases.
    Networks are copies, or mixtures, if any of them is named, most of these as such, or if they lie
    nearer to the training networks, or to mixtures of these, than held-out networks do; far off if they
    lie farther; new if no test comes near to finding anything (p above LEVEL), but would find it if all
    were copies; else it is undecided.
    """
    level = LEVEL / TESTS
    p_mixed = min(1.0, len(mixing) * min(one.p_near for one in mixing))
    usual = f"new networks {nearness.z_u_low:.1f} to {nearness.z_u_high:.1f}"
    z = f"Z_U {nearness.z_u.estimate:.1f}, {usual}"
    if suspects:
        kinds = Counter(suspect.kind for suspect in suspects)
        named = ", ".join(f"{number} {_plural(kind, number)}" for kind, number in kinds.items())
        mixed = kinds["mixture"] > len(suspects) / 2
        return "mixtures" if mixed else "copies", f"named of {count}: {named}"
    if min(nearness.p_near, nearness.p_copies) <= level:
        mixed = min(one.residual for one in mixing) < EXPLAINED * nearness.distance
        return "mixtures" if mixed else "copies", f"nearer than held-out ones: {z}"
    if p_mixed <= level:
        return "mixtures", f"nearer to mixtures than held-out ones: p {p_mixed:.2g}"
    if nearness.p_far <= level:
        return "far-off", f"farther than held-out ones: {z}"
    if nearness.z_u_floor >= nearness.z_u_low:
        return "undecided", "too few networks: even copies would look like new ones"
    if min(nearness.p_near, nearness.p_copies, p_mixed) > LEVEL:
        return "new", f"like held-out ones: {z}"
    return "undecided", f"{z}; p {min(nearness.p_near, nearness.p_copies, p_mixed):.2g}"


def _plural(kind: str, number: int) -> str:
    return kind if number == 1 else kind.replace("copy", "copies").replace("mixture", "mixtures")


def _drawn(label: str, vectors: Matrix, like: NetworkSet) -> NetworkSet:
    """Return vectors (n, P) of trivial networks as a set of their own."""
    keys = np.stack([np.arange(len(vectors)), np.ones(len(vectors), np.int64)], axis=1)
    files = tuple(f"{label}, number {row}" for row in range(len(vectors)))
    return NetworkSet(like.folder, like.layout, vectors, keys, files)


def _nearest(
    generated: NetworkSet, training: NetworkSet, measured: Measured, as_they_are: NDArray[np.float64]
) -> list[Nearest]:
    rows, distances = measured.found.rows.tolist(), measured.found.distances.tolist()
    return [
        Nearest(file, training.files[row], distance, plain)
        for file, row, distance, plain in zip(
            generated.files, rows, distances, as_they_are.tolist(), strict=True
        )
    ]
