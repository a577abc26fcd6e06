"""Folders of state dicts of any network are read, or refused by file and tensor."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.interchange.state_dicts import read_networks


def network(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))


def state(seed):
    return network(seed).state_dict()


def flat(of):
    return torch.cat([t.float().flatten() for t in of.values() if t.is_floating_point()]).numpy()


def test_each_file_of_a_flat_folder_is_a_network_in_natural_order_in_any_format(tmp_path):
    torch.save(state(1), tmp_path / "net_2.pt")
    torch.save({"state_dict": {f"module.{k}": t for k, t in state(2).items()}}, tmp_path / "net_10.pth")
    save_file(state(3), tmp_path / "net_11.safetensors")
    np.savez(tmp_path / "net_12.npz", **{k: t.numpy() for k, t in state(4).items()})
    torch.save({k: t.double() if t.dim() else t for k, t in state(5).items()}, tmp_path / "net_13.bin")
    save_file(
        {k: t.bfloat16() if t.dim() else t for k, t in state(6).items()}, tmp_path / "net_14.safetensors"
    )
    (tmp_path / "README.md").write_text("what this is")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    found = read_networks(tmp_path)
    assert [name.partition(".")[0] for name in found.files] == [
        f"net_{n}" for n in (2, 10, 11, 12, 13, 14)
    ]
    assert found.keys.tolist() == [[n, 1] for n in range(6)] and found.networks == 6
    for row, seed in enumerate((1, 2, 3, 4, 5)):
        assert np.array_equal(found.vectors[row], flat(state(seed)))
    np.testing.assert_allclose(found.vectors[5], flat(state(6)), rtol=0.01)
    assert "1.num_batches_tracked" not in found.layout.shapes


def test_a_sub_folder_is_one_network_with_its_epochs(tmp_path):
    for name in ("b", "a10", "a9"):
        (tmp_path / name).mkdir()
    for epoch in (1, 2, 10):
        torch.save(state(epoch), tmp_path / "a9" / f"epoch_{epoch}.pt")
        torch.save(state(10 * epoch), tmp_path / "a10" / f"epoch_{epoch}.pt")
    found = read_networks(tmp_path)
    assert found.files[:3] == ("a9/epoch_1.pt", "a9/epoch_2.pt", "a9/epoch_10.pt")
    assert found.keys.tolist() == [[n, e] for n in (0, 1) for e in (1, 2, 3)]
    assert found.last.tolist() == [2, 5] and found.skipped == ("b",)
    matrix, keys = found.matrix(np.array([(1, 2), (0, 3)]))
    assert np.array_equal(matrix, np.stack([flat(state(20)), flat(state(10))])) and len(keys) == 2


def with_one(folder, **changes):
    torch.save(state(1), folder / "net_0.pt")
    torch.save({**state(2), **changes}, folder / "net_1.pt")
    return folder


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"0.weight": torch.zeros(4, 5)}, r"refused: 0.weight is \(4, 5\), and \(4, 3\) in net_0"),
        ({"extra": torch.zeros(4)}, r"net_1.pt is refused: extra is \(4,\), and not in net_0\.pt"),
        ({"3.bias": torch.tensor([1.0, torch.nan])}, "1.pt is refused: 3.bias holds NaN or infinity"),
        ({"3.bias": torch.tensor([1.0, torch.inf])}, "1.pt is refused: 3.bias holds NaN or infinity"),
        ({"3.bias": torch.tensor([1, 2])}, r"net_1.pt is refused: it has no 3\.bias, which is \(2,\)"),
        ({"3.bias": network(1)}, "Python objects"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_named_with_its_tensor_and_both_shapes(tmp_path, changes, said):
    with pytest.raises(WorkFailed, match=said):
        read_networks(with_one(tmp_path, **changes))


def test_files_are_held_against_a_given_layout(tmp_path):
    other = read_networks(with_one(tmp_path)).layout
    (tmp_path / "more").mkdir()
    torch.save(nn.Linear(3, 4).state_dict(), tmp_path / "more" / "net.pt")
    with pytest.raises(WorkFailed, match=r"it has no 0\.weight, which is \(4, 3\) in build\(\)"):
        read_networks(tmp_path / "more", other, "build()")


def test_folders_that_hold_nothing_or_too_much_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="is not a folder"):
        read_networks(tmp_path / "none")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ConfigurationError, match="holds no state dicts"):
        read_networks(tmp_path)
    with_one(tmp_path)
    (tmp_path / "deep").mkdir()
    torch.save(state(1), tmp_path / "deep" / "net.pt")
    with pytest.raises(ConfigurationError, match="both files and folders"):
        read_networks(tmp_path)
