#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# same_trace.sh PROGRAM SOURCE COMPILER FLAG...: what happens in a simulation does not depend on how
# the program was compiled. Builds it at -O0, and compares the traces of its cells.
set -u
program=$1 source=$2
shift 2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
"$@" -O0 -pthread "$source" -o "$work/program" || { echo "FAILED: it does not compile"; exit 1; }
"$program" --trace >"$work/there" && "$work/program" --trace >"$work/here" || exit 1
cat "$work/here"
[ -s "$work/here" ] && cmp "$work/there" "$work/here" && exit 0
echo "FAILED: another trace at -O0; as it was built:"
cat "$work/there"
exit 1
