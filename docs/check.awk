# SPDX-License-Identifier: BSL-1.0
# Reads Doxygen's XML and fails on anything public without a text. Doxygen 1.9.4 warns of
# undocumented members, but says nothing of concepts, namespaces, empty structs and files.

function attribute(name) {
  if (!match($0, name "=\"[^\"]*\"")) return ""
  return substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 3)
}

function element() { return match($0, />[^<]*</) ? substr($0, RSTART + 1, RLENGTH - 2) : "" }

function judge(id, what, name, text) {
  seen++
  if (text || (id in reported)) return
  reported[id] = 1
  missing++
  gsub(/&lt;/, "<", name)
  gsub(/&gt;/, ">", name)
  print place ": error: " what " " name " is not documented" > "/dev/stderr"
}

/<compounddef / {
  kind = attribute("kind")
  wanted = kind ~ /^(class|struct|union|namespace|concept|group|file)$/ && \
           attribute("prot") != "private"
  id = attribute("id")
  text = 0
}
/<compoundname>/ { name = element() }
/<memberdef / {
  member = 1
  member_kind = attribute("kind")
  member_id = attribute("id")
  member_wanted = wanted && attribute("prot") != "private" && kind != "file"
  member_text = 0
}
/<name>/ && member && !value { member_name = element() }
/<enumvalue / { value = 1 }  # told by its enumeration
/<\/enumvalue>/ { value = 0 }
/<para>/ && !value {
  if (member) member_text = 1
  else text = 1
}
/<location / { place = attribute("file") (attribute("line") ? ":" attribute("line") : "") }
/<\/memberdef>/ {
  if (member_kind == "friend" && member_name ~ /detail::/) member_wanted = 0
  if (member_wanted) judge(member_id, member_kind, name "::" member_name, member_text)
  member = 0
}
/<\/compounddef>/ {
  if (kind == "file" && name !~ /\.hpp$/ || place ~ /^\[generated\]/) wanted = 0
  if (wanted) judge(id, kind, name, text)
}
END {
  if (!seen) print "docs/check.awk: there is nothing to check" > "/dev/stderr"
  exit missing > 0 || !seen
}
