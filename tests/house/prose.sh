#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# prose.sh TREE: listings come from compiled files, licences are stated, lines fit, links lead on.
set -u
LC_ALL=C
export LC_ALL
cd "$1" || exit 1
status=0
files() { # files PATTERN...: those of the tree that match one
  for pattern in "$@"; do
    find . \( -path ./.git -o -path ./build -o -path ./docs/site \) -prune -o \
      -type f -name "$pattern" -print
  done | sort
}
# check WHAT: what is read is wrong.
check() {
  wrong=$(cat)
  [ -z "$wrong" ] || { echo "FAILED: $1"; echo "$wrong"; status=1; }
}

# In README.md they may stand between the markers that house/readme fills.
files '*.md' | while read -r page; do
  awk -v page="$page" '
    page == "./README.md" && /^<!-- begin: /{ made = 1 }
    /^<!-- end -->/{ made = 0 }
    !made && /^ *(```|~~~) *[{]?[.]?(c[+][+]|cpp|cc|hpp)/ { print page ":" FNR ": " $0 }' "$page"
done | check "a listing that is typed, and not taken from a compiled file"

{
  files '*.hpp' '*.cpp' '*.in' '*.sh' '*.awk' '*.sed' '*.py' '*.cmake' CMakeLists.txt gof
  [ ! -f .ci/run ] || echo ./.ci/run
} | while read -r file; do
  [ -d "$file" ] || head -n 2 "$file" | grep -q 'SPDX-License-Identifier: BSL-1.0$' || echo "$file"
done | check "no line \"SPDX-License-Identifier: BSL-1.0\" at the top"

# Characters, not bytes: the bytes that continue a character are taken out. Tables in comments, and
# URLs, may be longer.
files '*.hpp' '*.cpp' | while read -r file; do
  awk -v file="$file" '!/^ *\/\/\/ *\|/ && !/https?:\/\// {
    line = $0
    gsub(/[\200-\277]/, "", line)
    if (length(line) > 100) print file ":" FNR ": " length(line)
  }' "$file"
done | check "lines of more than 100 characters"

files '*' |
  xargs grep -nIE '(^|[^A-Za-z0-9_.$}/-])/(work|home|root|Users|mnt)/[A-Za-z0-9]' /dev/null |
  check "paths of one machine"

files '*.md' | while read -r page; do
  # Outside code; links to sites and to anchors of the page itself are not looked at.
  sed -e '/^ *```/,/^ *```/d' -e 's/`[^`]*`//g' "$page" | grep -oE '\]\([^)]+\)' |
    sed -e 's/^](//' -e 's/)$//' -e 's/ .*//' -e 's/#.*//' | grep -vE '^$|^[a-z]+:|^[\\@]ref' |
    while read -r link; do [ -e "$(dirname "$page")/$link" ] || echo "$page: $link"; done
done | check "links that lead nowhere"
exit $status
