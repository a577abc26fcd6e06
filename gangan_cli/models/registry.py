"""Families of GANs by name. Importing this imports no torch; building a family does."""

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from gangan_cli.errors import ConfigurationError
from gangan_cli.models.family import Family, ImageSpec, NumberSpec, WeightSpec, layout
from gangan_cli.presets import PRESETS, R1
from gangan_cli.settings import OPTIONS_BEFORE, renamed


@dataclass(frozen=True)
class FamilyInfo:
    """A family's entry in the registry, known without importing its module."""

    where: str
    """Its module and class."""
    paper: str
    summary: str
    """A description of one line."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Training settings of the code that it follows, where they differ from those of `mlp`."""
    of_images: bool = True
    """Whether it can be trained on images."""
    of_numbers: bool = False
    """Whether it can be trained on datasets of numbers."""
    of_weights: bool = False
    """Whether it can be trained on weights."""
    conditional: bool = False
    """Whether it can generate weights under a condition."""

    @property
    def of_datasets(self) -> bool:
        """Whether train-gans can train it: on images or on numbers."""
        return self.of_images or self.of_numbers


# The code that each paper used: PyTorch-GAN's, Shared-WGAN's, and that of Goodfellow et al.
AS_IN_002 = {"batch_size": 64, "epochs": 200}
AS_IN_001 = {"batch_size": 64, "lr": 5e-5, "epochs": 50}
# A step takes two batches, so that 50 epochs are the code's 25.
AS_IN_DCGAN = {"batch_size": 64, "epochs": 50}
AS_IN_003 = {"batch_size": 100, "lr": 0.1, "epochs": 250}
# The published figures of its one-dimensional task, 5,000 steps in all.
OF_NUMBERS = {
    "dataset": "normal:4,0.5,100000", "batch_size": 20, "lr": 2e-3, "epochs": 50, "epoch_steps": 100,
}  # fmt: skip

FAMILIES: Mapping[str, FamilyInfo] = {
    "mlp": FamilyInfo("mlp:MLP", "Suarez 2019", "three linear layers on either side", of_weights=True),
    "gan": FamilyInfo("gan:GAN", "Goodfellow et al. 2014", "linear layers, any widths", AS_IN_002),
    "goodfellow": FamilyInfo(
        "goodfellow:Goodfellow",
        "Goodfellow et al. 2014",
        "the nets of 2014: maxout, dropout, momentum",
        AS_IN_003,
    ),
    "cgan": FamilyInfo(
        "cgan:CGAN", "Mirza and Osindero 2014", "both networks know the label", AS_IN_002
    ),
    "dcgan": FamilyInfo("dcgan:DCGAN", "Radford et al. 2016", "convolutions, any channels", AS_IN_002),
    "dcgan-small": FamilyInfo(
        "dcgan_small:SmallDCGAN", "Suarez 2019", "convolutions, under 30,000 parameters"
    ),
    "dcgan-32": FamilyInfo(
        "dcgan_32:DCGAN32", "Radford et al. 2016", "kernels of 5 × 5 in both networks", AS_IN_DCGAN
    ),
    "infogan": FamilyInfo(
        "infogan:InfoGAN", "Chen et al. 2016", "finds classes and codes by itself", AS_IN_002
    ),
    "wgan": FamilyInfo(
        "wgan:WGAN", "Arjovsky et al. 2017", "a clipped critic, five steps to one", AS_IN_001
    ),
    "shared-wgan": FamilyInfo(
        "shared_wgan:SharedWGAN", "Karuvally", "a WGAN that borrows layers from its critic", AS_IN_001
    ),
    "cyclegan": FamilyInfo(
        "cyclegan:CycleGAN", "Zhu et al. 2017", "outlines to images and back, unpaired", AS_IN_002
    ),
    "gaussian": FamilyInfo(
        "gaussian:Gaussian",
        "Karuvally",
        "numbers in one dimension, for theory",
        OF_NUMBERS,
        of_images=False,
        of_numbers=True,
    ),
    "shared-gaussian": FamilyInfo(
        "gaussian:SharedGaussian",
        "Karuvally",
        "the same, with a layer borrowed from D",
        OF_NUMBERS,
        of_images=False,
        of_numbers=True,
    ),
    "r1-mlp": FamilyInfo(
        "r1_mlp:R1MLP",
        "Mescheder et al. 2018",
        "regularised, templates: the default GAN-GAN",
        of_images=False,
        of_weights=True,
        conditional=True,
    ),
    "flow": FamilyInfo(
        "weights_flow:WeightsFlow",
        "Lipman et al. 2023",
        "flow matching: one velocity network",
        of_images=False,
        of_weights=True,
        conditional=True,
    ),
}


def build(name: str, hparams: Mapping[str, Any]) -> Family:
    """Return the family `name` with the given hyperparameters, under today's names or earlier ones.

    The same ones give the same object, so that its recorded updates are found again.

    Raises:
        ConfigurationError: no such family or hyperparameter, or not of that value.
    """
    try:
        return _built(name, tuple(renamed(hparams).items()))
    except TypeError as error:
        raise ConfigurationError(f"family {name!r}: {error}") from error


@cache
def _built(name: str, hparams: tuple[tuple[str, Any], ...]) -> Family:
    family: Family = _class_of(name)(**dict(hparams))
    return family


def hparams_for(name: str, spec: ImageSpec | NumberSpec, options: str = "") -> dict[str, Any]:
    """Return the hyperparameters of a family for a dataset, changed by `options`.

    Raises:
        ConfigurationError: the family is not for such examples, or an option is none of its own.
    """
    chosen = given_options(name, options)
    info = family_info(name)
    if isinstance(spec, NumberSpec) and not info.of_numbers:
        able = " or ".join(one for one, other in FAMILIES.items() if other.of_numbers)
        raise ConfigurationError(f"family {name!r} is for images, not numbers: give --family {able}")
    if isinstance(spec, ImageSpec) and not info.of_images:
        raise ConfigurationError(
            f"family {name!r} is for numbers, not images: give --dataset normal:4,0.5,100000"
        )
    try:
        given = _class_of(name).hparams_for(spec)
    except TypeError as error:
        raise ConfigurationError(f"family {name!r}: {error}") from error
    hparams = {**given, **chosen}
    try:
        layout(build(name, hparams))  # its layers, which a family looks at only as it makes them
    except TypeError as error:
        raise ConfigurationError(f"family {name!r}: {error}") from error
    return hparams


def given_options(name: str, options: str) -> dict[str, Any]:
    """Return the hyperparameters that `options` such as "width=8 loss=code" set, for a family of images
    or numbers.

    Raises:
        ConfigurationError: the family is of weights only, or an option is none of its own.
    """
    if not family_info(name).of_datasets:
        raise ConfigurationError(f"family {name!r} is for weights: train it with gangan train-gangan")
    return _parsed(name, options, options_of(name) if options else {}, least=1)


def _parsed(name: str, options: str, defaults: Mapping[str, Any], least: int) -> dict[str, Any]:
    """Return the hyperparameters that `options` set; whole numbers must be at least `least`."""
    chosen: dict[str, Any] = {}
    for option in options.split():
        written, equals, text = option.partition("=")
        key = written.replace("-", "_")
        if not equals:
            raise ConfigurationError(f"family option {option!r}: give it as key=value")
        if key not in defaults:
            near = difflib.get_close_matches(key, defaults, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(defaults) or 'none'}"
            raise ConfigurationError(f"family {name!r} has no option {written!r}: {hint}")
        chosen[key] = _value(text, defaults[key], option, least)
    return chosen


def _value(text: str, default: Any, option: str, least: int) -> Any:
    """Return `text` as a value of the default's type; numbers are not negative, whole numbers at least
    `least`."""
    kind: type = type(default)
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        value = kind(text)
        if kind is str or (kind is int and value >= least) or (kind is float and 0 <= value < math.inf):
            return value
    except (ValueError, KeyError):
        pass
    what = {
        bool: "true or false",
        int: f"a whole number from {least} on",
        float: "a number that is not negative",
    }[kind]
    raise ConfigurationError(f"family option {option!r}: give {what}, as in {_text(default)}")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# ------------------------------------------------------------------ generators of weights


def weight_options(name: str, options: str, *more: str) -> dict[str, Any]:
    """Return all options of a family of weights: its defaults, changed by `options` such as "r1=13
    templates=512", and these by `more`.

    Raises:
        ConfigurationError: the family is not of weights, or an option is none of its own.
    """
    if not family_info(name).of_weights:
        raise ConfigurationError(f"family {name!r} is for images: train it with gangan train-gans")
    defaults = dict(_class_of(name).weight_options)
    for changes in (options, *more):
        defaults |= _parsed(name, changes, defaults, least=0)
    return defaults


def written(options: Mapping[str, Any]) -> str:
    """Return options as text that `weight_options` reads."""
    return " ".join(f"{name}={_text(value)}" for name, value in sorted(options.items()))


def fold_options(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of a GAN-GAN, stored or written earlier, with those that have become options of
    its family in `family_options`."""
    before = {name: value for name, value in settings.items() if name in OPTIONS_BEFORE}
    if not before:
        return dict(settings)
    preset = PRESETS.get(settings.get("preset", "default"), {})
    defaults = weight_options(settings.get("family", preset.get("family", R1)), "")
    own = {name: value for name, value in before.items() if name in defaults}
    options = f"{written(own)} {settings.get('family_options', '')}".strip()
    rest = {name: value for name, value in settings.items() if name not in before}
    return {**rest, "family_options": options}


def weight_hparams_for(name: str, spec: WeightSpec, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hyperparameters of a family of weights for such examples, with all its options.

    Raises:
        ConfigurationError: the options do not fit each other, or the examples.
    """
    try:
        hparams: dict[str, Any] = _class_of(name).hparams_for_weights(spec, options)
        layout(build(name, hparams))
    except TypeError as error:
        raise ConfigurationError(f"family {name!r}: {error}") from error
    return hparams


def options_of(name: str) -> dict[str, Any]:
    """Return the options of a family of images or numbers, with their defaults."""
    cls = _class_of(name)
    given = cls.hparams_for(NumberSpec() if family_info(name).of_numbers else ImageSpec(28, 28))
    return {one.name: one.default for one in dataclasses.fields(cls) if one.name not in given}


def family_info(name: str) -> FamilyInfo:
    """Return the registry's entry of the family `name`.

    Raises:
        ConfigurationError: there is none.
    """
    if name not in FAMILIES:
        known = (one if info.of_datasets else f"{one} (of weights)" for one, info in FAMILIES.items())
        raise ConfigurationError(f"no family {name!r}: choose from {', '.join(known)}")
    return FAMILIES[name]


def _class_of(name: str) -> Any:
    module, _, attribute = family_info(name).where.partition(":")
    return getattr(import_module(f"gangan_cli.models.{module}"), attribute)
