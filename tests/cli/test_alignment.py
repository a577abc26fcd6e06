"""GAN-GANs over aligned GANs, and GANs that begin alike, from the command line."""

import signal

import numpy as np
import pytest

from gangan_cli.config import GanGanConfig, RunEnvironment
from gangan_cli.images.grid import grey
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.sampling.walks import sample
from gangan_cli.training.gangan import train_gangan
from gangan_cli.tui.render_client import Request, View
from gangan_cli.tui.render_process import Renderer
from gangan_cli.weightspace.alignment import AlignedView, training_view
from store import Catalog, Run
from tests.commands import gangan, started
from tests.runs import contents


@pytest.fixture
def store(tmp_path, trained):
    (tmp_path / "a").symlink_to(trained / "a")
    return tmp_path


def test_a_gangan_over_aligned_gans_resumes_and_is_measured_in_their_frame(store):
    arguments = ["train-gangan", "--on", "a", "--batch-size", 3, "--repeat", 40, "--epochs", 4]
    arguments += ["--align", "full", "--store", store]
    assert gangan(*arguments, "--run", "whole").code == 0
    process = started(*arguments, "--run", "cut")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode in (143, 0)
    assert gangan(*arguments, "--run", "cut").code == 0
    assert contents(store / "whole") == contents(store / "cut")
    refused = gangan(*arguments[:-4], "--align", "none", "--store", store, "--run", "whole")
    assert (refused.code, "align is 'full' in the run and 'none' here" in refused.err) == (2, True)
    with Lineage.open(Catalog(store), "whole") as lineage:
        view = training_view(lineage.top, lineage.below)
        assert isinstance(view, AlignedView)
        assert view.alignment.mode == "full"
        linear = lineage.encoder.components
        codes = linear.codes(linear.project(view.matrix()[0]))
        np.testing.assert_allclose(codes, lineage.top.constant("codes"), atol=1e-3)
        grid = sample(lineage, latents=5, columns=2)
        weights = lineage.sample_weights(grid.latents, grid.gan, grid.epoch)
        apart = np.linalg.norm(weights[:, None] - view.matrix()[0], axis=2)
        np.testing.assert_allclose(grid.near.distances, apart.min(axis=1), rtol=1e-3)
        assert np.array_equal(grid.near.keys, view.keys()[apart.argmin(axis=1)])
        noises = lineage.fixed_noise(2, 0)
        gan, epoch = grid.near.keys[0].tolist()
        beside = grey(lineage.render(view.snapshot(gan, epoch)[None], noises[1:])[0])
    latent = tuple(grid.latents[0].tolist())
    asked = Request(View(store, "whole", ""), grid.gan, grid.epoch, latent, count=2, noise=0)
    near, images = Renderer().measure(asked)
    assert near.keys.tolist() == [[gan, epoch]]
    assert near.distances[0] == pytest.approx(grid.near.distances[0], rel=1e-3)
    assert np.array_equal(images, beside)


@pytest.mark.parametrize("mode", ["permute", "full"])
def test_raw_vectors_are_aligned_too(store, mode):
    config = GanGanConfig(
        on="a", run="raw", family="mlp", components=0, latent_dim=1,
        family_options="discriminator_width=4 generator_width=4", batch_size=3, epochs=2, align=mode,
    )  # fmt: skip
    events = []
    train_gangan(config, RunEnvironment(store=store), events.append)
    assert events[-1].state == "complete"
    with Lineage.open(Catalog(store), "raw") as lineage:
        view = training_view(lineage.top, lineage.below)
        assert view.alignment.mode == mode
        grid = sample(lineage, latents=3, columns=2)
        weights = lineage.sample_weights(grid.latents, grid.gan, grid.epoch)
        apart = np.linalg.norm(weights[:, None] - view.matrix()[0], axis=2)
        np.testing.assert_allclose(grid.near.distances, apart.min(axis=1), rtol=1e-3)


def test_gans_begin_with_shared_weights_if_asked_to(tmp_path):
    arguments = ["train-gans", "--run", "r", "--dataset", "mnist5k", "--gans", 2, "--epochs", 1]
    arguments += ["--lr", "1e-12", "--batch-size", 2000, "--init", "shared"]
    assert gangan(*arguments, "--store", tmp_path).code == 0
    with Run.open(tmp_path / "r") as run:
        assert run.manifest.config["init"] == "shared"
        np.testing.assert_allclose(run.snapshot(0, 1), run.snapshot(1, 1), atol=1e-8)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train-gangan", "--on", "a", "--align", "rotate"], "align is 'rotate': give none or permute"),
        (["train-gans", "--init", "same"], "init is 'same': give own or shared"),
    ],
)
def test_what_is_not_a_mode_is_met_with_those_there_are(store, arguments, said):
    result = gangan(*arguments, "--store", store)
    assert (result.code, said in result.err) == (2, True)


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [(["train-gans"], "init", "shared"), (["train-gangan", "--on", "a"], "align", "full")],
)
def test_a_dry_run_shows_it_and_a_file_says_it(tmp_path, command, name, value):
    printed = gangan(*command, f"--{name}", value, "--dry-run")
    assert f'{name} = "{value}"' in printed.out
    (tmp_path / "c.toml").write_text(printed.out)
    again = gangan(command[0], "--config", tmp_path / "c.toml", "--dry-run", "--json").document
    assert again[name] == value
