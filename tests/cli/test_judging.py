"""gangan evaluate and gangan audit, as typed."""

import shutil

import pytest

from tests.commands import AUDIT, fresh_gangan, gangan


@pytest.fixture(scope="module")
def store(audited_store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("judged") / "store"
    shutil.copytree(audited_store, folder)
    return folder


def test_evaluate_shows_scores_beside_those_of_real_images(store):
    result = fresh_gangan("evaluate", "a", "--samples", 200, "--store", store)
    assert result.code == 0, result.err
    first, *_ = result.out.splitlines()
    assert first.startswith("200 images each, against the test images of mnist; judge ")
    titles = result.out.splitlines()[1].split("  ")
    assert [title.strip() for title in titles if title.strip()] == [
        "real images",
        "GAN 0 · 3",
        "GAN 1 · 3",
    ]
    for score in (
        "Fréchet distance",
        "kernel distance",
        "coverage",
        "Parzen log-likelihood",
        "label entropy",
    ):
        assert score in result.out
    assert "warning: 200 samples are few" in result.err


def test_evaluate_streams_json_and_a_second_call_says_the_same(store):
    arguments = (
        "evaluate",
        "g",
        "--samples",
        200,
        "--latents",
        2,
        "--quick",
        "--json",
        "--store",
        store,
    )
    first, second = gangan(*arguments), gangan(*arguments)
    assert first.code == second.code == 0, first.err
    assert first.out == second.out
    real, *drawn = first.lines
    assert real["gan"] is None and [line["drawn"] for line in drawn] == [0, 1]
    assert {line["run"] for line in first.lines} == {"g"}
    assert all(line["values"]["frechet"] > real["values"]["frechet"] for line in drawn)


def test_audit_ends_in_a_verdict_for_each_claim(store):
    result = gangan("audit", "g", *AUDIT, "--store", store)
    assert result.code == 0, result.err
    for name in (
        "GAN-GAN 0 at epoch 8",
        "training snapshot",
        "mean of the last 10",
        "components + kernels",
    ):
        assert name in result.out
    verdicts = [
        line for line in result.out.splitlines() if line.startswith(("holds", "does not", "undecided"))
    ]
    assert len(verdicts) == 13
    again = fresh_gangan("audit", "g", *AUDIT, "--json", "--store", store)
    assert [claim["verdict"] for claim in again.lines[0]["claims"]] == [
        line.partition("   ")[0] for line in verdicts
    ]


def test_several_gangans_are_counted_claim_by_claim(store):
    result = gangan("audit", "g", *AUDIT, "--epochs", "7-8", "--store", store)
    assert result.code == 0, result.err
    rows = [line.split() for line in result.out.splitlines()]
    assert [row[5] for row in rows if row[:3] == ["g:", "GAN-GAN", "0"]] == ["7", "8"]
    counts = [row for row in rows if row[-7:-6] == ["snapshots"] and row[:3] == ["samples", "are", "no"]]
    assert sum(map(int, counts[0][-6:-3])) == 1  # of one run, whose GAN-GANs count as one


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("evaluate", "nobody"), 2, "no run 'nobody'"),
        (("evaluate", "a", "--samples", 1), 2, "samples is 1: give 10 to 100,000"),
        (("evaluate", "a", "--dataset", "imagenet"), 2, "no judge for 'imagenet'"),
        (("audit", "a"), 2, "run 'a' was trained on images"),
        (("audit", "g", "--count", 1), 2, "count is 1: give 3 to 512 samples"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line(store, arguments, code, message):
    result = gangan(*arguments, "--store", store)
    assert result.code == code and message in result.err
    assert result.out == "" and "Traceback" not in result.err


def test_scores_must_be_known_before_they_can_be_asked_for(store):
    arguments = (
        "train-gangan", "--on", "a", "--run", "s", "--condition", "score", "--batch-size", 3,
        "--epochs", 2,
    )  # fmt: skip
    refused = gangan(*arguments, "--store", store)
    assert refused.code == 2 and "gangan evaluate a --epochs 1- --quick" in refused.err
    gangan("evaluate", "a", "--epochs", "1-", "--quick", "--samples", 200, "--store", store)
    done = gangan(*arguments, "--store", store)
    assert done.code == 0, done.err
