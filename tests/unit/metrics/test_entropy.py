import numpy as np
import pytest

from gangan_cli.metrics.entropy import entropies, entropy_histogram, label_errors, label_scores


def test_random_vectors_score_as_in_the_papers_file(random):
    drawn = random.random((20_000, 10))
    scores = label_scores(drawn / drawn.sum(axis=1, keepdims=True))
    assert scores.mean == pytest.approx(2.116, abs=0.003)
    assert scores.std == pytest.approx(0.086, abs=0.002)


def test_errors_are_how_much_scores_of_other_images_differ(random):
    drawn = [random.dirichlet(np.linspace(0.1, 1, 10), 1000) for _ in range(60)]
    scores, errors = [label_scores(one) for one in drawn], [label_errors(one) for one in drawn]
    for name in ("marginal", "inception_score", "total_variation"):
        differ = np.std([getattr(one, name) for one in scores], ddof=1)
        assert np.mean([getattr(one, name) for one in errors]) == pytest.approx(differ, rel=0.3)


def test_clean_labels_of_every_class_are_perfect():
    scores = label_scores(np.tile(np.eye(10, dtype=np.float32), (3, 1)))
    assert (scores.mean, scores.std, scores.lowest, scores.highest) == (0, 0, 0, 0)
    assert scores.marginal == pytest.approx(np.log(10))
    assert scores.inception_score == pytest.approx(10)
    assert scores.classes.tolist() == [3] * 10
    assert scores.total_variation == pytest.approx(0, abs=1e-12)


def test_one_clean_digit_is_told_by_the_other_scores():
    scores = label_scores(np.eye(10)[[4] * 20])
    assert scores.mean == scores.marginal == 0
    assert scores.inception_score == 1
    assert scores.classes.tolist() == [0] * 4 + [20] + [0] * 5
    assert scores.total_variation == pytest.approx(0.9)


def test_two_images_by_hand():
    scores = label_scores(np.array([[0.5, 0.5, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]))
    half = np.log(2) / 2
    assert scores.mean == pytest.approx(half)
    assert scores.std == pytest.approx(half)
    assert scores.standard_error == pytest.approx(half / 2**0.5)
    assert (scores.lowest, scores.highest) == (0, pytest.approx(np.log(2)))
    assert scores.marginal == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    assert scores.total_variation == pytest.approx(0.75)


def test_rounding_of_float32_is_evened_out():
    row = np.full((1, 3), 1 / 3, np.float32)
    assert entropies(row * np.float32(1.0005))[0] == pytest.approx(np.log(3), abs=1e-12)


def test_every_image_is_in_the_histogram_certain_and_clueless_ones_too():
    rows = np.concatenate([np.eye(10)[:4], np.full((7, 10), 0.1)])
    counts, edges = entropy_histogram(rows)
    assert (counts[0], counts[-1], counts.sum()) == (4, 7, 11)
    assert len(counts) == 100
    assert (edges[0], edges[-1]) == (0, pytest.approx(np.log(10)))
    assert len(entropy_histogram(rows, bins=7)[0]) == 7


@pytest.mark.parametrize("row", [[0.5, np.nan], [-0.1, 1.1], [0.5, 0.4], [3.0, -2.0], [np.inf, 0]])
def test_what_are_no_probabilities_is_refused(row):
    with pytest.raises(ValueError, match="1 of 2 rows are not probabilities"):
        label_scores(np.array([[0.5, 0.5], row]))


@pytest.mark.parametrize("shape", [(0, 10), (10,), (5, 1)])
def test_what_is_no_table_of_classes_is_refused(shape):
    with pytest.raises(ValueError, match=r"must be a matrix \(n, k\)"):
        label_scores(np.ones(shape))
