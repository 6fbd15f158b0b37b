"""A loaded model is asked in our manner, and in the manner of Google's prebuilt servers."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from gcp_deploy.sandbox.failures import PredictionRejected
from gcp_deploy.serving.answers import BAD_TYPE

FRAME = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "city": ["oslo", "rome", "oslo", "rome"]})
NAMED = make_pipeline(
    make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(), ["city"])),
    LogisticRegression(),
).fit(FRAME, ["young", "young", "old", "old"])
LINE = LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
PLANE = LinearRegression().fit([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0.0, 1.0, 2.0])


class Answers:
    """Says the same to everything, whatever it is."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def predict(self, _rows: Any) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def rejected(servant: Any, instances: list[Any], **keywords: Any) -> str:
    with pytest.raises(PredictionRejected) as refused:
        servant.predict(instances, keywords)
    return refused.value.text


def test_lists_and_objects_get_the_answers_of_the_pipeline_itself(serve):
    expected = NAMED.predict(FRAME).tolist()
    lists = FRAME.to_numpy().tolist()
    objects = [{"city": city, "age": age} for age, city in lists]
    assert serve(NAMED).predict(lists, {}) == serve(NAMED).predict(objects, {}) == expected


@pytest.mark.parametrize("form", [list, dict])
@pytest.mark.parametrize(
    ("column", "value"), [("age", "abc"), ("city", "paris"), ("age", None), ("city", 7)]
)
def test_a_value_the_model_refuses_is_named_by_row_and_column(serve, form, column, value):
    rows = FRAME.to_dict("records")
    rows[2][column] = value
    instances = rows if form is dict else [list(row.values()) for row in rows]
    servant = serve(NAMED)
    assert rejected(servant, instances).startswith(f"row 2, column {column!r}: ValueError: ")
    assert servant.predict(instances[:2], {}) == ["young", "young"]


@pytest.mark.parametrize("row", [[0, "abc"], [0, None], [0, "1.5"]])
def test_a_column_without_a_name_is_told_by_its_place(serve, row):
    assert rejected(serve(PLANE), [[0, 1], row]).startswith("row 1, column 1: ")


def test_a_row_with_two_faults_is_named_without_a_column(serve):
    assert rejected(serve(PLANE), [["a", "b"]]).startswith("row 0: ValueError: ")


def test_what_fails_for_all_rows_alike_blames_the_first(serve):
    assert rejected(serve(Answers(KeyError("left"))), [1, 2]) == "row 0: KeyError: 'left'"


def test_a_failure_of_the_batch_alone_blames_no_row(serve):
    def small(rows: Any) -> Any:
        if len(rows) > 1:
            raise ValueError("one at a time")
        return rows

    model = make_pipeline(FunctionTransformer(small), LINE).fit([[0.0]], [0.0])
    model.steps[-1] = ("line", LINE)
    assert rejected(serve(model), [[1.0], [2.0]]) == "ValueError: one at a time"


def test_a_long_and_broken_text_of_the_model_becomes_one_short_line(serve):
    text = rejected(serve(Answers(ValueError("much\n  more " * 1000))), [1])
    assert text.startswith("row 0: ValueError: much more much more")
    assert "\n" not in text
    assert len(text) < 1000


def test_memory_that_does_not_suffice_is_no_fault_of_a_row(serve):
    for column_names in (True, False):
        with pytest.raises(MemoryError):
            serve(Answers(MemoryError()), column_names=column_names).predict([1], {})


def test_one_value_is_no_row(serve):
    assert rejected(serve(LINE), [1, 2]).startswith("row 0: a number where a list of 1 value")
    assert rejected(serve(LINE), [True]).startswith("row 0: a boolean where a list of 1 value")


def test_texts_are_what_a_text_pipeline_takes(serve):
    model = make_pipeline(CountVectorizer(), GaussianNB_dense()).fit(["good", "bad"], [1, 0])
    for column_names in (True, False):
        assert serve(model, column_names=column_names).predict(["bad", "good"], {}) == [0, 1]
    assert rejected(serve(model), ["bad", 5]) == "row 1: a number where the model takes a text"


def GaussianNB_dense() -> Any:  # noqa: N802 -- stands for an estimator
    return make_pipeline(
        FunctionTransformer(lambda x: x.toarray(), accept_sparse=True), GaussianNB()
    )


def test_null_is_nan_for_a_model_without_names(serve):
    rows = [[0.0, 1.0], [np.nan, 2.0], [1.0, 3.0]] * 20
    model = HistGradientBoostingRegressor(max_iter=3).fit(rows, [0.0, 5.0, 1.0] * 20)
    servant = serve(model)
    assert servant.predict([[None, 2]], {}) == model.predict([[np.nan, 2.0]]).tolist()
    assert servant.predict([[0, 1], [None, 2]], {}) == model.predict(rows[:2]).tolist()


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["yes", "yes"], "yes"),
        ([3, 3], 3),
        ([True, True], True),
        (np.array([1.5, 1.5], dtype=np.float32), 1.5),
        (np.array(["2026-11-25"] * 2, dtype="datetime64[ns]"), "2026-11-25T00:00:00"),
        (np.array(["2026-11-25"] * 2, dtype="datetime64[D]"), "2026-11-25"),
        ([[1, 2], [1, 2]], [1, 2]),
        (np.array([["a", "b"]] * 2), ["a", "b"]),
    ],
)
def test_every_kind_of_class_is_answered(serve, labels, expected):
    model = DummyClassifier(strategy="most_frequent").fit([[0], [1]], labels)
    assert serve(model).predict([[5], [6], [7]], {}) == [expected] * 3


def test_classes_of_bytes_are_refused_for_json_has_none(serve):
    model = DummyClassifier().fit([[0]], np.array([b"yes"]))
    assert rejected(serve(model), [[0]]).startswith("row 0: the model predicted a bytes")


@pytest.mark.parametrize(
    "answer",
    [
        np.array(["2026-11-25", "NaT"], dtype="datetime64[ns]"),
        pd.Series(["2026-11-25", None], dtype="datetime64[ns]"),
        [pd.Timestamp("2026-11-25"), pd.NaT],
        [[0], np.array(["NaT"], dtype="datetime64[s]")],
    ],
)
def test_no_time_is_no_answer(serve, answer):
    text = rejected(serve(Answers(answer)), [1, 2])
    assert text == "row 1: the model predicted no time (NaT), which JSON cannot say"


@pytest.mark.parametrize("column_names", [True, False])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_json_cannot_say_is_refused_in_both_manners(serve, column_names, value):
    servant = serve(Answers(np.array([[0.0, 1.0], [0.0, value]])), column_names=column_names)
    assert rejected(servant, [1, 2]).startswith("row 1: the model predicted ")


def test_the_number_of_answers_is_checked_in_our_manner_alone(serve):
    assert rejected(serve(Answers([1])), [1, 2]) == "the model gave 1 predictions for 2 rows"
    assert serve(Answers([1]), column_names=False).predict([1, 2], {}) == [1]


@pytest.mark.parametrize("answer", [None, "text", 5, np.array(5), (1, 2), {"a": 1}, {1}])
@pytest.mark.parametrize("column_names", [True, False])
def test_an_answer_that_is_no_array_and_no_list_is_refused_in_googles_words(
    serve, column_names, answer
):
    assert rejected(serve(Answers(answer), column_names=column_names), [1, 2]) == BAD_TYPE


def bare_error(model: Any, instances: list[Any], **keywords: Any) -> str:
    try:
        model.predict(instances, **keywords)
    except Exception as error:  # noqa: BLE001 -- whatever scikit-learn says is what is expected
        return str(error)
    raise AssertionError("the model took the rows")


@pytest.mark.parametrize(
    ("model", "instances", "keywords"),
    [
        (LINE, [[1.0, 2.0]], {}),
        (LINE, [["abc"]], {}),
        (LINE, [1.0], {}),
        (LINE, [], {}),
        (LINE, [{"x": 1.0}], {}),
        (LINE, [[1.0]], {"unknown": 1}),
        (NAMED, [[20.0, "oslo"]], {}),
        (NAMED, [{"age": 20.0, "city": "oslo"}], {}),
    ],
)
def test_the_prebuilt_manner_quotes_the_exception_unchanged(serve, model, instances, keywords):
    text = rejected(serve(model, column_names=False), instances, **keywords)
    assert (
        text == f"Exception during sklearn prediction: {bare_error(model, instances, **keywords)}"
    )


def test_the_prebuilt_manner_hands_keywords_on_and_ours_has_none(serve):
    class Scaled(Answers):
        def predict(self, rows: Any, factor: int = 1) -> Any:
            return [row * factor for row in rows]

    assert serve(Scaled(None), column_names=False).predict([2], {"factor": 3}) == [6]
    assert serve(Scaled(None)).predict([2], {"factor": 3}) == [2]


@pytest.mark.parametrize(("model", "names"), [(NAMED, True), (LINE, True), (LINE, False)])
def test_what_a_manner_derives_it_answers(serve, model, names):
    servant = serve(model, column_names=names)
    rows = servant.derive(3)
    assert len(servant.predict(rows, {})) == len(rows) >= 2


def test_a_model_without_features_derives_nothing_and_says_so(serve):
    with pytest.raises(PredictionRejected, match="does not say what it takes"):
        serve(Answers([1])).derive(3)
