"""gangan sample: GANs drawn from a GAN-GAN as a run, as state dicts, or as pictures of either."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file
from torch.nn import functional as F

from gangan_cli.sampling.lineage import Lineage
from store import Catalog
from store.manifest import RunRef
from tests.commands import gangan


@pytest.fixture
def store(tmp_path, trained):
    """A store of its own with the runs of all: GANs, a GAN-GAN, and one over that."""
    (tmp_path / "s").mkdir()
    for name in ("a", "g", "gg"):
        (tmp_path / "s" / name).symlink_to(trained / name)
    return tmp_path / "s"


def sample(store, *arguments):
    result = gangan("sample", *arguments, "--store", store)
    assert result.code == 0, result.err
    return result


def test_gans_are_drawn_as_a_run_like_any_other(store, tmp_path):
    sample(store, "g", "--count", 5, "--run", "drawn", "--seed", 3)
    with Catalog(store).open("drawn") as run, Catalog(store).open("g") as source:
        manifest = run.manifest
        assert (manifest.family, manifest.gans, manifest.dataset["name"]) == ("mlp", 5, "mnist5k")
        assert manifest.origin.kind == "sampled"
        assert manifest.origin.runs == (RunRef("g", source.manifest.id),)
        assert run.constant("latents").shape == (5, 16)
        drawn = run.matrix()[0]
    with Lineage.open(Catalog(store), "g") as lineage:
        expected = lineage.sample_weights(lineage.sample_latents(5, 3), 0, 8)
    assert np.array_equal(drawn, expected)
    assert gangan("runs", "verify", "drawn", "--store", store).code == 0
    figures = gangan("export-figures", "drawn", "--out", tmp_path / "f", "--dpi", 40, "--store", store)
    assert figures.code == 0, figures.err
    small = "--batch-size 3 --epochs 1 --components 3 --bottleneck 0 --family-option templates=0"
    over = gangan("train-gangan", "--on", "drawn", "--run", "over", *small.split(), "--store", store)
    assert over.code == 0, over.err
    again = gangan("sample", "g", "--run", "drawn", "--store", store)
    assert again.code == 2 and "drawn" in again.err


def test_gangans_are_drawn_from_a_gangangan_and_go_to_images(store, tmp_path):
    sample(store, "gg", "--count", 2, "--run", "gangans")
    sample(store, "gangans", "--count", 2, "--images", 3, "--out", tmp_path / "o")
    assert len(list((tmp_path / "o").glob("gan_*/*.png"))) == 6


@pytest.mark.parametrize("form", ["safetensors", "pt"])
def test_a_state_dict_needs_nothing_of_this_package(store, tmp_path, form):
    sample(store, "g", "--count", 2, "--out", tmp_path / "o", "--format", form)
    file = tmp_path / "o" / f"gan_1.{form}"
    if form == "pt":
        tensors = torch.load(file, weights_only=True)
    else:
        tensors = {name: torch.from_numpy(array) for name, array in load_file(file).items()}
    about = json.loads((tmp_path / "o" / "sample.json").read_text())
    assert np.array(about["latents"]).shape == (2, 16)
    with Lineage.open(Catalog(store), "g") as lineage:
        (noise,) = lineage.fixed_noise(4, 0, generated=True)
        weights = lineage.sample_weights(np.array(about["latents"], np.float32), 0, 8)
        expected = lineage.render(weights[1:], [noise])[0]
    x = torch.from_numpy(noise)
    for layer in ("input", "hidden"):
        weight, bias = (tensors[f"generator.{layer}.{part}"] for part in ("weight", "bias"))
        x = F.leaky_relu(F.linear(x, weight, bias), 0.2)
    images = torch.tanh(F.linear(x, tensors["generator.out.weight"], tensors["generator.out.bias"]))
    np.testing.assert_allclose(images.numpy().reshape(4, 28, 28), expected, atol=1e-6)


def test_the_same_seed_draws_the_same_bytes(store, tmp_path):
    for folder in ("one", "two"):
        sample(store, "g", "--count", 2, "--out", tmp_path / folder)
        sample(store, "a", "--images", 9, "--out", tmp_path / f"{folder}-images")
    for name in ("gan_0.safetensors", "sample.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    for name in ("grid.png", "00008.png"):
        first, second = (tmp_path / f"{folder}-images" / name for folder in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()
    other = sample(store, "g", "--count", 2, "--out", tmp_path / "three", "--seed", 1, "--json")
    assert other.document["gans"] == 2
    content = (tmp_path / "three" / "gan_0.safetensors").read_bytes()
    assert content != (tmp_path / "one" / "gan_0.safetensors").read_bytes()


def test_pictures_of_a_snapshot_are_its_own(store, tmp_path):
    sample(store, "a", "--from", "1:2", "--images", 4, "--out", tmp_path / "png")
    sample(store, "a", "--from", "1:2", "--images", 4, "--out", tmp_path / "npz", "--format", "npz")
    with Lineage.open(Catalog(store), "a") as lineage:
        expected = lineage.pictures(lineage.top.snapshot(1, 2), 4, 0)
    bytes_of = np.clip((expected + 1) * 127.5, 0, 255).round().astype(np.uint8)
    with Image.open(tmp_path / "png" / "00003.png") as image:
        assert np.array_equal(np.array(image), bytes_of[3])
    with np.load(tmp_path / "npz" / "images.npz") as arrays:
        assert np.array_equal(arrays["images"][0], bytes_of)
    with Image.open(tmp_path / "png" / "grid.png") as image:
        assert image.size == (57, 57)


def test_a_latent_and_a_walk_are_as_they_were_named(store, tmp_path):
    latent = ",".join(["0.5"] * 15 + ["-1"])
    one = sample(store, "g", "--latent", latent, "--out", tmp_path / "one", "--json").document
    assert one["latents"] == [[0.5] * 15 + [-1.0]]
    walk = ("g", "--walk", 2, "--count", 5, "--out", tmp_path / "walk", "--json")
    along = np.array(sample(store, *walk).document["latents"])
    assert along[:, 1].tolist() == [-2, -1, 0, 1, 2]
    assert (along[:, [0, *range(2, 16)]] == along[0, [0, *range(2, 16)]]).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["g"], "either --run NAME or --out FOLDER"),
        (["g", "--run", "x", "--out", "y"], "either --run NAME or --out FOLDER"),
        (["g", "--run", "x", "--images", "3"], "give --out FOLDER"),
        (["g", "--out", "y", "--latent", "1,2"], "has 2 numbers: give 16"),
        (["g", "--out", "y", "--latent", "1,x"], "give 16 numbers"),
        (["g", "--out", "y", "--walk", "17"], "dimensions 1 to 16"),
        (["g", "--out", "y", "--ask", "epoch=2"], "takes no condition"),
        (["g", "--out", "y", "--from", "x"], "give GAN or GAN:EPOCH"),
        (["g", "--out", "y", "--from", "7"], "has no GAN 7"),
        (["g", "--out", "y", "--format", "png"], "give safetensors or pt"),
        (["g", "--out", "y", "--best-of", "3"], "give 16 or more"),
        (["g", "--out", "y", "--latent", "1", "--walk", "1"], "leave out --walk and --best-of"),
        (["g", "--out", "y", "--baseline", "nope"], "choose from snapshot, "),
        (["g", "--out", "y", "--baseline", "gaussian", "--walk", "1"], "a baseline has no latent"),
        (["g", "--out", "y", "--best-of", "16", "--by", "agreement"], "give frechet or mind"),
        (["a", "--out", "y", "--images", "3", "--baseline", "gaussian"], "are for GAN-GANs"),
        (["a", "--out", "y"], "trained on images: give --images"),
        (["a", "--out", "y", "--images", "3", "--walk", "1"], "are for GAN-GANs"),
        (["g", "--out", "y", "--count", "100000"], "more than a third of the free memory"),
        (["g", "--run", "../x"], "cannot be a run's name"),
        (["g", "--out", "."], "is there already"),
        (["nope", "--out", "y"], "nope"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_written(
    store, tmp_path, monkeypatch, arguments, said
):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    result = gangan("sample", *arguments, "--store", store)
    assert (result.code, said in result.err) == (2, True), result.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_condition_is_asked_for_in_its_own_units(store, tmp_path):
    small = "--condition epoch --components 4 --bottleneck 0 --batch-size 3 --epochs 2 --latent-dim 2"
    trained = gangan("train-gangan", "--on", "a", "--run", "c", *small.split(), "--store", store)
    assert trained.code == 0, trained.err
    for ask, expected in (("epoch=2", 0.0), ("best", 1.0), ("epoch=1", -1.0)):
        out = ("--out", tmp_path / ask, "--ask", ask, "--count", 2, "--json")
        latents = np.array(sample(store, "c", *out).document["latents"])
        assert latents[:, -1].tolist() == [expected] * 2
    wrong = gangan("sample", "c", "--out", tmp_path / "x", "--ask", "epoch=9", "--store", store)
    assert (wrong.code, "give 1 to 3" in wrong.err) == (2, True)


def test_a_baseline_of_the_audit_is_drawn_as_a_run_too(store):
    for name in ("drawn", "again"):
        sample(store, "g", "--baseline", "pca_kernels", "--count", 3, "--run", name, "--seed", 1)
    with (
        Catalog(store).open("drawn") as drawn,
        Catalog(store).open("again") as again,
        Lineage.open(Catalog(store), "g") as lineage,
    ):
        assert drawn.manifest.origin.runs == (RunRef("g", lineage.top.manifest.id),)
        assert np.array_equal(drawn.matrix()[0], again.matrix()[0])
        components = lineage.encoder.components
        weights = drawn.matrix()[0]
    # What lies in the space of the GAN-GAN's own components, as drawn from them, loses nothing there.
    np.testing.assert_allclose(components.restore(components.project(weights)), weights, atol=1e-4)
    assert gangan("runs", "verify", "drawn", "--store", store).code == 0


def test_the_best_by_another_score_are_those_with_most_of_it(store, tmp_path):
    best = ("g", "--count", 2, "--best-of", 3, "--by", "marginal_entropy", "--out", tmp_path / "o")
    found = sample(store, *best, "--json").document["marginal_entropy"]
    assert len(found) == 2 and found[0] >= found[1]


def test_the_best_of_many_are_kept_in_order(store, tmp_path):
    best = ("g", "--count", 2, "--best-of", 4, "--out", tmp_path / "o", "--json")
    found = sample(store, *best).document
    assert found["frechet"] == sorted(found["frechet"]) and len(found["latents"]) == 2
