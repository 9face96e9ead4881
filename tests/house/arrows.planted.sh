#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# arrows.planted.sh TREE: arrows.sh lets through what is right, and catches what is planted.
arrows=$1/tests/house/arrows.sh
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/behavioural/include/gof/command" "$tree/behavioural/include/gof/distributed" \
  "$tree/engines/include/gof/engines"
plant() { printf '#include <string>\n#include <gof/%s.hpp>\n' "$2" >"$tree/$1"; }

plant behavioural/include/gof/command/queue.hpp command
plant behavioural/include/gof/command/group.hpp command/queue
plant behavioural/include/gof/distributed/command.hpp command
plant behavioural/include/gof/distributed/observer.hpp distributed/command
plant engines/include/gof/engines/memory.hpp node
sh "$arrows" "$tree" || { echo "FAILED: what is right is refused"; exit 1; }

plant behavioural/include/gof/command.hpp node                         # local -> node
plant behavioural/include/gof/distributed/observer.hpp engines/memory  # library -> engine
caught=$(sh "$arrows" "$tree") && { echo "FAILED: nothing is caught"; exit 1; }
echo "$caught"
[ "$(echo "$caught" | wc -l)" -eq 2 ] || { echo "FAILED: two are planted"; exit 1; }
echo "$caught" | grep -q 'gof/command.hpp:2:#include <gof/node.hpp>' &&
  echo "$caught" | grep -q 'gof/distributed/observer.hpp:2:#include <gof/engines/memory.hpp>'
