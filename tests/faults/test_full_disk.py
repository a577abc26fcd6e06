"""A disk that is full, or a limit on files: training stops, says what is missing, and goes on later."""

import resource
import shutil
import subprocess

import pytest

from store import Run
from store.verify import verify
from tests.commands import COMMAND, gangan, start
from tests.runs import contents


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MB; the run takes 7."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def check_whole_so_far(path, undisturbed):
    """What is there is part of the undisturbed run, and bears looking at."""
    expected = contents(undisturbed / "r")
    assert [finding for finding in verify(path) if not finding.missing] == []
    with Run.open(path) as run:
        keys = run.keys()
        assert len(keys)
        assert run.state().status in ("interrupted", "crashed")
        for gan, epoch in keys.tolist():
            assert run.snapshot(gan, epoch).tobytes() in expected[0]


def test_on_a_full_disk_training_stops_and_goes_on_when_there_is_room(small_disk, undisturbed):
    store = small_disk / "store"
    refused = gangan(*COMMAND, "--store", store)
    assert refused.code == 3
    assert "MB are free" in refused.err
    assert "--force" in refused.err
    assert not (store / "r").exists()
    filled = gangan(*COMMAND, "--store", store, "--force")
    assert filled.code == 3
    assert f"{store}/r: no space is left on its disk: " in filled.err
    assert "MB were to be written, " in filled.err
    assert "Traceback" not in filled.err
    check_whole_so_far(store / "r", undisturbed)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    again = gangan(*COMMAND, "--store", store)
    assert again.code == 0, again.err
    assert contents(store / "r") == contents(undisturbed / "r")


def test_at_the_limit_on_the_size_of_files_it_is_the_same(tmp_path, undisturbed):
    for force, said in (([], "(ulimit -f)"), (["--force"], "limit on the size of files")):
        limits = [(resource.RLIMIT_FSIZE, 4_000_000)]
        process = start(*COMMAND, "--json", "--store", tmp_path, *force, limits=limits)
        _, err = process.communicate(timeout=120)
        assert (process.returncode, said in err) == (3, True), err
    check_whole_so_far(tmp_path / "r", undisturbed)
    assert gangan(*COMMAND, "--store", tmp_path).code == 0
    assert contents(tmp_path / "r") == contents(undisturbed / "r")


def test_no_room_for_a_repair_leaves_the_broken_file_as_it_is(small_disk, undisturbed):
    subprocess.run(["mount", "-o", "remount,size=24m", str(small_disk)], check=True)
    subprocess.run(["cp", "-r", undisturbed, small_disk / "s"], check=True)
    file = small_disk / "s" / "r" / "data.mdb"
    file.write_bytes(b"\0" * 8192 + file.read_bytes()[8192:])
    before = file.read_bytes()
    (small_disk / "rest").write_bytes(bytes(shutil.disk_usage(small_disk).free - 1_000_000))
    refused = gangan("runs", "repair", "r", "--store", small_disk / "s")
    assert refused.code == 3
    assert "no space is left" in refused.err
    assert file.read_bytes() == before
    (small_disk / "rest").unlink()


@pytest.mark.parametrize("form", ["safetensors", "pt"])
def test_no_room_for_state_dicts_leaves_no_folder(small_disk, trained, form):
    out = ("--count", 64, "--out", small_disk / "o", "--format", form)
    result = gangan("sample", "g", *out, "--store", trained)
    assert result.code == 1, result.err
    assert "cannot write" in result.err and "Traceback" not in result.err
    assert list(small_disk.iterdir()) == []


def test_no_room_for_a_sampled_run_leaves_none(small_disk, trained):
    store = small_disk / "store"
    store.mkdir()
    for name in ("a", "g"):
        (store / name).symlink_to(trained / name)
    result = gangan("sample", "g", "--count", 64, "--run", "drawn", "--store", store)
    assert (result.code, "MB are free" in result.err) == (3, True), result.err
    assert sorted(path.name for path in store.iterdir()) == ["a", "g"]
