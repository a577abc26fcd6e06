"""What must be so around a command before it can begin."""

from importlib.util import find_spec
from pathlib import Path

from gangan_cli.errors import ConfigurationError

INSTALLED = Path(__file__).resolve().parents[2]
"""The folder in which gangan's packages lie side by side."""


def check_store_package() -> None:
    """Make sure that `import store` imports ours: the name is a common one.

    Raises:
        ConfigurationError: another comes first, as with a PYTHONPATH that leads to it.
    """
    spec = find_spec("store")
    found = Path(spec.origin).resolve() if spec and spec.origin else None
    if found != INSTALLED / "store" / "__init__.py":
        # A module is its file, a package its folder.
        other = found.parent if found and found.name == "__init__.py" else found
        raise ConfigurationError(
            f"another package named 'store' hides gangan's own: {other}. Take {other.parent} out of "
            "PYTHONPATH, or give it another name"
            if other
            else f"gangan's package 'store' is not in {INSTALLED}: install gangan again"
        )


def check_working_folder() -> None:
    """Make sure that there is a working folder: a relative path means nothing without, nor do PyTorch's
    and Python's processes begin.

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
