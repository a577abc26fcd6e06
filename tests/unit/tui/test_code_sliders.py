"""Classes and codes on the slider."""

from pathlib import Path

import pytest

from gangan_cli.errors import ConfigurationError
from gangan_cli.models.latent_codes import Categorical, Continuous, latent_codes_of
from gangan_cli.models.registry import build
from gangan_cli.tui.code_sliders import CodeSlider
from gangan_cli.tui.run_index import RunView
from gangan_cli.tui.scrub import Scrub
from tests.runs import small_manifest

LABEL, CODE = CodeSlider(Categorical("label", 5, 10)), CodeSlider(Continuous("code 1", 15))


@pytest.mark.parametrize("knob", [LABEL, CODE])
def test_each_place_is_another_value_and_the_first_is_as_drawn(knob):
    there = [knob.at(place) for place in range(knob.steps + 1)]
    assert [one.place for one in there] == list(range(knob.steps + 1))
    assert there[0].value is None
    assert len({one.value for one in there}) == knob.steps + 1
    assert knob.at(-3) == there[0]
    assert knob.at(999) == there[-1]


def test_what_it_says():
    assert [LABEL.at(place).reading() for place in (0, 1, 10)] == ["each in turn", "0", "9"]
    assert [CODE.at(place).reading() for place in (0, 1, 21, 41)] == [
        "as drawn",
        "-1.00",
        "+0.00",
        "+1.00",
    ]


def infogan():
    hparams = {"noise_dim": 6, "classes": 10, "codes": 2}
    manifest = small_manifest(family="infogan", hparams=hparams)
    return RunView("a", Path("a"), manifest, gans={0: (3, ()), 1: (2, ())})


def test_the_slider_takes_epochs_then_the_class_then_codes_and_begins_anew():
    scrub = Scrub.start(infogan())
    axes = []
    for _ in range(5):
        axes.append((scrub.axis(), scrub.steps))
        scrub = scrub.next_knob(1)
    epochs = "GAN 0, epoch", 2
    assert axes == [epochs, ("class", 10), ("code 1", 41), ("code 2", 41), epochs]
    assert (scrub.axis(), scrub.next_knob(-1).axis()) == ("class", "GAN 0, epoch")


def test_a_turned_knob_stays_where_it_is_as_others_and_epochs_are_scrubbed():
    scrub = Scrub.start(infogan()).next_knob(1).typed("7").next_knob(1).at(41).next_knob(-2).at(0)
    assert scrub.epoch == 1
    assert [knob.value for knob in scrub.knobs] == [7, 1, None]


WRONG = [(1, "10", "0 to 9"), (1, "2.5", "0 to 9"), (2, "1.5", "-1 to 1"), (2, "x", "not a number")]


@pytest.mark.parametrize(("take", "text", "said"), WRONG)
def test_what_is_no_value_is_said(take, text, said):
    with pytest.raises(ConfigurationError, match=said):
        Scrub.start(infogan()).next_knob(take).typed(text)


@pytest.mark.parametrize("name", ["cgan", "infogan", "mlp"])
def test_the_table_of_controls_is_that_of_the_families(name):
    from dataclasses import asdict

    family = build(name, {})
    assert latent_codes_of(name, asdict(family)) == family.latent_codes
