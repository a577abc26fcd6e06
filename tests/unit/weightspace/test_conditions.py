"""Which scores a GAN-GAN is asked for, and that it keeps whose they are."""

import numpy as np
import pytest

from gangan_cli.errors import ConfigurationError
from gangan_cli.weightspace.conditions import Condition, condition_of
from store import Run, RunRef
from tests.runs import small_manifest

KEYS = np.array([(0, 1), (0, 2), (1, 1), (1, 2)])


def scored(judge, samples, keys, frechet, dataset="mnist"):
    """Results of an evaluation, as a run keeps them."""
    return {
        f"evaluation/quick/{judge}/{samples}/{dataset}/{gan}/{epoch}/None": {
            "gan": gan, "epoch": epoch, "drawn": None, "judge": judge, "samples": samples, "seed": 0,
            "dataset": dataset, "values": {"frechet": frechet + gan + epoch, "entropy": 1.0},
            "accuracy": 0.99, "errors": {}, "classes": [], "entropies": [],
        }
        for gan, epoch in np.array(keys).tolist()
    }  # fmt: skip


@pytest.fixture
def judged(tmp_path):
    """A run that learnt from MNIST, with the results that are handed over."""

    def make(*results, **changes):
        run = Run.create(tmp_path / "r", small_manifest(dataset={"name": "mnist"}, **changes))
        for one in results:
            run.add_results(one)
        return run

    return make


def test_scores_are_of_the_judge_who_saw_all_of_them_and_then_most_images(judged):
    run = judged(
        scored("aaaaaaaaaaaa", 1000, KEYS, 100),
        scored("aaaaaaaaaaaa", 2000, KEYS, 200),
        scored("bbbbbbbbbbbb", 9000, [*KEYS[1:], (5, 1), (5, 2), (5, 3)], 300),
        scored("cccccccccccc", 9000, KEYS, 400, dataset="kmnist"),
    )
    with run:
        condition, values = condition_of(run, KEYS, "score")
    assert values.tolist() == [201, 202, 202, 203]
    assert condition == Condition("score", 201, 203, "aaaaaaaaaaaa", 2000)


def test_a_gangan_keeps_whose_scores_it_is_asked_for(tmp_path):
    asked = Condition("score", 80.5, 400.0, "00f3a8b52f93", 1000)
    kept = asked.constants()
    manifest = small_manifest(
        config={"condition": "score"}, constants={name: array.shape for name, array in kept.items()}
    )
    with Run.create(tmp_path / "g", manifest, kept) as run:
        assert Condition.of(run) == asked


def test_what_has_no_score_is_named_with_what_gives_it_one(judged):
    with judged(scored("aaaaaaaaaaaa", 1000, KEYS[:3], 100)) as run:
        with pytest.raises(ConfigurationError, match=r"1 of 4 .* GAN 1 at epoch 2\b.*gangan evaluate r"):
            condition_of(run, KEYS, "score")
        condition, values = condition_of(run, KEYS, "epoch")
    assert values.tolist() == [1, 2, 1, 2] and condition == Condition("epoch", 1, 2)


def test_gangans_have_no_scores_of_their_own(judged):
    with (
        judged(parents=(RunRef("p", "one"),)) as run,
        pytest.raises(ConfigurationError, match="run of GAN-GANs"),
    ):
        condition_of(run, KEYS, "score")
