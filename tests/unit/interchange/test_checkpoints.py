"""Files that lie where state dicts are looked for: read, or named for what they are."""

import io
import pickle
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save

from gangan_cli.errors import WorkFailed
from gangan_cli.interchange.importing import import_run
from gangan_cli.models.registry import build
from store import Catalog

NETWORKS = build("mlp", {"data_dim": 16, "latent_dim": 4}).networks()
STATE = {
    f"{name}.{key}": tensor.detach()
    for name, network in NETWORKS.items()
    for key, tensor in network.state_dict().items()
}


def bring_in(folder, content, name="model_0.pt"):
    """Import a folder with one such file; return its snapshot."""
    (folder / "in" / "0").mkdir(parents=True)
    (folder / "in" / "0" / name).write_bytes(content)
    catalog = Catalog(folder / "store")
    import_run(catalog, folder / "in", "x", lambda total: lambda: None)
    with catalog.open("x") as run:
        return run.snapshot(0, 1)


def saved(thing, **more):
    memory = io.BytesIO()
    torch.save(thing, memory, **more)
    return memory.getvalue()


@pytest.mark.parametrize(
    "checkpoint",
    [
        STATE,
        {f"module.{key}": tensor for key, tensor in STATE.items()},
        {f"_orig_mod.module.{key}": tensor for key, tensor in STATE.items()},
        {key.replace(".", ".module.", 1): tensor for key, tensor in STATE.items()},
        {"epoch": 3, "state_dict": STATE, "optimizer": {"lr": 0.1}},
        {"model_state_dict": {f"module.{key}": tensor for key, tensor in STATE.items()}, "loss": 0.5},
    ],
)
@pytest.mark.parametrize("name", ["model_0.pt", "model_0.pth"])
def test_a_state_dict_is_read_however_it_was_wrapped(tmp_path, checkpoint, name):
    expected = torch.cat([tensor.flatten() for tensor in STATE.values()]).numpy()
    assert np.array_equal(bring_in(tmp_path, saved(checkpoint), name), expected)


def torch_script():
    memory = io.BytesIO()
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), memory)
    return memory.getvalue()


def archive(name):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as written:
        written.writestr(name, b"x")
    return memory.getvalue()


def array_archive():
    memory = io.BytesIO()
    np.savez(memory, a=np.zeros(3))
    return memory.getvalue()


@pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n", "git lfs pull"),
        (b"<!DOCTYPE html>\n<html><title>Sign in</title>", "it is a web page"),
        (b"", "it is empty"),
        (torch_script, "it is a TorchScript archive"),
        (lambda: saved(torch.nn.Linear(2, 2)), r"Python objects \(torch.nn.modules.linear.Linear\)"),
        (
            lambda: saved(torch.nn.Linear(2, 2), _use_new_zipfile_serialization=False),
            r"Python objects \(torch.nn.modules.linear.Linear\)",
        ),
        (lambda: saved({"model": torch.nn.Linear(2, 2)}), "Python objects"),
        (lambda: pickle.dumps({"a": np.zeros(2)}), "a pickle|Python objects"),
        (lambda: saved(STATE)[:-100], "cut off"),
        (lambda: saved(STATE, _use_new_zipfile_serialization=False)[:-100], "damaged"),
        (lambda: save(STATE), "a safetensors file with another name"),
        (lambda: archive("notes.txt"), "a zip archive of other files, such as notes.txt"),
        (array_archive, "an npz file"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\x1f\x8b\x08" + bytes(20), "packed by gzip"),
        (b"hello", "was not written by torch.save"),
        (lambda: saved({"epoch": 3, "lr": 0.1}), "'epoch' is of type int, not a tensor"),
        (lambda: saved({**STATE, "module.generator.out.bias": torch.zeros(16)}), "the same name"),
        (lambda: saved({key: t.to("meta") for key, t in STATE.items()}), "is refused"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_for_what_it_is(tmp_path, content, said):
    with pytest.raises(WorkFailed, match=said) as caught:
        bring_in(tmp_path, content if isinstance(content, bytes) else content())
    assert "0/model_0.pt is refused: " in str(caught.value)
    assert "weights_only" not in str(caught.value)
    assert "\n" not in str(caught.value)
