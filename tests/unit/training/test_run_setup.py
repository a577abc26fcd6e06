from dataclasses import replace

import pytest

from gangan_cli.config import GanGanConfig, GansConfig, RunEnvironment
from gangan_cli.errors import ConfigurationError
from gangan_cli.models.registry import fold_options
from gangan_cli.training.gangan import fitted
from gangan_cli.training.gangan import resolve as resolve_gangan
from gangan_cli.training.gans import resolve
from gangan_cli.training.run_setup import config_identity, reject_changed_config
from store import Run
from store.errors import BadName
from tests.runs import small_manifest


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"gans": 0}, "gans is 0"),
        ({"epochs": -1}, "epochs is -1"),
        ({"batch_size": 0}, "batch-size is 0"),
        ({"lr": 0.0}, "lr is 0.0"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"seed": -1}, "seed is -1"),
        ({"snapshot_every": 0}, "snapshot-every is 0"),
        ({"dataset": "x"}, "no dataset 'x'"),
        ({"init": "same"}, "init is 'same': give own or shared"),
    ],
)
def test_values_out_of_bounds_are_named(wrong, said):
    with pytest.raises(ConfigurationError, match=said):
        resolve(wrong)


def test_run_names_are_checked_at_the_door():
    with pytest.raises(BadName):
        resolve({"run": "../x"})


def test_workers_are_at_least_one():
    with pytest.raises(ConfigurationError, match="workers is 0"):
        RunEnvironment(workers=0)


def test_defaults_of_train_gans_are_the_papers():
    config = GansConfig()
    assert (config.gans, config.epochs, config.batch_size, config.lr) == (35, 100, 128, 2e-4)


@pytest.mark.parametrize("preset", ["paper", "released"])
def test_the_papers_gangan(preset):
    config = resolve_gangan({"on": "a", "preset": preset})
    assert (config.latent_dim, config.family_options) == (1, "discriminator_width=8 generator_width=64")
    assert (config.epochs, config.batch_size, config.lr) == (250, 32, 2e-4)
    assert (config.family, config.components) == ("mlp", 0)


def test_the_released_code_saw_gan_0_35_times():
    config = GanGanConfig.preset_with({"on": "a", "preset": "released"})
    assert (config.gans, config.repeat) == ("0", 35)


def test_a_trajectory_is_one_gans_and_its_axis_one_number():
    config = GanGanConfig.preset_with({"on": "a", "preset": "trajectory"})
    assert (config.gans, config.latent_dim, config.family) == ("0", 1, "r1-mlp")
    another = GanGanConfig.preset_with({"on": "a", "preset": "trajectory", "gans": "7"})
    assert another.gans == "7"
    assert "lr_decay=false" in another.family_options and "r1_final=0.0" in another.family_options


def test_what_is_given_beats_the_preset():
    assert GanGanConfig.preset_with({"on": "a", "preset": "paper", "latent_dim": 3}).latent_dim == 3


def test_an_unknown_preset_is_met_with_those_there_are():
    with pytest.raises(ConfigurationError, match="default, trajectory, paper, released"):
        GanGanConfig.preset_with({"on": "a", "preset": "x"})


def test_a_wrong_alignment_is_met_with_those_there_are():
    with pytest.raises(ConfigurationError, match="align is 'rotate': give none or permute or full"):
        GanGanConfig(on="a", align="rotate")


@pytest.mark.parametrize(
    ("config", "newer", "other"),
    [
        (GansConfig(), "init", {"init": "shared"}),
        (resolve_gangan({"on": "a", "preset": "paper"}), "align", {"align": "full"}),
    ],
)
def test_a_setting_that_an_older_run_does_not_have_had_its_default(tmp_path, config, newer, other):
    stored = config_identity(config)
    del stored[newer]
    with Run.create(tmp_path / "r", small_manifest(config=stored)) as run:
        reject_changed_config(run, config)
        with pytest.raises(ConfigurationError, match=f"{newer} is '(own|none)' in the run and"):
            reject_changed_config(run, replace(config, **other))
        with pytest.raises(ConfigurationError, match="seed is 0 in the run and 5 here"):
            reject_changed_config(run, replace(config, seed=5))


def test_settings_that_were_stored_under_earlier_names_are_the_same_settings(tmp_path):
    given = {"on": "a", "family_options": "instance_noise=2.0 ema_decay=0.5"}
    config = resolve_gangan(given)
    stored = config_identity(config)
    del stored["family_options"]
    stored |= {"blur": 2.0, "average": 0.5, "decays": True, "slope": 0.0, "r1": 13.0, "r1_end": 0.33}
    stored |= {"loss": "logistic", "templates": 512, "generator_width": 256}
    with Run.create(tmp_path / "r", small_manifest(config=stored)) as run:
        reject_changed_config(run, config)
        with pytest.raises(
            ConfigurationError, match=r"option instance-noise is 2\.0 in the run and 0\.0"
        ):
            reject_changed_config(run, resolve_gangan({"on": "a"}))


@pytest.mark.parametrize(
    ("config", "written", "same", "other", "said"),
    [
        (GansConfig(family="wgan"), "width=64", "width=064", "width=32", "width is 64"),
        (GansConfig(family="wgan"), "clip=1e-4", "clip=0.0001", "clip=0.001", "clip is 0.0001"),
        (GanGanConfig(on="a"), "lr-decay=True", "lr_decay=true", "lr_decay=false", "lr-decay is True"),
    ],
)
def test_options_of_a_family_are_compared_by_value(tmp_path, config, written, same, other, said):
    stored = config_identity(replace(config, family_options=written))
    with Run.create(tmp_path / "r", small_manifest(config=stored)) as run:
        reject_changed_config(run, replace(config, family_options=same))
        with pytest.raises(ConfigurationError, match=f"family option {said} in the run and"):
            reject_changed_config(run, replace(config, family_options=other))


def test_an_option_that_only_another_version_has_is_compared_as_it_was_written(tmp_path):
    config = GansConfig(family="wgan", family_options="width=64")
    stored = {**config_identity(config), "family_options": "momentum=0.5 width=64"}
    with (
        Run.create(tmp_path / "r", small_manifest(config=stored)) as run,
        pytest.raises(
            ConfigurationError, match=r"\(family option momentum is '0.5' in the run and None"
        ),
    ):
        reject_changed_config(run, config)


def test_settings_that_have_become_options_are_read_from_earlier_files():
    flat = {"on": "a", "family": "mlp", "generator_width": 4, "templates": 512, "lr_decay": True}
    folded = fold_options(flat)
    assert folded == {"on": "a", "family": "mlp", "family_options": "generator_width=4"}
    noisy = fold_options({"on": "a", "instance_noise": 4.0, "lr_decay": False})
    assert noisy["family_options"] == "instance_noise=4.0 lr_decay=false"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"family": "gan"}, "'gan' is for images"),
        ({"family_options": "width=3"}, "'r1-mlp' has no option 'width'"),
        ({"family": "flow", "latent_dim": 3}, "'flow' has no option 'latent_dim'"),
        ({"family": "mlp", "condition": "epoch"}, "'mlp' takes no condition"),
        ({"family_options": "lr_decay=perhaps"}, "give true or false"),
    ],
)
def test_a_family_of_weights_takes_what_it_can(wrong, said):
    with pytest.raises(ConfigurationError, match=said):
        resolve_gangan({"on": "a", **wrong})


def test_a_setting_that_only_a_newer_version_knows_is_not_overlooked(tmp_path):
    stored = {**config_identity(GansConfig()), "augment": "flips"}
    with (
        Run.create(tmp_path / "r", small_manifest(config=stored)) as run,
        pytest.raises(ConfigurationError, match="augment is 'flips' in the run and None here"),
    ):
        reject_changed_config(run, GansConfig())


def test_the_defaults_of_a_gangan_fit_the_snapshots():
    default = GanGanConfig(on="a")
    papers = fitted(default, 3500)
    assert (papers.batch_size, papers.repeat, papers.epochs) == (128, 3, 250)
    assert papers.epochs * papers.settings.steps(3500 * papers.repeat) == 20_500
    for snapshots in (2, 3, 6, 7, 15, 100, 184, 360, 1000, 1024, 2000, 5000, 35_000):
        config = fitted(default, snapshots)
        steps = config.epochs * config.settings.steps(snapshots * config.repeat)
        assert 2 <= config.batch_size <= 128
        assert 4_000 <= steps <= 21_000 or (snapshots > 3500 and steps < 70_000)


def test_what_is_given_of_batches_stays_and_three_passes_with_it():
    assert fitted(GanGanConfig(on="a", batch_size=3), 6).repeat == 3
    given = fitted(GanGanConfig(on="a", repeat=7), 6)
    assert (given.batch_size, given.repeat) == (2, 7)
