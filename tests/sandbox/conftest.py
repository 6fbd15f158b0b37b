"""Artifacts on disk, made in the test session from real small models."""

import importlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def frame() -> Any:
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": random.normal(40, 10, 100).round(1),
            "city": random.choice(["oslo", "rome"], 100),
            "visits": random.integers(0, 5, 100),
        }
    )


@pytest.fixture(scope="session")
def labels(frame: Any) -> Any:
    return ["old" if age > 40 else "young" for age in frame["age"]]


@pytest.fixture(scope="session")
def by_name(frame: Any, labels: Any) -> Any:
    """A pipeline that selects columns by name."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer(
        [("numbers", numbers, ["age", "visits"]), ("words", OneHotEncoder(), ["city"])]
    )
    return make_pipeline(columns, LogisticRegression()).fit(frame, labels)


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """Dump a value and return the path."""

    def saved(value: Any, name: str = "model.joblib", **options: Any) -> Path:
        import joblib

        path = tmp_path / name
        joblib.dump(value, path, **options)
        return path

    return saved


@pytest.fixture
def packed() -> Callable[[Any], io.BytesIO]:
    """Dump a value into memory."""

    def packed(value: Any) -> io.BytesIO:
        import joblib

        file = io.BytesIO()
        joblib.dump(value, file)
        return file

    return packed


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of misbehaving estimators, importable as one of the deployer's own."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("hostile_models")
