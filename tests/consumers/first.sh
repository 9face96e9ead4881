#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# first.sh TREE COMPILER: the command line of the README's first screen compiles the first program,
# which prints what the README shows.
set -u
cd "$1" || exit 1
[ -f examples/first.cpp ] || { echo "there is no examples/first.cpp"; exit 77; }
shift
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
"$@" -std=c++20 -I behavioural/include examples/first.cpp -o "$folder/first" &&
  "$folder/first" >"$folder/first.out" && diff -u examples/first.out "$folder/first.out"
