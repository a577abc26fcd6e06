"""Checks before a command runs: of the package `store` and of the working folder."""

from importlib.util import find_spec
from pathlib import Path

from gangan_cli.errors import ConfigurationError

INSTALLED = Path(__file__).resolve().parents[2]
"""The folder that contains gangan's packages."""


def check_store_package() -> None:
    """Check that `import store` imports gangan's own package: the name is a common one.

    Raises:
        ConfigurationError: another package comes first, for instance by PYTHONPATH, or ours is missing.
    """
    spec = find_spec("store")
    found = Path(spec.origin).resolve() if spec and spec.origin else None
    if found != INSTALLED / "store" / "__init__.py":
        # A module is named by its file, a package by its folder.
        other = found.parent if found and found.name == "__init__.py" else found
        raise ConfigurationError(
            f"another package named 'store' hides gangan's own: {other}. Take {other.parent} out of "
            "PYTHONPATH, or give it another name"
            if other
            else f"gangan's package 'store' is not in {INSTALLED}: install gangan again"
        )


def check_working_folder() -> None:
    """Check that the working folder exists: without one, relative paths have no meaning, and PyTorch's
    and Python's subprocesses do not start.

    Raises:
        ConfigurationError: it was removed.
    """
    try:
        Path.cwd()
    except OSError as error:
        raise ConfigurationError(
            f"the working folder is gone ({error.strerror}): change to one that is there (cd), and give "
            "the command again"
        ) from error
