#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# headers.sh TREE COMPILER [FLAG...]: each local header compiles alone, without a warning, with the
# include root of its family and nothing else of ours.
set -u
tree=$1
shift
warnings='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror'
unit=$(mktemp -d) || exit 1
trap 'rm -rf "$unit"' EXIT
status=0
count=0
for family in creational structural behavioural; do
  root=$tree/$family/include
  [ -d "$root" ] || continue
  for header in $(cd "$root" && find gof -name '*.hpp' -not -path 'gof/distributed/*' | sort); do
    # Twice: the second time must add nothing.
    printf '#include <%s>\n#include <%s>\nint main() {}\n' "$header" "$header" >"$unit/unit.cpp"
    "$@" -std=c++20 $warnings -I "$root" -fsyntax-only "$unit/unit.cpp" ||
      { echo "FAILED: $header"; status=1; }
    count=$((count + 1))
  done
done
echo "$count headers"
[ $count -gt 0 ] && exit $status
