import os
import shutil
import subprocess
import sys
import time

import lmdb
import numpy as np
import pytest

from store import Run
from store.errors import Damaged, InUse, NewerFormat, NotAStore, UnknownSnapshot
from store.state import STALE_AFTER, Holder, State
from tests.runs import numbers, small_manifest


@pytest.fixture
def run(tmp_path):
    with Run.create(tmp_path / "r", small_manifest()) as run:
        yield run


def fill(run, epoch, gans=(0, 1)):
    vectors, resume = numbers(epoch, len(gans), 10), numbers(epoch + 100, len(gans), 30)
    losses = np.arange(4.0 * len(gans)).reshape(len(gans), 2, 2) + epoch
    run.commit(epoch, list(gans), losses, vectors, resume)
    return losses, vectors, resume


def test_what_was_committed_comes_back(run):
    (losses1, vectors1, _), (losses2, vectors2, resume2) = fill(run, 1), fill(run, 2)
    assert run.keys().tolist() == [[0, 1], [0, 2], [1, 1], [1, 2]]
    assert np.array_equal(run.snapshot(1, 2), vectors2[1])
    matrix, keys = run.matrix()
    assert np.array_equal(matrix, [vectors1[0], vectors2[0], vectors1[1], vectors2[1]])
    assert np.array_equal(keys, run.keys())
    values, of = run.losses()
    assert np.array_equal(values, [losses1[0], losses2[0], losses1[1], losses2[1]])
    assert np.array_equal(of, run.keys())
    epoch, state = run.checkpoint(1)
    assert epoch == 2
    assert np.array_equal(state, resume2[1])


def test_what_was_committed_is_never_changed_but_one_may_go_on_from_elsewhere(run):
    losses, vectors, _ = fill(run, 1)
    run.commit(1, [0, 1], losses + 1, vectors + 1, numbers(7, 2, 5))
    assert np.array_equal(run.matrix()[0], vectors)
    assert np.array_equal(run.losses()[0], losses)
    assert np.array_equal(run.checkpoint(1)[1], numbers(7, 2, 5)[1])
    run.save_checkpoint(1, [1], numbers(8, 1, 5))
    assert np.array_equal(run.checkpoint(0)[1], numbers(7, 2, 5)[0])
    assert np.array_equal(run.checkpoint(1)[1], numbers(8, 1, 5)[0])


def test_many_snapshots_are_read_as_a_few_are(run):
    vectors = numbers(3, 200, 10)
    for epoch in range(1, 101):
        run.commit(epoch, [0, 1], np.ones((2, 2, 2)), vectors[2 * epoch - 2 : 2 * epoch])
    matrix, keys = run.matrix()
    assert np.array_equal(matrix[keys[:, 0] == 1], vectors[1::2])
    with pytest.raises(UnknownSnapshot, match="GAN 7 at epoch 1"):
        run.matrix(np.concatenate([keys, [[7, 1]]]))


def test_a_matrix_can_be_asked_for_in_any_order_with_repeats(run):
    _, vectors, _ = fill(run, 1)
    matrix, _ = run.matrix(np.array([[1, 1], [0, 1], [1, 1]]))
    assert np.array_equal(matrix, vectors[[1, 0, 1]])


def test_it_is_all_there_after_reopening_and_in_another_process(run, tmp_path):
    _, vectors, _ = fill(run, 1)
    run.close()
    code = (
        "from store import Run\n"
        f"with Run.open({str(tmp_path / 'r')!r}) as run:\n"
        "    weights = run.snapshot(gan=1, epoch=1)\n"
        "    matrix, keys = run.matrix()\n"
        "import sys; sys.stdout.buffer.write(weights.tobytes())\n"
        "assert 'torch' not in sys.modules and matrix.shape == (2, 10)\n"
    )
    read = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert read.stdout == vectors[1].tobytes()


def test_an_epoch_without_snapshots_leaves_losses_only(run):
    fill(run, 1)
    run.commit(2, [0, 1], np.zeros((2, 2, 2)))
    assert run.keys()[:, 1].max() == 1
    assert run.losses()[1][:, 1].max() == 2
    assert run.checkpoint(0)[0] == 1


def test_a_new_gan_starts_from_nothing(run):
    fill(run, 1, gans=[0])
    assert run.checkpoint(1) == (0, None)


def test_an_unknown_snapshot_is_named(run):
    fill(run, 1)
    with pytest.raises(UnknownSnapshot, match="GAN 0 at epoch 9"):
        run.snapshot(0, 9)


def test_constants_keep_shape_and_dtype(tmp_path):
    basis, keys = numbers(0, 3, 4), np.array([[0, 1], [0, 2]])
    manifest = small_manifest(constants={"basis": (3, 4), "keys": (2, 2)})
    with Run.create(tmp_path / "c", manifest, {"basis": basis, "keys": keys}) as run:
        assert np.array_equal(run.constant("basis"), basis)
        assert run.constant("keys").dtype == np.int64
        with pytest.raises(KeyError):
            run.constant("mean")


def test_constants_must_be_those_of_the_manifest(tmp_path):
    with pytest.raises(ValueError, match="constants"):
        Run.create(tmp_path / "c", small_manifest(), {"basis": numbers(0, 2)})


def test_the_manifest_survives(run, tmp_path):
    run.close()
    with Run.open(tmp_path / "r") as again:
        assert again.manifest == small_manifest()


def test_one_process_may_open_a_run_twice(run, tmp_path):
    fill(run, 1)
    with Run.open(tmp_path / "r") as second:
        assert len(second.keys()) == 2
    fill(run, 2)
    assert len(run.keys()) == 4


def test_the_transaction_number_moves_with_a_commit_only(run):
    before = run.last_transaction
    run.keys()
    assert run.last_transaction == before
    fill(run, 1)
    assert run.last_transaction > before


def test_changed_bytes_are_an_error_that_names_run_and_key(run, tmp_path):
    _, vectors, _ = fill(run, 1)
    run.close()
    content = bytearray((tmp_path / "r" / "data.mdb").read_bytes())
    content[content.rindex(vectors[0].tobytes())] ^= 1
    (tmp_path / "r" / "data.mdb").write_bytes(content)
    with Run.open(tmp_path / "r") as run:
        with pytest.raises(Damaged, match="'r', GAN 0 at epoch 1"):
            run.matrix()
        assert run.snapshot(1, 1).shape == (10,)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(NotAStore, match=r"no data\.mdb"):
        Run.open(tmp_path)
    lmdb.open(str(tmp_path / "other"), max_dbs=2).close()
    with pytest.raises(NotAStore, match="not a run"):
        Run.open(tmp_path / "other")


def test_bytes_that_are_not_lmdb_are_damage(tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "data.mdb").write_bytes(os.urandom(8192))
    with pytest.raises(Damaged, match="damaged"):
        Run.open(tmp_path / "r")


def test_a_later_format_is_refused(tmp_path):
    Run.create(tmp_path / "r", small_manifest(format=999)).close()
    with pytest.raises(NewerFormat, match="999"):
        Run.open(tmp_path / "r")


def test_states_of_a_run(run):
    assert run.state().status == "new"
    run.acquire()
    assert run.state().status == "training"
    run.diverged(1, 2)
    run.release("interrupted")
    assert run.state() == State("interrupted", None, {1: 2})


def test_a_run_in_training_cannot_be_held_twice(run, tmp_path):
    run.acquire()
    code = f"from store import Run; Run.open({str(tmp_path / 'r')!r}, write=True).acquire()"
    second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "InUse" in second.stderr
    assert f"process {os.getpid()}" in second.stderr


def test_a_holder_that_died_has_crashed_and_can_be_followed(run, tmp_path):
    run.close()
    code = (
        "import os; from store import Run\n"
        f"Run.open({str(tmp_path / 'r')!r}, write=True).acquire(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    with Run.open(tmp_path / "r", write=True) as run:
        assert run.state().status == "crashed"
        run.acquire()
        assert run.state().status == "training"


def test_a_holder_elsewhere_lives_as_long_as_its_heart_beats():
    now = time.time()
    assert Holder("far", "another machine", 1, now, now).alive()
    assert not Holder("far", "another machine", 1, now, now - STALE_AFTER - 1).alive()


def test_a_beat_moves_the_heartbeat(run):
    run.acquire()
    first = run.state().holder
    run.heartbeat()
    assert run.state().holder.beat > first.beat
    assert run.state().holder.since == first.since


def test_reading_does_not_wait_for_a_writer(run):
    fill(run, 1)
    with run._environment.writing():
        assert run.keys().shape == (2, 2)


def test_in_use_in_this_process_for_reading_only(tmp_path):
    Run.create(tmp_path / "r", small_manifest()).close()
    with Run.open(tmp_path / "r"), pytest.raises(InUse, match="open for reading"):
        Run.open(tmp_path / "r", write=True)


CUTS = [
    pytest.param(lambda size: size // 2, id="half"),
    pytest.param(lambda size: 8192, id="the head"),
    pytest.param(lambda size: 4096, id="half of the head"),
    pytest.param(lambda size: 0, id="nothing"),
]


@pytest.mark.parametrize("left", CUTS)
def test_a_file_that_is_cut_while_it_is_open_is_damage_and_not_the_end_of_the_process(run, left):
    for epoch in (1, 2, 3):
        fill(run, epoch)
    run.close()
    file = run.path / "data.mdb"
    code = (
        "import os; from store import Run; from store.errors import Damaged\n"
        f"run = Run.open({str(run.path)!r})\n"
        "assert len(run.keys()) == 6\n"
        f"os.truncate({str(file)!r}, {left(file.stat().st_size)})\n"
        "for read in (run.matrix, run.losses, run.state, lambda: run.last_transaction):\n"
        "    try: read()\n"
        "    except Damaged as error: print(error)\n"
    )
    read = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert read.returncode == 0, read.stderr
    assert read.stdout.count("the end of its data.mdb is missing") == 4


@pytest.mark.parametrize("left", CUTS)
def test_a_file_that_was_cut_is_damage(run, left):
    for epoch in (1, 2, 3):
        fill(run, epoch)
    run.close()
    file = run.path / "data.mdb"
    os.truncate(file, left(file.stat().st_size))
    with pytest.raises(Damaged, match="damaged"):
        Run.open(run.path)


def test_a_run_that_is_removed_while_it_is_open_is_said_to_be_gone(run):
    fill(run, 1)
    shutil.rmtree(run.path)
    for read in (run.keys, run.state, lambda: run.snapshot(0, 1), lambda: run.last_transaction):
        with pytest.raises(NotAStore, match="has been removed"):
            read()
