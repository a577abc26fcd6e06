"""An export of a small run, and what must be true when an import of it was refused."""

import shutil
from pathlib import Path

from gangan_cli.errors import ConfigurationError, WorkFailed
from gangan_cli.interchange.export import export_run
from gangan_cli.interchange.importing import import_run
from store import Run

PRESENT = Path(__file__).parent / "formats" / "2.mdb"
REFUSED = (WorkFailed, ConfigurationError)


def bring_in(catalog, source):
    import_run(catalog, source, "x", lambda total: lambda: None)


def export(folder, form):
    """An export of a small run."""
    (folder / "r").mkdir()
    shutil.copy(PRESENT, folder / "r" / "data.mdb")
    with Run.open(folder / "r") as run:
        export_run(run, folder / "out", form, lambda total: lambda: None)
    return folder / "out"


def check_untouched(catalog, tmp_path, before):
    assert not catalog.root.exists() or list(catalog.root.iterdir()) == []
    assert {path for path in tmp_path.rglob("*") if "store" not in path.parts} == before


def everything(folder):
    return {path for path in folder.rglob("*") if "store" not in path.parts}
