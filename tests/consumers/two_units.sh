#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# two_units.sh TREE COMPILER: two units that each include every local header make one program.
set -u
tree=$1
shift
unit=$(mktemp -d) || exit 1
trap 'rm -rf "$unit"' EXIT
roots=''
for root in "$tree"/creational/include "$tree"/structural/include "$tree"/behavioural/include; do
  [ -d "$root" ] || continue
  roots="$roots -I $root"
  (cd "$root" && find gof -name '*.hpp' -not -path 'gof/distributed/*' | sort) >>"$unit/headers"
done
[ -s "$unit/headers" ] || exit 1
sed 's/.*/#include <&>/' "$unit/headers" >"$unit/a.cpp"
sort -r "$unit/headers" | sed 's/.*/#include <&>/' >"$unit/b.cpp" # in the other order
echo 'int other(); int main() { return other(); }' >>"$unit/a.cpp"
echo 'int other(); int other() { return 0; }' >>"$unit/b.cpp"
"$@" -std=c++20 -Wall -Wextra -Wpedantic -Werror -pthread $roots \
  "$unit/a.cpp" "$unit/b.cpp" -o "$unit/program" && "$unit/program"
