"""One measurement of `cargo xtask compare-candle`: torcheval's binary_auprc of n samples.

    python time_torcheval.py N

Prints the median seconds of a call, the bytes the first call needed at its peak beyond what
the process held before, and the value.
"""

import statistics
import sys
import time
import warnings

import peers


def memory(name):
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    raise KeyError(name)


def main(n):
    torch = peers.import_torch()
    from torcheval.metrics.functional import binary_auprc

    generator = torch.Generator().manual_seed(1)
    scores = torch.rand(n, generator=generator)
    targets = (torch.rand(n, generator=generator) < 0.5).to(torch.int64)
    before = memory("VmRSS:")
    with open("/proc/self/clear_refs", "w", encoding="ascii") as clear:
        clear.write("5")  # starts the kernel's peak afresh
    value = binary_auprc(scores, targets)
    peak = max(0, memory("VmHWM:") - before)
    seconds = []
    began = time.perf_counter()
    while len(seconds) < 3 or (len(seconds) < 1000 and time.perf_counter() - began < 2):
        start = time.perf_counter()
        binary_auprc(scores, targets)
        seconds.append(time.perf_counter() - start)
    print(statistics.median(seconds), peak, float(value))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]))
