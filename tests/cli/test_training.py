"""Training from the command line, on real digits, in real processes."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from store import Catalog, Run
from tests.commands import COMMAND, COMPILED, DIGITS, fresh_gangan, gangan, started, workers_of
from tests.known import check_known
from tests.runs import contents

TWO_BY_THREE = ["train-gans", "--run", "a", "--dataset", "mnist5k", "--gans", 2, "--epochs", 3]


def test_json_is_an_object_a_line_that_the_store_holds_and_again_changes_nothing(
    tmp_path, trained, monkeypatch
):
    for name in ("torch.py", "random.py"):  # what lies in the working folder is imported by no process
        (tmp_path / name).write_text("raise SystemExit('not yours')")
    monkeypatch.chdir(tmp_path)
    store = tmp_path / "s"
    first = fresh_gangan(*TWO_BY_THREE, "--store", store, "--json")
    assert first.code == 0, first.err
    *epochs, done = first.lines
    assert {(e["gan"], e["epoch"]) for e in epochs} == {(g, e) for g in (0, 1) for e in (1, 2, 3)}
    for told in epochs:
        assert set(told) == {"event", "run", "gan", "epoch", "d_loss", "g_loss"}
        assert (told["event"], told["run"]) == ("epoch", "a")
        assert 0 < told["d_loss"] < 20
    assert (done["event"], done["run"], done["snapshots"]) == ("done", "a", 6)
    with Run.open(store / "a") as run:
        values, keys = run.losses()
        stored = {tuple(k): row for k, row in zip(keys.tolist(), values, strict=True)}
        columns = run.manifest.losses
    for told in epochs:
        means = dict(zip(columns, stored[told["gan"], told["epoch"]][:, 0], strict=True))
        assert (means["d_loss"], means["g_loss"]) == (told["d_loss"], told["g_loss"])
    before = contents(store / "a")
    assert before == contents(trained / "a"), "one process or two, the bytes are the same"
    again = gangan(*TWO_BY_THREE, "--store", store, "--json")
    assert again.code == 0
    assert [line["event"] for line in again.lines] == ["done"]
    assert again.lines[0]["trained"] == 0
    assert "complete" in again.err
    assert contents(store / "a") == before


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGHUP, 129)]
)  # SIGTERM: tests/faults/test_kills.py
def test_a_signal_ends_it_resumable_and_the_finished_run_is_the_undisturbed_one(
    tmp_path, undisturbed, number, code
):
    process = started(*COMMAND, "--store", tmp_path, fresh=number == signal.SIGINT)
    os.killpg(process.pid, number)  # as a terminal does: to the workers too
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert '"interrupted"' in out
    assert f"gangan {COMMAND[0]} --run r" in err
    assert "Traceback" not in err
    assert gangan("runs", "show", "r", "--store", tmp_path, "--json").document["state"] == "interrupted"
    again = gangan(*COMMAND, "--store", tmp_path, "--json")
    assert again.code == 0
    told = 1 + out.count('"event": "epoch"')  # the first line was read before the signal
    assert told + again.lines[-1]["trained"] == 16  # no finished epoch was trained again
    assert contents(tmp_path / "r") == contents(undisturbed / "r")


@pytest.mark.xdist_group("compiled")
def test_a_compiled_run_goes_on_compiled_and_ends_with_the_same_bytes(
    tmp_path, trained, compiled, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(compiled / "cache"))
    assert (compiled / "said").read_text().count("compiling the training step") == 1
    (tmp_path / "a").symlink_to(trained / "a")
    process = started(*COMPILED, "--store", tmp_path, "--compile")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    again = gangan(*COMPILED, "--store", tmp_path)
    assert again.code == 0, again.err
    assert "compiling" not in err + again.err
    assert contents(compiled / "store" / "r") == contents(tmp_path / "r")
    with Run.open(tmp_path / "r") as run:
        assert run.state().execution["compiled"]


def test_a_run_that_goes_on_elsewhere_says_that_it_rounds_otherwise(tmp_path):
    process = started(*COMMAND, "--store", tmp_path)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    shown = gangan("runs", "show", "r", "--store", tmp_path, "--json").document["execution"]
    assert (shown["device"], shown["repeats"]) == ("cpu", True)
    assert {"processor", "threads", "torch", "compiled", "matmul"} < set(shown)
    with Run.open(tmp_path / "r", write=True) as run:
        run.record_execution({**shown, "processor": "another processor"})
    again = gangan(*COMMAND, "--store", tmp_path)
    assert again.code == 0
    assert "was started under other conditions" in again.err
    assert "processor: another processor → " in again.err


def test_under_nohup_a_hangup_does_not_end_it(tmp_path, undisturbed):
    process = started(*COMMAND, "--store", tmp_path, hangup=signal.SIG_IGN)
    os.killpg(process.pid, signal.SIGHUP)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert contents(tmp_path / "r") == contents(undisturbed / "r")


def test_a_killed_run_has_crashed_its_workers_die_and_it_resumes(tmp_path, undisturbed):
    process = started(*COMMAND, "--store", tmp_path, fresh=True)
    workers = workers_of(process.pid, fresh=True)
    assert workers
    process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()
    shown = gangan("runs", "show", "r", "--store", tmp_path, "--json").document
    assert shown["state"] == "crashed"
    assert 0 < shown["snapshots"] < 16
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        os.sched_yield()
    assert gangan(*COMMAND, "--store", tmp_path).code == 0
    assert contents(tmp_path / "r") == contents(undisturbed / "r")


def test_a_worker_that_is_killed_is_reported_and_the_run_goes_on_later(tmp_path, undisturbed):
    process = started(*COMMAND, "--store", tmp_path)
    for worker in workers_of(process.pid):
        os.kill(worker, signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "a training process died (killed by SIGKILL" in err
    assert gangan(*COMMAND, "--store", tmp_path).code == 0
    assert contents(tmp_path / "r") == contents(undisturbed / "r")


@pytest.mark.parametrize("preset", ["paper", "released"])
def test_the_papers_presets_train_on_raw_weights(tmp_path, trained, preset):
    (tmp_path / "a").symlink_to(trained / "a")
    result = gangan(
        "train-gangan", "--on", "a", "--run", "p", "--preset", preset, "--store", tmp_path,
        "--batch-size", 6, "--epochs", 2,
    )  # fmt: skip
    assert result.code == 0, result.err
    with Catalog(tmp_path).open("p") as run:
        assert run.manifest.layout.size == 8_307_762
        assert run.keys().tolist() == [[0, 2]]
        gans = set(run.constant("keys")[:, 0].tolist())
        assert gans == ({0} if preset == "released" else {0, 1})
        assert np.isfinite(run.snapshot(0, 2)).all()
        check_known(preset, run.matrix()[0], run.losses()[0])


@pytest.mark.parametrize("name", ["a", "g", "gg"])
def test_gans_gangan_and_gangangan_are_trained_as_before(trained, name):
    with Catalog(trained).open(name) as run:
        check_known(name, run.matrix()[0], run.losses()[0])


def test_members_are_gangans_with_seeds_of_their_own(tmp_path, trained):
    (tmp_path / "a").symlink_to(trained / "a")
    result = gangan(
        "train-gangan", "--on", "a", "--run", "m", "--members", 2, "--store", tmp_path,
        "--batch-size", 6, "--epochs", 2,
    )  # fmt: skip
    assert result.code == 0, result.err
    with Catalog(tmp_path).open("m") as run:
        assert len(run.keys()) == 4
        assert not np.array_equal(run.snapshot(0, 2), run.snapshot(1, 2))


def test_a_gangan_that_would_learn_little_is_warned_of(tmp_path, trained):
    (tmp_path / "a").symlink_to(trained / "a")
    short = gangan(
        "train-gangan", "--on", "a", "--run", "short", "--batch-size", 6, "--epochs", 2,
        "--store", tmp_path,
    )  # fmt: skip
    assert short.code == 0, short.err
    assert "short has only 6 training steps (20,000 are usual): try --repeat 10000" in short.err


def test_a_gan_that_diverges_is_stopped_and_said(tmp_path):
    arguments = [*TWO_BY_THREE, "--store", tmp_path, "--lr", "1e38", "--json"]
    result = gangan(*arguments)
    assert result.code == 1
    assert [line["event"] for line in result.lines] == ["diverged", "diverged", "done"]
    assert "GAN 0" in result.err
    assert "lower --lr" in result.err
    assert gangan(*arguments).code == 1
    shown = gangan("runs", "show", "a", "--store", tmp_path, "--json").document
    assert shown["state"] == "diverged"
    assert shown["diverged"] == {"0": 1, "1": 1}


def test_initial_weights_and_losses_of_steps_are_kept_on_request(tmp_path):
    store = ("--store", tmp_path / "s")
    asked = "--gans 1 --epochs 2 --batch-size 100 --keep-initial --keep-step-losses"
    dataset = ("--dataset", f"images:{DIGITS}")
    assert gangan("train-gans", "--run", "a", *dataset, *asked.split(), *store).code == 0
    shown = gangan("runs", "show", "a", "--json", *store).document
    assert (shown["snapshots"], shown["planned_snapshots"]) == (2, 2)
    assert gangan("runs", "verify", "a", *store).code == 0
    with Catalog(tmp_path / "s").open("a") as run:
        assert run.keys(initial=True).tolist() == [[0, 0], [0, 1], [0, 2]]
        assert run.step_losses(0, 2).shape == (10, 2)
    small = ["--batch-size", "2", "--epochs", "1", "--bottleneck", "0", "--family-option", "templates=0"]
    for name, epochs, expected in (("g", "1-", [1, 2]), ("h", "0-", [0, 1, 2])):
        over = ("train-gangan", "--on", "a", "--run", name, "--snapshot-epochs", epochs)
        result = gangan(*over, *small, *store)
        assert result.code == 0, result.err
        with Catalog(tmp_path / "s").open(name) as run:
            assert run.constant("keys")[:, 1].tolist() == expected
    exported = gangan("runs", "export", "a", tmp_path / "e", "--epochs", "0-", *store)
    assert exported.code == 0, exported.err
    imported = gangan("runs", "import", tmp_path / "e", "--as", "b", *store)
    assert imported.code == 0, imported.err
    assert gangan("runs", "verify", "b", *store).code == 0
    with Catalog(tmp_path / "s").open("b") as run:
        assert run.keys(initial=True)[:, 1].tolist() == [0, 1, 2]


@pytest.mark.parametrize("on", ["a", "g"])
def test_a_flow_over_gans_or_over_a_gangan_goes_to_images(tmp_path, trained, on):
    for name in ("a", "g"):
        (tmp_path / name).symlink_to(trained / name)
    small = "--batch-size 3 --epochs 2 --family flow --family-option width=16 --family-option layers=1"
    result = gangan("train-gangan", "--on", on, "--run", "f", *small.split(), "--store", tmp_path)
    assert result.code == 0, result.err
    drawn = gangan(
        "export-figures", "f", "--out", tmp_path / "figures", "--dpi", 40, "--store", tmp_path
    )
    assert drawn.code == 0, drawn.err
    assert {path.name for path in (tmp_path / "figures" / "f").iterdir()} > {"walk.png", "samples.png"}
    with Catalog(tmp_path).open("f") as run:
        assert (run.manifest.family, run.manifest.losses) == ("flow", ("flow_loss",))
        assert run.manifest.hparams["latent_dim"] == run.manifest.hparams["data_dim"]
        assert "width=16" in run.manifest.config["family_options"]
    again = gangan("train-gangan", "--on", on, "--run", "f", *small.split(), "--store", tmp_path)
    assert again.code == 0 and "nothing left to do" in again.err
