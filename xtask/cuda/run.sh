#!/usr/bin/env bash
# Runs the suite on a CUDA device, a part of it under compute-sanitizer, and the benches beside torch;
# prints a table last. Needs an NVIDIA driver, a CUDA 13 toolkit, and Python with torch.
set -uo pipefail
cd "$(dirname "$0")"
log=${OUT:-.}
mkdir -p "$log"
nvidia=$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/nvidia/cu13/lib
export LD_LIBRARY_PATH="${CUDA_HOME:-/usr/local/cuda}/lib64:$nvidia${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
# The runtime in these programs is that of CUDA 13, which older drivers do not run.
driver=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1)
if [ -n "$driver" ] && [ "${driver%%.*}" -lt 580 ]; then
  echo "driver $driver; CUDA 13 needs 580 or later"
  exit 5
fi
if ! ./on-cuda --probe; then
  echo "no CUDA device"
  exit 3
fi
# Where torch is: the suite runs on its libtorch too.
torch=$(python3 -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])' 2>/dev/null) || {
  echo "no torch that $(command -v python3) can import"
  exit 4
}
export LD_LIBRARY_PATH="$LD_LIBRARY_PATH:$torch/lib"

failed=0
step() {
  local name=$1
  shift
  echo "== $name"
  if "$@" >"$log/$name.log" 2>&1; then
    grep -hE '^test result|ERROR SUMMARY' "$log/$name.log" || true
  else
    failed=1
    echo "FAILED: $name"
    grep -E '^test .*FAILED|^test result|panicked|error' "$log/$name.log" | head -40
  fi
}

step kernels ./kernels
step candle ./conformance candle_cuda --test-threads 8
step libtorch ./conformance tch_cuda --test-threads 8
step cuda ./cuda --test-threads 2
sanitizer=${CUDA_HOME:-/usr/local/cuda}/bin/compute-sanitizer
for tool in memcheck racecheck initcheck; do
  # What tensors of candle's own hold is not for us to check.
  step "$tool" "$sanitizer" --tool "$tool" --error-exitcode 9 ./cuda --test-threads 1 \
    a_bad tasks_have_the_bits_of_the_cpu::case_1 tasks_have_the_bits_of_the_cpu::case_2 curves states
done
step ours ./on-cuda
step torch python3 time_torch.py
echo
python3 table.py "$log/ours.log" "$log/torch.log" | tee "$log/table.md"
exit $failed
