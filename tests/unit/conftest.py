"""What unit tests have in common: none of them trains in other processes."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def no_fork_server():
    """Start none beside a run that is created: its imports take seconds, here for nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gangan_cli.training.run_setup.warm_up", lambda: None)
        yield
