#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# format.sh TREE [--update]: sources are as clang-format 14 writes them (other versions differ).
set -u
cd "$1" || exit 1
for format in clang-format-14 clang-format ''; do
  [ -n "$format" ] || { echo "clang-format 14 is missing (Debian: clang-format-14)"; exit 77; }
  "$format" --version 2>/dev/null | grep -q 'version 14\.' && break
done
folders=$(ls -d creational structural behavioural engines examples tests benchmarks 2>/dev/null)
find $folders -name '*.[hc]pp' | sort | {
  status=0
  while read -r file; do
    if [ "${2-}" = --update ]; then
      "$format" -i "$file"
    else
      # Not --dry-run: it complains of "namespace a::inline b {", and would change nothing.
      "$format" "$file" | diff -u --label "$file" --label "$file, formatted" "$file" - || status=1
    fi
  done
  [ $status -eq 0 ] || echo "FAILED: run tests/house/format.sh . --update"
  exit $status
}
