# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# Sourced by kernels.sh. Debian's packages for arm64, fetched and unpacked in build/vm/arm64: neither apt's lists nor the
# packages that are installed here are touched.

# What one static irqscope is linked from, beside what is the same on every architecture; and a shell for its guest.
arm64_packages=(busybox-static libbpf-dev libelf-dev libfmt-dev libfmt9 libzstd-dev zlib1g-dev)

# apt_for KERNEL COMMAND [ARGUMENT...]: apt-get or apt-cache for the kernel's architecture
apt_for() {
    local apt=$root/build/vm/arm64/apt
    if [[ $1 != *-arm64 ]]; then
        "${@:2}"
        return
    fi
    local options=(
        -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root
        -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o Dir::State::status=/dev/null
    )
    if [[ -z $(find "$apt/updated" -mmin -720 2>/dev/null) ]]; then
        mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
        quiet apt-get -q "${options[@]}" update || return
        touch "$apt/updated"
    fi
    "$2" "${options[@]}" "${@:3}"
}

# fetch_arm64_libraries: prints the directory in which arm64_packages are unpacked.
fetch_arm64_libraries() {
    local directory=$root/build/vm/arm64/libraries package file
    if [[ ! -f $directory/complete || $(<"$directory/complete") != "${arm64_packages[*]}" ]]; then
        rm -rf "$directory"
        mkdir -p "$directory"
        for package in "${arm64_packages[@]}"; do
            file=$(download libraries-arm64 "$package") || return
            dpkg-deb --extract "$file" "$directory" || return
        done
        echo "${arm64_packages[*]}" >"$directory/complete"
    fi
    echo "$directory"
}
