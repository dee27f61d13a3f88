# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# Sourced, after quiet.sh, with $root (the top of the tree) set. The presets of CMakePresets.json, in build/PRESET.

is_configured() { [[ -f $root/build/$1/build.ninja ]]; }

# configure PRESET [CMAKE_OPTION...]
configure() {
    (cd "$root" && quiet cmake --preset "$@")
}

# build PRESET TARGET...: builds what has changed, and says on stderr when there is anything.
build() {
    quiet build_aloud "$root/build/$1" "${@:2}" 3>&2
}

# build_aloud DIRECTORY TARGET...
build_aloud() {
    local line said=
    cmake --build "$1" --target "${@:2}" | while IFS= read -r line; do
        echo "$line"
        # [0/2] is ninja looking for new files
        if [[ -z $said && $line == '['[1-9]* ]]; then
            echo "${0##*/}: building in ${1#"$PWD/"}" >&3
            said=1
        fi
    done
}
