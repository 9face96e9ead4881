# SPDX-License-Identifier: BSL-1.0
# Writes, from docs/patterns.tsv and the tree, into the folder `to`: table.md, for the start page;
# navigation.xml, for the layout; links.dox, which gives each pattern's namespace a text and its
# reference a link to its page.

function end_family() {
  if (pages) {
    tab = "<tab type=\"usergroup\" url=\"@ref " family "_patterns\""
    print tab " title=\"" title(family) "\">" > nav
    print pages "</tab>" > nav
  }
  pages = ""
}

BEGIN {
  FS = "\t"
  table = to "/table.md"
  nav = to "/navigation.xml"
  links = to "/links.dox"
  network = exists("*/include/gof/distributed/*.hpp")
  print "<div class=\"patterns\">" > table
  printf "" > nav
  printf "" > links
}
/^#/ { next }
$1 != family {
  end_family()
  family = $1
  print "\n## " title(family) " {#" family "_patterns}\n" > table
  print "| Pattern | What it is for | Header |" (network ? " Over a network |" : "") > table
  print "|---|---|---|" (network ? "---|" : "") > table
}
{
  name = identifier($2)
  has_page = exists("docs/" family "/" name ".md")
  has_header = exists(family "/include/gof/" name ".hpp")
  row = "| " link($2) " | " $3 " | " (has_header ? "\\ref " name " \"gof/" name ".hpp\"" : "") " |"
  if (network) {
    row = row " " (exists(family "/include/gof/distributed/" name ".hpp") ? $4 : "") " |"
  }
  print row > table
  if (has_page) {
    pages = pages "<tab type=\"user\" url=\"@ref page_" name "\" title=\"" title($2) "\"/>\n"
  }
  if (has_header) {
    print "/// \\namespace gof::" name > links
    print "/// The vocabulary of \\ref " name " \"" title($2) "\".\n" > links
  }
  if (has_header && has_page) {
    print "/// \\addtogroup " name > links
    print "/// When to use it, an example, its laws and its cost: \\ref page_" name ".\n" > links
  }
}
END {
  end_family()
  print "\n</div>" > table
}
