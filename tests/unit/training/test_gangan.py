"""What a GAN-GAN's run is made of."""

import pytest

from gangan_cli.training.gangan import GanGanConfig, train_gangan
from gangan_cli.training.job import Machine
from store import Catalog
from tests.conftest import numbers, run_of


@pytest.mark.parametrize(("wanted", "got"), [(256, 4), (3, 3), (0, 0)])
def test_a_template_has_ten_snapshots_at_least(tmp_path, wanted, got):
    with run_of(tmp_path / "a", numbers(0, 47, 10)):
        pass
    config = GanGanConfig(on="a", epochs=1, batch_size=8, components=3, templates=wanted)
    for _ in train_gangan(config, Machine(store=tmp_path, workers=1, compile=False)):
        pass
    with Catalog(tmp_path).open("gangan") as run:
        assert run.manifest.sizes["templates"] == got
