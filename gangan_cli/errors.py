"""The errors of commands, apart from those of the store."""


class ConfigurationError(Exception):
    """The request is invalid; nothing was done. Exit code 2."""


class WorkFailed(Exception):
    """The work was started and failed. Exit code 1."""
