#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# fallacies_table.sh FILE PROGRAM...: FILE is the table of the cells that the programs have.
# UPDATE=yes writes it anew.
set -eu
file=$1
shift
made=$(mktemp)
trap 'rm -f "$made"' EXIT
{
  echo '| Pattern | It is not … | The naive program | Invariant |'
  echo '|---|---|---|---|'
  for program; do "$program" --table; done
} >"$made"
[ -z "${UPDATE-}" ] || cp "$made" "$file"
cmp -s "$made" "$file" || {
  diff "$file" "$made" || true
  echo "FAILED: UPDATE=yes ctest -R fallacies.table writes it anew" >&2
  exit 1
}
