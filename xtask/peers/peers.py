"""What scikit-learn, torcheval and Paddle return for the cases of inputs.json.

    python peers.py > expected.json

Writes one JSON object: the versions, and per case one value per column: a number, "nan",
{"error": "ExceptionName: first line"}, or null where the library is not installed (the
reason is then under "missing"). All scores are given as float64 and all targets as int64;
torcheval still returns its AUPRC as a float32. requirements.txt says how to install.
"""

import contextlib
import ctypes
import importlib.metadata
import importlib.util
import json
import math
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import warnings

COLUMNS = {
    "scikit-learn": ["sklearn_average_precision", "sklearn_roc_auc"],
    "torcheval": ["torcheval_auprc", "torcheval_auroc"],
    "paddlepaddle": ["paddle_auc_roc", "paddle_auc_pr"],
}

# What libtorch_cuda.so of the pinned wheel links to and a computation on the CPU never calls.
CUDA_SONAMES = [
    "libcublas.so.13",
    "libcublasLt.so.13",
    "libcudnn.so.9",
    "libcufft.so.12",
    "libcufile.so.0",
    "libcurand.so.10",
    "libcusparse.so.12",
    "libcusparseLt.so.0",
    "libnccl.so.2",
    "libnvshmem_host.so.3",
]


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def import_torch():
    """`import torch`, also where its wheel was installed without the CUDA libraries.

    Empty libraries of the same names, loaded first, satisfy the dynamic linker; functions
    are bound lazily, and none of theirs is called here. torch's CPU code is all its own.
    """
    spec = importlib.util.find_spec("torch")
    cuda_build = spec and any(
        pathlib.Path(place, "lib", "libtorch_cuda.so").exists()
        for place in spec.submodule_search_locations
    )
    if not cuda_build or version("nvidia-cudnn-cu13"):
        import torch

        return torch
    flags = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_LAZY)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for soname in CUDA_SONAMES:
                path = os.path.join(folder, soname)
                cc = ["cc", "-shared", "-nostdlib", f"-Wl,-soname,{soname}", "-o", path]
                subprocess.run([*cc, "-x", "c", os.devnull], check=True)
                ctypes.CDLL(path, mode=os.RTLD_LAZY)
        import torch

        return torch
    finally:
        sys.setdlopenflags(flags)


def sklearn_metrics():
    import numpy
    from sklearn.metrics import average_precision_score, roc_auc_score

    def on_arrays(metric):
        return lambda scores, targets: metric(numpy.array(targets), numpy.array(scores))

    return [on_arrays(average_precision_score), on_arrays(roc_auc_score)]


def torcheval_metrics():
    torch = import_torch()
    torch.set_num_threads(1)
    from torcheval.metrics.functional import binary_auprc, binary_auroc

    def on_tensors(metric):
        return lambda scores, targets: metric(
            torch.tensor(scores, dtype=torch.float64),
            torch.tensor(targets, dtype=torch.int64),
        )

    return [on_tensors(binary_auprc), on_tensors(binary_auroc)]


def paddle_metrics():
    import numpy
    from paddle.metric import Auc

    def auc(curve):
        def value(scores, targets):
            metric = Auc(curve=curve, num_thresholds=4095)
            p = numpy.array(scores)
            metric.update(numpy.stack([1 - p, p], axis=1), numpy.array(targets)[:, None])
            return metric.accumulate()

        return value

    return [auc("ROC"), auc("PR")]


def first_line(error):
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def measure(metric, case):
    try:
        value = float(metric([float(s) for s in case["scores"]], case["targets"]))
    except Exception as error:
        return {"error": first_line(error)}
    return value if math.isfinite(value) else str(value)


def main():
    inputs = pathlib.Path(__file__).with_name("inputs.json").read_text(encoding="utf-8")
    cases = json.loads(inputs)["cases"]
    rows = {case["id"]: {} for case in cases}
    missing = {}
    loaders = [sklearn_metrics, torcheval_metrics, paddle_metrics]
    for (peer, columns), load in zip(COLUMNS.items(), loaders):
        try:
            metrics = load()
        except Exception as error:
            missing[peer] = first_line(error)
            metrics = None
        for case in cases:
            for i, column in enumerate(columns):
                rows[case["id"]][column] = metrics and measure(metrics[i], case)
    versions = {"python": platform.python_version()}
    for package in ["numpy", "scikit-learn", "torch", "torcheval", "paddlepaddle"]:
        versions[package] = version(package)
    return {"versions": versions, "missing": missing, "cases": rows}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(sys.stderr):  # stdout holds the JSON alone
        result = main()
    print(json.dumps(result, indent=1))
