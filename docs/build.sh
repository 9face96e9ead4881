#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# Builds the site: docs/build.sh OUTPUT_DIR. Fails on any warning, and on anything public that is
# not documented; the site that was there then stays.
set -eu

fail() { echo "docs/build.sh: $*" >&2; exit 1; }

[ $# -eq 1 ] || fail "usage: docs/build.sh OUTPUT_DIR"
case $1 in /*) site=$1 ;; *) site=$PWD/$1 ;; esac
cd "$(dirname "$0")/.."
for tool in doxygen dot; do
  command -v $tool >/dev/null || fail "$tool is not there (Debian: apt install doxygen graphviz)"
done
if [ -e "$site" ] && [ ! -e "$site/doxygen.css" ] && [ -n "$(ls -A "$site")" ]; then
  fail "$site holds something else than a site; name another folder"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
mkdir "$work/pages"

# What is made from docs/patterns.tsv and the tree.
awk -v to="$work" -f docs/names.awk -f docs/tables.awk docs/patterns.tsv
mv "$work/links.dox" "$work/pages/"
sed -e "/@PATTERNS@/{r $work/table.md" -e 'd;}' docs/index.md > "$work/pages/index.md"
sed -e "/@PATTERNS@/{r $work/navigation.xml" -e 'd;}' docs/layout.xml > "$work/layout.xml"

roots=
for family in creational structural behavioural engines; do
  [ ! -d $family/include ] || roots="$roots $family/include"
done

# The theme, where it is installed.
theme=
for folder in "${GOF_DOXYGEN_THEME:-}" /usr/share/doxygen-awesome-css \
              /usr/local/share/doxygen-awesome-css; do
  if [ -z "$theme" ] && [ -e "$folder/doxygen-awesome.css" ]; then theme=$folder; fi
done
styles=docs/site.css
if [ -n "$theme" ]; then
  styles="$theme/doxygen-awesome.css $styles docs/dark.css"
else
  echo "docs/build.sh: plain theme (Debian: apt install doxygen-awesome-css)"
fi

{
  cat docs/Doxyfile
  echo "OUTPUT_DIRECTORY = $work"
  echo "LAYOUT_FILE = $work/layout.xml"
  echo "INPUT += $work/pages $roots"
  echo "STRIP_FROM_INC_PATH = $roots"
  echo "HTML_EXTRA_STYLESHEET = $styles"
} | doxygen -

awk -f docs/check.awk "$work"/xml/*.xml

rm -rf "$site"
mkdir -p "$(dirname "$site")"
mv "$work/html" "$site"
echo "$site/index.html"
