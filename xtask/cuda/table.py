"""Our times beside torch's, as Markdown.

    python3 table.py OURS TORCH
"""

import sys


def read(path):
    lines = [line.split() for line in open(path, encoding="utf-8")]
    return {line[0]: line[1:] for line in lines if len(line) > 1}


def main():
    ours, torch = read(sys.argv[1]), read(sys.argv[2])
    bandwidth = float(ours["copy_gb_per_s"][0]) * 1e9
    version, device = torch["torch"]
    print(f"{device.replace('_', ' ')}; torch {version}; a copy moves {bandwidth / 1e12:.2f} TB/s\n")
    print("| case | ours | torch | torch / ours | floor | ours / floor | value | torch's value |")
    print("|---|---|---|---|---|---|---|---|")
    for name, numbers in ours.items():
        if len(numbers) != 3:
            continue
        seconds, value, n_bytes = float(numbers[0]), numbers[1], float(numbers[2])
        floor = n_bytes / bandwidth
        cells = [name, f"{seconds * 1e3:.3f} ms"]
        if name in torch:
            theirs = float(torch[name][0])
            cells += [f"{theirs * 1e3:.3f} ms", f"{theirs / seconds:.1f}"]
        else:
            cells += ["-", "-"]
        cells += [f"{floor * 1e3:.3f} ms", f"{seconds / floor:.1f}", value]
        cells.append(torch[name][1] if name in torch else "-")
        print("| " + " | ".join(cells) + " |")
    print("\nMedians between two events on the stream. The floor is one read of the input.")


if __name__ == "__main__":
    main()
