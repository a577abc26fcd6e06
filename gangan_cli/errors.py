"""The two ways in which a command fails that is not the store's doing."""


class ConfigurationError(Exception):
    """What was asked for makes no sense; nothing was done. Exit code 2."""


class WorkFailed(Exception):
    """The work was begun and could not be done. Exit code 1."""
