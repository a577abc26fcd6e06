"""How a setting is described: its bounds, its help, and the names that it had before."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from gangan_cli.errors import ConfigurationError

RENAMED = {
    "average": "ema_decay",
    "blur": "instance_noise",
    "decays": "lr_decay",
    "r1_end": "r1_final",
    "slope": "gp_weight",
}
"""Today's names of settings and hyperparameters that were stored, or written in files, under others."""

OPTIONS_BEFORE: Mapping[str, type] = {
    "discriminator_width": int,
    "generator_width": int,
    "templates": int,
    "instance_noise": float,
    "lr_decay": bool,
    "loss": str,
    "r1": float,
    "r1_final": float,
    "gp_weight": float,
    "ema_decay": float,
}
"""Settings of GAN-GANs that have become options of the family; stored runs and files still name them."""


def renamed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored settings under today's names."""
    return {RENAMED.get(name, name): value for name, value in settings.items()}


def setting_field(default: Any = dataclasses.MISSING, help: str = "", **more: Any) -> Any:
    """Return a dataclass field that describes a setting.

    `more` may hold bounds (`at_least`, `at_most`, `above`, `one_of`), and for the command line:
    `names` of the option where they do not follow from the field's; `environment`, a variable that
    several commands share; `metavar`; `shown`, the default in words; `also`, what else may set the
    default; and `option=False` for a setting that only --config files have.
    """
    return dataclasses.field(default=default, metadata={"help": help, **more})


def check_bounds(configuration: Any) -> None:
    """Check the values of a configuration against the bounds that its fields declare.

    Raises:
        ConfigurationError: one lies outside.
    """
    for field in dataclasses.fields(configuration):
        value, name = getattr(configuration, field.name), field.name.replace("_", "-")
        if value is None:
            continue
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigurationError(f"{name} is {value}: give a finite number")
        if (least := field.metadata.get("at_least")) is not None and not value >= least:
            raise ConfigurationError(f"{name} is {value}: give {least} or more")
        if (most := field.metadata.get("at_most")) is not None and not value <= most:
            raise ConfigurationError(f"{name} is {value}: give {most} or less")
        if (known := field.metadata.get("one_of")) is not None and value not in known:
            raise ConfigurationError(f"{name} is {value!r}: give {' or '.join(known)}")
        if (bound := field.metadata.get("above")) is not None and not value > bound:
            raise ConfigurationError(f"{name} is {value}: give more than {bound}")
