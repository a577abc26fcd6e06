"""The best snapshots of a run, by successive halving."""

import pytest
import torch

from gangan_cli.errors import ConfigurationError
from gangan_cli.evaluation import best
from gangan_cli.evaluation.best import best_snapshots
from gangan_cli.evaluation.quick import frechet_distances
from gangan_cli.evaluation.reference import reference_of
from gangan_cli.interchange.importing import import_run
from gangan_cli.sampling.lineage import Lineage
from store import Catalog
from tests.commands import gangan


def silent(*_: object) -> None:
    pass


def test_every_round_has_a_quarter_of_the_snapshots_and_four_times_the_images():
    assert list(best._rounds(3500, 5)) == [
        (3500, 200),
        (875, 800),
        (219, 3200),
        (55, 10_000),
        (5, 10_000),
    ]
    assert list(best._rounds(20, 5)) == [(20, 200), (5, 10_000)]
    assert list(best._rounds(3, 5)) == [(3, 10_000)]


@pytest.mark.parametrize("by", ["frechet", "mind", "marginal_entropy"])
def test_the_winners_are_those_of_a_look_at_all(trained, monkeypatch, by):
    monkeypatch.setattr(best, "FIRST", 100)
    monkeypatch.setattr(best, "FINAL", 400)
    reference, progress = reference_of("mnist5k", None, silent), []
    with Lineage.open(Catalog(trained), "a") as lineage:
        keys = [(gan, epoch) for gan, epoch in lineage.top.keys().tolist()]
        found = best_snapshots(
            lineage, keys, reference, by, 2, 0, lambda what, done, total: progress.append((done, total))
        )
        vectors = [lineage.top.snapshot(*key) for key in keys]
        all_of_them = frechet_distances(lineage, vectors, reference, 400, 7, silent)
    assert progress[-1] == (8, 8) and len(found) == 2
    values = [one.value for one in found]
    assert values == sorted(values, reverse=by == "marginal_entropy")
    if by == "frechet":
        assert {(one.gan, one.epoch) for one in found} == {
            keys[row] for row in all_of_them.argsort()[:2]
        }
        assert found[0].error > 0


def test_what_has_no_best_snapshot_is_refused(trained):
    reference = reference_of("mnist5k", None, silent)
    for run, by, said in (
        ("g", "frechet", "sample --best-of"),
        ("a", "agreement", "give frechet or mind"),
    ):
        with (
            Lineage.open(Catalog(trained), run) as lineage,
            pytest.raises(ConfigurationError, match=said),
        ):
            best_snapshots(lineage, [(0, 3)], reference, by, 1, 0, silent)


def test_it_is_printed_and_exported(trained, tmp_path):
    found = gangan("runs", "best", "a", "--top", 1, "--json", "--store", trained).document
    assert len(found) == 1 and found[0]["error"] > 0
    result = gangan("runs", "export", "a", tmp_path / "o", "--best", "--store", trained)
    assert result.code == 0, result.err
    (file,) = (tmp_path / "o").rglob("epoch_*.safetensors")
    assert (file.parent.name, file.stem) == (
        str(found[0]["gan"]),
        f"epoch_{found[0]['epoch']}",
    )


@pytest.fixture
def imported(trained, tmp_path):
    """A store with GAN 0 of the run `a` as somebody else's state dicts, which say no dataset."""
    folder = tmp_path / "published" / "0"
    folder.mkdir(parents=True)
    with Catalog(trained).open("a") as run:
        for epoch in (1, 2, 3):
            tensors = run.manifest.layout.split(run.snapshot(0, epoch))
            state = {name: torch.from_numpy(array.copy()) for name, array in tensors.items()}
            torch.save(state, folder / f"model_{epoch - 1}.pt")
    catalog = Catalog(tmp_path / "store")
    import_run(catalog, folder.parent, "paper", lambda total: lambda: None)
    return catalog.root


def test_the_best_of_an_imported_run_are_exported_with_the_dataset_named(imported, tmp_path):
    asked = ("runs", "export", "paper", tmp_path / "o", "--best", "--store", imported)
    refused = gangan(*asked)
    assert refused.code == 2 and "--dataset" in refused.err
    options = ("--dataset", "mnist5k", "--by", "mind", "--top", 2, "--seed", 3)
    exported = gangan(*asked, *options)
    assert exported.code == 0, exported.err
    found = gangan("runs", "best", "paper", *options, "--json", "--store", imported).document
    files = {(int(file.parent.name), file.stem) for file in (tmp_path / "o").rglob("epoch_*")}
    assert files == {(one["gan"], f"epoch_{one['epoch']}") for one in found} and len(files) == 2


@pytest.mark.parametrize(
    "option", [("--dataset", "mnist"), ("--by", "mind"), ("--top", 2), ("--seed", 0)]
)
def test_how_the_best_are_found_is_no_question_of_an_export_of_all(trained, tmp_path, option):
    refused = gangan("runs", "export", "a", tmp_path / "o", *option, "--store", trained)
    assert refused.code == 2 and f"{option[0]} says how the best are found" in refused.err
    assert not (tmp_path / "o").exists()
