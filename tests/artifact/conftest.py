import io

import joblib
import pytest

from scripts import honest_models


@pytest.fixture(scope="session")
def honest():
    """Return all honest models by name."""
    return dict(honest_models.everything())


@pytest.fixture
def dump():
    """Return a function that writes a model into memory, as joblib does."""

    def dumped(model, *, compress=0, protocol=None):
        file = io.BytesIO()
        joblib.dump(model, file, compress=compress, protocol=protocol)
        return file.getvalue()

    return dumped
