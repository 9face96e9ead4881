# SPDX-License-Identifier: BSL-1.0
# The names of a pattern: chain-of-responsibility; chain_of_responsibility, in files and code;
# Chain of Responsibility.

function exists(file) { return system("ls " file " >/dev/null 2>&1") == 0 }

function identifier(name) {
  gsub("-", "_", name)
  return name
}

function title(name,  words, n, i, text) {
  n = split(name, words, "-")
  for (i = 1; i <= n; i++) {
    if (words[i] != "of") words[i] = toupper(substr(words[i], 1, 1)) substr(words[i], 2)
    text = text (i > 1 ? " " : "") words[i]
  }
  return text
}

# The title, linked to the pattern's page where there is one.
function link(name) {
  if (!exists("docs/*/" identifier(name) ".md")) return title(name)
  return "\\ref page_" identifier(name) " \"" title(name) "\""
}
