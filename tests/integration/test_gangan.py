"""What a GAN-GAN's run is made of."""

import numpy as np
import pytest

from gangan_cli.config import GanGanConfig, RunEnvironment
from gangan_cli.training.events import EncodingStarted, EpochResult, TooFewSteps
from gangan_cli.training.gangan import _too_few_steps, train_gangan
from store import Catalog
from tests.runs import numbers, run_of


class Stop(Exception):
    """Raised to end a training."""


def events_until(kind, config, machine):
    """Return the events of a training, which is stopped at the first of this kind."""
    events = []

    def report(event):
        events.append(event)
        if isinstance(event, kind):
            raise Stop

    with pytest.raises(Stop):
        train_gangan(config, machine, report)
    return events


def created(config, machine):
    """Create the run that `config` describes, or open it, and train nothing: return the events until
    the one that says that it has few steps."""
    return events_until(TooFewSteps, config, machine)


@pytest.mark.parametrize("components", [0, 3])
def test_the_penalty_does_not_depend_on_the_scale_of_what_it_is_on(tmp_path, components):
    once = numbers(0, 47, 10)
    found = []
    for name, vectors in (("a", once), ("b", 3 * once)):
        with run_of(tmp_path / name, vectors):
            pass
        config = GanGanConfig(
            on=name, run=f"over-{name}", epochs=1, batch_size=8, components=components, polar=False,
            family_options="r1=2.0 r1_final=0.5 templates=0",
        )  # fmt: skip
        created(config, RunEnvironment(store=tmp_path))
        with Catalog(tmp_path).open(config.run) as run:
            codes = run.constant("codes") if components else vectors
            step = np.median(np.linalg.norm(np.diff(codes, axis=0), axis=1))
            hparams = run.manifest.hparams
            assert hparams["r1"] == pytest.approx(2 * step**2, rel=1e-4)
            assert hparams["r1_final"] == pytest.approx(0.5 * step**2, rel=1e-4)
            found.append(hparams["r1"])
    assert found[1] == pytest.approx(found[0] * (1 if components else 9), rel=1e-3)


def test_that_a_code_is_looked_for_is_told_when_it_is(tmp_path):
    with run_of(tmp_path / "a", numbers(0, 47, 10)):
        pass
    small = {"on": "a", "epochs": 1, "batch_size": 47, "family_options": "templates=0 generator_width=2"}
    for run, components, told in (("g", 2, ["g"]), ("g", 2, []), ("raw", 0, [])):
        config = GanGanConfig(run=run, components=components, **small)
        events = created(config, RunEnvironment(store=tmp_path))
        assert [event.run for event in events if isinstance(event, EncodingStarted)] == told


def test_few_batches_are_told_of_before_they_are_trained_and_once(tmp_path):
    with run_of(tmp_path / "a", numbers(0, 47, 10)):
        pass
    machine = RunEnvironment(store=tmp_path, workers=1, compile=False)
    few = GanGanConfig(
        on="a",
        run="few",
        batch_size=47,
        components=2,
        family_options="templates=0 generator_width=2",
        epochs=4,
    )
    assert created(few, machine)[-1] == TooFewSteps("few", 12, 20_000, 5000)
    events_until(EpochResult, few, machine)
    resumed = []
    train_gangan(few, machine, resumed.append)
    assert any(isinstance(event, EpochResult) for event in resumed)
    assert not any(isinstance(event, TooFewSteps) for event in resumed)


def test_enough_batches_are_not_told_of():
    few = GanGanConfig(on="a", batch_size=47, epochs=250, repeat=3)
    assert _too_few_steps(few, 47 * 7) == TooFewSteps("gangan", 1750, 20_000, 35)
    assert _too_few_steps(few, 47 * 8) is None
