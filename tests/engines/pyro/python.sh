#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# python.sh VERSION: makes a Python that has Pyro5 of that version and msgpack, or finds the one it
# made before. Prints the path of it as its last line; exits with 77 where that cannot be, and says
# why. GOF_CACHE names the folder it is kept below, GOF_PYTHON the python it is made of.
set -u
version=${1-}
case $version in '' | *[!0-9.]*) echo "usage: python.sh VERSION" >&2; exit 2 ;; esac
cannot() { echo "no Pyro5 $version: $1" >&2; exit 77; }
for tool in flock timeout; do
  command -v $tool >/dev/null || cannot "there is no $tool here (package util-linux or coreutils)"
done

base=${GOF_PYTHON:-python3}
cache=${GOF_CACHE:-${XDG_CACHE_HOME:-${HOME:-${TMPDIR:-/tmp}}/.cache}/gof}
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac
folder=$cache/pyro5-$version
python=$folder/bin/python
command -v "$base" >/dev/null || cannot "there is no $base here"
mkdir -p "$cache" 2>/dev/null || cannot "the folder $cache cannot be made"

works() {
  [ -x "$python" ] && "$python" -c "
import msgpack, Pyro5, sys
sys.exit(Pyro5.__version__ != '$version')" 2>/dev/null
}
last() { tail -n 1 "$folder.log" | cut -c 1-200; }

# Whoever comes second waits here, and then finds it.
(: >>"$folder.lock") 2>/dev/null || cannot "the folder $cache cannot be written"
exec 9>>"$folder.lock"
flock -w 240 9 || cannot "another process has been making it for 240 s"
if ! works; then
  rm -rf "$folder"
  # The children do not hold the lock.
  timeout 60 "$base" -m venv "$folder" >"$folder.log" 2>&1 9>&- ||
    cannot "$base makes no virtual environment (package python3-venv): $(last)"
  timeout 150 "$python" -m pip install --disable-pip-version-check --quiet --no-input --retries 1 \
    --timeout 20 "Pyro5==$version" msgpack >"$folder.log" 2>&1 9>&- ||
    cannot "pip does not get it, from no package index or none that has it: $(last)"
  works || cannot "it is installed, and cannot be imported: see $folder.log"
fi
echo "$python"
