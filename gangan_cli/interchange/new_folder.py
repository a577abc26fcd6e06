"""A folder that appears when it is whole, or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gangan_cli.errors import ConfigurationError, WorkFailed


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Yield a temporary folder to write to, which becomes the new folder `out` when the block ends; when
    the block raises, it is deleted.

    Raises:
        ConfigurationError: `out` exists.
        WorkFailed: it cannot be written.
    """
    if out.exists():
        raise ConfigurationError(f"{out} is there already: name a new folder")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise WorkFailed(f"cannot write to {out.parent}: {error.strerror}") from error
    try:
        yield aside
        aside.chmod(0o755)  # mkdtemp's folders are private
        aside.rename(out)
    except OSError as error:
        raise WorkFailed(f"cannot write {out}: {error.strerror}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
