#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# compile_fail.sh FILE COMPILER [FLAG...]
# FILE holds cases of the form
#     #ifdef FAIL_name  // says: extended regular expression
#     … what must not compile …
#     #else
#     … its twin, which must …
#     #endif
# All twins together must compile; each case alone must fail, with a message that matches.
set -u
file=$1
shift
status=0
# What the cases include is compiled once.
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
grep '^#include <' "$file" >"$folder/included.hpp"
"$@" -x c++-header "$folder/included.hpp" -o "$folder/included.hpp.gch" || exit 1
set -- "$@" -include "$folder/included.hpp"

if ! "$@" -fsyntax-only "$file"; then
  echo "FAILED: the twins of $file do not compile"
  status=1
fi
cases=$(sed -n 's/^#ifdef \(FAIL_[A-Za-z0-9_]*\) .*/\1/p' "$file")
[ -n "$cases" ] || { echo "FAILED: $file has no case"; exit 1; }
for case in $cases; do
  says=$(sed -n "s|^#ifdef $case  *// says: ||p" "$file")
  [ -n "$says" ] || { echo "FAILED: $case does not state its message"; status=1; continue; }
  if message=$("$@" -fsyntax-only "-D$case" "$file" 2>&1); then
    echo "FAILED: $case compiles"
    status=1
  elif ! printf '%s\n' "$message" | grep -Eq "$says"; then
    printf 'FAILED: %s does not say "%s" but:\n%s\n' "$case" "$says" "$message"
    status=1
  else
    echo "ok: $case"
  fi
done
exit $status
