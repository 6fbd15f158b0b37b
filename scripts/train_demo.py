"""Train the two pipelines of the demo: python scripts/train_demo.py DIRECTORY.

Writes ``first.joblib``, ``second.joblib`` and ``instances.json``. The data are the wines of
scikit-learn, 178 bottles from three vineyards, with colour and strength put into words, so that
there are columns of numbers and columns of text. Both pipelines take the same columns; the first
looks at two of them only, and the second is right more often.
"""

import json
import sys
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS = ["malic_acid", "ash", "magnesium", "total_phenols", "flavanoids", "hue", "proline"]
GRAPES = ["barolo", "grignolino", "barbera"]


def wines() -> tuple[pd.DataFrame, list[str]]:
    """Return the bottles and the grape of each."""
    data = load_wine(as_frame=True)
    bottles = data.data[NUMBERS].assign(
        colour=pd.cut(
            data.data["color_intensity"], [0, 3.5, 6, 20], labels=["pale", "red", "deep"]
        ),
        strength=pd.cut(data.data["alcohol"], [0, 12.5, 13.5, 20], labels=["light", "mid", "full"]),
    )
    return bottles.astype({"colour": str, "strength": str}), [GRAPES[code] for code in data.target]


def pipeline(numbers: list[int], words: list[int], classifier: object) -> Any:
    """Return an unfitted pipeline that looks at the columns at these positions.

    Positions rather than names, so that it also answers on images that hand over bare lists.
    """
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), numbers),
            ("words", OneHotEncoder(handle_unknown="ignore"), words),
        ]
    )
    return make_pipeline(columns, classifier)


def main() -> None:
    """Train on the training set, score on the test set, write the files."""
    folder = Path(sys.argv[1])
    bottles, grapes = wines()
    train, test, train_grapes, test_grapes = train_test_split(
        bottles, grapes, test_size=0.3, random_state=7, stratify=grapes
    )
    first = pipeline([1], [8], LogisticRegression())
    second = pipeline([*range(7)], [7, 8], RandomForestClassifier(50, random_state=7))
    for name, model in (("first", first), ("second", second)):
        model.fit(train, train_grapes)
        joblib.dump(model, folder / f"{name}.joblib", compress=3)
        score = model.score(test, test_grapes)
        print(f"{name}.joblib: {score:.0%} of {len(test)} unseen bottles named rightly")
    changed = test[first.predict(test) != second.predict(test)].head(3)
    rows = {"instances": changed.to_numpy().tolist()}
    (folder / "instances.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
