#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# include_cost.sh [PATTERN|HEADER...]
# What including a local header costs the compiler (without an argument: each of them): milliseconds
# of processor time to parse a file that includes it, and how much of that is over the standard
# headers it needs. Medians of interleaved runs; CXX names the compiler, ROUNDS how many runs
# (default 9).
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
cxx=${CXX:-g++}
rounds=${ROUNDS:-9}
fail() { echo "include_cost: $1" >&2; exit 1; }
command -v "$cxx" >/dev/null || fail "there is no compiler $cxx"
[[ $rounds =~ ^[1-9][0-9]*$ ]] || fail "not a number of rounds: $rounds"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mapfile -t roots < <(cd "$root" && ls -d {creational,structural,behavioural}/include 2>/dev/null)
includes=("${roots[@]/#/-I$root/}")

local_headers() {  # find's conditions
  (cd "$root" && find "${roots[@]}" -name '*.hpp' -not -path '*/distributed/*' "$@" | sort)
}
headers=()
if [ $# -eq 0 ]; then mapfile -t headers < <(local_headers); fi
for wanted in "$@"; do
  if [ -f "$wanted" ]; then
    headers+=("$(realpath --relative-to="$root" "$wanted")")
  else
    name=${wanted//-/_}
    found=$(local_headers '(' -path "*/gof/$name.hpp" -o -path "*/gof/$name/*.hpp" ')')
    [ -n "$found" ] || fail "no header and no pattern: $wanted"
    mapfile -t -O ${#headers[@]} headers <<<"$found"
  fi
done
[ ${#headers[@]} -gt 0 ] || fail "there is no header"

# The standard headers that a header of ours includes, itself or through others of ours.
std_includes() {
  "$cxx" -std=c++20 "${includes[@]}" -MM "$root/$1" | tr -d '\\' | tr ' ' '\n' |
    grep '\.hpp$' | xargs sed -n '/^#include <gof\//d; /^#include </p' | sort -u
}

TIMEFORMAT='%U %S'
parse() { "$cxx" -std=c++20 "${includes[@]}" -fsyntax-only "$1"; }
milliseconds() { { time parse "$1"; } 2>&1 | awk '{ print ($1 + $2) * 1000 }'; }
median() {
  sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

for i in "${!headers[@]}"; do
  echo "#include \"$root/${headers[i]}\"" >"$work/$i.ours.cpp"
  parse "$work/$i.ours.cpp" || fail "${headers[i]} does not compile"
  std_includes "${headers[i]}" >"$work/$i.std.cpp"
done
for ((round = 0; round < rounds; ++round)); do
  for i in "${!headers[@]}"; do
    for kind in std ours; do milliseconds "$work/$i.$kind.cpp" >>"$work/$i.$kind"; done
  done
done
printf '%-44s %6s %10s %6s\n' 'header' 'ms' 'over std' 'lines'
for i in "${!headers[@]}"; do
  ours=$(median <"$work/$i.ours")
  over=$(paste "$work/$i.ours" "$work/$i.std" | awk '{ print $1 - $2 }' | median)
  printf '%-44s %6.0f %10.0f %6d\n' "${headers[i]#*/include/}" "$ours" "$over" \
    "$(wc -l <"$root/${headers[i]}")"
done
