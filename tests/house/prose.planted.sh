#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# prose.planted.sh TREE: prose.sh lets through what is right, and catches each planted thing.
prose=$1/tests/house/prose.sh
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
mkdir "$tree/docs"
licence='// SPDX-License-Identifier: BSL-1.0'
hundred=$(printf '%0100d' 0 | sed 's/^..../\/\/ ä/')
fence='```'
{ echo "$licence"; echo "$hundred"; echo "/// | $hundred |"; } >"$tree/a.hpp"
printf '%s\n' '[here](docs/page.md#part) [site](https://example.org/x)' '<!-- begin: file x -->' \
  "${fence}cpp" "$fence" '<!-- end -->' >"$tree/README.md"
echo "[up](../README.md) \`[no](link)\`" >"$tree/docs/page.md"
sh "$prose" "$tree" || { echo "FAILED: what is right is refused"; exit 1; }

status=0
catches() { # catches WHAT FILE LINE...: with the lines added to the file
  cp "$tree/$2" "$tree.kept" 2>/dev/null || : >"$tree.kept"
  what=$1 file=$2
  shift 2
  printf '%s\n' "$@" >>"$tree/$file"
  if caught=$(sh "$prose" "$tree") || [ "$(echo "$caught" | grep -c "^FAILED: $what")" -ne 1 ]; then
    echo "FAILED: not caught: $what"
    status=1
  fi
  mv "$tree.kept" "$tree/$file"
}
catches 'a listing' docs/page.md "${fence}cpp" "$fence"
catches 'a listing' README.md "${fence}cpp" "$fence"
catches 'lines of more' a.hpp "${hundred}x"
catches 'paths of one machine' a.hpp "// see /""home/me/x"
catches 'links that lead' docs/page.md '[gone](gone.md)'
catches 'no line' b.cpp 'int x;'
exit $status
