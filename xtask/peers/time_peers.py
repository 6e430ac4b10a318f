"""The Python half of `cargo xtask bench-peers`.

    python time_peers.py FOLDER < CASES

Each line of CASES is a case as the Rust half named it: its name, the number of tasks, the dtype
of the scores, and the metric, apart by tabs. Its data lie in FOLDER. Prints one line a measurement:
the case, who was measured, the median seconds of a call, and the value.
"""

import pathlib
import statistics
import sys
import time
import warnings

import numpy as np
import peers

SECONDS = 1.0
SLOW = 10.0


def median_seconds(call, prepare=lambda: None):
    """The median time of a call, on what was prepared for it; what is slow is called once."""
    seconds = []
    began = time.perf_counter()

    def lasted():
        return time.perf_counter() - began

    while (
        not seconds
        or (len(seconds) < 3 and lasted() < SLOW)
        or (len(seconds) < 1000 and lasted() < SECONDS)
    ):
        prepared = prepare()
        start = time.perf_counter()
        call() if prepared is None else call(prepared)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def competitors(torch, scores, targets, metric):
    """Who computes this metric, and the call that does."""
    from sklearn.metrics import average_precision_score, roc_auc_score
    from torcheval.metrics.functional import binary_auprc, binary_auroc
    from torchmetrics.functional.classification import binary_auroc as tm_auroc
    from torchmetrics.functional.classification import binary_average_precision as tm_ap

    tensors = torch.from_numpy(scores), torch.from_numpy(targets.astype(np.int64))
    if scores.ndim == 2:
        yield "torcheval", lambda: binary_auprc(*tensors, num_tasks=len(scores))
        return
    if metric == "auroc":
        yield "scikit-learn", lambda: roc_auc_score(targets, scores)
        yield "torcheval", lambda: binary_auroc(*tensors)
        yield "torchmetrics", lambda: tm_auroc(*tensors)
        return
    yield "scikit-learn", lambda: average_precision_score(targets, scores)
    yield "torcheval", lambda: binary_auprc(*tensors)
    yield "torchmetrics", lambda: tm_ap(*tensors)


def main(folder):
    torch = peers.import_torch()
    for line in sys.stdin:
        name, n_tasks, dtype, metric = line.rstrip("\n").split("\t")
        if dtype not in ("float32", "float64") or metric in ("auc", "updates"):
            continue
        scores = np.fromfile(folder / f"{name}.scores", dtype=dtype)
        targets = np.fromfile(folder / f"{name}.targets", dtype=np.uint8)
        if n_tasks != "1":
            shape = (int(n_tasks), -1)
            scores, targets = scores.reshape(shape), targets.reshape(shape)
        for who, call in competitors(torch, scores, targets, metric):
            value = float(np.asarray(call()).ravel()[0])
            print(name, who, median_seconds(call), value, sep="\t", flush=True)
        if scores.ndim == 1:
            seconds = median_seconds(np.ndarray.sort, prepare=scores.copy)
            print(name, "numpy.sort", seconds, "", sep="\t", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(pathlib.Path(sys.argv[1]))
