"""What can go wrong with a store. Messages say what is wrong, with the value, and what to do next."""


class StoreError(Exception):
    """The store is missing, full, damaged or in use."""


class NotAStore(StoreError):
    """The path given as a store is not a folder of runs."""


class Unsuitable(StoreError):
    """The store lies where runs must not be written."""


class StoreFull(StoreError):
    """The disk or the memory map has no room for what was to be written."""


class InUse(StoreError):
    """Another process is training this run."""


class Damaged(StoreError):
    """Bytes on disk are not what was written."""


class NewerFormat(StoreError):
    """The run was written by a later version of gangan."""


class NotFound(StoreError):
    """A name or key that the store does not hold: the caller's mistake, not the store's."""


class UnknownRun(NotFound):
    """No run of that name below the store's root."""


class UnknownSnapshot(NotFound):
    """The run holds no snapshot under that (gan, epoch)."""


class BadName(StoreError):
    """The name cannot be a run's name."""


class RunExists(StoreError):
    """A run of that name is there already."""
