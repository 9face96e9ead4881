#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# with_python.sh VERSION PROGRAM…: runs it with GOF_PYRO_PYTHON, a Python that has Pyro5 of that
# version; without, where there can be none: what needs it then skips itself.
version=$1
shift
if python=$(sh "$(dirname "$0")/python.sh" "$version"); then
  GOF_PYRO_PYTHON=$(printf '%s\n' "$python" | tail -n 1)
  export GOF_PYRO_PYTHON
fi
exec "$@"
