# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced. quiet COMMAND...: says nothing when it succeeds, and all that it printed when it fails.
quiet() {
    local log status=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [[ $status -ne 0 ]]; then
        cat "$log" >&2
        echo "${0##*/}: failed (exit status $status): $*" >&2
    fi
    rm -f "$log"
    return "$status"
}
