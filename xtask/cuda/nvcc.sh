#!/usr/bin/env bash
# Calls nvcc, but for candle's files of quantised matrix products and mixtures of experts, which take
# most of the time and which no metric calls. They become empty objects.
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
