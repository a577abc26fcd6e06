"""Imports matplotlib as it comes: what a user has set for other work changes no figure here.

It reads settings while it is imported: a matplotlibrc in the working folder, in MATPLOTLIBRC or
MPLCONFIGDIR or at home, and the backend that a notebook leaves in MPLBACKEND. Any of these may be
broken, or ask for LaTeX.
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
    os.environ["MPLCONFIGDIR"] = str(caches.writable("matplotlib"))  # for its list of fonts
    spec = find_spec("matplotlib")
    assert spec is not None and spec.origin is not None
    own_settings = Path(spec.origin).parent / "mpl-data"
    # The settings in the working folder come first: so let that be where its own lie. In a folder that
    # may not be entered there are none, and nobody could come back to it.
    with chdir(own_settings) if os.access(".", os.X_OK) else nullcontext():
        import matplotlib  # noqa: F401
