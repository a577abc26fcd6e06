"""Other families than the first, through what takes a run: figures, and GAN-GANs over them."""

import json
from functools import cache

import numpy as np
import pytest

from gangan_cli.audit.options import Options
from gangan_cli.audit.records import AuditRequest, audited
from gangan_cli.config import GanGanConfig, RunEnvironment
from gangan_cli.figures.export import export_figures
from gangan_cli.figures.style import Output
from gangan_cli.interchange.export import export_run
from gangan_cli.interchange.importing import import_run
from gangan_cli.models.registry import build
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.sampling.translations import NOISES, translations
from gangan_cli.sampling.traversals import latent_traversals
from gangan_cli.training import gans
from gangan_cli.training.gangan import train_gangan
from gangan_cli.weightspace.baselines import BASELINES
from store import Catalog, Run
from tests.integration.populations import few_digits, only_the_judge, population

pytestmark = pytest.mark.xdist_group("families")

SMALL = {
    "cgan": "generator=16,32 discriminator=32,16",
    "infogan": "generator=8,8,4 discriminator=4,8",
    "dcgan-small": "",
    "shared-wgan": "width=4 critic_steps=2",
    "cyclegan": "width=4 critic_width=4",
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A store with a run of each, two GANs of two epochs, as they are before training."""
    machine = RunEnvironment(store=tmp_path_factory.mktemp("runs"), workers=1, compile=False)
    few = few_digits(every=25)
    for family, options in SMALL.items():
        config = gans.GansConfig(
            run=family, dataset="mnist5k", family=family, family_options=options,
            gans=2, epochs=2, batch_size=50,
        )  # fmt: skip
        manifest = gans._manifest(config, few, machine)
        with Run.create(machine.store / family, manifest) as run:
            for epoch in (1, 2):
                losses = np.full((2, len(manifest.losses), 2), 1 / epoch)
                run.commit(epoch, [0, 1], losses, np.stack([newborn(manifest) for _ in range(2)]))
            run.release("complete")
    return machine


def newborn(manifest):
    """The weights of new networks."""
    networks = build(manifest.family, manifest.hparams).networks()
    return manifest.layout.join(
        {
            f"{network}.{name}": tensor.numpy()
            for network, module in networks.items()
            for name, tensor in module.state_dict().items()
        }
    )


def figures(machine, run, folder):
    output = Output(folder, ["png"], 60, 0)
    return {name for name, _ in export_figures(Catalog(machine.store), run, output)}


@pytest.fixture(autouse=True)
def few_images(monkeypatch):
    """What is measured of a GAN's images is measured of few."""
    monkeypatch.setattr("gangan_cli.sampling.level.ESTIMATED", 64)
    monkeypatch.setattr("gangan_cli.sampling.translations.N_COMPARED", 50)
    monkeypatch.setattr("gangan_cli.audit.quality.AGAIN", 1)
    monkeypatch.setattr("gangan_cli.audit.options.DRAWN", 8)


OWN = {"cgan": {"meanings"}, "infogan": {"meanings"}, "cyclegan": {"translations"}}


@pytest.fixture(scope="module")
def drawn(machine, tmp_path_factory):
    """The figures of a family's run, and where they are; each is drawn once."""

    @cache
    def of(family):
        folder = tmp_path_factory.mktemp("figures")
        return figures(machine, family, folder), folder / family

    return of


@pytest.mark.parametrize("family", SMALL)
def test_every_family_has_its_figures(family, drawn):
    found, _ = drawn(family)
    assert found - {"samples", "training", "losses", "lineage", "entropies"} == OWN.get(family, set())


@pytest.mark.parametrize("family", ["dcgan-small", "cgan"])
def test_a_gangan_over_any_family_goes_to_figures(family, machine, tmp_path):
    config = GanGanConfig(
        on=family,
        run=f"over-{family}",
        epochs=2,
        batch_size=4,
        components=3,
        family_options="templates=4",
    )
    train_gangan(config, machine)
    assert {"walk", "samples", "losses"} <= figures(machine, config.run, tmp_path)


def test_an_audit_of_a_gangan_over_some_of_them_looks_at_the_others_parameters(machine, monkeypatch):
    """Snapshots have batch statistics as well; and the critic's last bias is 0 in all of them, its last
    weights are where they are clipped."""
    few = [(id, BASELINES[id].draw) for id in ("snapshot", "moving_average")]
    monkeypatch.setattr("gangan_cli.sampling.weight_samplers.applicable", lambda pool: few)
    config = gans.GansConfig(
        run="population", dataset="mnist5k", family="shared-wgan", family_options=SMALL["shared-wgan"],
        gans=2, epochs=2, batch_size=25,
    )  # fmt: skip
    population(config, few_digits(every=20), machine)
    config = GanGanConfig(
        on="population",
        run="some",
        gans="0",
        epochs=1,
        batch_size=2,
        components=1,
        family_options="templates=0",
    )
    train_gangan(config, machine)
    request = AuditRequest(options=Options(count=3, images=40, points=3))
    (audit,) = audited(Catalog(machine.store), "some", request, None, lambda *_: None, only_the_judge)
    assert audit.held_out == ["population:1"]
    assert (audit.usual["weights"].held_out.values > 0).all()
    for one in audit.samplers:
        assert np.isnan(one.layers["critic.out.bias"])
        assert np.nanmin(list(one.layers.values())) >= 0


def test_a_class_or_a_code_is_varied_and_nothing_else(machine):
    with Lineage.open(Catalog(machine.store), "infogan") as lineage:
        gan, epoch, found = latent_traversals(lineage)
        again = lineage.render(lineage.top.snapshot(0, 2)[None], lineage.fixed_noise(10, 0))[0]
    assert (gan, epoch) == (0, 2)
    assert [varied.code.name for varied in found] == ["class", "code 1", "code 2"]
    classes, code, other = (varied.images for varied in found)
    assert classes.shape == code.shape == (10, 10, 28, 28)
    # A noise vector of class i is the i-th of those that all figures show.
    np.testing.assert_allclose(classes[np.arange(10), np.arange(10)], again, atol=1e-5)
    assert found[1].columns == pytest.approx(np.linspace(-1, 1, 10).tolist())
    assert not np.array_equal(code, other)


def test_translations_go_there_and_back(machine):
    with Lineage.open(Catalog(machine.store), "cyclegan") as lineage:
        found = translations(lineage, shown=4)
        vector = lineage.top.snapshot(0, 2)
        a = found.from_a[0].reshape(4, 784)
        there = lineage.apply_networks(vector, ["a_to_b"], a)
    assert found.from_a.shape == found.from_b.shape == (3, 4, 28, 28)
    np.testing.assert_allclose(found.from_a[1].reshape(4, 784), there, atol=1e-5)
    assert found.lost > 0.1  # nothing is learnt in a few steps
    assert list(found.changed) == [*(f"noise {size}" for size in NOISES), "eight bits", "blurred"]
    noises = [found.changed[f"noise {size}"][0] for size in NOISES]
    assert noises == sorted(noises)
    assert found.changed["eight bits"][1] < 1e-6  # real images are eight bits already


def test_what_a_figure_of_translations_measured_stands_beside_it(drawn):
    _, folder = drawn("cyclegan")
    document = json.loads((folder / "translations.json").read_text())
    assert set(document["changed"]) >= {"noise 0.05", "blurred"}
    assert document["lost"] > 0


def test_a_run_with_batch_statistics_is_exported_and_imported_with_the_same_bytes(machine, tmp_path):
    catalog = Catalog(machine.store)
    with catalog.open("dcgan-small") as run:
        export_run(run, tmp_path / "out", "safetensors", lambda _: lambda: None)
        before = run.matrix()[0]
    import_run(catalog, tmp_path / "out", "again", lambda _: lambda: None)
    with catalog.open("again") as run:
        assert np.array_equal(run.matrix()[0], before)
        assert sum(tensor.statistic for tensor in run.manifest.layout.tensors) == 10
