# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced, after quiet.sh, with $root (the top of the tree) set. The presets of CMakePresets.json, configured and built in build/PRESET.

is_configured() { [[ -f $root/build/$1/build.ninja ]]; }

# configure PRESET [CMAKE_OPTION...]
configure() {
    (cd "$root" && quiet cmake --preset "$@")
}

# build PRESET TARGET...: builds what has changed, and says so when that will take its time.
build() {
    local directory=$root/build/$1
    shift
    [[ $(ninja -C "$directory" -n "$@" 2>/dev/null) == *"no work to do"* ]] ||
        echo "${0##*/}: building ${directory#"$PWD/"}" >&2
    quiet cmake --build "$directory" --target "$@"
}
