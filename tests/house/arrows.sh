#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# arrows.sh TREE: which header of ours may include which. The first row that matches a header says
# it; @ is the name of its pattern, whose own headers are its face, gof/@.hpp, and gof/@/*.hpp.
cd "$1" || exit 1
table='
^engines/.*/engines/   node wire compute unique_function engines/.* pyro/tls
^engines/.*/(join|roles).hpp node join wire engines/.*
^engines/.*/pyro.hpp  pyro/.*
^engines/.*/pyro/     node wire described unique_function pyro/.*
^engines/             node wire wait compute unique_function
/gof/distributed/     @ @/.* node wire described wait lease compute distributed/.*
/gof/[a-z_]+/         @ @/.*
/gof/[a-z_]+[.]hpp$   -
'
find ./*/include -name '*.hpp' | sed 's|^\./||' | sort |
  xargs grep -nE '^ *# *include *(<gof/|")' /dev/null |
  awk -v table="$table" '{
    split($0, part, ":")
    file = part[1]
    name = file; sub(/.*\/gof\/(distributed\/)?/, "", name); sub(/[.\/].*/, "", name)
    allowed = ""
    for (n = split(table, rows, "\n"); n; --n)
      if (split(rows[n], words, " ") && file ~ words[1]) {
        allowed = rows[n]; sub(/^[^ ]+ +/, "", allowed)
        gsub(/@/, name, allowed); gsub(/ +/, "|", allowed)
      }
    included = part[3]; sub(/^[^<"]*/, "", included); sub(/[>"][^>"]*$/, "", included)
    if (included !~ "^<gof/(" allowed ")[.]hpp$") { print "FAILED: " $0; bad = 1 }
  } END { exit bad }'
