"""Names and paths of every kind: of folders with pictures, stores, outputs, as typed or in TOML."""

import json
import os
import random
import string
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gangan_cli import toml
from gangan_cli.errors import ConfigurationError
from gangan_cli.formatting import plain
from gangan_cli.images.loading import named
from store import Run
from tests.commands import gangan
from tests.runs import numbers, small_manifest

TINY = ["--gans", 1, "--epochs", 1, "--batch-size", 4, "--no-compile"]


def pictures(folder: Path, count: int = 12) -> Path:
    """Make a folder of pictures."""
    folder.mkdir(parents=True)
    for number in range(count):
        grey = np.random.default_rng(number).integers(0, 256, (8, 8), np.uint8)
        Image.fromarray(grey).save(folder / f"{number:03}.png")
    return folder


# ------------------------------------------------------------------ names


def strange_names(count: int, seed: int = 0) -> list[str]:
    """Names that a file system has and that something might parse: rich, Textual, matplotlib, TOML, a
    terminal, a shell."""
    draw = random.Random(seed)
    pieces = [
        "[red]", "[/red]", "[/b]", "x[/b]", "[@click=app.quit]q[/]", "[link=http://x]", "\\[", "[bold",
        "$5_$6", "$\\frac{1", "^{2}", "_{", "$$", "%d", "{0}", "{run.name}", "&lt;", "<b>", ":smile:",
        "~", "~root", "'", '"', "\\", " ", "  ", "\t", "\n", "\x1b[31m", "\x7f", "\x9b", "#", "=", ",",
        "\udce4", "\udcff\udcfe", "ä", "日本", "🙂", "e\u0301", "\u202e", "\u200b", "-", "--help", "*",
    ]  # fmt: skip
    names = {"b_\udce4", "cost_$5_$6", "x[/b]", "a b", "a" * 200, "~", "[red]", "new\nline", "\udcff"}
    while len(names) < count:
        name = "".join(draw.choice([*pieces, *string.ascii_letters]) for _ in range(draw.randint(1, 8)))
        if len(os.fsencode(name)) <= 250 and name.strip(".") and "\0" not in name:
            names.add(name)
    return sorted(names)


CONTROLS = set(map(chr, [*range(32), *range(127, 160)]))


def runs_on(store: Path, names: list[str]) -> None:
    """Fill a store with runs that were trained on folders called so."""
    for number, name in enumerate(names):
        dataset = f"images:/data/{name}"
        manifest = small_manifest(
            id=f"id{number}",
            dataset={"name": dataset, "examples": 12, "height": 8, "width": 8, "sha256": "0"},
            config={"seed": 0, "dataset": dataset},
            gans=1,
            epochs=1,
        )
        with Run.create(store / f"r{number:04}", manifest) as run:
            run.commit(1, [0], np.zeros((1, 2, 2)), numbers(number, 1, 10))


@pytest.mark.parametrize(
    "count", [pytest.param(60, id="some"), pytest.param(2000, marks=pytest.mark.long, id="many")]
)
def test_every_name_is_shown_as_plain_text_and_none_is_parsed(tmp_path, count):
    names = [name for name in strange_names(count) if not CONTROLS & set(name)]
    runs_on(tmp_path / "store", names)
    listed = gangan("runs", "list", "--store", tmp_path / "store", COLUMNS="4000")
    assert (listed.code, listed.err) == (0, "")
    lines = listed.out.splitlines()[-len(names) :]
    told = gangan("runs", "list", "--json", "--store", tmp_path / "store").document
    for name, line, document in zip(names, lines, told, strict=True):
        assert document["dataset"] == f"images:/data/{name}"
        assert plain(name).strip()[:50] in line
    once = gangan("tui", "--once", "--store", tmp_path / "store", COLUMNS="4000")
    assert (once.code, once.err) == (0, "")
    for number in range(0, len(names), max(1, len(names) // 8)):
        shown = gangan("runs", "show", f"r{number:04}", "--store", tmp_path / "store")
        assert (shown.code, shown.err) == (0, "")
        assert f"images:/data/{plain(names[number])}" in shown.out


def test_a_name_that_would_do_something_to_a_terminal_is_refused(tmp_path):
    folder = pictures(tmp_path / "new\nline\x1b[31m")
    refused = gangan("train-gans", "--dataset", f"images:{folder}", *TINY, "--store", tmp_path / "s")
    assert refused.code == 3
    assert "holds control characters" in refused.err and "\x1b" not in refused.err


@pytest.mark.parametrize("count", [300, pytest.param(2000, marks=pytest.mark.long)])
def test_every_name_comes_back_from_toml(count):
    for name in strange_names(count):
        written = toml.table("train-gans", {"dataset": name}).encode("utf-8", "surrogateescape")
        assert tomllib.loads(toml.decoded(written))["train-gans"]["dataset"] == name


def test_a_folder_whose_name_is_not_utf8_is_trained_on_shown_and_drawn(tmp_path):
    folder = pictures(tmp_path / "b_\udce4")
    store, out = ["--store", tmp_path / "st\udcf6re"], tmp_path / "figures"
    trained = gangan("train-gans", "--run", "r", "--dataset", f"images:{folder}", *TINY, *store)
    assert trained.code == 0, trained.err
    assert "images:" in gangan("runs", "list", *store).out
    shown = gangan("runs", "show", "r", *store)
    assert (shown.code, shown.err) == (0, "")
    assert "b_\\xe4" in shown.out
    assert gangan("tui", "--once", *store).code == 0
    drawn = gangan("export-figures", "r", "--out", out, "--dpi", 40, *store)
    assert drawn.code == 0, drawn.err
    assert all(Path(line).is_file() for line in drawn.out.splitlines())
    dry = gangan("train-gans", "--run", "r", "--dataset", f"images:{folder}", *TINY, *store, "--dry-run")
    (tmp_path / "f.toml").write_bytes(os.fsencode(dry.out))
    again = gangan("train-gans", "--config", tmp_path / "f.toml")
    assert (again.code, "nothing left to do" in again.err) == (0, True), again.err


def test_dollars_in_a_name_are_dollars_in_a_figure(tmp_path):
    folder = pictures(tmp_path / "cost_$5_$6 [red]")
    store = ["--store", tmp_path / "s"]
    assert gangan("train-gans", "--run", "r", "--dataset", f"images:{folder}", *TINY, *store).code == 0
    drawn = gangan("export-figures", "r", "--out", tmp_path, "--format", "svg", *store)
    assert drawn.code == 0, drawn.err
    assert json.loads((tmp_path / "r" / "lineage.json").read_text())


# ------------------------------------------------------------------ paths


def test_a_home_is_expanded_wherever_a_path_is_taken(tmp_path):
    home = {"HOME": str(tmp_path)}
    pictures(tmp_path / "pics")
    settings = tmp_path / "f.toml"
    settings.write_text('[train-gans]\nstore = "~/runs"\ndataset = "images:~/pics"\n')
    first = gangan("train-gans", "--config", "~/f.toml", "--run", "a", *TINY, **home)
    assert first.code == 0, first.err
    typed = ["--dataset", "images:~/pics", "--run", "b", "--store=~/runs"]
    assert gangan("train-gans", *typed, *TINY, **home).code == 0
    listed = gangan("runs", "list", "--json", **home, GANGAN_STORE="~/runs").document
    assert {run["dataset"] for run in listed} == {f"images:{tmp_path}/pics"}
    assert gangan("runs", "export", "a", "~/out", "--store=~/runs", **home).code == 0
    assert gangan("runs", "import", "~/out", "--as", "c", "--store=~/runs", **home).code == 0
    assert gangan("export-figures", "c", "--out=~/figures", "--store=~/runs", **home).code == 0
    assert (tmp_path / "figures" / "c").is_dir()


def test_a_home_that_nobody_has_is_refused_in_a_sentence():
    refused = gangan("runs", "list", "--store=~nobody-of-this-name/runs")
    assert refused.code == 2
    assert "~nobody-of-this-name/runs: that home folder is unknown" in refused.err


def test_a_folder_is_the_same_in_other_words_and_from_another_folder(tmp_path, monkeypatch):
    pictures(tmp_path / "pics")
    store = ["--store", tmp_path / "s"]
    monkeypatch.chdir(tmp_path)
    first = gangan("train-gans", "--dataset", "images:pics", *TINY, *store)
    assert first.code == 0, first.err
    (tmp_path / "elsewhere").mkdir()
    for words, where in (
        ("images:pics/", "."),
        ("images:./pics", "."),
        ("images:../pics", "elsewhere"),
        (f"images:{tmp_path}//pics/.", "/"),
    ):
        monkeypatch.chdir(tmp_path / where)
        again = gangan("train-gans", "--dataset", words, *TINY, *store)
        assert (again.code, "nothing left to do" in again.err) == (0, True), (words, again.err)


def test_a_run_that_kept_a_relative_folder_goes_on_with_its_pictures_and_with_no_others(
    tmp_path, monkeypatch
):
    folder, others = pictures(tmp_path / "pics"), pictures(tmp_path / "other" / "pics", 13)
    store = ["--store", tmp_path / "s"]
    assert gangan("train-gans", "--dataset", f"images:{folder}", *TINY, *store).code == 0
    with Run.open(tmp_path / "s" / "gans", write=True) as run:  # as gangan kept it before
        manifest = json.loads(run.manifest.to_json())
        manifest["config"]["dataset"] = "images:pics"
        with run._environment.writing() as transaction:
            run._put_text(transaction, b"manifest", json.dumps(manifest))
            run._put_state(transaction, run.state())
    monkeypatch.chdir("/")
    again = gangan("train-gans", "--dataset", f"images:{folder}", *TINY, *store)
    assert (again.code, "nothing left to do" in again.err) == (0, True), again.err
    other = gangan("train-gans", "--dataset", f"images:{tmp_path}", *TINY, *store)
    assert (other.code, "another configuration" in other.err) == (2, True)
    assert named(f"images:{others}/") == f"images:{others}"


def test_a_path_with_a_zero_byte_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="zero byte"):
        named("images:a\0b")


# ------------------------------------------------------------------ TOML


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e999"])
def test_what_is_not_finite_is_refused_at_once(tmp_path, value):
    refused = gangan("train-gans", "--lr", value, "--dry-run")
    assert (refused.code, refused.out) == (2, "")
    assert "lr is" in refused.err
    (tmp_path / "f.toml").write_text(f"[train-gans]\nlr = {'inf' if value == '1e999' else value}\n")
    assert gangan("train-gans", "--config", tmp_path / "f.toml", "--dry-run").code == 2


def test_toml_from_windows_is_read_and_utf16_is_called_so(tmp_path):
    written = '[train-gans]\r\nepochs = 7\r\nrun = "ä"\r\n'.replace("ä", "a")
    file = tmp_path / "f.toml"
    for encoding in ("utf-8-sig", "utf-8"):
        file.write_bytes(written.encode(encoding))
        dry = gangan("train-gans", "--config", file, "--dry-run", "--json")
        assert (dry.code, dry.document["epochs"], dry.document["run"]) == (0, 7, "a")
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        file.write_bytes(written.encode(encoding))
        refused = gangan("train-gans", "--config", file, "--dry-run")
        assert refused.code == 2
        assert "it is written as UTF-16, or is not text: save it as UTF-8" in refused.err
