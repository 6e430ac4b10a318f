"""The cases of on-cuda with torcheval and torch, on the same numbers.

Prints a line a case: its name, the median seconds between two events on the stream, the value.
"""

import statistics
import sys

import torch

sys.path.insert(0, ".")
from torcheval.metrics.functional import binary_auprc  # noqa: E402

N_INPUTS = 3
N_CALLS = 15
DEVICE = torch.device("cuda:0")


def shifted(x, n_bits):
    """Logical shift to the right of 64-bit integers."""
    return (x >> n_bits) & ((1 << (64 - n_bits)) - 1)


def wrapped(x):
    """An unsigned 64-bit number as the signed one with the same bits."""
    return x - (1 << 64) if x >> 63 else x


def inputs(dtype, n_tasks, n):
    """The samples of on-cuda: functions of the position alone."""
    made = []
    for seed in range(N_INPUTS):
        x = torch.arange(n_tasks * n, dtype=torch.int64, device=DEVICE) + (seed << 40)
        x = x * wrapped(0x9E3779B97F4A7C15)
        x = (x ^ shifted(x, 32)) * wrapped(0x94D049BB133111EB)
        x = x ^ shifted(x, 32)
        scores = shifted(x, 40).to(torch.float32) / (1 << 24)
        targets = ((x & 0xFFFF).to(torch.float32) / (1 << 16) <= scores).to(torch.uint8)
        shape = (n,) if n_tasks == 1 else (n_tasks, n)
        made.append((scores.to(dtype).reshape(shape), targets.reshape(shape)))
        del x
    return made


def measure(name, samples, metric, n_calls=N_CALLS):
    seconds, value = [], None
    for call in range(n_calls + N_INPUTS):
        scores, targets = samples[call % N_INPUTS]
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        given = metric(scores, targets)
        end.record()
        end.synchronize()
        if call % N_INPUTS == 0:
            value = given
        if call >= N_INPUTS:
            seconds.append(start.elapsed_time(end) / 1e3)
    print(name, statistics.median(seconds), value, flush=True)


def tasks(scores, targets):
    return float(binary_auprc(scores, targets, num_tasks=scores.shape[0]).sum())


def histogram(scores, targets):
    """What a bucketed area needs: torcheval and Paddle have none for CUDA tensors of this size."""
    buckets = (scores.to(torch.float64) * 4095).to(torch.int64) * 2 + targets
    return int(torch.bincount(buckets, minlength=8192)[0])


def main():
    print("torch", torch.__version__, torch.cuda.get_device_name(0).replace(" ", "_"))
    for n in [1_000, 100_000, 1_000_000, 10_000_000, 100_000_000]:
        measure(f"auprc_f32_{n}", inputs(torch.float32, 1, n), lambda x, y: float(binary_auprc(x, y)))
    n = 100_000_000
    measure(
        f"auprc_bf16_{n}", inputs(torch.bfloat16, 1, n), lambda x, y: float(binary_auprc(x, y))
    )
    measure("auprc_f32_1000x100000", inputs(torch.float32, 1000, 100_000), tasks, n_calls=3)
    samples = inputs(torch.float32, 1, n)
    measure(f"auc_update_f32_{n}", samples, histogram)
    measure(f"auprc_update_compute_f32_{n}", samples, lambda x, y: float(binary_auprc(x, y)))


if __name__ == "__main__":
    main()
