"""Options of families: what makes no sense is refused, and defaults can be written out."""

import pytest

from gangan_cli.errors import ConfigurationError
from gangan_cli.models.family import ImageSpec
from gangan_cli.models.registry import FAMILIES, hparams_for, options_of

DIGITS = ImageSpec(28, 28)


@pytest.mark.parametrize(
    ("name", "image_spec", "options", "message"),
    [
        ("nope", DIGITS, "", "no family 'nope'.*shared-wgan"),
        ("gan", DIGITS, "generater=16", "no option 'generater': did you mean generator"),
        ("gan", DIGITS, "generator", "give it as key=value"),
        ("gan", DIGITS, "generator=16,x", "generator is '16,x': give the sizes"),
        ("gan", DIGITS, "bn_eps=small", "give a number that is not negative, as in 0.8"),
        ("gan", DIGITS, "bn_eps=nan", "give a number that is not negative"),
        ("wgan", DIGITS, "critic_steps=0", "give a whole number from 1 on, as in 5"),
        ("wgan", DIGITS, "width=2", "a quarter of it"),
        ("dcgan", DIGITS, "side=32", "no option 'side'"),
        ("dcgan", ImageSpec(28, 24), "", "24 × 28 pixels: it is for square ones"),
        ("dcgan", ImageSpec(30, 30), "", "multiples of 4"),
        ("infogan", ImageSpec(30, 30), "", "multiples of 4"),
        ("cyclegan", ImageSpec(30, 30), "", "multiples of 4"),
        ("wgan", ImageSpec(4, 4), "", "that are 8 or more"),
        ("dcgan", DIGITS, "generator=16,16", "three layers or more"),
        ("infogan", DIGITS, "generator=16,16", "three layers or more"),
        ("cgan", ImageSpec(28, 28, 1, 0), "", "no labels"),
        ("wgan", DIGITS, "loss=mse", "no loss 'mse': choose from wgan, code"),
        ("shared-wgan", DIGITS, "share=5", "the critic has 4"),
        ("shared-wgan", DIGITS, "update=none", "no update 'none'"),
        ("r1-mlp", DIGITS, "", "for weights"),
    ],
)
def test_what_makes_no_sense_is_said(name, image_spec, options, message):
    with pytest.raises(ConfigurationError, match=message):
        hparams_for(name, image_spec, options)


@pytest.mark.parametrize("name", [name for name, entry in FAMILIES.items() if entry.of_images])
def test_every_option_has_a_default_that_it_takes(name):
    options = options_of(name)
    given = " ".join(f"{key}={value}" for key, value in options.items())
    assert hparams_for(name, DIGITS, given) == {**hparams_for(name, DIGITS), **options}
