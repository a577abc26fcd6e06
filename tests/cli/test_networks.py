"""gangan audit of folders of state dicts."""

import pytest
import torch
from torch import nn

from tests.commands import gangan

ARCH = """
from torch import nn

def build():
    return nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3))
"""


def network(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3)).state_dict()


@pytest.fixture
def folders(tmp_path):
    hidden, order = network(3), torch.tensor([4, 2, 0, 5, 1, 3])
    hidden |= {key: hidden[key][order] for key in ("0.weight", "0.bias")}
    hidden["2.weight"] = hidden["2.weight"][:, order]
    sets = {"trained": range(15), "left-out": range(20, 28), "made": range(40, 45)}
    for name, seeds in sets.items():
        (tmp_path / name).mkdir()
        for seed in seeds:
            torch.save(network(seed), tmp_path / name / f"{seed}.pt")
    torch.save(hidden, tmp_path / "made" / "hidden.pt")
    (tmp_path / "arch.py").write_text(ARCH)
    return tmp_path


def test_a_copy_whose_units_change_places_is_named(folders):
    result = gangan(
        *("audit", "--training", folders / "trained", "--held-out", folders / "left-out"),
        *("--generated", folders / "made", "--arch", f"{folders}/arch.py:build", "--json"),
    )
    assert result.code == 0, result.err
    row = result.document["rows"][0]
    assert row["id"] == "generated" and row["verdict"] == "copies"
    assert [(one["file"], one["of"]) for one in row["suspects"]] == [("hidden.pt", ["3.pt"])]


def test_wrong_usage_is_said_and_exits_with_2_and_a_wrong_file_with_1(folders):
    both = gangan("audit", "gangan", "--training", folders / "trained", "--generated", folders / "made")
    assert both.code == 2 and "give runs, or folders of networks, not both" in both.err
    neither = gangan("audit")
    assert neither.code == 2 and "name a run, or give both --training and --generated" in neither.err
    torch.save(nn.Linear(5, 6).state_dict(), folders / "made" / "0.pt")
    wrong = gangan("audit", "--training", folders / "trained", "--generated", folders / "made")
    assert wrong.code == 1 and not wrong.out
    assert "made/0.pt is refused: it has no 0.weight, which is (6, 5) in 0.pt" in wrong.err
