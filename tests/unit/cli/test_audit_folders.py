"""gangan audit of folders of state dicts, as typed."""

import json

import pytest
import torch
from torch import nn

from gangan_cli.audit import networks
from gangan_cli.cli.audit_folders import audit_folders
from gangan_cli.errors import ConfigurationError, WorkFailed

ARCH = """
import torch
from torch import nn
from sizes import WIDE  # lies beside it

def build():
    return nn.Sequential(nn.Linear(5, WIDE), nn.BatchNorm1d(WIDE), nn.ReLU(), nn.Linear(WIDE, 3))

def score(state):
    network = build()
    network.load_state_dict(state)
    return float(state["3.weight"].abs().mean())

def nothing():
    return None

def fails(*arguments):
    raise RuntimeError("out of luck")

def infinite(state):
    return float("inf")
"""


def network(seed):
    torch.manual_seed(seed)
    made = nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3))
    for tensor in made.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(
                torch.randn(tensor.shape).abs() + 0.1 if tensor.dim() == 1 else torch.randn(tensor.shape)
            )
    return made.state_dict()


def hidden(state):
    order = torch.randperm(6)
    moved = {name: t[order] if t.dim() and name[0] in "01" else t for name, t in state.items()}
    return {**moved, "3.weight": state["3.weight"][:, order]}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zoo")
    (folder / "arch.py").write_text(ARCH)
    (folder / "sizes.py").write_text("WIDE = 6")
    sets = {
        "training": [network(seed) for seed in range(20)],
        "held-out": [network(seed) for seed in range(50, 62)],
        "generated": [*(network(seed) for seed in range(100, 109)), hidden(network(4))],
        "two": [network(100), network(101)],
    }
    for name, states in sets.items():
        (folder / name).mkdir()
        for number, state in enumerate(states):
            torch.save(state, folder / name / f"net_{number}.pt")
    return folder


@pytest.fixture(autouse=True)
def few_trivial(monkeypatch):
    monkeypatch.setattr(networks, "TRIVIAL", 3)


def audit(zoo, held_out="held-out", generated="generated", arch="build", score="", json=False):
    audit_folders(
        zoo / "training",
        zoo / generated,
        zoo / held_out if held_out else None,
        f"{zoo}/arch.py:{arch}" if arch else "",
        f"{zoo}/arch.py:{score}" if score else "",
        seed=0,
        json=json,
    )


def test_a_hidden_copy_is_named_in_the_table(zoo, capsys):
    audit(zoo, score="score")
    out = capsys.readouterr().out
    first, second, *_ = out.splitlines()
    assert first == "copies: named of 10: 1 copy"
    assert second.startswith(
        "the same verdict: copies with their units in another order; copies with noise"
    )
    named = out.splitlines()[-1].split()
    assert named[:3] == ["net_9.pt", "copy", "net_4.pt"]
    assert "20 training networks (20 files) of 81 numbers, 12 held out" in out
    assert "weights are compared after 6 hidden units of 1 layer were matched" in out


def test_json_has_everything_by_id(zoo, capsys):
    audit(zoo, json=True)
    document = json.loads(capsys.readouterr().out)
    rows = {row["id"]: row for row in document["rows"]}
    assert rows["generated"]["verdict"] == "copies" and rows["copied"]["verdict"] == "copies"
    assert [suspect["file"] for suspect in rows["generated"]["suspects"]] == ["net_9.pt"]
    assert document["nearest"][9]["of"] == "net_4.pt" and document["units"] == {"0": 6}


def test_without_held_out_networks_and_architecture_notes_say_what_is_missing(zoo, capsys):
    audit(zoo, held_out="", arch="")
    out = capsys.readouterr().out
    assert out.startswith("undecided: there are no held-out networks")
    assert "note: no held-out networks: the tests for copies" in out
    assert "note: no architecture was given: weights were compared as they are" in out
    assert "Z_U" not in out


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"generated": "two"}, ConfigurationError, "holds 2 generated networks: at least 3"),
        ({"generated": "none"}, ConfigurationError, "none is not a folder"),
        (
            {"arch": "nothing"},
            ConfigurationError,
            "returned an object of type NoneType, not an nn.Module",
        ),
        ({"arch": "missing"}, ConfigurationError, "arch.py has no function missing"),
        (
            {"arch": "fails"},
            WorkFailed,
            r"--arch: .*arch.py:fails\(\) failed: RuntimeError: out of luck",
        ),
        ({"score": "fails"}, WorkFailed, "--score failed on net_0.pt: RuntimeError: out of luck"),
        ({"score": "infinite"}, WorkFailed, "--score is inf for net_0.pt"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(zoo, given, error, said):
    with pytest.raises(error, match=said):
        audit(zoo, **given)


def test_functions_are_named_by_file_and_name(zoo):
    for arch, said in (("arch.py", "FILE.py:FUNCTION"), (f"{zoo}/no.py:build", "there is no file")):
        with pytest.raises(ConfigurationError, match=said):
            audit_folders(zoo / "training", zoo / "generated", None, arch, "", 0, False)
    with pytest.raises(ConfigurationError, match="name a run, or give both --training and --generated"):
        audit_folders(zoo / "training", None, None, "", "", 0, False)


def test_another_architecture_is_named_with_both_shapes(zoo):
    (zoo / "other.py").write_text("from torch import nn\ndef build(): return nn.Linear(5, 6)")
    with pytest.raises(
        WorkFailed, match=r"net_0.pt is refused: it has no weight, which is \(6, 5\) in .*build"
    ):
        audit_folders(zoo / "training", zoo / "generated", None, f"{zoo}/other.py:build", "", 0, False)
