# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced. as_root COMMAND...: runs it as root, through sudo where needed.
as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        echo "${0##*/}: this needs root, and there is no sudo here: run it as root." >&2
        return 1
    fi
}
