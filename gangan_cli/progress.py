"""Reports of progress: what long work calls, and whoever shows it provides."""

from collections.abc import Callable

ProgressCallback = Callable[[str, int, int], None]
"""(name of the task, done, total)."""

StepCallback = Callable[[int], Callable[[], None]]
"""Called with the total; returns a function to call after each step."""
