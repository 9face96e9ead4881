#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# gof.sh TREE: what ./gof answers, with a small tree and a machine of stand-ins; nothing is built.
set -u
unset CXX NO_COLOR
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/docs" "$tree/machine" "$tree/behavioural/include/gof/distributed" \
  "$tree/structural/include/gof" "$tree/examples/behavioural" "$tree/examples/structural"
cp "$1/gof" "$tree/gof"
cp "$1/docs/patterns.tsv" "$tree/docs"
for pattern in behavioural/command behavioural/observer structural/proxy; do
  : >"$tree/examples/$pattern.cpp"
  : >"$tree/${pattern%/*}/include/gof/${pattern#*/}.hpp"
done
: >"$tree/behavioural/include/gof/distributed/observer.hpp"

# A machine with the basics alone: no compiler, no CMake, no apt.
for tool in bash env sh awk basename cat dirname find getconf grep head id mkdir mktemp rm sed \
  sort tail tee tr wc; do
  ln -s "$(command -v "$tool")" "$tree/machine/$tool" || exit 1
done
stand_in() { printf '#!/bin/sh\n%s\n' "$2" >"$tree/machine/$1" && chmod +x "$tree/machine/$1"; }

failures=0
failed() {
  echo "FAILED: $1"
  cat "$tree/out" "$tree/err"
  failures=$((failures + 1))
}
# expect STATUS TEXT ARGUMENT...: the status, and a regular expression for a line that ./gof says.
# An error goes to the error output, and begins with the name of the program.
expect() {
  status=$1 text=$2
  shift 2
  env PATH="$tree/machine" LC_ALL=C bash "$tree/gof" "$@" >"$tree/out" 2>"$tree/err" </dev/null
  got=$?
  if [ $got -ne "$status" ] || ! cat "$tree/out" "$tree/err" | grep -Eq "$text" ||
    { [ "$status" -ne 0 ] && ! head -n 1 "$tree/err" | grep -q '^gof: '; }; then
    failed "./gof $* gave $got, not $status with \"$text\":"
  fi
}
said() { grep -Eq "$1" "$tree/out" || failed "not said: $1"; }
silent() { ! grep -Eq "$1" "$tree/out" || failed "said: $1"; }

expect 0 '^\./gof run .NAME' --help
for command in list run test docs; do said "^\./gof $command "; done
silent bench
expect 0 '^\./gof bench ' --help all
for command in fallacies break; do said "^\./gof $command "; done
expect 0 '^\./gof list ' # no command at all
silent bench

expect 0 '^  command  *do, undo, redo, later$' list
said '^  observer  *tell me about changes  *watch without gaps$' # it has a distributed header
said '^  chain-of-responsibility  *pass until handled$'          # not there: never with a network
said '^not yet$'
[ "$(tail -n 1 "$tree/out")" = 'Next: ./gof run command' ] || failed "list has another last line"
[ "$(grep -c '^  [a-z]' "$tree/out")" -eq 23 ] || failed "list does not name 23"
silent "$(printf '\033')"

expect 2 '"comand"; did you mean command\?$' run comand
expect 2 '"Observer"; did you mean observer\?$' run Observer
expect 2 '"COMAND"; did you mean command\?$' run COMAND
expect 2 '"factory"; did you mean abstract-factory or factory-method\?$' run factory
expect 2 '"chain"; did you mean chain-of-responsibility\?$' test chain
expect 2 '"tempalte_method"; did you mean template-method\?$' bench tempalte_method
expect 2 '"quaternion"; ./gof list shows all$' run quaternion
for name in '../command' 'command;ls' '*' '' 'a b' '.*'; do expect 2 'no pattern' run "$name"; done
expect 1 'chain-of-responsibility is not there yet' run chain_of_responsibility
expect 2 'unknown command "rum"' rum command
expect 2 'what is to be false\? --false and one of: reliable secure ' break command
expect 2 'what is to be false' break command --false latencies
expect 2 'name one pattern' break --false latency
expect 2 'only break takes --false' run command --false latency
expect 1 'not over a network yet' break observer --false latency
expect 2 'unknown option --fast' run --fast command
expect 2 'list takes no names' list command
expect 2 'docs takes no names' docs command
expect 2 'name it' run -- notes.txt
expect 2 'name it' run command observer -- notes.txt
expect 2 'only run, bench, fallacies, break and broker' test -- x
expect 2 '"comand"; did you mean command\?$' fallacies comand
expect 1 'chain-of-responsibility is not there yet' fallacies chain_of_responsibility
expect 1 'not over a network yet' run command --over sim:42
expect 2 'has a number as its seed' run command --over sim:x
expect 2 'no engine' run command --over ftp:x
expect 2 'only run goes --over' list --over
expect 1 'there is no benchmark of this yet' bench command
expect 1 'there is no benchmark of this yet' bench engines
expect 1 'not over a network yet' fallacies command

export CXX=no-such-compiler
expect 1 'CXX names does not take C\+\+20: no-such-compiler$' run command
unset CXX

# Nothing here, and nothing to install it with.
expect 1 'a C\+\+20 compiler' run command
expect 1 'CMake 3.25 or later' run command
expect 1 'ninja or make' run command
expect 1 'GoogleTest' test
expect 1 'Doxygen' docs

# No rights, no network, an apt that fails, a sudo that asks.
stand_in apt-get 'echo "Could not resolve host"; exit 100'
stand_in id 'echo 1000'
expect 1 'no rights .*apt-get install g\+\+ cmake ninja-build$' run command
stand_in sudo 'exit 1'
expect 1 'no rights' run command
stand_in id 'echo 0'
expect 1 'no network' run command
stand_in apt-get 'echo "E: unmet dependencies"; exit 100'
expect 1 'apt failed' run command

# What is there is too old.
stand_in c++ 'exit 0'
stand_in ninja 'exit 0'
stand_in cmake 'echo "cmake version 3.18.4"'
expect 1 'CMake 3.18.4 is too old' run command
stand_in c++ 'exit 1'
stand_in apt-get 'exit 0'
expect 1 'no compiler here takes C\+\+20' run command

# A configuration that fails is shown, and a folder that cannot be written is named.
stand_in c++ 'exit 0'
stand_in cmake 'echo "cmake version 3.25.1, or what went wrong"; [ "$1" = --version ]'
env PATH="$tree/machine" bash "$tree/gof" run command >"$tree/out" 2>&1 </dev/null
said 'what went wrong'
said '^gof: configuring failed; all of it is in build/configure.log$'
rm -rf "$tree/build"
: >"$tree/build"
expect 1 'cannot write to .*/build' run command
exit $((failures != 0))
