"""What a class of scikit-learn is for, and which prediction methods it has."""

from gcp_deploy.artifact.report import Task

_CLASSIFIERS = frozenset(
    [
        "BernoulliNB",
        "CalibratedClassifierCV",
        "CategoricalNB",
        "ClassifierChain",
        "ComplementNB",
        "GaussianNB",
        "LabelPropagation",
        "LabelSpreading",
        "LinearDiscriminantAnalysis",
        "LinearSVC",
        "LogisticRegression",
        "LogisticRegressionCV",
        "MultinomialNB",
        "NearestCentroid",
        "NuSVC",
        "Perceptron",
        "QuadraticDiscriminantAnalysis",
        "RidgeClassifierCV",
        "SVC",
        "TunedThresholdClassifierCV",
    ]
)
_REGRESSORS = frozenset(
    [
        "CCA",
        "IsotonicRegression",
        "KernelRidge",
        "LinearSVR",
        "NuSVR",
        "PLSCanonical",
        "PLSRegression",
        "RegressorChain",
        "SVR",
    ]
)
_NO_PROBABILITIES = frozenset(
    [
        "LinearSVC",
        "NuSVC",
        "Perceptron",
        "PassiveAggressiveClassifier",
        "RidgeClassifier",
        "RidgeClassifierCV",
        "SVC",
        "SGDClassifier",
        "OneVsOneClassifier",
        "OutputCodeClassifier",
        "VotingClassifier",
    ]
)
_DECISIONS = frozenset(
    [
        "GradientBoostingClassifier",
        "HistGradientBoostingClassifier",
        "LinearDiscriminantAnalysis",
        "LinearSVC",
        "LogisticRegression",
        "LogisticRegressionCV",
        "NuSVC",
        "PassiveAggressiveClassifier",
        "Perceptron",
        "QuadraticDiscriminantAnalysis",
        "RidgeClassifier",
        "RidgeClassifierCV",
        "SGDClassifier",
        "SVC",
        "AdaBoostClassifier",
    ]
)
_CLUSTERERS_THAT_PREDICT = frozenset(
    ["AffinityPropagation", "Birch", "BisectingKMeans", "KMeans", "MeanShift", "MiniBatchKMeans"]
)
_OUTLIERS = frozenset(["OneClassSVM", "SGDOneClassSVM", "IsolationForest", "EllipticEnvelope"])
_MIXTURES = frozenset({"BayesianGaussianMixture", "GaussianMixture"})
_TRANSFORMERS = frozenset(
    {
        "BernoulliRBM",
        "FeatureAgglomeration",
        "FeatureUnion",
        "KNeighborsTransformer",
        "NeighborhoodComponentsAnalysis",
        "PLSSVD",
        "RadiusNeighborsTransformer",
        "RandomTreesEmbedding",
    }
)
_TRANSFORMING_PACKAGES = (
    "sklearn.compose",
    "sklearn.decomposition",
    "sklearn.feature_extraction",
    "sklearn.feature_selection",
    "sklearn.impute",
    "sklearn.kernel_approximation",
    "sklearn.manifold",
    "sklearn.preprocessing",
    "sklearn.random_projection",
)
_WITHOUT_TRANSFORM = frozenset({"MDS", "SpectralEmbedding", "TSNE", "ClassicalMDS"})
_LOSSES_WITH_PROBABILITIES = frozenset({"log_loss", "modified_huber"})


def task_of(module: str, kind: str, *, has_classes: bool) -> Task:
    """Return what the class is for, by its name and package; *has_classes* helps foreign ones."""
    if kind in _OUTLIERS:
        return Task.UNKNOWN
    if kind.endswith(("Classifier", "ClassifierCV")) or kind in _CLASSIFIERS:
        return Task.CLASSIFIER
    if kind.endswith("Regressor") or kind in _REGRESSORS:
        return Task.REGRESSOR
    if module.startswith("sklearn.linear_model"):
        return Task.REGRESSOR
    if module.startswith("sklearn.cluster") and kind != "FeatureAgglomeration":
        return Task.CLUSTERER
    if module.startswith(_TRANSFORMING_PACKAGES) or kind in _TRANSFORMERS:
        return Task.TRANSFORMER
    return Task.CLASSIFIER if has_classes else Task.UNKNOWN


def methods_of(task: Task, kind: str, params: dict[str, object]) -> tuple[str, ...]:
    """Return the prediction methods that the class is known to have."""
    if task is Task.REGRESSOR or kind in _CLUSTERERS_THAT_PREDICT or kind in _OUTLIERS:
        return ("predict",)
    if kind in _MIXTURES:
        return ("predict", "predict_proba")
    if task is Task.TRANSFORMER and kind not in _WITHOUT_TRANSFORM:
        return ("transform",)
    if task is not Task.CLASSIFIER:
        return ()
    methods = ["predict"]
    if _has_probabilities(kind, params):
        methods.append("predict_proba")
    if kind in _DECISIONS:
        methods.append("decision_function")
    return tuple(methods)


def _has_probabilities(kind: str, params: dict[str, object]) -> bool:
    if kind in {"SVC", "NuSVC"}:
        return params.get("probability") is True
    if kind == "SGDClassifier":
        return params.get("loss") in _LOSSES_WITH_PROBABILITIES
    if kind == "VotingClassifier":
        return params.get("voting") == "soft"
    return kind not in _NO_PROBABILITIES
