"""Rows derived from fitted models: every model answers them, and they are plausible."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from gcp_deploy.serving.description import describe, inputs
from gcp_deploy.serving.golden import derive
from gcp_deploy.serving.rows import arrange

RANDOM = np.random.default_rng(1)
FRAME = pd.DataFrame(
    {
        "age": RANDOM.normal(40, 10, 80),
        "city": RANDOM.choice(["oslo", "rome", "kyiv"], 80),
        "fee": RANDOM.uniform(1000, 2000, 80),
    }
)
NUMBERS = FRAME[["age", "fee"]]
CLASSES = (FRAME["age"] > 40).to_numpy()
TEXTS = ["good day", "bad day", "good night", "bad night"]


def columns(numbers: Any, words: Any) -> ColumnTransformer:
    return make_column_transformer((numbers, ["age", "fee"]), (words, ["city"]))


MODELS: dict[str, Any] = {
    "scaled": make_pipeline(StandardScaler(), LogisticRegression()).fit(NUMBERS, CLASSES),
    "robust": make_pipeline(RobustScaler(), SVC()).fit(NUMBERS, CLASSES),
    "range": make_pipeline(MinMaxScaler(), Ridge()).fit(NUMBERS, CLASSES),
    "imputed": make_pipeline(SimpleImputer(), StandardScaler(), GaussianNB()).fit(NUMBERS, CLASSES),
    "bins": make_pipeline(
        KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf"), LogisticRegression()
    ).fit(NUMBERS, CLASSES),
    "components": make_pipeline(StandardScaler(), PCA(1), LinearRegression()).fit(NUMBERS, CLASSES),
    "tree": DecisionTreeClassifier().fit(NUMBERS, CLASSES),
    "forest": RandomForestClassifier(5).fit(NUMBERS, CLASSES),
    "boosting": GradientBoostingClassifier(n_estimators=3).fit(NUMBERS, CLASSES),
    "histogram": HistGradientBoostingRegressor(max_iter=3).fit(NUMBERS, CLASSES),
    "neighbours": KNeighborsClassifier().fit(NUMBERS, CLASSES),
    "clusters": KMeans(2, n_init=1, random_state=0).fit(NUMBERS),
    "vote": VotingClassifier([("a", GaussianNB()), ("b", DecisionTreeClassifier())]).fit(
        NUMBERS, CLASSES
    ),
    "search": GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": [1, 2]}
    ).fit(NUMBERS, CLASSES),
    "target": TransformedTargetRegressor(Ridge(), transformer=StandardScaler()).fit(
        NUMBERS, FRAME["age"]
    ),
    "several": MultiOutputRegressor(Ridge()).fit(NUMBERS, NUMBERS),
    "union": make_pipeline(make_union(StandardScaler(), MinMaxScaler()), Ridge()).fit(
        NUMBERS, CLASSES
    ),
    "words": make_pipeline(columns(StandardScaler(), OneHotEncoder()), Ridge()).fit(FRAME, CLASSES),
    "imputed words": make_pipeline(
        columns(
            make_pipeline(SimpleImputer(), MinMaxScaler()),
            make_pipeline(SimpleImputer(strategy="most_frequent"), OrdinalEncoder()),
        ),
        DecisionTreeClassifier(),
    ).fit(FRAME, CLASSES),
    "text": make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, [1, 0, 1, 0]),
    "hashed text": make_pipeline(HashingVectorizer(n_features=8), LogisticRegression()).fit(
        TEXTS, [1, 0, 1, 0]
    ),
    "text column": make_pipeline(
        make_column_transformer((CountVectorizer(), "note"), (StandardScaler(), ["n"])),
        LogisticRegression(),
    ).fit(pd.DataFrame({"n": [1.0, 2.0, 3.0, 4.0], "note": TEXTS}), [1, 0, 1, 0]),
    "objects": make_pipeline(DictVectorizer(), LogisticRegression()).fit(
        [{"city": "oslo", "n": 1.0}, {"city": "rome", "n": 2.0}], [0, 1]
    ),
    "without names": make_pipeline(StandardScaler(), Ridge()).fit(NUMBERS.to_numpy(), CLASSES),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_model_answers_its_derived_rows_and_they_are_the_same_again(name):
    model = MODELS[name]
    takes = inputs(model)
    rows = derive(model, takes, 8, by_name=True)
    assert rows == derive(model, takes, 8, by_name=True)
    assert 2 <= len(rows) <= 8
    assert len(model.predict(arrange(rows, takes))) == len(rows)


@pytest.mark.parametrize(
    "name",
    [
        *("scaled", "robust", "range", "imputed", "bins", "components", "forest"),
        *("histogram", "neighbours", "clusters", "vote", "search", "union", "words"),
        "imputed words",
    ],
)
def test_numbers_are_of_the_size_that_was_seen(name):
    model = MODELS[name]
    for row in derive(model, inputs(model), 8, by_name=True):
        assert -20 < row["age"] < 120
        assert 0 < row["fee"] < 3500


@pytest.mark.parametrize("name", ["words", "imputed words"])
def test_all_categories_are_used(name):
    model = MODELS[name]
    rows = derive(model, inputs(model), 8, by_name=True)
    assert {row["city"] for row in rows} == {"kyiv", "oslo", "rome"}


@pytest.mark.parametrize("name", ["scaled", "tree", "forest", "boosting", "neighbours", "search"])
def test_the_rows_reach_both_classes(name):
    model = MODELS[name]
    takes = inputs(model)
    rows = derive(model, takes, 8, by_name=True)
    assert len(set(model.predict(arrange(rows, takes)).tolist())) == 2


def test_rows_are_lists_without_names_or_when_names_are_not_wanted():
    for name, by_name in (("without names", True), ("words", False)):
        model = MODELS[name]
        rows = derive(model, inputs(model), 2, by_name=by_name)
        assert all(isinstance(row, list) for row in rows)


@pytest.mark.parametrize(
    ("name", "task", "features", "names"),
    [
        ("words", "regression", 3, ("age", "city", "fee")),
        ("search", "classification", 2, ("age", "fee")),
        ("without names", "regression", 2, None),
        ("text", "classification", None, None),
        ("clusters", "clustering", 2, ("age", "fee")),
    ],
)
def test_a_model_is_described(name, task, features, names):
    found = describe(MODELS[name])
    assert (found["task"], found["features"], found["feature_names"]) == (task, features, names)
    assert found["fitted"]
