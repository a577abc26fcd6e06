import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.models.family import layout
from gangan_cli.models.registry import build
from gangan_cli.weightspace import alignment as module
from gangan_cli.weightspace.alignment import AlignedView, Alignment, training_view
from gangan_cli.weightspace.matching import rescale_
from gangan_cli.weightspace.pca import PrincipalComponents
from gangan_cli.weightspace.sources import SnapshotSource
from gangan_cli.weightspace.symmetries import NETWORKS, weights
from store import Run
from store.errors import Damaged
from tests.runs import numbers, small_manifest

HPARAMS = {"data_dim": 20, "latent_dim": 6, "discriminator_width": 7, "generator_width": 9}
LAYOUT = layout(build("mlp", HPARAMS))


def run_with(folder, gans, **changes):
    """A run of GANs with vectors (G, E, P), open for reading."""
    about = {"layout": LAYOUT, "hparams": HPARAMS, "gans": len(gans), "epochs": gans.shape[1], **changes}
    with Run.create(folder, small_manifest(**about)) as run:
        for epoch, vectors in enumerate(np.swapaxes(gans, 0, 1), start=1):
            run.commit(epoch, list(range(len(gans))), np.zeros((len(gans), 2, 2)), vectors)
    return Run.open(folder)


def as_networks(vector):
    """The GAN of a flat vector, by the family's own modules."""
    networks = build("mlp", HPARAMS).networks()
    for name, network in networks.items():
        network.load_state_dict(
            {
                tensor.name.partition(".")[2]: torch.from_numpy(
                    vector[tensor.place].reshape(tensor.shape)
                )
                for tensor in LAYOUT.tensors
                if tensor.name.startswith(name)
            }
        )
    return networks


def outputs(vector, noise):
    networks = as_networks(vector)
    with torch.no_grad():
        return (
            networks["generator"](torch.from_numpy(noise)).numpy(),
            networks["discriminator"](torch.from_numpy(numbers(5, 30, 20))).numpy(),
        )


def disguised(vectors, seed, mode):
    """The same GAN at each epoch, with its units in another order (and scaled, its latent rotated)."""
    generator, result, permutations, turn = np.random.default_rng(seed), vectors.copy(), [], np.eye(6)
    for network in NETWORKS:
        own = weights(LAYOUT, network, result)
        wide = own.hidden.shape[1]
        first, second = generator.permutation(wide), generator.permutation(wide)
        up, down = (
            np.float32(generator.uniform(0.2, 5, (2, wide))) if mode == "full" else np.ones((2, wide))
        )
        own.input[:] = own.input[:, first] * up[:, None]
        own.input_bias[:] = own.input_bias[:, first] * up
        own.hidden[:] = own.hidden[:, second][:, :, first] * down[:, None] / up
        own.hidden_bias[:] = own.hidden_bias[:, second] * down
        own.out[:] = own.out[:, :, second] / down
        permutations += [np.argsort(first), np.argsort(second)]
        if mode == "full" and network == "generator":
            turn, _ = np.linalg.qr(generator.standard_normal((6, 6)))
            own.input[:] = own.input @ turn.astype(np.float32)
    return result, np.concatenate(permutations), turn.astype(np.float32)


@pytest.mark.parametrize("mode", ["permute", "full"])
@pytest.mark.parametrize("count", [2, 4])
def test_a_gan_in_disguise_is_brought_back_onto_itself(tmp_path, mode, count):
    plain = numbers(1, 3, LAYOUT.size)
    gans, permutations, _ = zip(*(disguised(plain, seed, mode) for seed in range(1, count)), strict=True)
    with run_with(tmp_path / "r", np.stack([plain, *gans])) as run:
        alignment = Alignment.fit(run, run.keys(), mode)
        aligned, keys = alignment.view(run).matrix()
    assert np.array_equal(
        alignment.permutations[0], np.concatenate([np.arange(w) for w in (7, 7, 9, 9)])
    )
    assert np.array_equal(alignment.permutations[1:], np.stack(permutations))
    for gan in range(count):
        assert np.linalg.norm(aligned[keys[:, 0] == gan] - aligned[:3], axis=1).max() < 1e-3


@pytest.mark.parametrize("mode", ["none", "permute", "full"])
def test_a_gan_computes_the_same_in_any_frame(tmp_path, mode):
    with run_with(tmp_path / "r", numbers(2, 3, 4, LAYOUT.size) / 2) as run:
        alignment = Alignment.fit(run, run.keys(), mode)
        before, after = run.snapshot(2, 3), alignment.view(run).snapshot(2, 3)
        noise = turned = numbers(3, 30, 6)
        if mode == "full":
            turned = noise @ alignment.match_of(2)["generator"].rotation
    assert np.array_equal(before, after) == (mode == "none")
    for one, other in zip(outputs(before, noise), outputs(after, turned), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_unit_that_does_nothing_is_left_alone():
    dead = numbers(6, 1, LAYOUT.size)
    weights(LAYOUT, "generator", dead).out[:, :, 4] = 0
    weights(LAYOUT, "discriminator", dead).input[:, 1] = 0
    weights(LAYOUT, "discriminator", dead).input_bias[:, 1] = 0
    noise, result = numbers(7, 30, 6), rescale_(LAYOUT, dead.copy())
    assert np.isfinite(result).all()
    for one, other in zip(outputs(dead[0], noise), outputs(result[0], noise), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.fixture(params=["permute", "full"])
def framed(request, tmp_path):
    with run_with(tmp_path / "r", numbers(8, 3, 12, LAYOUT.size)) as run:
        yield Alignment.fit(run, run.keys(), request.param).view(run)


def test_rows_do_not_depend_on_what_they_are_read_with(framed, monkeypatch):
    whole, keys = framed.matrix()
    assert np.array_equal(keys, framed.run.keys())
    monkeypatch.setattr(module, "BLOCK", 4 * LAYOUT.size * 5)
    backwards, _ = framed.matrix(keys[::-1])
    assert np.array_equal(backwards[::-1], whole)
    assert np.array_equal(framed.snapshot(1, 5), whole[(keys == (1, 5)).all(axis=1)][0])


def test_columns_are_those_of_the_matrix(framed):
    whole, keys = framed.matrix()
    for of, rows in ((keys, whole), (keys[3:9], whole[3:9])):
        for place in (slice(0, 10), slice(100, LAYOUT.size)):
            part = framed.columns(of, place)
            assert np.array_equal(part, rows[:, place])
            part -= 1  # an array of its own, which the next call does not see
    assert np.array_equal(framed.columns(keys, slice(0, 10)), whole[:, :10])


def test_a_frame_is_stored_and_read_again(framed, tmp_path):
    constants = framed.alignment.constants()
    shapes = {name: array.shape for name, array in constants.items()}
    with Run.create(tmp_path / "top", small_manifest(constants=shapes), constants) as top:
        again = training_view(top, framed.run)
        assert isinstance(again, AlignedView)
        assert again.alignment.mode == framed.alignment.mode
        assert np.array_equal(again.matrix()[0], framed.matrix()[0])


def test_without_a_frame_the_run_itself_is_what_was_trained_on(framed, tmp_path):
    with Run.create(tmp_path / "top", small_manifest()) as top:
        assert training_view(top, framed.run) is framed.run


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("frame_permutations", lambda array: array + 1),
        ("frame_permutations", lambda array: np.zeros_like(array)),
        ("frame_permutations", lambda array: array[:, :-1]),
        ("frame_permutations", lambda array: array.astype(np.float32)),
        ("frame_rotations", lambda array: array * 2),
        ("frame_rotations", lambda array: array[1:]),
        ("frame_gans", lambda array: array[1:]),
    ],
)
def test_a_strangers_frame_is_looked_at(tmp_path, name, change):
    with run_with(tmp_path / "r", numbers(9, 3, 2, LAYOUT.size)) as run:
        constants = Alignment.fit(run, run.keys(), "full").constants()
        constants[name] = change(constants[name])
        shapes = {name: array.shape for name, array in constants.items()}
        with (
            Run.create(tmp_path / "top", small_manifest(constants=shapes), constants) as top,
            pytest.raises(Damaged, match="invalid alignment"),
        ):
            training_view(top, run)


def test_raw_vectors_are_trained_on_in_the_frame(framed, monkeypatch):
    keys = framed.keys()[::3]
    source = pickle.loads(pickle.dumps(SnapshotSource(framed.path, keys, 2, framed.alignment)))
    framed.run.close()  # a run is open once in a process
    indices = torch.tensor([[5, 1], [0, 3]])
    in_memory = source.load("cpu").batch(indices)
    monkeypatch.setattr("gangan_cli.weightspace.sources.available", lambda: 0)
    assert torch.equal(source.load("cpu").batch(indices), in_memory)
    with Run.open(framed.path) as run:
        expected, _ = framed.alignment.view(run).matrix(keys[indices.numpy().reshape(-1)])
    assert np.array_equal(in_memory.reshape(4, -1).numpy(), expected)


def test_all_epochs_of_a_gan_move_together_and_the_first_gan_stays(tmp_path):
    with run_with(tmp_path / "r", numbers(10, 3, 30, LAYOUT.size)) as run:
        keys = run.keys()
        view = Alignment.fit(run, keys, "permute").view(run)
        for gan in range(3):
            before, after = (of.matrix(keys[keys[:, 0] == gan])[0] for of in (run, view))
            assert np.array_equal(before, after) == (gan == 0)
            steps = [np.linalg.norm(np.diff(of, axis=0), axis=1) for of in (before, after)]
            np.testing.assert_allclose(*steps, rtol=1e-5)


def test_gans_of_different_lengths_are_aligned_at_epochs_near_each_other(tmp_path):
    with run_with(tmp_path / "r", numbers(11, 3, 6, LAYOUT.size)) as run:
        keys = run.keys()
        chosen = keys[(keys[:, 0] == 0) | ((keys[:, 0] == 1) & (keys[:, 1] < 3)) | (keys[:, 1] > 4)]
        alignment = Alignment.fit(run, chosen[::-1], "full")
        assert alignment.gans.tolist() == [2, 1, 0]
        assert np.isfinite(alignment.view(run).matrix(chosen)[0]).all()


def test_one_gan_alone_has_a_frame(tmp_path):
    with run_with(tmp_path / "r", numbers(12, 1, 3, LAYOUT.size)) as run:
        view = Alignment.fit(run, run.keys(), "permute").view(run)
        assert np.array_equal(view.matrix()[0], run.matrix()[0])


def test_a_gan_outside_the_frame_is_named(tmp_path):
    with run_with(tmp_path / "r", numbers(13, 3, 2, LAYOUT.size)) as run:
        view = Alignment.fit(run, run.keys()[:4], "permute").view(run)
        assert view.keys().tolist() == run.keys()[:4].tolist()
        with pytest.raises(ConfigurationError, match="GAN 2 was not aligned"):
            view.snapshot(2, 1)


def test_a_mode_or_a_family_that_there_is_not(tmp_path):
    with run_with(tmp_path / "r", numbers(14, 2, 2, LAYOUT.size), family="dcgan") as run:
        with pytest.raises(ConfigurationError, match="'rotate': give one of none, permute, full"):
            Alignment.fit(run, run.keys(), "rotate")
        with pytest.raises(ConfigurationError, match="family 'dcgan' cannot be aligned"):
            Alignment.fit(run, run.keys(), "permute")
        assert Alignment.fit(run, run.keys(), "none").view(run) is run


def test_a_latent_that_is_not_noise_alone_is_not_rotated(tmp_path):
    asked = {**HPARAMS, "condition": 1}
    with run_with(tmp_path / "r", numbers(17, 2, 2, LAYOUT.size), family="r1-mlp", hparams=asked) as run:
        assert Alignment.fit(run, run.keys(), "permute").mode == "permute"
        with pytest.raises(ConfigurationError, match="give --align permute"):
            Alignment.fit(run, run.keys(), "full")


def test_layers_of_other_names_are_not_taken_for_these(tmp_path):
    with Run.create(tmp_path / "r", small_manifest()) as run:
        run.commit(1, [0, 1], np.zeros((2, 2, 2)), numbers(15, 2, 10))
        with pytest.raises(ConfigurationError, match="cannot be aligned"):
            Alignment.fit(run, run.keys(), "full")


def test_no_room_for_aligned_rows_is_said(framed, monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "TemporaryFile", full)
    with pytest.raises(WorkFailed, match="No space left on device"):
        PrincipalComponents.fit(framed, framed.keys(), 3)


LIMITED = """
import resource, sys
import numpy as np
from gangan_cli.weightspace import alignment
from gangan_cli.weightspace import pca as components
import scipy.optimize, threadpoolctl
from store import Run

components.BLOCK = alignment.BLOCK = 1 << 20
with Run.open(sys.argv[1]) as run:
    keys = run.keys()
    np.linalg.eigh(np.eye(300))  # has the libraries take what they take once
    np.ones((300, 300), np.float32) @ np.ones((300, 300), np.float32)
    used = [line for line in open("/proc/self/status") if line.startswith("VmData")][0].split()[1]
    limit = int(used) * 1024 + int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    view = alignment.Alignment.fit(run, keys, "full").view(run)
    try:
        view.matrix()
    except MemoryError:
        print("the matrix does not fit")
    code, codes = components.PrincipalComponents.fit(view, keys, 4)
    print(codes.shape)
"""


def test_components_in_a_frame_take_little_memory(tmp_path):
    wide = {**HPARAMS, "data_dim": 2000, "generator_width": 32}
    flat = layout(build("mlp", wide))
    run_with(tmp_path / "r", numbers(16, 3, 80, flat.size), layout=flat, hparams=wide).close()
    command = [sys.executable, "-c", LIMITED, tmp_path / "r", str(240 * flat.size * 4 // 3)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["the matrix does not fit", "(240, 4)"]
