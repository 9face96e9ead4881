#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# headers.sh TREE COMPILER [FLAG...]: each header compiles alone, without a warning: a local one with
# the include root of its family and nothing else of ours, one over a node with that and the node's.
set -u
tree=$1
shift
warnings='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror'
compiler=$*
boost=$(echo '#include <boost/describe.hpp>' | $compiler -E -x c++ - 2>/dev/null)
unit=$(mktemp -d) || exit 1
trap 'rm -rf "$unit"' EXIT
status=0
count=0
# check ROOT... HEADER: twice included; the second time must add nothing.
check() {
  roots=
  while [ $# -gt 1 ]; do roots="$roots -I $1"; shift; done
  printf '#include <%s>\n#include <%s>\nint main() {}\n' "$1" "$1" >"$unit/unit.cpp"
  $compiler -std=c++20 $warnings $roots -fsyntax-only "$unit/unit.cpp" ||
    { echo "FAILED: $1"; status=1; }
  count=$((count + 1))
}
node=$tree/engines/include
for family in creational structural behavioural; do
  root=$tree/$family/include
  [ -d "$root" ] || continue
  for header in $(cd "$root" && find gof -name '*.hpp' | sort); do
    case $header in
      gof/distributed/*) [ -z "$boost" ] || check "$root" "$node" "$header" ;;
      *) check "$root" "$header" ;;
    esac
  done
done
for header in $(cd "$node" && find gof -name '*.hpp' | sort); do
  case $header in
    gof/wire.hpp | gof/described.hpp | gof/pyro*) [ -z "$boost" ] || check "$node" "$header" ;;
    *) check "$node" "$header" ;;
  esac
done
echo "$count headers"
[ $count -gt 0 ] && exit $status
