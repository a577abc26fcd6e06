"""Families of GANs by name. Importing this imports no torch; building a family does."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from gangan_cli.errors import ConfigurationError
from gangan_cli.models.family import Family

FAMILIES = {"mlp": "gangan_cli.models.mlp:MLP", "r1-mlp": "gangan_cli.models.r1_mlp:R1MLP"}
"""Where each family's class is."""


def build(name: str, sizes: Mapping[str, Any]) -> Family:
    """Return the family `name` with the given sizes.

    Raises:
        ConfigurationError: no such family, or it has no such size.
    """
    if name not in FAMILIES:
        raise ConfigurationError(f"no family {name!r}: there is {', '.join(FAMILIES)}")
    module, _, attribute = FAMILIES[name].partition(":")
    try:
        family: Family = getattr(import_module(module), attribute)(**sizes)
    except TypeError as error:
        raise ConfigurationError(f"family {name!r}: {error}") from error
    return family
