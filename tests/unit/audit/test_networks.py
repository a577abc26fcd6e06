"""Audits of networks of any kind, whose origin is known here."""

import dataclasses

import numpy as np
import pytest
from torch import nn

from gangan_cli.audit import networks
from gangan_cli.audit.network_records import NetworkAudit
from gangan_cli.audit.networks import audit_networks
from gangan_cli.documents import from_document, to_document
from gangan_cli.errors import ConfigurationError
from gangan_cli.interchange.state_dicts import NetworkSet
from gangan_cli.weightspace.plain_stacks import find_hidden_units
from store import Layout
from tests.runs import numbers

NETWORK = nn.Sequential(nn.Linear(9, 7), nn.ReLU(), nn.Linear(7, 6), nn.ReLU(), nn.Linear(6, 4))
LAYOUT = Layout.of({name: tensor.shape for name, tensor in NETWORK.state_dict().items()})
UNITS = find_hidden_units(NETWORK, LAYOUT)


def a_set(folder, vectors, epochs=1):
    """Vectors (n, P), of as many networks as there are groups of `epochs`, as a set."""
    rows = np.arange(len(vectors))
    keys = np.stack([rows // epochs, rows % epochs + 1], axis=1)
    return NetworkSet(folder, LAYOUT, vectors, keys, tuple(f"net_{row}" for row in rows))


def hidden(vectors, seed=5):
    rng = np.random.default_rng(seed)
    result = np.concatenate([UNITS.permute(vector[None], UNITS.random(rng)) for vector in vectors])
    UNITS.scale_(result, [np.exp(rng.normal(0, 0.5, (len(result), g.units))) for g in UNITS.groups])
    return result


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    return a_set(folder, numbers(1, 40, LAYOUT.size)), a_set(folder, numbers(2, 15, LAYOUT.size))


def audited(folders, vectors, units=UNITS, **more):
    training, held_out = folders
    return audit_networks(training, a_set(training.folder, vectors), held_out, units, **more)


NEW = numbers(3, 24, LAYOUT.size)


@pytest.fixture
def few_trivial(monkeypatch):
    """Few networks of the trivial samplers, which take most of the time."""
    monkeypatch.setattr(networks, "TRIVIAL", 3)


def test_independent_networks_are_new_and_trivial_ones_are_not(folders):
    found = audited(folders, NEW)
    assert found.generated.verdict == "new" and not found.generated.suspects
    verdicts = {row.id: row.verdict for row in found.rows}
    assert verdicts["copied"] == verdicts["noisy"] == "copies" and verdicts["averaged"] == "mixtures"
    assert verdicts["held-out"] is verdicts["training"] is None
    # Weights that are independent of each other in all networks are so in this trivial one, too.
    assert verdicts["independent"] == "new"
    assert found.units == {"0": 7, "2": 6} and found.scaled and not found.notes
    assert 0.9 < found.generated.dispersion.estimate < 1.1


def test_five_hidden_copies_are_named_with_their_originals_and_no_other(folders, few_trivial):
    training, _ = folders
    vectors = NEW.copy()
    vectors[[2, 5, 9, 15, 20]] = hidden(training.vectors[[7, 0, 33, 21, 8]])
    row = audited(folders, vectors).generated
    assert row.verdict == "copies" and row.why == "named of 24: 5 copies"
    named = {suspect.file: suspect.of for suspect in row.suspects}
    originals = {2: 7, 5: 0, 9: 33, 15: 21, 20: 8}
    assert named == {f"net_{place}": [f"net_{of}"] for place, of in originals.items()}
    assert max(suspect.distance for suspect in row.suspects) < 1e-3


def test_averages_of_matched_networks_are_named_as_mixtures_of_both(folders, few_trivial):
    training, _ = folders
    vectors = NEW.copy()
    balanced = UNITS.balance(training.vectors[[3, 4]])
    vectors[0] = hidden(balanced.mean(axis=0, keepdims=True))[0]
    row = audited(folders, vectors).generated
    [suspect] = row.suspects
    assert row.verdict == "mixtures" and suspect.kind == "mixture"
    assert sorted(suspect.of) == ["net_3", "net_4"]


def test_networks_that_are_all_alike_are_spread_less_however_they_are_hidden(folders, few_trivial):
    alike = hidden(np.repeat(NEW[:1], 12, axis=0) + 0.01 * numbers(8, 12, LAYOUT.size))
    assert audited(folders, alike).generated.dispersion.estimate < 0.1


def test_networks_far_off_are_said_to_be_so(folders, few_trivial):
    assert audited(folders, 5 * NEW).generated.verdict == "far-off"


def test_without_an_architecture_hidden_copies_pass_and_a_note_says_so(folders, few_trivial):
    training, _ = folders
    vectors = np.concatenate([NEW, hidden(training.vectors[:2]), training.vectors[2:3]])
    found = audited(folders, vectors, units=None)
    assert [one.file for one in found.generated.suspects if one.kind == "copy"] == ["net_26"]
    assert "another order passes for new" in found.notes[0] and not found.units


def test_without_held_out_networks_tests_are_skipped_and_said_to_be(folders, few_trivial):
    training, _ = folders
    vectors = np.concatenate([NEW, hidden(training.vectors[:1])])
    found = audited((training, None), vectors)
    assert found.generated.verdict == "undecided" and found.generated.nearness is None
    assert "are skipped" in found.notes[0]
    assert found.nearest[24].of == "net_0" and found.nearest[24].distance < 1e-3
    assert found.nearest[24].plain_distance > 1


def test_trajectories_are_compared_within_tenths_of_training(tmp_path, few_trivial):
    def walks(seed, count):
        steps = 0.3 * numbers(seed, count, 10, LAYOUT.size).cumsum(axis=1)
        return (0.5 * numbers(seed + 1, count, 1, LAYOUT.size) + steps).reshape(-1, LAYOUT.size)

    training, held_out = a_set(tmp_path, walks(1, 8), 10), a_set(tmp_path, walks(11, 6), 10)
    new = walks(21, 30)[np.arange(30) * 10 + np.arange(30) % 10]
    new[4] = hidden(training.vectors[57:58])[0]
    row = audit_networks(training, a_set(tmp_path, new), held_out, UNITS).generated
    assert [one.of for one in row.suspects if one.kind == "copy"] == [["net_57"]]
    between = np.concatenate([training.vectors[:3], training.vectors[30:33]])
    moving = np.stack([between[:3].mean(axis=0), between[3:].mean(axis=0), *new[5:30]])
    row = audit_networks(training, a_set(tmp_path, moving), held_out, UNITS).generated
    assert {one.file for one in row.suspects if one.distance < 0.5} == {"net_0", "net_1"}


def test_scores_are_given_for_each_set_with_the_difference_to_training(folders, few_trivial):
    names = []

    def score(vector, name):
        names.append(name)
        return float(np.abs(vector).mean())

    found = audited(folders, 1.5 * NEW, score=score)
    scores = {row.id: row.scores for row in found.rows}
    assert scores["generated"].median.estimate == pytest.approx(1.2, abs=0.1)
    assert scores["generated"].difference.low > 0.2 and abs(scores["held-out"].difference.estimate) < 0.1
    assert scores["training"].difference.estimate == 0
    assert "net_3" in names


def test_the_document_can_be_read_back(folders, few_trivial):
    found = audited(folders, NEW)
    document = to_document(found)
    assert [row["id"] for row in document["rows"]][:3] == ["generated", "held-out", "training"]
    assert to_document(from_document(NetworkAudit, document)) == document


def test_too_few_networks_are_refused(folders):
    training, held_out = folders
    with pytest.raises(ConfigurationError, match="holds 2 generated networks: at least 3"):
        audited(folders, NEW[:2])
    one = dataclasses.replace(training, vectors=training.vectors[:1], keys=training.keys[:1])
    with pytest.raises(ConfigurationError, match="holds 1 training network: at least 2"):
        audited((one, held_out), NEW)
    with pytest.raises(ConfigurationError, match="one held-out network"):
        audited((training, one), NEW)
