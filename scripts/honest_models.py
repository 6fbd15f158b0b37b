"""Honest scikit-learn models, fitted on tiny data: every estimator, and what people build of them.

``scripts/make_allowlist`` learns from them what a model file needs, and the tests of
``gcp_deploy.artifact`` demand that none of them raises an alarm.
"""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
import scipy.stats
import sklearn.experimental.enable_halving_search_cv
import sklearn.experimental.enable_iterative_imputer
import sklearn.utils
from sklearn import (
    calibration,
    cluster,
    compose,
    ensemble,
    feature_extraction,
    feature_selection,
    gaussian_process,
    impute,
    linear_model,
    metrics,
    model_selection,
    neighbors,
    pipeline,
    preprocessing,
    svm,
    tree,
)

Made = tuple[str, Any]

_RANDOM = np.random.RandomState(0)
POINTS = np.abs(_RANDOM.normal(size=(40, 4)))
LABELS = np.tile([0, 1], 20)
TARGET = POINTS @ np.array([1.0, 2.0, 0.5, 3.0])
MANY_LABELS = np.column_stack([LABELS, 1 - LABELS])
TEXTS = ["the cat sat", "a dog ran", "the dog sat", "a cat ran"] * 10
FRAME = pd.DataFrame(
    {
        "age": np.arange(40) % 7,
        "income": POINTS[:, 0] * 1000,
        "city": ["Bonn", "Köln", "Ulm", "Jena"] * 10,
        "member": [True, False] * 20,
    }
)

_CLASSIFIER = linear_model.LogisticRegression()
_NEEDS: dict[str, Callable[[type], Any]] = {
    "ClassifierChain": lambda kind: kind(_CLASSIFIER),
    "ColumnTransformer": lambda kind: kind([("a", preprocessing.StandardScaler(), [0, 1])]),
    "FeatureUnion": lambda kind: kind([("a", preprocessing.StandardScaler())]),
    "FixedThresholdClassifier": lambda kind: kind(_CLASSIFIER),
    "FrozenEstimator": lambda kind: kind(_CLASSIFIER),
    "GridSearchCV": lambda kind: kind(_CLASSIFIER, {"C": [0.1, 1.0]}, cv=2),
    "HalvingGridSearchCV": lambda kind: kind(_CLASSIFIER, {"C": [0.1, 1.0]}, cv=2),
    "HalvingRandomSearchCV": lambda kind: kind(_CLASSIFIER, {"C": scipy.stats.uniform(1, 2)}, cv=2),
    "MultiOutputClassifier": lambda kind: kind(_CLASSIFIER),
    "MultiOutputRegressor": lambda kind: kind(linear_model.Ridge()),
    "OneVsOneClassifier": lambda kind: kind(_CLASSIFIER),
    "OneVsRestClassifier": lambda kind: kind(_CLASSIFIER),
    "OutputCodeClassifier": lambda kind: kind(_CLASSIFIER),
    "Pipeline": lambda kind: kind([("a", preprocessing.StandardScaler()), ("b", _CLASSIFIER)]),
    "RFE": lambda kind: kind(_CLASSIFIER),
    "RFECV": lambda kind: kind(_CLASSIFIER, cv=2),
    "RandomizedSearchCV": lambda kind: kind(
        _CLASSIFIER, {"C": scipy.stats.loguniform(0.1, 10)}, n_iter=2, cv=2
    ),
    "RegressorChain": lambda kind: kind(linear_model.Ridge()),
    "SelectFromModel": lambda kind: kind(_CLASSIFIER),
    "SelfTrainingClassifier": lambda kind: kind(_CLASSIFIER),
    "SequentialFeatureSelector": lambda kind: kind(_CLASSIFIER, cv=2),
    "SparseCoder": lambda kind: kind(np.eye(4)),
    "StackingClassifier": lambda kind: kind([("a", _CLASSIFIER)], cv=2),
    "StackingRegressor": lambda kind: kind([("a", linear_model.Ridge())], cv=2),
    "TunedThresholdClassifierCV": lambda kind: kind(_CLASSIFIER, cv=2),
    "VotingClassifier": lambda kind: kind([("a", _CLASSIFIER)]),
    "VotingRegressor": lambda kind: kind([("a", linear_model.Ridge())]),
}
_DATA: tuple[tuple[Any, Any], ...] = (
    (POINTS, LABELS),
    (POINTS, TARGET),
    (POINTS, MANY_LABELS),
    (TEXTS, LABELS),
    ([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}] * 20, LABELS),
    (LABELS, None),
    ([["a", "b"], ["b"]] * 20, None),
    (POINTS[:, 0], TARGET),
)


def every_estimator() -> Iterator[Made]:
    """Yield each estimator of scikit-learn, fitted where any of the tiny data sets allows it."""
    for name, kind in sklearn.utils.all_estimators():
        yield name, _fit(partial(_NEEDS.get(name, _plain), kind))


def _plain(kind: type) -> Any:
    return kind()


def what_people_build() -> Iterator[Made]:
    """Yield pipelines, options and parameter values that reach further classes of the libraries."""
    yield from _pipelines()
    yield from _options()
    yield from _carriers()


def everything() -> list[Made]:
    """Return all honest models, without the warnings of deprecated estimators and options."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return [*every_estimator(), *what_people_build()]


def _fit(make: Callable[[], Any]) -> Any:
    for points, labels in _DATA:
        model = make()
        if hasattr(model, "n_components") and model.n_components is None:
            model.set_params(n_components=2)
        try:
            return model.fit(points, labels)
        except (TypeError, ValueError, AttributeError, IndexError):
            continue
    return make()


def frame_pipeline(last: Any = None) -> Any:
    """Return the pipeline that the demo is about: named columns, numbers and words."""
    columns = compose.ColumnTransformer(
        [
            ("numbers", preprocessing.StandardScaler(), ["age", "income"]),
            ("words", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ("rest", "passthrough", ["member"]),
        ]
    )
    return pipeline.Pipeline(
        [
            ("columns", columns),
            ("model", linear_model.LogisticRegression() if last is None else last),
        ]
    ).fit(FRAME, LABELS)


def _pipelines() -> Iterator[Made]:
    yield "frame pipeline", frame_pipeline()
    yield (
        "frame pipeline, string classes",
        frame_pipeline().fit(FRAME, np.where(LABELS, "yes", "no").astype(object)),
    )
    yield "frame forest", frame_pipeline(ensemble.RandomForestClassifier(3))
    yield "frame boosting", frame_pipeline(ensemble.HistGradientBoostingClassifier(max_iter=3))
    yield (
        "selector pipeline",
        pipeline.make_pipeline(
            compose.make_column_transformer(
                (
                    preprocessing.MinMaxScaler(),
                    compose.make_column_selector(dtype_include=np.number),
                ),
                (preprocessing.OrdinalEncoder(), compose.make_column_selector(pattern="city")),
                remainder="drop",
            ),
            ensemble.GradientBoostingClassifier(n_estimators=3),
        ).fit(FRAME, LABELS),
    )
    yield (
        "slices and masks",
        compose.ColumnTransformer(
            [
                ("slice", preprocessing.StandardScaler(), slice(0, 2)),
                ("mask", preprocessing.MinMaxScaler(), [False, False, True, False]),
                ("one", "drop", 3),
            ],
            remainder=preprocessing.RobustScaler(),
        ).fit(POINTS),
    )
    yield (
        "text pipeline",
        pipeline.make_pipeline(
            feature_extraction.text.TfidfVectorizer(ngram_range=(1, 2)),
            linear_model.SGDClassifier(),
        ).fit(TEXTS, LABELS),
    )
    yield (
        "pandas output",
        pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.Ridge())
        .set_output(transform="pandas")
        .fit(FRAME[["age", "income"]], TARGET),
    )
    yield (
        "nested pipeline",
        pipeline.Pipeline(
            [
                ("inner", pipeline.make_pipeline(impute.SimpleImputer(), "passthrough")),
                (
                    "both",
                    pipeline.make_union(
                        preprocessing.PolynomialFeatures(),
                        feature_selection.SelectKBest(feature_selection.f_classif, k=2),
                    ),
                ),
                ("model", svm.SVC(probability=False)),
            ]
        ).fit(POINTS, LABELS),
    )
    yield (
        "transformed target",
        compose.TransformedTargetRegressor(
            linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1
        ).fit(POINTS, TARGET),
    )


def _options() -> Iterator[Made]:
    for function in (np.log1p, np.sqrt, np.abs, np.square):
        yield (
            f"function {function.__name__}",
            preprocessing.FunctionTransformer(function).fit(POINTS),
        )
    for score in (
        feature_selection.chi2,
        feature_selection.f_regression,
        feature_selection.mutual_info_classif,
        feature_selection.mutual_info_regression,
    ):
        yield score.__name__, feature_selection.SelectKBest(score, k=2).fit(POINTS, LABELS)
    for loss in ("log_loss", "hinge", "modified_huber", "perceptron", "squared_hinge"):
        yield f"sgd {loss}", linear_model.SGDClassifier(loss=loss).fit(POINTS, LABELS)
    for loss in ("huber", "epsilon_insensitive", "squared_epsilon_insensitive"):
        yield f"sgd {loss}", linear_model.SGDRegressor(loss=loss).fit(POINTS, TARGET)
    yield from _boosting()
    for criterion in ("gini", "entropy", "log_loss"):
        yield criterion, tree.DecisionTreeClassifier(criterion=criterion).fit(POINTS, LABELS)
    for algorithm in ("ball_tree", "kd_tree", "brute"):
        yield algorithm, neighbors.KNeighborsClassifier(algorithm=algorithm).fit(POINTS, LABELS)
    for metric in ("manhattan", "chebyshev", "minkowski", "haversine", "canberra", "braycurtis"):
        points = POINTS[:, :2]
        yield (
            f"ball tree {metric}",
            neighbors.KNeighborsClassifier(algorithm="ball_tree", metric=metric).fit(
                points, LABELS
            ),
        )
    for kernel in ("rbf", "linear", "poly", "sigmoid"):
        yield f"svc {kernel}", svm.SVC(kernel=kernel).fit(POINTS, LABELS)
    yield "svc sparse", svm.SVC().fit(scipy.sparse.csr_matrix(POINTS), LABELS)
    yield from _kernels()
    yield from _searches()


def _boosting() -> Iterator[Made]:
    for loss in ("squared_error", "absolute_error", "huber", "quantile"):
        yield (
            f"boosting {loss}",
            ensemble.GradientBoostingRegressor(loss=loss, n_estimators=2).fit(POINTS, TARGET),
        )
    for loss in ("squared_error", "absolute_error", "gamma", "poisson", "quantile"):
        extra = {"quantile": 0.5} if loss == "quantile" else {}
        yield (
            f"histogram {loss}",
            ensemble.HistGradientBoostingRegressor(loss=loss, max_iter=2, **extra).fit(
                POINTS, TARGET
            ),
        )
    three = np.arange(40) % 3
    yield (
        "boosting exponential",
        ensemble.GradientBoostingClassifier(loss="exponential", n_estimators=2).fit(POINTS, LABELS),
    )
    yield "boosting three", ensemble.GradientBoostingClassifier(n_estimators=2).fit(POINTS, three)
    yield "histogram three", ensemble.HistGradientBoostingClassifier(max_iter=2).fit(POINTS, three)
    yield (
        "histogram early",
        ensemble.HistGradientBoostingClassifier(
            max_iter=3, early_stopping=True, categorical_features=[0]
        ).fit(np.column_stack([LABELS, POINTS]), LABELS),
    )


def _kernels() -> Iterator[Made]:
    kernels = gaussian_process.kernels
    for kernel in (
        kernels.RBF(),
        kernels.Matern(),
        kernels.ConstantKernel() * kernels.RationalQuadratic() + kernels.WhiteKernel(),
        kernels.ExpSineSquared(),
        kernels.DotProduct() ** 2,
        kernels.PairwiseKernel(metric="rbf"),
        kernels.CompoundKernel([kernels.RBF()]),
    ):
        model = gaussian_process.GaussianProcessRegressor(kernel, optimizer=None)
        try:
            yield f"kernel {kernel}", model.fit(POINTS, TARGET)
        except (AttributeError, ValueError):
            yield f"kernel {kernel}", model


def _searches() -> Iterator[Made]:
    scorers = {
        "f1": metrics.make_scorer(metrics.f1_score),
        "auc": "roc_auc",
        "accuracy": metrics.make_scorer(metrics.accuracy_score),
    }
    yield (
        "grid with scorers",
        model_selection.GridSearchCV(
            linear_model.LogisticRegression(),
            {"C": [0.1, 1.0], "solver": ["lbfgs", "liblinear"]},
            cv=model_selection.StratifiedKFold(2),
            scoring=scorers,
            refit="f1",
        ).fit(POINTS, LABELS),
    )
    yield (
        "grid of a pipeline",
        model_selection.GridSearchCV(
            pipeline.make_pipeline(preprocessing.StandardScaler(), tree.DecisionTreeClassifier()),
            {"decisiontreeclassifier__max_depth": [1, None]},
            cv=model_selection.KFold(2, shuffle=True, random_state=0),
        ).fit(POINTS, LABELS),
    )
    distributions = {
        "max_depth": scipy.stats.randint(1, 5),
        "ccp_alpha": scipy.stats.uniform(0, 0.1),
        "min_impurity_decrease": scipy.stats.expon(0.01),
        "min_weight_fraction_leaf": scipy.stats.truncnorm(0, 0.2),
    }
    for name, distribution in distributions.items():
        yield (
            f"random search of {name}",
            model_selection.RandomizedSearchCV(
                tree.DecisionTreeClassifier(max_depth=3),
                {name: [distribution.rvs(random_state=0)]},
                n_iter=1,
                cv=2,
            ).set_params(param_distributions={name: distribution}),
        )
    for split in (
        model_selection.GroupKFold(2),
        model_selection.RepeatedKFold(n_splits=2, n_repeats=1),
        model_selection.RepeatedStratifiedKFold(n_splits=2, n_repeats=1),
        model_selection.ShuffleSplit(2),
        model_selection.StratifiedShuffleSplit(2),
        model_selection.TimeSeriesSplit(2),
        model_selection.LeaveOneOut(),
        model_selection.StratifiedGroupKFold(2),
        model_selection.GroupShuffleSplit(2),
        model_selection.PredefinedSplit([0, 1]),
    ):
        yield f"cv {type(split).__name__}", calibration.CalibratedClassifierCV(cv=split)


def _carriers() -> Iterator[Made]:
    for state in (
        np.random.RandomState(0),
        np.random.default_rng(0),
        np.random.Generator(np.random.MT19937(0)),
        np.random.Generator(np.random.Philox(0)),
        np.random.Generator(np.random.SFC64(0)),
    ):
        yield f"random {state}", cluster.KMeans(2, random_state=state)
    yield (
        "forest with a state",
        ensemble.RandomForestClassifier(2, random_state=np.random.RandomState(1)).fit(
            POINTS, LABELS
        ),
    )
    for matrix in (scipy.sparse.csr_matrix, scipy.sparse.csc_matrix, scipy.sparse.coo_matrix):
        yield f"matrix {matrix.__name__}", _with(matrix(POINTS))
    for matrix in (scipy.sparse.csr_array, scipy.sparse.csc_array, scipy.sparse.coo_array):
        yield f"array {matrix.__name__}", _with(matrix(POINTS))
    for matrix in (scipy.sparse.lil_matrix, scipy.sparse.dok_matrix, scipy.sparse.dia_matrix):
        yield f"matrix {matrix.__name__}", _with(matrix(POINTS))
    dates = pd.DatetimeIndex(["2026-01-01", "2026-01-02"])
    for value in (
        FRAME,
        FRAME["city"],
        FRAME["city"].astype("category"),
        FRAME.astype({"age": "Int64", "city": "string"}),
        FRAME.set_index(["city", "age"]),
        pd.DataFrame({"when": dates, "zone": dates.tz_localize("UTC")}),
        pd.Series(dates - dates[0]),
        pd.period_range("2026-01", periods=3, freq="M"),
        pd.interval_range(0, 3),
        pd.Timestamp("2026-01-01"),
        pd.Timedelta("1D"),
        pd.NA,
        pd.NaT,
    ):
        yield f"pandas {type(value).__name__}", _with(value)
    yield from _values()


def _values() -> Iterator[Made]:
    import collections
    import datetime as dt
    import decimal
    import fractions
    import pathlib
    import uuid

    for value in (
        np.float64(1.5),
        np.float32(1.5),
        np.int64(3),
        np.bool_(True),
        np.str_("a"),
        np.datetime64("2026-01-01"),
        np.timedelta64(1, "D"),
        np.complex128(1j),
        np.array(["a", "b"]),
        np.array([b"a"]),
        np.array(["a", None], dtype=object),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        np.array([(1, None)], dtype=[("a", "i4"), ("b", "O")]),
        np.array(["2026-01-01"], dtype="datetime64[D]"),
        np.ma.masked_array([1, 2], [True, False]),
        np.asfortranarray(POINTS),
        POINTS.astype(">f8"),
        np.array(3.0),
        np.empty((0, 4)),
        np.array([np.arange(2), np.arange(3)], dtype=object),
        np.float64,
        np.dtype("f4"),
        np.inf,
        np.nan,
        10**40,
        -(10**40),
        1j,
        b"bytes",
        bytearray(b"bytes"),
        "text" * 1000,
        "ä€😀",
        {1, 2},
        frozenset({1}),
        slice(0, 2),
        range(3),
        Ellipsis,
        NotImplemented,
        int,
        float,
        str,
        collections.OrderedDict(a=1),
        collections.defaultdict(int, a=1),
        collections.Counter("aab"),
        collections.deque([1]),
        dt.date(2026, 1, 1),
        dt.timedelta(1),
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        dt.time(1),
        decimal.Decimal("1.5"),
        fractions.Fraction(1, 3),
        uuid.UUID(int=1),
        pathlib.PurePosixPath("a"),
        complex(1, 2),
        sklearn.utils.Bunch(a=1),
    ):
        yield f"value {type(value).__name__} {str(value)[:20]}", _with(value)


def _with(value: Any) -> Any:
    model = preprocessing.StandardScaler().fit(POINTS)
    model.extra_ = value
    return model
