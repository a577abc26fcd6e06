"""Files from strangers: read as numbers or refused; nothing is run, written elsewhere, or half done."""

import json
import os
import pickle
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from gangan_cli.errors import WorkFailed
from gangan_cli.interchange.importing import import_run
from gangan_cli.models.registry import build
from store.errors import BadName
from tests.faults.strangers import REFUSED, bring_in, check_untouched, everything, export


@pytest.fixture
def published(tmp_path):
    """Two state dicts as the paper's authors left them, of a small GAN."""
    family = build(
        "mlp", {"data_dim": 16, "latent_dim": 2, "discriminator_width": 3, "generator_width": 3}
    )
    folder = tmp_path / "gan" / "0"
    folder.mkdir(parents=True)
    for index in (0, 1):
        torch.save(state_dict(family), folder / f"model_{index}.pt")
    return tmp_path / "gan"


def state_dict(family):
    return {
        f"{network}.{name}": tensor
        for network, module in family.networks().items()
        for name, tensor in module.state_dict().items()
    }


class Payload:
    """Unpickled, it makes a file; so would any other code."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (os.mkdir, (str(self.mark),))


def pickled(file, mark):
    file.write_bytes(pickle.dumps(Payload(mark)))


def saved_with_code(file, mark):
    torch.save(Payload(mark), file)


def saved_with_code_beside_tensors(file, mark):
    torch.save({**torch.load(file, weights_only=True), "more": Payload(mark)}, file)


def of_other_shapes(file, mark):
    torch.save({k: v[..., :1] for k, v in torch.load(file, weights_only=True).items()}, file)


def of_another_type(file, mark):
    torch.save({k: v.to(torch.bfloat16) for k, v in torch.load(file, weights_only=True).items()}, file)


def sparse(file, mark):
    torch.save({k: v.to_sparse() for k, v in torch.load(file, weights_only=True).items()}, file)


def claiming_a_billion_numbers(file, mark):
    state = torch.load(file, weights_only=True)
    name = next(iter(state))
    state[name] = torch.zeros(1).as_strided((100_000, 100_000), (0, 0))
    torch.save(state, file)


def not_finite(file, mark):
    state = torch.load(file, weights_only=True)
    next(iter(state.values()))[0, 0] = float("inf")
    torch.save(state, file)


def a_bomb(file, mark):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))
        archive.writestr("archive/data/0", bytes(100_000_000))


def a_link(file, mark):
    file.unlink()
    file.symlink_to("/dev/zero")


def a_pipe(file, mark):
    file.unlink()
    os.mkfifo(file)


def a_folder_that_is_a_link(file, mark):
    shutil.move(file.parent, mark.with_name("elsewhere"))
    file.parent.symlink_to(mark.with_name("elsewhere"))


@pytest.mark.parametrize(
    "spoil",
    [
        pickled, saved_with_code, saved_with_code_beside_tensors, of_other_shapes, of_another_type,
        sparse, claiming_a_billion_numbers, not_finite, a_bomb, a_link, a_pipe, a_folder_that_is_a_link,
    ],
)  # fmt: skip
def test_a_state_dict_that_is_none_is_refused_by_name(catalog, tmp_path, published, spoil):
    spoil(published / "0" / "model_1.pt", tmp_path / "mark")
    before = everything(tmp_path)
    with pytest.raises(REFUSED, match=r"0(/model_1\.pt)? is refused: "):
        bring_in(catalog, published)
    check_untouched(catalog, tmp_path, before)


def with_header(file, change):
    """Rewrite a safetensors file with another header over the same numbers."""
    content = file.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])


def first(header):
    return header[next(name for name in header if name != "__metadata__")]


HEADERS = {
    "an offset beyond the end": lambda header: first(header).update(data_offsets=[0, 10**12]),
    "a negative offset": lambda header: first(header).update(data_offsets=[-8, 8]),
    "a shape that is larger than the numbers": lambda header: first(header).update(shape=[10**6, 10**6]),
    "another type": lambda header: first(header).update(dtype="F16"),
    "a type that there is not": lambda header: first(header).update(dtype="PICKLE"),
    "two tensors of the same numbers": lambda header: header.update(more=first(header)),
    "a name that leads elsewhere": lambda header: header.update(
        {"../../x": header.pop(next(iter(header)))}
    ),
}


@pytest.mark.parametrize("change", HEADERS.values(), ids=HEADERS)
def test_a_safetensors_file_whose_header_lies_is_refused(catalog, tmp_path, change):
    out = export(tmp_path, "safetensors")
    with_header(out / "1" / "epoch_2.safetensors", change)
    before = everything(tmp_path)
    with pytest.raises(REFUSED, match=r"1/epoch_2\.safetensors is refused: "):
        bring_in(catalog, out)
    check_untouched(catalog, tmp_path, before)


def test_a_header_of_many_gigabytes_is_refused(catalog, tmp_path):
    out = export(tmp_path, "safetensors")
    (out / "1" / "epoch_2.safetensors").write_bytes(struct.pack("<Q", 2**63 - 1) + b"{}")
    with pytest.raises(WorkFailed, match="is refused"):
        bring_in(catalog, out)


def test_an_npz_with_pickles_or_a_bomb_is_refused(catalog, tmp_path):
    out = export(tmp_path, "npz")
    file = out / "1" / "epoch_2.npz"
    np.savez(file, **{"discriminator.input.weight": np.array([Payload(tmp_path / "mark")], object)})
    with pytest.raises(WorkFailed, match=r"epoch_2\.npz is refused"):
        bring_in(catalog, out)
    assert not (tmp_path / "mark").exists()
    np.savez_compressed(file, bomb=np.zeros(100_000_000, np.uint8))
    with pytest.raises(WorkFailed, match="would unpack to"):
        bring_in(catalog, out)


def test_losses_and_constants_are_looked_at_as_closely(catalog, tmp_path):
    out = export(tmp_path, "safetensors")
    for name, wrong in (
        ("losses", {"losses": np.zeros((1, 2, 2)), "keys": np.array([[0, 99]])}),
        ("losses", {"losses": np.full((1, 2, 2), np.nan), "keys": np.array([[0, 1]])}),
        ("losses", {"losses": np.zeros((2, 2, 2)), "keys": np.array([[0, 1], [0, 1]])}),
        ("losses", {"losses": np.zeros((1, 2, 2)), "keys": np.array([[0.5, 1.0]])}),
        ("constants", {"codes": np.zeros((3, 2), np.float16), "keys": np.zeros((3, 2), np.int64)}),
        (
            "constants",
            {"codes": np.full((3, 2), np.nan, np.float32), "keys": np.zeros((3, 2), np.int64)},
        ),
    ):
        right = load_file(out / f"{name}.safetensors")
        save_file(wrong, out / f"{name}.safetensors")
        with pytest.raises(WorkFailed, match=rf"{name}\.safetensors is refused"):
            bring_in(catalog, out)
        save_file(right, out / f"{name}.safetensors")
    bring_in(catalog, out)


def test_manifests_that_are_no_documents_are_refused(catalog, tmp_path):
    out = export(tmp_path, "safetensors")
    for content in (b"", b"\xff\xfe", b"[" * 100_000, b"[]", b"1" * 10_000, b"{}" * 9_000_000):
        (out / "manifest.json").write_bytes(content)
        with pytest.raises(WorkFailed):
            bring_in(catalog, out)


@pytest.mark.parametrize(
    "name", ["..", ".x", "a/b", "/x", "a\\b", "", "-x", "x" * 101, "a\nb", "a\x00b"]
)
def test_a_name_that_leads_elsewhere_is_no_runs_name(catalog, tmp_path, name):
    out = export(tmp_path, "safetensors")
    with pytest.raises(BadName):
        import_run(catalog, out, name, lambda total: lambda: None)


def test_nothing_in_the_sources_unpickles():
    for package in ("gangan_cli", "store"):
        for file in (Path(__file__).parents[2] / package).rglob("*.py"):
            text = file.read_text()
            assert "pickle.load" not in text, file
            assert "allow_pickle=True" not in text, file
            assert text.count("torch.load(") == text.count("weights_only=True"), file
