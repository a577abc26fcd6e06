"""What these tests have in common: a judge's view of the real images, which takes seconds to make."""

from functools import cache

import pytest

from gangan_cli.audit import auditor
from gangan_cli.evaluation import evaluate as evaluation
from gangan_cli.evaluation.reference import reference_of


@pytest.fixture(scope="session", autouse=True)
def one_reference():
    """Look at the real images of a data set once in each process."""

    @cache
    def known(dataset, data_dir, *kind):
        return reference_of(dataset, data_dir, lambda *_: None, *kind)

    with pytest.MonkeyPatch.context() as patch:
        for module in (evaluation, auditor):
            patch.setattr(
                module,
                "reference_of",
                lambda dataset, data_dir, on_progress, *kind: known(dataset, data_dir, *kind),
            )
        yield
