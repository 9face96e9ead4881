#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# over_pyro.sh BROKER PROGRAM EXPECTED FOLDER: runs an example over a broker on this machine, which
# is stopped with it, and compares what it prints with what it prints elsewhere.
broker=$1 program=$2 expected=$3 folder=$4
rm -rf "$folder" && mkdir -p "$folder" && cd "$folder" || exit 1
timeout 300 "$broker" --at 127.0.0.1:0 >broker.log 2>&1 &
started=$!
trap 'kill $started 2>/dev/null' EXIT
tries=0
until url=$(sed -n 's/^broker at \(pyro:[^,]*\),.*/\1/p' broker.log) && [ -n "$url" ]; do
  tries=$((tries + 1))
  [ $tries -lt 100 ] || { cat broker.log; exit 1; }
  sleep 0.1
done
timeout 200 "$program" "$url" >out || { cat out; echo "it ended with status $?"; exit 1; }
sed "s|$url|memory:|" out | diff "$expected" - && echo "as expected, over $url"
