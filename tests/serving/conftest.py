"""Models that are asked as the server asks them, without a process around them."""

from collections.abc import Callable
from typing import Any

import pytest

from gcp_deploy.serving.loading import Loaded
from gcp_deploy.serving.servant import Servant


@pytest.fixture
def serve() -> Callable[..., Servant]:
    """Put a fitted model behind the server's manners: ours, or with bare lists Google's."""

    def serve(model: Any, *, column_names: bool = True) -> Servant:
        return Servant(Loaded(model, ()), column_names=column_names, load_seconds=0.0)

    return serve
