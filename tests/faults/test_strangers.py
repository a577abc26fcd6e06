"""Files from strangers: read as numbers or refused; nothing is run, written elsewhere, or half done."""

import json
import os
import pickle
import random
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.interchange.export import export_run
from gangan_cli.interchange.importing import import_run
from gangan_cli.models import build
from store import Catalog, Run
from store.errors import BadName
from store.verify import verify
from tests.conftest import gangan

PRESENT = Path(__file__).parent / "formats" / "2.mdb"
REFUSED = (WorkFailed, ConfigurationError)


@pytest.fixture
def catalog(tmp_path):
    return Catalog(tmp_path / "store")


def bring_in(catalog, source):
    import_run(catalog, source, "x", lambda total: lambda: None)


def export(folder, form):
    """An export of a small run."""
    (folder / "r").mkdir()
    shutil.copy(PRESENT, folder / "r" / "data.mdb")
    with Run.open(folder / "r") as run:
        export_run(run, folder / "out", form, lambda total: lambda: None)
    return folder / "out"


@pytest.fixture(params=["safetensors", "npz"])
def out(tmp_path, request):
    return export(tmp_path, request.param)


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


def check_untouched(catalog, tmp_path, before):
    assert not catalog.root.exists() or list(catalog.root.iterdir()) == []
    assert {path for path in tmp_path.rglob("*") if "store" not in path.parts} == before


def everything(folder):
    return {path for path in folder.rglob("*") if "store" not in path.parts}


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


NASTY = [
    -1, 0, 2**31, 10**30, 1e308, True, None, "", "..", "../../x", "/etc/passwd", "\x1b[31mred", "a\nb",
    "[/red]", "x" * 10_000, [], {}, [[]], {"a": 1}, "NaN", "2026-13-45T99:99:99",
]  # fmt: skip


def leaves(document, path=()):
    """The way to everything in a document that can be replaced."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from leaves(value, (*path, key))


def check_what_came_in(catalog):
    """An import that was not refused has made a run that every command can live with."""
    assert list(verify(catalog.path("x"))) == []
    listed = gangan("runs", "list", "--store", catalog.root)
    shown = gangan("runs", "show", "x", "--store", catalog.root)
    assert (listed.code, shown.code) == (0, 0), listed.err + shown.err
    assert not any(ord(letter) < 32 and letter != "\n" for letter in listed.out + shown.out)


def test_whatever_stands_in_a_manifest_it_is_refused_or_harmless(catalog, tmp_path, thorough):
    out = export(tmp_path, "safetensors")
    right = (out / "manifest.json").read_text()
    moments = random.Random(3)
    before = everything(tmp_path)
    came_in = 0
    for _ in range(3000 if thorough else 200):
        document = json.loads(right)
        *way, last = moments.choice(list(leaves(document)))
        place = document
        for step in way:
            place = place[step]
        if moments.random() < 0.1 and isinstance(place, dict):
            del place[last]
        else:
            place[last] = moments.choice(NASTY)
        (out / "manifest.json").write_text(json.dumps(document))
        try:
            bring_in(catalog, out)
        except REFUSED:
            check_untouched(catalog, tmp_path, before)
            continue
        came_in += 1
        if came_in % 20 == 1:
            check_what_came_in(catalog)
        shutil.rmtree(catalog.path("x"))
    assert came_in


def test_manifests_that_are_no_documents_are_refused(catalog, tmp_path):
    out = export(tmp_path, "safetensors")
    for content in (b"", b"\xff\xfe", b"[" * 100_000, b"[]", b"1" * 10_000, b"{}" * 9_000_000):
        (out / "manifest.json").write_bytes(content)
        with pytest.raises(WorkFailed):
            bring_in(catalog, out)


def test_files_changed_at_random_are_refused_or_hold_finite_numbers(catalog, tmp_path, out, thorough):
    files = [file for file in out.rglob("*") if file.is_file()]
    moments = random.Random(4)
    before = everything(tmp_path)
    for _ in range(2000 if thorough else 100):
        file = moments.choice(files)
        right = file.read_bytes()
        content = bytearray(right)
        for _ in range(moments.randrange(1, 6)):
            content[moments.randrange(min(len(content), moments.choice([64, 10**6])))] = (
                moments.randrange(256)
            )
        if moments.random() < 0.2:
            del content[moments.randrange(len(content)) :]
        file.write_bytes(content)
        try:
            bring_in(catalog, out)
            with catalog.open("x") as run:
                assert np.isfinite(run.matrix()[0]).all()
            assert list(verify(catalog.path("x"))) == []
            shutil.rmtree(catalog.path("x"))
        except REFUSED:
            check_untouched(catalog, tmp_path, before)
        file.write_bytes(right)


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
