"""The other commands, and what each says of wrong input."""

import json
import shutil
import tomllib

import pytest

from tests.commands import fresh_gangan, gangan


def test_runs_show_as_json(trained):
    shown = gangan("runs", "show", "a", "--store", trained, "--json").document
    expected = {"parameters": 113745, "gans": 2, "epochs": 3, "snapshots": 6, "state": "complete"}
    assert {key: shown[key] for key in expected} == expected
    assert shown["children"] == ["g"]
    assert shown["config"]["lr"] == 2e-4
    assert set(shown["last_losses"]) == {"d_loss", "g_loss"}


def test_runs_show_for_people(trained):
    shown = gangan("runs", "show", "g", "--store", trained)
    assert shown.code == 0
    assert "r1-mlp" in shown.out
    assert "trained on" in shown.out
    assert shown.err == ""


def test_runs_list(trained):
    listed = gangan("runs", "list", "--store", trained, "--json").document
    assert [(run["name"], run["parent"]) for run in listed] == [("a", None), ("g", "a"), ("gg", "g")]
    table = fresh_gangan("runs", "list", "--store", trained).out
    assert "2 × 3" in table
    assert "complete" in table


def test_the_store_can_be_named_by_the_environment(trained):
    assert len(gangan("runs", "list", "--json", GANGAN_STORE=str(trained)).document) == 3


def test_a_gangan_whose_gans_are_gone_stops_no_other_figures(trained, tmp_path):
    store = tmp_path / "s"
    shutil.copytree(trained, store)
    shutil.move(store / "a", tmp_path / "aside")
    shutil.copytree(tmp_path / "aside", store / "other")  # found by its id, whatever it is called
    assert gangan("export-figures", "g", "--out", tmp_path / "f", "--store", store).code == 0
    shutil.rmtree(store / "other")
    alone = gangan("export-figures", "g", "--out", tmp_path / "f", "--store", store)
    assert alone.code == 2 and "'a'" in alone.err
    both = gangan("export-figures", "g", "gg", "--out", tmp_path / "f", "--store", store)
    assert both.code == 1 and "skipped g:" in both.err and "skipped gg:" in both.err


def test_export_then_import_then_remove(trained, tmp_path):
    out, store = tmp_path / "out", tmp_path / "s"
    told = gangan("runs", "export", "a", out, "--gans", "1", "--store", trained, "--json").document
    assert told["snapshots"] == 3
    assert {path.name for path in out.iterdir()} == {"manifest.json", "losses.safetensors", "1"}
    assert gangan("runs", "import", out, "--as", "b", "--store", store).code == 0
    shown = gangan("runs", "show", "b", "--store", store, "--json").document
    assert (shown["snapshots"], shown["state"]) == (3, "interrupted")
    refused = gangan("runs", "remove", "b", "--store", store)
    assert refused.code == 2
    assert "--yes" in refused.err
    assert gangan("runs", "remove", "b", "--yes", "--store", store, "--json").document["removed"] == "b"
    assert gangan("runs", "list", "--store", store, "--json").document == []


def test_export_figures_prints_paths_and_nothing_else(trained, tmp_path):
    result = gangan(
        "export-figures", "a", "--store", trained, "--out", tmp_path, "--format", "png,pdf", "--dpi", 50
    )
    assert result.code == 0, result.err
    assert result.out.splitlines() == [
        f"{tmp_path}/a/{file}"
        for file in (
            *("samples.png", "samples.pdf", "training.gif"),
            *("losses.png", "losses.pdf", "lineage.png", "lineage.pdf"),
        )
    ]
    for run in ("one", "other"):
        (tmp_path / run).symlink_to(trained / "a")
    arguments = ("--store", tmp_path, "--out", tmp_path / "f", "--dpi", 50, "--json")
    told = fresh_gangan("export-figures", *arguments)
    assert {line["run"] for line in told.lines} == {"one", "other"}


WRONG = [
    (["runs", "show", "nope"], 2, "no run 'nope'"),
    (["export-figures", "nope"], 2, "no run 'nope'"),
    (["train-gangan", "--on", "nope"], 2, "no run 'nope'"),
    (["train-gangan"], 2, "--on"),
    (["train-gangan", "--on", "a", "--run", "a"], 2, "on itself"),
    (
        ["train-gangan", "--on", "a", "--run", "x", "--gans", "7", "--batch-size", 2],
        2,
        "no snapshot of GAN 7",
    ),
    (["train-gangan", "--on", "a", "--run", "x", "--snapshot-epochs", "9"], 2, "no snapshot of epoch 9"),
    (["train-gangan", "--on", "a", "--run", "x", "--batch-size", "99"], 2, "smaller --batch-size"),
    (
        ["train-gangan", "--on", "a", "--run", "x", "--preset", "best"],
        2,
        "default, trajectory, paper, released",
    ),
    (["export-figures", "a", "--gan", 9], 2, "no GAN 9"),
    (["export-figures", "g", "--epoch", 99], 2, "epochs 1 to 8"),
    (["export-figures", "a", "--format", "bmp"], 2, "png, pdf, svg"),
    (["train-gans", "--run", "x", "--family", "nope", "--dataset", "mnist5k"], 2, "no family 'nope'"),
    (["train-gans", "--run", "x", "--dataset", "nope"], 2, "no dataset 'nope'"),
    (["train-gans", "--run", "x", "--gans", 0], 2, "gans is 0"),
    (["train-gans", "--run", "x", "--epochs", -2], 2, "epochs is -2"),
    (["train-gans", "--run", "x", "--batch-size", 6000, "--dataset", "mnist5k"], 2, "5000 images"),
    (["train-gans", "--run", "x", "--device", "cuda:99", "--dataset", "mnist5k"], 2, "cuda:99"),
    (["train-gans", "--run", "../x"], 2, "cannot be a run's name"),
    (["train-gans", "--nonsense"], 2, "No such option"),
    (["train-gans", "--epochs", "many"], 2, "--epochs"),
    (
        ["train-gans", "--run", "a", "--dataset", "mnist5k", "--gans", 3, "--epochs", 3],
        2,
        "gans is 2 in the run and 3 here",
    ),
    (["train-gans", "--run", "g", "--dataset", "mnist5k"], 2, "another configuration"),
    (["runs", "export", "a", "/proc/none/out"], 1, "cannot write"),
    (["runs", "export", "a", "out", "--format", "csv"], 2, "safetensors, npz"),
    (["runs", "import", "/nowhere", "--as", "x"], 2, "not a folder"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), WRONG)
def test_wrong_input_is_one_clear_sentence(trained, arguments, code, said):
    before = sorted(path.name for path in trained.iterdir())
    result = gangan(*arguments, "--store", trained)
    assert (result.code, result.out) == (code, "")
    assert said in result.err
    assert "Traceback" not in result.err
    assert sorted(path.name for path in trained.iterdir()) == before


@pytest.mark.parametrize(
    "arguments", [["runs", "list"], ["train-gans", "--dataset", "mnist5k"], ["export-figures"]]
)
def test_a_store_that_is_a_file(tmp_path, arguments):
    (tmp_path / "file").write_text("precious")
    result = gangan(*arguments, "--store", tmp_path / "file")
    assert result.code == 3
    assert "not a folder" in result.err
    assert (tmp_path / "file").read_text() == "precious"


def test_a_store_that_is_not_there(tmp_path):
    result = gangan("runs", "list", "--store", tmp_path / "none")
    assert result.code == 3
    assert "gangan train-gans makes one" in result.err


def test_debug_shows_the_traceback(trained):
    assert "Traceback" in gangan("--debug", "runs", "show", "nope", "--store", trained).err


def test_flag_beats_environment_beats_file_beats_default(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("[train-gans]\nepochs = 7\ngans = 8\nbatch-size = 9\nlr = 1\n")
    shown = gangan(
        "train-gans",
        "--config",
        file,
        "--gans",
        2,
        "--dry-run",
        "--json",
        GANGAN_TRAIN_GANS_GANS="3",
        GANGAN_TRAIN_GANS_EPOCHS="4",
    ).document
    assert (shown["gans"], shown["epochs"], shown["batch_size"]) == (2, 4, 9)
    assert (shown["lr"], shown["seed"], shown["dataset"]) == (1.0, 0, "mnist")


@pytest.mark.parametrize(
    "command", [["train-gans"], ["train-gangan", "--on", "a", "--preset", "released"]]
)
def test_what_a_dry_run_prints_is_a_configuration_file(tmp_path, command):
    printed = gangan(*command, "--dry-run")
    assert printed.code == 0
    file = tmp_path / "c.toml"
    file.write_text(printed.out)
    assert command[0] in tomllib.loads(printed.out)
    assert gangan(command[0], "--config", file, "--dry-run").out == printed.out
    assert not (tmp_path / "gangan-runs").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[train-gans]\nepoch = 3\n", "did you mean epochs?"),
        ("[train-gans]\nepochs = 'three'\n", "give a int"),
        ("[train-gans\n", "not TOML"),
        ("[other]\nx = 1\n", "no table [train-gans]"),
    ],
)
def test_a_wrong_configuration_file(tmp_path, text, said):
    file = tmp_path / "c.toml"
    file.write_text(text)
    result = gangan("train-gans", "--config", file, "--dry-run")
    assert result.code == 2
    assert said in result.err
    assert str(file) in result.err


def test_a_file_for_every_command_need_not_speak_of_each(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("[tui]\nimages = 'half'\n")
    assert gangan("train-gans", "--dry-run", GANGAN_CONFIG=str(file)).code == 0


def test_help_names_every_command_and_its_options():
    assert all(
        name in gangan("--help").out for name in ("train-gans", "train-gangan", "export-figures", "runs")
    )
    shown = gangan("train-gans", "--help").out
    options = "run store dataset family gans epochs batch-size lr seed device workers config json"
    for option in [*options.split(), "dry-run"]:
        assert f"--{option}" in shown


def test_json_output_is_valid_for_every_reader(trained):
    for arguments in (["runs", "list"], ["runs", "show", "g"]):
        json.loads(gangan(*arguments, "--json", "--store", trained).out)


def test_families_are_listed_with_sizes_and_papers(tmp_path):
    found = gangan("families", "--json").document
    listed = {one["family"]: one for one in found if one["of"] == "images"}
    of_weights = {one["family"]: one for one in found if one["of"] == "weights"}
    assert set(of_weights) == {"mlp", "r1-mlp", "flow"}
    assert of_weights["r1-mlp"]["options"]["templates"] == 512
    assert sum(listed["mlp"]["parameters"].values()) == 113_745
    assert sum(listed["dcgan-small"]["parameters"].values()) == 21_686
    assert listed["wgan"]["options"]["critic_steps"] == 5
    assert listed["mlp"]["trained"] == {"epochs": 100, "batch_size": 128, "lr": 2e-4}
    assert listed["wgan"]["trained"] == {"epochs": 50, "batch_size": 64, "lr": 5e-5}
    shown = fresh_gangan("families", COLUMNS="200")
    assert "Mirza and Osindero 2014" in shown.out


def test_a_family_is_trained_as_its_paper_says_where_nothing_else_is_said(tmp_path):
    command = ["train-gans", "--family", "shared-wgan", "--dry-run"]
    said = gangan(
        *command, "--batch-size", 8, "--family-option", "width=8", "--family-option", "share=1"
    )
    for line in ("lr = 5e-05", "batch-size = 8", 'family-options = "share=1 width=8"'):
        assert line in said.out.splitlines()
    by_variable = gangan(*command, GANGAN_TRAIN_GANS_FAMILY_OPTION="width=8")
    assert 'family-options = "width=8"' in by_variable.out.splitlines()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--family", "cgan", "--family-option", "widht=8"], "has no option 'widht'"),
        (["--dry-run", "--family", "cgan", "--family-option", "widht=8"], "has no option 'widht'"),
        (["--family", "wgan", "--batch-size", 2000], "a step takes 5 batches, but mnist5k has 5000"),
        (["--family", "r1-mlp"], "is for weights"),
        (["--family", "resnet"], "no family 'resnet'"),
    ],
)
def test_what_a_family_cannot_be_is_said_before_anything_is_made(tmp_path, options, message):
    result = gangan("train-gans", "--dataset", "mnist5k", "--store", tmp_path, *options)
    assert result.code == 2
    assert message in " ".join(result.err.split())
    assert not list(tmp_path.iterdir())
