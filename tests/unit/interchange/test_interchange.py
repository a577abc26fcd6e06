import dataclasses
import json
import pickle

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.interchange.export import export_run
from gangan_cli.interchange.importing import import_run
from gangan_cli.models.registry import build
from store import Catalog
from store.errors import RunExists


def bring_in(catalog, source, name):
    import_run(catalog, source, name, lambda total: lambda: None)


def take_out(catalog, name, out, form="safetensors"):
    with catalog.open(name) as run:
        return export_run(run, out, form, lambda total: lambda: None)


@pytest.fixture
def catalog(trained):
    return Catalog(trained)


@pytest.fixture
def fresh(tmp_path):
    return Catalog(tmp_path / "fresh")


@pytest.mark.parametrize("form", ["safetensors", "npz"])
@pytest.mark.parametrize("name", ["a", "g"])
def test_export_then_import_gives_the_same_bytes(catalog, fresh, tmp_path, form, name):
    take_out(catalog, name, tmp_path / "out", form)
    bring_in(fresh, tmp_path / "out", "copy")
    with catalog.open(name) as one, fresh.open("copy") as other:
        assert dataclasses.replace(one.manifest, machine={}) == other.manifest
        assert one.matrix()[0].tobytes() == other.matrix()[0].tobytes()
        assert np.array_equal(one.keys(), other.keys())
        assert one.losses()[0].tobytes() == other.losses()[0].tobytes()
        for constant in one.manifest.constants:
            assert one.constant(constant).tobytes() == other.constant(constant).tobytes()
        assert other.state().status == "complete"


def test_an_exported_snapshot_is_a_state_dict(catalog, tmp_path):
    take_out(catalog, "a", tmp_path / "out")
    tensors = load_file(tmp_path / "out" / "1" / "epoch_2.safetensors")
    with catalog.open("a") as run:
        assert np.array_equal(run.manifest.layout.join(tensors), run.snapshot(1, 2))
    state = {k.removeprefix("generator."): torch.from_numpy(v) for k, v in tensors.items() if "gen" in k}
    build("mlp", {}).networks()["generator"].load_state_dict(state)


def test_nothing_is_exported_over(catalog, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(ConfigurationError, match="there already"):
        take_out(catalog, "a", tmp_path / "out")


def papers_state_dict(seed):
    """A state dict with the names that the released code gives its tensors."""
    torch.manual_seed(seed)
    names = {"input": "inp.linear", "hidden": "hidden.linear", "out": "out"}
    state = {}
    for network, module in build("mlp", {}).networks().items():
        for key, tensor in module.state_dict().items():
            layer, kind = key.split(".")
            state[f"{network}.{names[layer]}.{kind}"] = tensor
    return state


@pytest.fixture
def published(tmp_path):
    for gan in (0, 2):
        (tmp_path / "gan" / str(gan)).mkdir(parents=True)
        for index in (0, 1, 10):
            torch.save(
                papers_state_dict(gan * 100 + index), tmp_path / "gan" / str(gan) / f"model_{index}.pt"
            )
    (tmp_path / "gan" / "0" / "loss.npy").write_bytes(b"a pickle, which nobody opens")
    return tmp_path / "gan"


def test_the_authors_files_count_from_0_and_we_from_1(fresh, published):
    bring_in(fresh, published, "paper")
    with fresh.open("paper") as run:
        assert run.keys().tolist() == [[g, e] for g in (0, 2) for e in (1, 2, 11)]
        expected = torch.cat([t.flatten() for t in papers_state_dict(210).values()]).numpy()
        assert np.array_equal(run.snapshot(2, 11), expected)
        assert run.manifest.layout.size == 113_745


def nan_state():
    state = papers_state_dict(0)
    state["generator.out.bias"][3] = float("nan")
    return state


def other_shape():
    state = papers_state_dict(0)
    state["generator.out.bias"] = torch.zeros(7)
    return state


class WeightEncoder:
    def __reduce__(self):
        return (pytest.fail, ("code in a pickle was run",))


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda file: torch.save(nan_state(), file), "not finite"),
        (lambda file: torch.save(other_shape(), file), "not those of model_0.pt"),
        (lambda file: torch.save([1, 2], file), "not a state dict"),
        (lambda file: torch.save({"a": torch.zeros(2)}, file), "not those of"),
        (lambda file: file.write_bytes(b"no weights"), "reads no weights"),
        (lambda file: file.write_bytes(pickle.dumps(WeightEncoder())), "reads no weights"),
        (lambda file: torch.save(WeightEncoder(), file), "reads no weights"),
        (
            lambda file: torch.save({k: v.double() for k, v in papers_state_dict(0).items()}, file),
            "float64, not float32",
        ),
    ],
)
def test_a_bad_file_is_refused_by_name_and_nothing_is_imported(fresh, published, write, said):
    write(published / "2" / "model_10.pt")
    with pytest.raises(WorkFailed, match=rf"2/model_10\.pt is refused: .*{said}"):
        bring_in(fresh, published, "paper")
    assert list(fresh.root.iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda out: (out / "manifest.json").write_text("{"), "not a manifest"),
        (lambda out: (out / "1" / "epoch_2.safetensors").write_bytes(b"\xff" * 64), "epoch_2"),
        (lambda out: (out / "losses.safetensors").unlink(), "losses"),
        (
            lambda out: (out / "1" / "epoch_2.safetensors").rename(out / "1" / "epoch_77.safetensors"),
            "77",
        ),
    ],
)
def test_a_damaged_export_is_refused_and_nothing_is_imported(catalog, fresh, tmp_path, damage, said):
    take_out(catalog, "a", tmp_path / "out")
    damage(tmp_path / "out")
    with pytest.raises(WorkFailed, match=said):
        bring_in(fresh, tmp_path / "out", "copy")
    assert not fresh.root.exists() or list(fresh.root.iterdir()) == []


def test_a_manifest_whose_layout_is_not_its_familys_is_refused(catalog, fresh, tmp_path):
    take_out(catalog, "a", tmp_path / "out")
    document = json.loads((tmp_path / "out" / "manifest.json").read_text())
    document["layout"][0][1] = [65, 784]
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(document))
    with pytest.raises(WorkFailed, match="not that of its family"):
        bring_in(fresh, tmp_path / "out", "copy")


def test_a_folder_of_neither_kind(fresh, tmp_path):
    with pytest.raises(ConfigurationError, match="neither"):
        bring_in(fresh, tmp_path, "x")
    with pytest.raises(ConfigurationError, match="not a folder"):
        bring_in(fresh, tmp_path / "none", "x")


def test_a_name_that_is_taken(catalog, tmp_path, trained):
    take_out(catalog, "a", tmp_path / "out")
    with pytest.raises(RunExists, match="'g'"):
        bring_in(catalog, tmp_path / "out", "g")
