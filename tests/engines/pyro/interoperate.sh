#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# interoperate.sh CLIENT PEER VERSION: our client and our server against real Pyro5 of that version,
# in both directions, with each serializer, both of Python's servers, a name server, and TLS. CLIENT
# and PEER are client.cpp and peer.cpp, built. Prints a line for each combination, and a total, which
# is how many checks there were; exits with 77 where there is no such Pyro5, and says why.
set -u
[ $# -eq 3 ] || { echo "usage: interoperate.sh CLIENT PEER VERSION" >&2; exit 2; }
client=$1 peer=$2 version=$3
here=$(cd "$(dirname "$0")" && pwd)
for program in "$client" "$peer"; do
  [ -x "$program" ] || { echo "there is no program $program" >&2; exit 2; }
done
python=$(sh "$here/python.sh" "$version") || exit $?
python=$(printf '%s\n' "$python" | tail -n 1)
command -v openssl >/dev/null || { echo "there is no openssl here (package openssl)"; exit 77; }

folder=$(mktemp -d) || exit 1
processes=
stop() { # all that was started
  [ -z "$processes" ] || kill $processes 2>/dev/null
  for one in $processes; do wait "$one" 2>/dev/null; done
  processes=
}
finish() { stop; rm -rf "$folder"; }
trap finish EXIT
trap 'exit 1' HUP INT TERM

# start NAME WORD COMMAND...: it is ready when it says WORD; what follows it there is $said. It ends
# with its input, which is open as long as this script, or by stop.
mkfifo "$folder/open"
exec 8<>"$folder/open"
start() {
  name=$1 word=$2
  shift 2
  : >"$folder/$name.out"
  timeout 150 "$@" <"$folder/open" >"$folder/$name.out" 2>"$folder/$name.err" 8<&- &
  processes="$processes $!"
  tries=0
  until said=$(sed -n "s/^$word //p" "$folder/$name.out") && [ -n "$said" ]; do
    tries=$((tries + 1))
    if [ $tries -gt 200 ] || ! kill -0 $! 2>/dev/null; then
      echo "FAILED: $* does not start:"
      cat "$folder/$name.out" "$folder/$name.err"
      exit 1
    fi
    sleep 0.1
  done
  said=${said%% *}
}

ok=0 failed=0 declared=0
count() { # TITLE STATUS [OK [FAILED [DECLARED]]]
  set -- "$1" "$2" "${3:-0}" "${4:-0}" "${5:-0}"
  # What ends before it has counted has failed, and what checks nothing, too.
  if [ "$4" -eq 0 ] && { [ "$2" -ne 0 ] || [ "$3" -eq 0 ]; }; then
    set -- "$1" "$2" "$3" 1 "$5"
  fi
  echo "$1: $3 ok, $4 failed, $5 declared"
  [ "$4" -eq 0 ] || grep -Ev '^(ok |declared)|Skipped$' "$folder/checks"
  ok=$((ok + $3)) failed=$((failed + $4)) declared=$((declared + $5))
}

# ---- Python calls C++ ----------------------------------------------------------------------------

python_calls() { # TITLE ARGUMENT...
  title=$1
  shift
  timeout 150 "$python" "$here/client_checks.py" "$@" --peer cpp >"$folder/checks" 2>&1
  status=$?
  set -- $(sed -n 's/^total \([0-9]*\) ok, \([0-9]*\) failed, \([0-9]*\) declared$/\1 \2 \3/p' \
    "$folder/checks")
  count "$title" $status "$@"
}

# In C++ values that are passed on are MessagePack: a tuple or a set is a list then, and there are
# keys of text only.
inside=every_kind_of_value,random_values,keys_of_any_type

start peer ready "$peer"
for serializer in msgpack json serpent; do
  at=${said#*@} without=
  [ $serializer != serpent ] || without="--without $inside"
  python_calls "Pyro5 $version calls C++, $serializer" "$said" --serializer $serializer \
    --name-server "$at" $without
done
stop
start peer ready "$peer" --one-thread
python_calls "Pyro5 $version calls C++ with one thread, msgpack" "$said" --serializer msgpack \
  --values 500 --without deadlines # one that sleeps keeps all others waiting
stop
"$python" "$here/peer.py" --make-certificates "$folder/tls" || exit 1
start peer ready "$peer" --tls "$folder/tls"
python_calls "Pyro5 $version calls C++, TLS" "$said" --serializer msgpack --values 500 \
  --tls "$folder/tls"
stop

# ---- C++ calls Python ----------------------------------------------------------------------------

start names 'NS running on' "$python" -u -m Pyro5.nameserver -n 127.0.0.1 -p 0
names=$said
cpp_calls() { # TITLE TYPE SERIALIZER VALUES NAME_SERVER TLS [OPTION]
  title=$1
  set -- "$2" "$3" "$4" "$5" "$6" ${7-}
  command="'$python' '$here/peer.py' --server-type $1 --serializer $2 ${5:+--tls '$5'} ${6-}"
  start python ready sh -c "exec $command ${4:+--name-server $4}"
  process=${processes##* }
  GOF_PEER=$said GOF_PEER_COMMAND=$command GOF_PEER_SERIALIZER=$2 GOF_PEER_VALUES=$3 \
    GOF_PEER_NAME_SERVER=$4 GOF_PEER_TLS=$5 \
    timeout 100 "$client" --gtest_color=no --gtest_brief=1 >"$folder/checks" 2>&1
  status=$?
  number() { sed -n "s/^\[  $1 *\] \([0-9]*\) test.*/\1/p" "$folder/checks"; }
  count "$title" $status "$(number PASSED)" "$(grep -c '^\[  FAILED' "$folder/checks")" \
    "$(number SKIPPED)"
  kill "$process" 2>/dev/null
  wait "$process" 2>/dev/null
  processes=${processes% *}
}
for serializer in msgpack json serpent; do
  cpp_calls "C++ calls Pyro5 $version, $serializer" thread $serializer 10000 "$names" '' --compression
done
for serializer in msgpack json serpent; do
  cpp_calls "C++ calls Pyro5 $version with one thread, $serializer" multiplex $serializer 500 \
    "$names" ''
done
cpp_calls "C++ calls Pyro5 $version, TLS" thread msgpack 500 '' "$folder/tls"

echo "total $ok ok, $failed failed, $declared declared"
[ $failed -eq 0 ]
