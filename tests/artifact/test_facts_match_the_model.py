"""What the X-ray tells of a file is what the loaded model says of itself."""

import io
import json

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import is_classifier, is_clusterer, is_regressor
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestRegressor, VotingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from gcp_deploy.artifact import Task, inspect_artifact
from scripts import honest_models
from scripts.honest_models import LABELS, POINTS


@pytest.fixture
def look(dump):
    return lambda model, **options: inspect_artifact(io.BytesIO(dump(model, **options)))


@pytest.mark.parametrize("protocol", range(6))
def test_pipeline_over_a_frame_is_known_in_every_protocol(look, protocol):
    model = honest_models.frame_pipeline()
    report = look(model, protocol=protocol)
    assert report.sklearn_versions == (sklearn.__version__,)
    assert report.task is Task.CLASSIFIER
    assert report.classes == (0, 1)
    assert report.n_features == 4
    assert report.feature_names == tuple(model.feature_names_in_)
    assert report.needs_column_names
    assert [(one.step, one.by, one.columns) for one in report.columns] == [
        ("numbers", "name", ("age", "income")),
        ("words", "name", ("city",)),
        ("rest", "name", ("member",)),
    ]
    root = report.require_estimator()
    assert (root.kind, root.fitted) == ("Pipeline", True)
    assert [(step.name, step.kind) for step in root.steps] == [
        ("columns", "ColumnTransformer"),
        ("model", "LogisticRegression"),
    ]
    assert [step.kind for step in root.steps[0].steps][:2] == ["StandardScaler", "OneHotEncoder"]
    assert root.steps[1].params["C"] == model[-1].C


def test_text_classes_are_told(look):
    model = honest_models.frame_pipeline().fit(honest_models.FRAME, np.where(LABELS, "yes", "no"))
    assert look(model).classes == ("no", "yes")
    model.fit(honest_models.FRAME, np.where(LABELS, "yes", "no").astype(object))
    assert look(model).classes == ("no", "yes")


# What scikit-learn calls after the estimator inside, we call after what comes out.
SEEN_OTHERWISE = {"FeatureAgglomeration", "RFE", "RFECV"}
STAYS_FITTED = {"FrozenEstimator"}


def test_tasks_features_and_methods_agree_with_every_estimator(honest, look):
    for name, model in honest.items():
        report = look(model)
        if name not in SEEN_OTHERWISE:
            assert not is_classifier(model) or report.task is Task.CLASSIFIER, name
            assert not is_regressor(model) or report.task is Task.REGRESSOR, name
            assert not is_clusterer(model) or report.task is Task.CLUSTERER, name
        for method in report.methods:
            assert hasattr(model, method), (name, method)
        if report.n_features is not None:
            assert report.n_features == model.n_features_in_, name
        assert report.require_estimator().kind == type(model).__name__
        json.dumps(report.as_json(), allow_nan=False)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_every_fitted_estimator_is_said_to_be_and_no_unfitted_one(honest, look):
    for name, model in honest.items():
        root = look(model).require_estimator()
        if hasattr(model, "n_features_in_"):
            assert root.fitted, name
        if name not in STAYS_FITTED:
            assert look(sklearn.clone(model)).require_estimator().fitted is not True, name


def test_positions_do_not_need_names(honest, look):
    report = look(honest["slices and masks"])
    assert not report.needs_column_names
    assert [(one.step, one.by, one.columns) for one in report.columns] == [
        ("slice", "slice", (0, 2)),
        ("mask", "mask", (2,)),
        ("one", "position", (3,)),
    ]


def test_columns_that_a_function_picked_are_names(honest, look):
    report = look(honest["selector pipeline"])
    assert report.needs_column_names
    assert report.columns[0].columns == ("age", "income")


def test_steps_of_votes_and_searches_are_the_fitted_ones(honest, look):
    votes = VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier())])
    root = look(votes.fit(POINTS, LABELS)).require_estimator()
    assert [(step.name, step.kind, step.fitted) for step in root.steps] == [
        ("a", "LogisticRegression", True),
        ("b", "DecisionTreeClassifier", True),
    ]
    search = look(honest["grid of a pipeline"])
    assert search.task is Task.CLASSIFIER
    assert search.require_estimator().steps[0].kind == "Pipeline"


@pytest.mark.parametrize(
    ("model", "methods"),
    [
        (Ridge(), ("predict",)),
        (StandardScaler(), ("transform",)),
        (KMeans(2), ("predict",)),
        (SVC(), ("predict", "decision_function")),
        (
            make_pipeline(StandardScaler(), LogisticRegression()),
            ("predict", "predict_proba", "decision_function"),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_prediction_methods_are_told(look, model, methods):
    assert look(model.fit(POINTS, LABELS)).methods == methods


def test_what_is_no_estimator_has_no_root(look):
    report = look({"model": 1})
    assert report.root is None
    assert report.task is Task.UNKNOWN


def test_numpy_major_is_told_when_it_is_seen(look):
    model = RandomForestRegressor(2, random_state=np.random.RandomState(0)).fit(POINTS, LABELS)
    assert look(model).numpy_major in {None, int(np.__version__[0])}
    model.extra_ = np.float64(1)
    assert look(model).numpy_major == int(np.__version__[0])


def test_size_in_memory_format_is_counted(dump):
    model = RandomForestRegressor(3).fit(POINTS, LABELS)
    report = inspect_artifact(io.BytesIO(dump(model, compress=3)))
    assert report.unpacked_size > report.size
    assert joblib.load(io.BytesIO(dump(model))).n_features_in_ == report.n_features
