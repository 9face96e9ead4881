#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# readme.sh TREE [--update]: what stands in README.md between one of these lines and "<!-- end -->"
# is made from the tree.
#     <!-- begin: file PATH -->      the file, without its licence line
#     <!-- begin: output PATH -->    what a program printed
#     <!-- begin: patterns -->       the table of the 23
set -u
cd "$1" || exit 1
[ -f README.md ] || { echo "there is no README.md"; exit 77; }
made=$(mktemp) || exit 1
trap 'rm -f "$made"' EXIT
awk '
  function copy(path, skip,  line, n) {
    while ((n = (getline line <path)) > 0)
      if (!skip || line !~ /SPDX-License-Identifier/) print line
    close(path)
    if (n < 0) { print "FAILED: " FILENAME ":" FNR ": there is no " path >"/dev/stderr"; bad = 1 }
  }
  function exists(path,  line, n) { n = (getline line <path); close(path); return n > 0 }
  function link(text, path) { return exists(path) ? "[" text "](" path ")" : "" }
  function patterns(  line, f, file, all) {
    print "| Pattern | What it is for | Header | Example |"
    print "|---|---|---|---|"
    while ((getline line <"docs/patterns.tsv") > 0) {
      if (line ~ /^#/) continue
      split(line, f, "\t")
      file = f[2]; gsub(/-/, "_", file)
      if (f[1] != family) print "| **" (family = f[1]) "** | | | |"
      page = link(f[2], "docs/" f[1] "/" file ".md")
      header = link(file ".hpp", f[1] "/include/gof/" file ".hpp")
      print "| " (page ? page : f[2]) " | " f[3] " | " (header ? header : "not yet") " | " \
        link(file ".cpp", "examples/" f[1] "/" file ".cpp") " |"
    }
  }
  /^<!-- end -->/ { inside = 0 }
  !inside { print }
  /^<!-- begin: .* -->/ {
    inside = 1
    if ($3 == "file") { print "```cpp"; copy($4, 1); print "```" }
    else if ($3 == "output") { print "```text"; copy($4, 0); print "```" }
    else if ($3 == "patterns") patterns()
    else { print "FAILED: " FILENAME ":" FNR ": " $0 >"/dev/stderr"; bad = 1 }
  }
  END {
    if (inside) { print "FAILED: " FILENAME ": a part has no end" >"/dev/stderr"; bad = 1 }
    exit bad
  }' README.md >"$made" || exit 1
if [ "${2-}" = --update ]; then
  cmp -s "$made" README.md || cat "$made" >README.md
else
  diff -u README.md "$made" || { echo "FAILED: run tests/house/readme.sh . --update"; exit 1; }
fi
