"""Connects to a Ray cluster, or starts one on this machine for as long as a command runs.

Ray itself (the extra `ray`) is imported here and in ray_workers.py alone, when a command asks for it.
"""

import contextlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gangan_cli import limits
from gangan_cli.errors import ConfigurationError

AUTO = "auto"
"""The cluster that this machine belongs to, or a new one."""

REACHABLE = 5.0
"""Seconds within which the head of a cluster must accept a connection."""

OBJECT_BYTES = 1 << 30
"""Maximum memory of the object store of a cluster that is started here: a dataset, and some epochs."""

LOOPBACK = "127.0.0.1"

HERE = ("localhost", LOOPBACK)
"""What Ray takes for this machine's own address in its network."""


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster that this process is connected to."""

    address: str

    @property
    def cpus(self) -> int:
        """The processors that all nodes together have now."""
        return int(_ray().cluster_resources().get("CPU", 0))

    @property
    def gpus(self) -> int:
        """The GPUs that all nodes together have now."""
        return int(_ray().cluster_resources().get("GPU", 0))

    def nodes_to_leave(self) -> set[str]:
        """Return the ids of the nodes that are to be taken away, as clouds announce for cheap ones."""
        from ray._private.state import state  # Ray's own libraries ask here: it has no public place

        return set(state.get_draining_nodes())

    @property
    def alive(self) -> bool:
        """Whether its head accepts connections: Ray itself waits for a minute, then ends the process."""
        return _accepts(self.address)


def check(address: str) -> None:
    """Check that a cluster can be reached at `address`, HOST:PORT or "auto".

    Raises:
        ConfigurationError: Ray is not installed, or nothing answers.
    """
    _ray()
    if address == AUTO:
        return
    if not _accepts(address):
        raise ConfigurationError(
            f"no Ray cluster answers at {address!r}: give the HOST:PORT that ray start printed, or auto"
        )


@contextmanager
def connected(address: str) -> Iterator[Cluster | None]:
    """Connect to the cluster at `address`, HOST:PORT or "auto", for a block; to none if it is empty.

    Raises:
        ConfigurationError: Ray is not installed, nothing answers, or the cluster has another version.
    """
    if not address:
        yield None
        return
    ray = _ray()
    quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    try:
        try:
            with _loopback_as_it_is(_listens_there_alone(address)):
                ray.init(address=address, **quiet)
        except ConnectionError:
            if address != AUTO:
                raise
            with _loopback_as_it_is():
                _start(ray, quiet)
    except (RuntimeError, ValueError, OSError) as error:  # another version, no such host, …
        raise ConfigurationError(f"Ray cluster {address!r}: {str(error).splitlines()[0]}") from error
    try:
        yield Cluster(ray.get_runtime_context().gcs_address)
    finally:
        ray.shutdown()


def _start(ray: Any, quiet: dict[str, Any]) -> None:
    ray.init(
        address="local",
        num_cpus=limits.cores(),
        include_dashboard=False,
        _node_ip_address=LOOPBACK,
        object_store_memory=OBJECT_BYTES,
        **quiet,
    )


@contextmanager
def _loopback_as_it_is(wanted: bool = True) -> Iterator[None]:
    """Let Ray use 127.0.0.1, and listen there alone. By itself it does so only on systems whose
    firewalls ask; elsewhere it takes the machine's address in its network, and listens everywhere."""
    from ray._private import ray_constants

    before = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = before and not wanted
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


def _listens_there_alone(address: str) -> bool:
    """Return whether a cluster on loopback does not listen at this machine's other address too."""
    host, _, port = address.rpartition(":")
    return host in HERE and not _accepts(f"{_ray().util.get_node_ip_address()}:{port}")


def _accepts(address: str) -> bool:
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        return False
    with contextlib.suppress(OSError):
        socket.create_connection((host, int(port)), REACHABLE).close()
        return True
    return False


def _ray() -> Any:
    # Nothing of a user's training is reported to anybody.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Otherwise Ray says on stderr, once a process, what a future version will do about GPUs.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise ConfigurationError("--ray needs the package ray: pip install 'gangan[ray]'") from None
    return ray
