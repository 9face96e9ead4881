#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# prose.sh TREE: listings come from compiled files, licences are stated, lines fit, links lead on.
set -u
LC_ALL=C
export LC_ALL
cd "$1" || exit 1
files() { # files PATTERN...: those of the tree that match one
  for pattern in "$@"; do
    find . \( -path ./.git -o -path ./build -o -path ./docs/site \) -prune -o \
      -type f -name "$pattern" -print
  done | sort
}

# In README.md they may stand between the markers that house/readme fills.
typed_listings() {
  files '*.md' | while read -r page; do
    awk -v page="$page" '
      page == "./README.md" && /^<!-- begin: /{ made = 1 }
      /^<!-- end -->/{ made = 0 }
      !made && /^ *(```|~~~) *[{]?[.]?(c[+][+]|cpp|cc|hpp)/ { print page ":" FNR ": " $0 }' "$page"
  done
}

unlicensed() {
  {
    files '*.hpp' '*.cpp' '*.in' '*.sh' '*.awk' '*.sed' '*.py' '*.cmake' CMakeLists.txt gof
    [ ! -f .ci/run ] || echo ./.ci/run
  } | while read -r file; do
    head -n 2 "$file" | grep -q 'SPDX-License-Identifier: BSL-1.0$' || echo "$file"
  done
}

# Characters, not bytes: the bytes that continue a character are taken out. Tables in comments, and
# URLs, may be longer.
long_lines() {
  files '*.hpp' '*.cpp' | while read -r file; do
    awk -v file="$file" '!/^ *\/\/\/ *\|/ && !/https?:\/\// {
      line = $0
      gsub(/[\200-\277]/, "", line)
      if (length(line) > 100) print file ":" FNR ": " length(line)
    }' "$file"
  done
}

paths_of_a_machine() {
  files '*' |
    xargs grep -nIE '(^|[^A-Za-z0-9_.$}/-])/(work|home|root|Users|mnt)/[A-Za-z0-9]' /dev/null
}

# Outside code; links to sites and to anchors of the page itself are not looked at.
dead_links() {
  files '*.md' | while read -r page; do
    sed -e '/^ *```/,/^ *```/d' -e 's/`[^`]*`//g' "$page" | grep -oE '\]\([^)]+\)' |
      sed -e 's/^](//' -e 's/)$//' -e 's/ .*//' -e 's/#.*//' | grep -vE '^$|^[a-z]+:|^[\\@]ref' |
      while read -r link; do [ -e "$(dirname "$page")/$link" ] || echo "$page: $link"; done
  done
}

status=0
check() { # check WHAT WRONG: there is nothing wrong
  [ -z "$2" ] || { printf 'FAILED: %s\n%s\n' "$1" "$2"; status=1; }
}
check "a listing that is typed, and not taken from a compiled file" "$(typed_listings)"
check "no line \"SPDX-License-Identifier: BSL-1.0\" at the top" "$(unlicensed)"
check "lines of more than 100 characters" "$(long_lines)"
check "paths of one machine" "$(paths_of_a_machine)"
check "links that lead nowhere" "$(dead_links)"
exit $status
