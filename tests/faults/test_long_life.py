"""Old formats are read; a copy of a run in training is whole, or says that it is not."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from gangan_cli.interchange.export import export_run
from gangan_cli.interchange.importing import import_run
from gangan_cli.models.family import layout
from gangan_cli.models.registry import build
from store import Catalog, Manifest, Run, StoreError
from store.errors import Damaged
from store.manifest import FORMAT, NEW_IN_3, Origin, RunRef
from store.repair import repair
from store.verify import verify
from tests.commands import COMMAND, gangan, started
from tests.runs import contents, small_manifest

FORMATS = Path(__file__).parent / "formats"


@pytest.fixture(params=range(1, FORMAT + 1))
def old(request, tmp_path):
    """A run as the version wrote it that brought format 1, or 2, …"""
    (tmp_path / "r").mkdir()
    shutil.copy(FORMATS / f"{request.param}.mdb", tmp_path / "r" / "data.mdb")
    return tmp_path / "r"


def what_was_written(size):
    """The numbers that were written into each of them: losses, vectors and resume states by epoch."""
    generator = np.random.default_rng(7)
    for epoch in (1, 2, 3, 4):
        losses = generator.standard_normal((2, 2, 2))
        yield epoch, losses, generator.standard_normal((2, size)).astype(np.float32)


def test_every_format_there_was_is_read(old):
    with Run.open(old) as run:
        manifest = run.manifest
        assert layout(build(manifest.family, manifest.hparams)) == manifest.layout
        assert (manifest.gans, manifest.epochs, manifest.snapshot_every) == (2, 4, 2)
        assert run.keys().tolist() == [[0, 2], [0, 4], [1, 2], [1, 4]]
        values, keys = run.losses()
        by_key = dict(zip(map(tuple, keys.tolist()), values, strict=True))
        for epoch, losses, vectors in what_was_written(manifest.layout.size):
            for gan in (0, 1):
                assert np.array_equal(by_key[gan, epoch], losses[gan])
                if epoch % 2 == 0:
                    assert np.array_equal(run.snapshot(gan, epoch), vectors[gan])
        assert run.checkpoint(1)[0] == 4
        assert np.array_equal(run.checkpoint(1)[1], vectors[1].repeat(3))
        assert run.constant("codes").tolist() == [[0, 1], [2, 3], [4, 5]]
        assert (run.state().status, run.state().execution["compiled"]) == ("complete", False)
    assert list(verify(old)) == []


def test_what_a_manifest_did_not_always_say_may_be_missing():
    document = json.loads(small_manifest().to_json())
    for name in ("dataset", "parents", "constants", "machine", *NEW_IN_3):
        del document[name]
    assert Manifest.from_json(json.dumps(document), "x") == small_manifest()


def test_what_format_3_brought_is_read(tmp_path):
    (tmp_path / "r").mkdir()
    shutil.copy(FORMATS / "3.mdb", tmp_path / "r" / "data.mdb")
    with Run.open(tmp_path / "r") as run:
        manifest = run.manifest
        assert [parent.name for parent in manifest.parents] == ["a", "b"]
        assert manifest.origin == Origin("merged", (RunRef("c", "3" * 32),))
        assert manifest.gan_origins == ((5, 1), (6, 0))
        assert run.keys(initial=True)[:, 1].tolist() == [0, 2, 4, 0, 2, 4]
        assert not run.snapshot(1, 0).any()
        assert run.step_losses(1, 3).tolist() == [[3, 3]] * 5
        assert (run.progress().snapshots, manifest.planned_snapshots) == (4, 4)


def test_a_repair_saves_initial_weights_and_losses_of_steps(tmp_path):
    (tmp_path / "r").mkdir()
    content = bytearray((FORMATS / "3.mdb").read_bytes())
    content[:8192] = bytes(8192)  # the pages that lead to all others
    (tmp_path / "r" / "data.mdb").write_bytes(content)
    assert repair(tmp_path / "r").rebuilt
    with Run.open(tmp_path / "r") as run:
        assert run.keys(initial=True)[:, 1].tolist() == [0, 2, 4, 0, 2, 4]
        assert run.step_losses(1, 3).tolist() == [[3, 3]] * 5
    assert list(verify(tmp_path / "r")) == []


def test_initial_weights_and_losses_of_steps_that_are_missing_are_reported(tmp_path):
    manifest = small_manifest(keeps_initial=True, keeps_step_losses=True)
    with Run.create(tmp_path / "r", manifest) as run:
        run.commit(1, [0], np.ones((1, 2, 2)), np.ones((1, 10), np.float32))
    found = {(finding.what, finding.epoch) for finding in verify(tmp_path / "r")}
    assert found == {("snapshot", 0), ("step losses", 1)}


def test_a_run_of_an_earlier_format_is_written_as_one(tmp_path):
    earlier = small_manifest(format=2, parents=(RunRef("a", "1"),))
    document = json.loads(earlier.to_json())
    assert document["parent"] == {"name": "a", "id": "1"} and not {"parents", *NEW_IN_3} & set(document)
    assert Manifest.from_json(json.dumps(document), "x") == earlier


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": {"kind": "stolen", "runs": [], "latents": ""}},
        {"origin": {"kind": "merged", "runs": [{"name": 3, "id": "x"}], "latents": ""}},
        {"gan_origins": [[0, 0]]},
        {"gan_origins": [[0, 0], [-1, 0]]},
        {"keeps_initial": 1},
        {"parents": [{"name": "\x1b[31m", "id": "x"}]},
    ],
)
def test_what_format_3_brought_is_checked_too(wrong):
    document = {**json.loads(small_manifest().to_json()), **wrong}
    with pytest.raises(Damaged):
        Manifest.from_json(json.dumps(document), "x")


def test_every_format_there_was_can_be_gone_on_with(old):
    with Run.open(old, write=True) as run:
        vectors = np.ones((2, run.manifest.layout.size), np.float32)
        run.acquire()
        run.commit(6, [0, 1], np.ones((2, 2, 2)), vectors, vectors)
        run.release("complete")
    with Run.open(old) as run:
        assert np.array_equal(run.snapshot(1, 6), vectors[1])
        assert np.array_equal(run.checkpoint(0)[1], vectors[0])
        assert run.state().status == "complete"


def test_every_format_there_was_is_given_results(old):
    before = contents(old)
    with Run.open(old) as run:
        assert run.results() == {}
    with Run.open(old, write=True) as run:
        assert run.results() == {}
        format = run.manifest.format
        run.add_results({"fid/0": {"value": 1}, "fid/1": {"value": 2}})
    with Run.open(old) as run:
        assert run.results("fid/1") == {"fid/1": {"value": 2}}
        assert (run.state().status, run.manifest.format) == ("complete", format)
    assert contents(old) == before
    assert list(verify(old)) == []
    content = (old / "data.mdb").read_bytes()
    (old / "data.mdb").write_bytes(content.replace(b'"value": 2', b'"value": 3'))
    assert [found.what for found in verify(old)] == ["result"]
    repair(old)
    with Run.open(old) as run:
        assert run.results() == {"fid/0": {"value": 1}}
    assert contents(old) == before


def test_a_damaged_vector_of_the_first_format_is_noticed_and_dropped(tmp_path):
    (tmp_path / "r").mkdir()
    content = bytearray((FORMATS / "1.mdb").read_bytes())
    *_, (_, _, vectors) = what_was_written(vector_size())
    content[content.index(vectors[1].tobytes()) + 40] ^= 1
    (tmp_path / "r" / "data.mdb").write_bytes(content)
    (found,) = verify(tmp_path / "r")
    assert (found.what, found.gan, found.epoch) == ("snapshot", 1, 4)
    repair(tmp_path / "r")
    with Run.open(tmp_path / "r") as run:
        assert run.keys().tolist() == [[0, 2], [0, 4], [1, 2]]


def vector_size():
    hparams = {"data_dim": 16, "latent_dim": 2, "discriminator_width": 3, "generator_width": 3}
    return layout(build("mlp", hparams)).size


def check_part_of(path, undisturbed):
    """What `path` holds is part of the undisturbed run."""
    expected = contents(undisturbed / "r")
    assert [found for found in verify(path) if not found.missing] == []
    with Run.open(path) as run:
        for gan, epoch in run.keys().tolist():
            assert run.snapshot(gan, epoch).tobytes() in expected[0]
        return len(run.keys())


def during(process, thorough):
    """Count on while a training goes on: at every moment, or after each of its first epochs."""
    number = 0
    while process.poll() is None and (thorough or number < 8):
        yield number
        number += 1
        if not thorough:
            process.stdout.readline()
    process.communicate()


def test_a_folder_copied_while_it_is_trained_is_whole_or_says_that_it_is_not(
    tmp_path, undisturbed, thorough
):
    store, copies = tmp_path / "store", []
    process = started(*COMMAND, "--store", store)
    for number in during(process, thorough):
        copies.append(tmp_path / f"copy{number}")
        copies[-1].mkdir()
        subprocess.run(["cp", "-r", store / "r", copies[-1] / "r"], check=True)
    assert len(copies) > 5
    for copy in copies:
        try:
            check_part_of(copy / "r", undisturbed)
        except StoreError:
            repair(copy / "r")
            check_part_of(copy / "r", undisturbed)
    repair(copies[3] / "r")
    assert gangan(*COMMAND, "--store", copies[3]).code == 0
    assert contents(copies[3] / "r") == contents(undisturbed / "r")


def test_an_export_of_a_run_in_training_is_a_run_as_it_was_at_one_moment(
    tmp_path, undisturbed, thorough
):
    store, other, exports = tmp_path / "store", Catalog(tmp_path / "other"), []
    process = started(*COMMAND, "--store", store)
    for number in during(process, thorough):
        exports.append(tmp_path / f"out{number}")
        with Run.open(store / "r") as run:
            export_run(run, exports[-1], "safetensors", lambda total: lambda: None)
    for out in exports if thorough else exports[1::3]:
        import_run(other, out, out.name, lambda total: lambda: None)
        assert list(verify(other.path(out.name))) == []  # no losses without their snapshot
        check_part_of(other.path(out.name), undisturbed)
