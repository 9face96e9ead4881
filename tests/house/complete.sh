#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# complete.sh TREE: which facets of the 23 are there. What docs/patterns.tsv declares done must be.
set -u
cd "$1" || exit 1
tab=$(printf '\t')
families='creational structural behavioural'
failures=0
failed() { echo "FAILED: $1"; failures=$((failures + 1)); }

# facets FAMILY PATH: the files of a pattern; PATH is NAME, or distributed/NAME.
facets() {
  echo "$1/include/gof/$2.hpp"
  echo "examples/$1/$2.cpp"
  echo "examples/$1/$2.out"
  echo "tests/$1/$2.test.cpp"
  case $2 in distributed/*) ;; *) echo "tests/$1/$2.fail.cpp" ;; esac
  echo "benchmarks/$1/$2.bench.cpp"
  echo "docs/$1/${2#distributed/}.md"
}

# row FAMILY PATH DECLARED: a line of the table; says what is declared and missing.
row() {
  marks='' lacks=''
  for file in $(facets "$1" "$2"); do
    if [ -s "$file" ]; then
      marks="$marks $(printf '%-7s' yes)"
    else
      marks="$marks $(printf '%-7s' .)"
      lacks="$lacks $file"
    fi
  done
  printf '%-36s %s %s\n' "$2" "$marks" "$3"
  [ -z "$3" ] || [ -z "$lacks" ] || failed "$2 is declared done without:$lacks"
}

printf '%-36s ' pattern
printf ' %-7s' header example output test fail bench page
echo
known=' '
count=0
while IFS=$tab read -r family name purpose network done rest; do
  case $family in '#'*) continue ;; esac
  name=$(echo "$name" | tr - _)
  count=$((count + 1))
  case " $families " in *" $family "*) ;; *) failed "$name: no such family: $family" ;; esac
  case $known in *" $name "*) failed "$name is there twice" ;; esac
  known="$known$name "
  [ -n "$purpose" ] && [ -n "$network" ] && [ -z "$rest" ] || failed "$name: not five columns"
  case $done in
    -) row "$family" "$name" '' ;;
    local) row "$family" "$name" done ;;
    local,distributed)
      row "$family" "$name" done
      row "$family" "distributed/$name" done
      ;;
    *) failed "$name: declared done is $done, and not one of: - local local,distributed" ;;
  esac
done <docs/patterns.tsv
[ $count -eq 23 ] || failed "docs/patterns.tsv names $count patterns, and there are 23"

# Nothing in the tree is a facet of another name.
for family in $families; do
  for file in "$family"/include/gof/*.hpp "$family"/include/gof/distributed/*.hpp \
    examples/"$family"/*.cpp benchmarks/"$family"/*.bench.cpp docs/"$family"/*.md; do
    name=${file##*/}
    case $known in *" ${name%%.*} "*) continue ;; esac
    [ ! -e "$file" ] || failed "$file: not one of the 23"
  done
done
exit $((failures != 0))
