"""Studies: what they conclude, what is kept, what is asked for; on runs of made-up weights."""

import numpy as np
import pytest

from gangan_cli.errors import ConfigurationError
from gangan_cli.studies import similarity
from gangan_cli.studies.answered_claims import answered_claims, kept_answers
from gangan_cli.studies.claims import CLAIMS
from gangan_cli.studies.conduct import conduct
from gangan_cli.studies.registry import STUDIES, Recipe
from store import Catalog, Layout, Run
from tests.commands import gangan
from tests.runs import small_manifest

pytestmark = pytest.mark.xdist_group("studies")

LAST, FIRST = "generator.last.weight", "discriminator.first.weight"

LAYOUT = Layout.of(
    {FIRST: (256, 1, 5, 5), "generator.middle.weight": (16, 16, 5, 5), LAST: (256, 1, 5, 5)}
)
"""Of networks with few layers, which are never run: only their kernels are looked at."""


def make_run(store, name, gans=4, copy=False, smooth=False, status="complete"):
    """A run of GANs with random weights. The kernels of each discriminator's first layer are `smooth`
    if asked for, and with `copy` each generator's last layer has its own discriminator's."""
    changes = {
        "id": name,
        "layout": LAYOUT,
        "gans": gans,
        "epochs": 1,
        "config": {"seed": 0, "dataset": "mnist5k"},
        "dataset": {"name": "mnist5k", "height": 28, "width": 28, "sha256": ""},
    }
    store.mkdir(exist_ok=True)
    with Run.create(store / name, small_manifest(**changes)) as run:
        run.acquire()
        for gan in range(gans):
            random = np.random.default_rng((gan, len(name)))
            vector = random.standard_normal(LAYOUT.size).astype(np.float32)
            tensors = LAYOUT.split(vector)
            if smooth:
                tensors[FIRST][:] += 2
                tensors[LAST][:] += 2
            if copy:
                tensors[LAST][:] = tensors[FIRST]
            run.commit(1, [gan], np.zeros((1, 2, 2)), vector[None])
        run.release(status)


def ask(store, *names, on_progress=lambda *_: None):
    return conduct(Catalog(store), "similarity", names, None, on_progress, pytest.fail)


def verdicts(store, *names):
    both_ends, own = ask(store, *names).answer.findings[:2]
    assert both_ends.claim == "C1.7" and both_ends.n == own.n == 4
    return both_ends.verdict, own.verdict, both_ends.passes_too


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, ("does not hold", "does not hold")),  # nothing is alike
        ({"copy": True}, ("holds", "holds")),  # each generator copies its own discriminator
        ({"smooth": True}, ("holds", "does not hold")),  # all kernels of all GANs are smooth
    ],
)
def test_similarity_tells_own_kernels_from_any(tmp_path, how, expected):
    make_run(tmp_path, "a", **how)
    *found, also = verdicts(tmp_path, "a")
    assert tuple(found) == expected
    assert ("another GAN" in also) == bool(how.get("smooth"))  # what passes, too, is said


def test_another_runs_discriminators_stand_beside(tmp_path):
    make_run(tmp_path, "a")
    make_run(tmp_path, "other")
    first, second = ask(tmp_path, "a", "other").found.runs
    assert "other" in first.compared and "a" in second.compared
    assert first.pairs(first.facing[0])[0].cosines["other"].count == 4 * 256  # four of them


def test_an_answer_is_kept_until_a_run_changes(tmp_path):
    make_run(tmp_path, "a")
    first, again = ask(tmp_path, "a"), ask(tmp_path, "a")
    assert (first.known, again.known) == (False, True)
    assert again.answer == first.answer and again.found == first.found
    assert [one.study for one in kept_answers(Catalog(tmp_path))] == ["similarity"]
    with Catalog(tmp_path).open("a", write=True) as run:
        run.drop([("snapshot", 3, 1)], [])
    assert not kept_answers(Catalog(tmp_path))
    assert not ask(tmp_path, "a").known


def test_what_is_kept_and_cannot_be_read_is_measured_again(tmp_path):
    make_run(tmp_path, "a")
    first = ask(tmp_path, "a")
    with Catalog(tmp_path).open("a", write=True) as run:
        part, answer = "study-part/similarity/gan/0", "study-answer/similarity"
        kept = {**run.results(part)[part], "found": {"gan": 0}}
        run.add_results({part: kept, answer: {**run.results(answer)[answer], "result": {}}})
    again = ask(tmp_path, "a")
    assert not again.known and again.found == first.found


def test_a_study_that_was_stopped_goes_on(tmp_path, monkeypatch):
    make_run(tmp_path, "a")
    made, compared = [], similarity._compared

    def counted(gan, *arguments):
        made.append(gan)
        return compared(gan, *arguments)

    def stop(what, done, total):
        if done == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(similarity, "_compared", counted)
    with pytest.raises(KeyboardInterrupt):
        ask(tmp_path, "a", on_progress=stop)
    assert made == [0, 1]
    ask(tmp_path, "a")
    assert made == [0, 1, 2, 3]


def test_a_run_that_lacks_what_is_needed_is_told_with_a_command(tmp_path, trained):
    make_run(tmp_path, "one", gans=1)
    make_run(tmp_path, "cut", status="interrupted")
    for store, name, said in (
        (tmp_path, "one", "has one GAN.*gangan train-gans --run NAME --family mlp --gans 4"),
        (tmp_path, "cut", "not trained to its end.*gangan train-gans goes on"),
        (trained, "g", "has no generator of images"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            ask(store, name)


def test_an_empty_store_answers_no_claim(tmp_path):
    found = answered_claims(Catalog(tmp_path / "none"))
    assert len(found) == len(CLAIMS) == 44
    assert {one.verdict for one in found} == {"not run"}


def test_the_store_answers_the_claims_of_its_studies(tmp_path):
    make_run(tmp_path, "a")
    ask(tmp_path, "a")
    found = {one.claim.id: one for one in answered_claims(Catalog(tmp_path))}
    assert found["C1.7"].verdict == "does not hold" and found["C1.7"].finding.n == 4
    assert found["C1.9"].verdict == "not run"


def test_claims_and_studies_name_each_other(tmp_path):
    ids = [claim.id for claim in CLAIMS]
    assert len(set(ids)) == len(ids)
    asked = [claim for info in STUDIES.values() for claim in info.claims]
    assert len(set(asked)) == len(asked) and set(asked) <= set(ids)
    assert not any(claim.command for claim in CLAIMS if claim.id in asked)


def test_a_recipe_is_the_command_that_trains_its_run(tmp_path):
    settings = {"family": "wgan", "family_options": "width=8 loss=code", "keep_initial": True}
    command = Recipe("w", settings).command("mnist5k", tmp_path)
    assert command == (
        "gangan train-gans --run w --dataset mnist5k --family wgan --family-option width=8 "
        f"--family-option loss=code --keep-initial --store {tmp_path}"
    )


# --------------------------------------------------------------------------------- as typed


def test_a_study_prints_verdicts_and_draws_its_figure(tmp_path):
    make_run(tmp_path / "store", "a")
    typed = ("study", "similarity", "a", "--store", tmp_path / "store", "--out", tmp_path)
    first, again = gangan(*typed), gangan(*typed, "--json")
    assert first.code == again.code == 0, first.err
    assert "does not hold: Kernels of the generator's last layer" in first.out
    assert "(C1.7)" in first.out and "4 GANs" in first.out
    assert first.out.splitlines()[-1] == str(tmp_path / "studies" / "similarity.png")
    assert again.document["known"] and again.document["findings"][0]["claim"] == "C1.7"
    assert (tmp_path / "studies" / "similarity.json").exists()
    listed = gangan("study", "--store", tmp_path / "store", "--json").document
    assert [len(one["answers"]) for one in listed if one["study"] == "similarity"] == [1]


def test_a_study_without_its_runs_prints_the_commands_that_train_them(tmp_path):
    result = gangan("study", "similarity", "--store", tmp_path, "--dataset", "mnist5k")
    assert result.code == 2 and not result.out
    assert "--prepare trains them" in result.err
    assert "gangan train-gans --run dcgan-32 --dataset mnist5k" in result.err
    for arguments, said in (
        (["similar"], "did you mean similarity?"),
        (["claims", "a"], "name a study"),
        (["claims", "--prepare"], "name a study"),
        (["similarity", "nope"], "no run 'nope'"),
    ):
        result = gangan("study", *arguments, "--store", tmp_path)
        assert result.code == 2 and said in result.err
