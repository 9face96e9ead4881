# SPDX-License-Identifier: BSL-1.0
# What Doxygen 1.9.4 should see of a header or a page. Lines keep their numbers.

# Pages say gof::command::history, as the user does.
/^namespace gof::inline v0/ { sub(/::inline v0/, "") }

# "\law Name: text": the name stands out, here and in the list of laws.
/\\law [A-Za-z0-9_]+: / { sub(/\\law /, "&**"); sub(/: /, "**&") }

# \throws takes one type; ours says which cases there are and what is left unchanged.
{ gsub(/\\throws /, "\\throwing ") }

# A function that is told by what it returns: then that is its summary.
/^ *\/\/\/ \\returns / && !comment { sub(/\\returns /, "Returns ") }

# Deleted and defaulted members say enough by themselves.
!/\/\/\// && !comment && / = delete;$/ { $0 = $0 "  ///< Not available." }
!/\/\/\// && !comment && / = default;$/ { $0 = $0 "  ///< As generated." }

# [[chain-of-responsibility]] is a link to that pattern, as soon as it has a page.
{
  while (match($0, /\[\[[a-z-]+\]\]/)) {
    before = substr($0, 1, RSTART - 1)
    after = substr($0, RSTART + RLENGTH)
    $0 = before link(substr($0, RSTART + 2, RLENGTH - 4)) after
  }
}

# Diagrams look alike.
/^digraph/ {
  sub(/{/, "{ bgcolor=transparent; node [shape=box style=rounded fontname=Helvetica fontsize=11];" \
           " edge [fontname=Helvetica fontsize=10 arrowsize=0.7];")
}

{
  comment = /^ *\/\/\//
  print
}
