"""What a GAN-GAN's run is made of."""

from itertools import takewhile

import numpy as np
import pytest

from gangan_cli.training.events import Encoding, EpochFinished, Short
from gangan_cli.training.gangan import GanGanConfig, train_gangan
from gangan_cli.training.job import Machine
from store import Catalog
from tests.conftest import numbers, run_of


@pytest.mark.parametrize("components", [0, 3])
def test_the_penalty_does_not_depend_on_the_scale_of_what_it_is_on(tmp_path, components):
    once = numbers(0, 47, 10)
    found = []
    for name, vectors in (("a", once), ("b", 3 * once)):
        with run_of(tmp_path / name, vectors):
            pass
        config = GanGanConfig(
            on=name, run=f"over-{name}", epochs=1, batch_size=8, components=components, polar=False,
            r1=2.0, r1_end=0.5, templates=0,
        )  # fmt: skip
        for _ in train_gangan(config, Machine(store=tmp_path, workers=1, compile=False)):
            pass
        with Catalog(tmp_path).open(config.run) as run:
            codes = run.constant("codes") if components else vectors
            step = np.median(np.linalg.norm(np.diff(codes, axis=0), axis=1))
            sizes = run.manifest.sizes
            assert sizes["r1"] == pytest.approx(2 * step**2, rel=1e-4)
            assert sizes["r1_end"] == pytest.approx(0.5 * step**2, rel=1e-4)
            found.append(sizes["r1"])
    assert found[1] == pytest.approx(found[0] * (1 if components else 9), rel=1e-3)


def test_that_a_code_is_looked_for_is_told_when_it_is(tmp_path):
    with run_of(tmp_path / "a", numbers(0, 47, 10)):
        pass
    machine = Machine(store=tmp_path, workers=1, compile=False)
    small = {"on": "a", "epochs": 1, "batch_size": 47, "templates": 0, "generator_width": 2}
    for run, components, told in (("g", 2, ["g"]), ("g", 2, []), ("raw", 0, [])):
        events = list(train_gangan(GanGanConfig(run=run, components=components, **small), machine))
        assert [event.run for event in events if isinstance(event, Encoding)] == told


def test_few_batches_are_told_of_once_and_enough_are_not(tmp_path):
    with run_of(tmp_path / "a", numbers(0, 47, 10)):
        pass
    machine = Machine(store=tmp_path, workers=1, compile=False)
    small = {"on": "a", "batch_size": 47, "components": 2, "templates": 0, "generator_width": 2}
    few = Short("few", 250, 20_000, 80)
    for run, repeat, told in (("few", 1, [few]), ("few", 1, []), ("enough", 8, [])):
        events = train_gangan(GanGanConfig(run=run, repeat=repeat, **small), machine)
        before = list(takewhile(lambda event: not isinstance(event, EpochFinished), events))
        assert [event for event in before if isinstance(event, Short)] == told
        events.close()
