"""The file system under a store: is it local, and does it have room?"""

import os
import resource
import shutil
from collections.abc import Iterator
from math import prod
from pathlib import Path

from store.errors import StoreFull, Unsuitable
from store.manifest import Manifest

NETWORKS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs"}
MOUNTS = Path("/proc/self/mountinfo")
PAGE = os.sysconf("SC_PAGE_SIZE")


def check_local(root: Path, mounts: Path = MOUNTS) -> None:
    """Check that runs may be written below `root`.

    LMDB's locks and memory map work on one machine only: two machines that write over a network lose
    data.

    Raises:
        Unsuitable: it is on a network file system, or on FUSE, which may be one.
    """
    point, kind = Path("/"), ""
    path = root.resolve()
    for mounted, found in _mounts(mounts):
        if path.is_relative_to(mounted) and mounted.is_relative_to(point):
            point, kind = mounted, found  # of two at one place, the later covers the earlier
    if kind in NETWORKS or kind.startswith("fuse"):
        raise Unsuitable(
            f"the store {root} lies on {kind} (mounted at {point}), where locks and memory maps do "
            "not hold: name a local folder with --store and copy finished runs with gangan runs export, "
            "or take the risk with --force"
        )


def _mounts(file: Path) -> Iterator[tuple[Path, str]]:
    try:
        lines = file.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        fields, _, rest = line.partition(" - ")
        if rest:
            # Blanks in a path are written \\040.
            point = fields.split()[4].encode().decode("unicode_escape").encode("latin-1").decode()
            yield Path(point), rest.split()[0]


def run_size(manifest: Manifest, resume: int) -> int:
    """Return about how many bytes a finished run takes, if a checkpoint has `resume` values per GAN.

    A checkpoint may exist three times: the new one, the old one, and one that a reader still sees. Pages
    too scattered to be reused came to at most a tenth in runs made to measure it.
    """
    vector, state = 4 * manifest.layout.size, 4 * resume
    losses = 16 * len(manifest.losses) + 48
    constants = sum(8 * prod(shape) for shape in manifest.constants.values())
    snapshots = manifest.planned_snapshots + manifest.gans * manifest.keeps_initial
    size = snapshots * _stored(vector) + manifest.gans * 3 * _stored(state)
    return int(1.1 * (size + manifest.gans * manifest.epochs * losses + constants)) + 32 * PAGE


def _stored(size: int) -> int:
    """Return the bytes that a value takes with its key and checksum: whole pages, unless it is small."""
    whole = size + 48
    return whole if whole < PAGE // 2 else -(-whole // PAGE) * PAGE


def check_room(path: Path, needed: int) -> None:
    """Check that the disk has room for a run of `needed` bytes in `path`, minus what is already there.

    Raises:
        StoreFull: it does not.
    """
    there = path if path.exists() else next(parent for parent in path.parents if parent.exists())
    taken = sum(file.stat().st_blocks * 512 for file in path.glob("*.mdb"))
    free = shutil.disk_usage(there).free
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    advice = "make room, keep fewer snapshots (--snapshot-every), or go on all the same with --force"
    if needed - taken > free:
        raise StoreFull(
            f"{path} will take another {(needed - taken) / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are "
            f"free: {advice}"
        )
    if limit != resource.RLIM_INFINITY and needed > limit:
        raise StoreFull(
            f"{path} will take {needed / 1e6:,.0f} MB, and files may have {limit / 1e6:,.0f} MB "
            f"(ulimit -f): {advice}"
        )
