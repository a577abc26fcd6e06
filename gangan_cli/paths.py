"""The canonical form of paths that users give."""

from pathlib import Path

from gangan_cli.errors import ConfigurationError


def expanded(given: str | Path) -> Path:
    """Return a path with `~` and `~name` replaced by the home folder, where no shell has done so.

    Raises:
        ConfigurationError: that home folder is unknown, or the text cannot be a path.
    """
    if "\0" in str(given):
        raise ConfigurationError(f"{str(given)!r} cannot be a path: it holds a zero byte")
    try:
        return Path(given).expanduser()
    except RuntimeError as error:
        raise ConfigurationError(f"{given}: that home folder is unknown: write the path out") from error


def canonical(given: str | Path) -> Path:
    """Return the absolute form of a path, independent of how it was typed and of the working folder.

    Symbolic links are kept: a user who names a link means whatever it points to later.

    Raises:
        ConfigurationError: as `expanded`, or it is relative to a working folder that is gone.
    """
    path = expanded(given)
    try:
        return path.resolve() if ".." in path.parts else path.absolute()
    except OSError as error:
        raise ConfigurationError(
            f"{path} is relative to a working folder that cannot be used ({error.strerror}): "
            "write the path out"
        ) from error
