#!/usr/bin/env bash
# The Python system's entry point: it installs the bot of this release. --enable was its only option, and is how ours is installed anyway.
set -euo pipefail
arguments=()
for argument in "$@"; do [ "$argument" = --enable ] || arguments+=("$argument"); done
exec "$(dirname "${BASH_SOURCE[0]}")/../install.sh" bot "${arguments[@]}"
