"""Imports matplotlib with its default settings, so that a user's settings for other work change no
figure.

matplotlib reads settings when it is imported: a matplotlibrc in the working folder, in MATPLOTLIBRC, in
MPLCONFIGDIR or at home, and the backend that a notebook leaves in MPLBACKEND. Any of these may be
broken, or require LaTeX.
"""

import os
import sys
from contextlib import chdir, nullcontext
from importlib.util import find_spec
from pathlib import Path

from gangan_cli import caches


def load() -> None:
    """Import matplotlib without the user's settings, unless it is imported already."""
    if "matplotlib" in sys.modules:
        return
    os.environ.pop("MPLBACKEND", None)
    os.environ["MPLCONFIGDIR"] = str(caches.writable("matplotlib"))  # for its cache of fonts
    spec = find_spec("matplotlib")
    assert spec is not None and spec.origin is not None
    own_settings = Path(spec.origin).parent / "mpl-data"
    # A matplotlibrc in the working folder comes first, so enter the folder of the default one. A working
    # folder that cannot be entered has no matplotlibrc, and chdir could not return to it.
    with chdir(own_settings) if os.access(".", os.X_OK) else nullcontext():
        import matplotlib  # noqa: F401
