"""Rows reach the pipeline as it was fitted: nulls, types and selections of columns."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from gcp_deploy.serving.description import inputs
from gcp_deploy.serving.golden import derive
from gcp_deploy.serving.rows import arrange

FRAME = pd.DataFrame(
    {
        "age": [20.0, 30.0, 40.0, 50.0] * 6,
        "city": ["oslo", "oslo", "rome", "rome"] * 6,
        "visits": [0, 1, 2, 3] * 6,
    }
)
OLD = (FRAME["age"] > 35).to_numpy()


def lacking(missing: Any) -> pd.DataFrame:
    """A frame of texts, some of which are the object *missing*."""
    texts = pd.Series(["oslo", "rome", missing, "oslo"] * 6, dtype=object)
    return pd.DataFrame({"city": texts})


@pytest.mark.parametrize("missing", [None, np.nan], ids=["None", "NaN"])
@pytest.mark.parametrize("encoder", [OneHotEncoder(), OrdinalEncoder()], ids=["hot", "ordinal"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["alone", "by name"])
def test_null_is_what_the_encoder_was_fitted_on_whatever_rows_it_comes_with(
    missing, encoder, wrapped
):
    # Some encoders leave NaN as it is, which the classifier behind would refuse.
    first = make_column_transformer((encoder, ["city"])) if wrapped else encoder
    model = make_pipeline(first, SimpleImputer(strategy="mean"), LogisticRegression())
    data = lacking(missing)
    model.fit(data, OLD)
    takes = inputs(model)
    expected = model.predict_proba(data.head(4)).tolist()
    rows = [["oslo"], ["rome"], [None], ["oslo"]]
    assert model.predict_proba(arrange(rows, takes)).tolist() == expected
    assert model.predict_proba(arrange([[None]], takes)).tolist() == [expected[2]]
    assert model.predict_proba(arrange([[None]] * 2, takes))[1].tolist() == expected[2]


@pytest.mark.parametrize("missing", [None, np.nan], ids=["None", "NaN"])
def test_null_is_what_the_encoder_was_fitted_on_without_names_too(missing):
    model = make_pipeline(OneHotEncoder(), LogisticRegression())
    model.fit(lacking(missing).to_numpy(), OLD)
    expected = model.predict_proba(lacking(missing).to_numpy()[:3]).tolist()
    takes = inputs(model)
    assert takes.names is None
    assert model.predict_proba(arrange([["oslo"], ["rome"], [None]], takes)).tolist() == expected
    assert model.predict_proba(arrange([[None]], takes)).tolist() == [expected[2]]


def test_an_imputer_of_none_gets_none():
    imputer = SimpleImputer(missing_values=None, strategy="most_frequent")
    model = make_pipeline(imputer, OneHotEncoder(), LogisticRegression()).fit(lacking(None), OLD)
    takes = inputs(model)
    assert takes.nulls_as_none == {0}
    answer = model.predict_proba(arrange([[None], ["oslo"]], takes)).tolist()
    assert answer[0] == answer[1]


def test_a_number_that_lacks_is_imputed_in_a_row_of_its_own():
    numbers = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    model = numbers.fit(FRAME[["age", "visits"]], OLD)
    takes = inputs(model)
    alone = model.predict_proba(arrange([{"visits": 1, "age": None}], takes)).tolist()
    among = model.predict_proba(arrange([[35.0, 1], [None, 1]], takes)).tolist()
    assert alone == [among[1]] == [among[0]]


def test_whole_and_broken_numbers_truths_and_texts_keep_their_types():
    names = ["whole", "broken", "lacking", "truth", "text"]
    model = OrdinalEncoder().fit(pd.DataFrame([[1, 1.5, 1.5, True, "a"]], columns=names))
    found = arrange([[1, 1.5, 1, True, "a"], [2, 2, None, False, "b"]], inputs(model))
    kinds = [found.dtypes[name].kind for name in names]
    assert kinds == ["i", "f", "f", "b", "O"]


def test_columns_of_categories_take_texts():
    frame = FRAME[["age", "city"]].astype({"city": "category"})
    target = (FRAME["city"] == "oslo").to_numpy()
    model = HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=2).fit(frame, target)
    rows = [[20, "rome"], [20, "oslo"], [50, "oslo"]]
    assert model.predict(arrange(rows, inputs(model))).tolist() == [False, True, True]


@pytest.mark.parametrize("place", [0, 1], ids=["number first", "category first"])
def test_categories_of_a_histogram_are_derived_as_categories(place):
    names = ["age", "city"][:: 1 - 2 * place]
    frame = FRAME[names].astype({"city": "category"})
    model = HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=2).fit(frame, OLD)
    rows = derive(model, inputs(model), 8, by_name=True)
    assert {row["city"] for row in rows} == {"oslo", "rome"}
    assert all(15 < row["age"] < 55 for row in rows)


SELECTIONS: dict[str, Any] = {
    "names": ["age", "visits"],
    "an array": np.array(["age", "visits"]),
    "an index": pd.Index(["age", "visits"]),
    "a slice of names": slice("age", "visits"),
    "a selector": make_column_selector(dtype_include="number"),
    "a mask": np.array([True, True]),
    "a list of truths": [True, True],
    "a slice of places": slice(0, 2),
    "an open slice": slice(None),
    "places from the end": [-2, -1],
    "a function": lambda _: [0, 1],
}


@pytest.mark.parametrize("how", SELECTIONS)
def test_columns_are_found_however_they_are_selected(how):
    chosen = make_column_transformer((StandardScaler(), SELECTIONS[how]))
    model = make_pipeline(chosen, LogisticRegression()).fit(FRAME[["age", "visits"]], OLD)
    first = derive(model, inputs(model), 4, by_name=True)[0]
    assert first == {"age": 35.0, "visits": 1.5}


@pytest.mark.parametrize("how", SELECTIONS)
def test_a_selection_by_name_is_told_however_it_is_written(how):
    chosen = make_column_transformer((StandardScaler(), SELECTIONS[how]))
    model = make_pipeline(chosen, LogisticRegression()).fit(FRAME[["age", "visits"]], OLD)
    by_name = "name" in how or how in {"an array", "an index", "a selector"}
    named = inputs(model).named_columns
    assert named == (("age", "visits") if by_name else ())
    assert all(type(name) is str for name in named)


def test_a_mask_selects_the_columns_where_it_is_true():
    mask = np.array([False, True, False])
    chosen = make_column_transformer((OneHotEncoder(), mask), (StandardScaler(), ~mask))
    model = make_pipeline(chosen, LogisticRegression()).fit(FRAME, OLD)
    rows = derive(model, inputs(model), 8, by_name=True)
    assert {row["city"] for row in rows} == {"oslo", "rome"}


def test_an_open_slice_of_names_reaches_to_the_end():
    chosen = make_column_transformer((StandardScaler(), slice("age", None)))
    model = make_pipeline(chosen, LogisticRegression()).fit(FRAME[["visits", "age"]], OLD)
    assert inputs(model).named_columns == ("age",)


def test_the_rest_of_the_columns_are_derived_when_they_are_transformed():
    chosen = make_column_transformer((OneHotEncoder(), ["city"]), remainder=StandardScaler())
    model = make_pipeline(chosen, LogisticRegression()).fit(FRAME, OLD)
    first = derive(model, inputs(model), 2, by_name=True)[0]
    assert first == {"age": 35.0, "city": "oslo", "visits": 1.5}


def test_columns_chosen_by_place_are_derived_each_as_its_transformer_saw_it():
    rows = [["good day", 20.0, "oslo"], ["bad day", 40.0, "rome"], ["good night", 30.0, "oslo"]]
    chosen = make_column_transformer(
        (OneHotEncoder(), [2]), (CountVectorizer(), 0), (StandardScaler(), [-2])
    )
    model = make_pipeline(chosen, LogisticRegression()).fit(np.array(rows, dtype=object), [1, 0, 1])
    takes = inputs(model)
    found = derive(model, takes, 8, by_name=True)
    assert found == derive(model, takes, 8, by_name=False)
    assert {city for _, _, city in found} == {"oslo", "rome"}
    assert {word for text, _, _ in found for word in text.split()} == {
        "bad",
        "day",
        "good",
        "night",
    }
    assert found[0][1] == 30.0
    assert len(model.predict(arrange(found, takes))) == len(found) == 8


def test_an_imputer_that_adds_no_indicator_lets_the_scaler_behind_it_tell():
    imputer = SimpleImputer(add_indicator=True)
    model = make_pipeline(imputer, StandardScaler(), LogisticRegression())
    model.fit(FRAME[["age", "visits"]], OLD)
    assert len(derive(model, inputs(model), 8, by_name=True)) == 8
