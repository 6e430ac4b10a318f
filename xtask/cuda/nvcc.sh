#!/usr/bin/env bash
# Calls nvcc, but for 15 files of candle's that hold quantised matrix products and mixtures of
# experts: they take eleven minutes and no metric calls them. They become empty objects.
set -eu
out='' source='' compiles='' archives='' before=''
for argument in "$@"; do
  [ "$before" = -o ] && out=$argument
  case $argument in
    -c) compiles=yes ;;
    --lib) archives=yes ;;
    *.cu) source=${argument##*/} ;;
  esac
  before=$argument
done
case $source in
  mmq_* | mmvq_* | moe_*)
    if [ -n "$compiles" ]; then exec "${CC:-cc}" -c -fPIC -x c /dev/null -o "$out"; fi
    ;;
esac
if [ -n "$archives" ]; then
  # nvcc refuses to archive objects without device code.
  objects=()
  for argument in "$@"; do
    case $argument in *.o) objects+=("$argument") ;; esac
  done
  rm -f "$out"
  exec ar rcs "$out" "${objects[@]}"
fi
exec "$REAL_NVCC" "$@"
