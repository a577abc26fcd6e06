"""Network file systems: recognised, refused for writing with the way out, and read all the same."""

import shutil
import subprocess
from pathlib import Path

import pytest

from store import Catalog, filesystem
from store.errors import Unsuitable
from store.filesystem import check_local
from tests.commands import gangan

LINES = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /mnt/nfs rw,relatime shared:2 - {kind} server:/export rw,vers=4.2
31 30 8:1 / /mnt/nfs/local rw,relatime - xfs /dev/sdb rw
32 22 0:41 / /mnt/with\\040blank rw,relatime - {kind} //server/share rw
33 22 8:2 / /mnt/covered rw,relatime - {kind} server:/old rw
34 22 8:3 / /mnt/covered rw,relatime - ext4 /dev/sdc rw
"""


@pytest.fixture(params=["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse", "ceph", "9p"])
def mounts(request, tmp_path, monkeypatch):
    file = tmp_path / "mountinfo"
    file.write_text(LINES.format(kind=request.param))
    return request.param, file


@pytest.mark.parametrize("folder", ["/mnt/nfs", "/mnt/nfs/deep/er", "/mnt/with blank/store"])
def test_a_network_is_refused_with_the_reason_and_the_way_out(mounts, folder):
    kind, file = mounts
    with pytest.raises(Unsuitable, match=rf"{kind} \(mounted at .*--store.*--force"):
        check_local(Path(folder), file)


@pytest.mark.parametrize("folder", ["/", "/mnt", "/mnt/nfs/local/x", "/mnt/covered/x", "/mnt/nfsx"])
def test_what_lies_beside_or_over_it_is_not(mounts, folder):
    check_local(Path(folder), mounts[1])


def test_only_writing_is_refused_and_force_goes_on(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(filesystem, "NETWORKS", {"ext4", "tmpfs", "xfs", "btrfs", "overlay", "zfs"})
    shutil.copytree(trained / "a", tmp_path / "a")
    with Catalog(tmp_path).open("a") as run:
        assert len(run.keys())
    with pytest.raises(Unsuitable):
        Catalog(tmp_path).open("a", write=True)
    with pytest.raises(Unsuitable), Catalog(tmp_path).adding("new"):
        pass
    Catalog(tmp_path, force=True).open("a", write=True).close()


def test_on_a_real_file_system_of_fuse(tmp_path, trained):
    if not shutil.which("bindfs"):
        pytest.skip("bindfs makes one, and is not installed")
    over = tmp_path / "fuse"
    over.mkdir()
    if subprocess.run(["bindfs", trained, over], capture_output=True).returncode:
        pytest.skip("FUSE cannot be mounted here")
    try:
        command = ["train-gans", "--run", "x", "--dataset", "mnist5k", "--gans", 1, "--epochs", 1]
        refused = gangan(*command, "--store", over)
        assert (refused.code, "lies on fuse" in refused.err) == (3, True), refused.err
        assert not (over / "x").exists()
        assert gangan("runs", "list", "--store", over).code == 0
        forced = gangan(*command, "--store", over, "--force")
        assert forced.code == 0, forced.err
        assert gangan("runs", "remove", "x", "--yes", "--store", over).code == 0
    finally:
        subprocess.run(["umount", over], check=True)
