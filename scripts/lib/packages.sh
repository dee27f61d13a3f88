# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
# Sourced, after root.sh and quiet.sh. The Debian 12 packages that irqscope needs, and how they get here.

build_packages=(
    cmake ninja-build pkg-config
    g++
    clang bpftool # bpf/: compile; link, and turn into a header
    libbpf-dev libcli11-dev libexpected-dev libfmt-dev libprotozero-dev libzstd-dev nlohmann-json3-dev zlib1g-dev
)
test_packages=(
    "${build_packages[@]}"
    clang-format clang-tidy
    fio iproute2 # loads for tests/live
    libelf-dev libgmock-dev libgtest-dev
    linux-perf babeltrace2 prometheus python3-prometheus-client # tests/live and tests/readers compare with them
    protobuf-compiler # tests/readers/perfetto
)
# tests/readers/perfetto; where they are from elsewhere, Debian's would conflict with them
command -v node >/dev/null || test_packages+=(nodejs)
command -v npm >/dev/null || test_packages+=(npm)
vm_packages=(
    busybox-static e2fsprogs jq kmod make qemu-system-x86 xz-utils zstd # scripts/vm
    trace-cmd # tests/vm/trace-cmd
)

arm64_tools=(g++-aarch64-linux-gnu qemu-system-arm) # cmake --preset arm64, scripts/vm 6.12-arm64

# install_packages PACKAGE...: installs those that are missing; quick when none is.
install_packages() {
    local missing=() package
    local -A installed=()
    if ! command -v dpkg-query >/dev/null; then
        echo "${0##*/}: this system has no dpkg; install what matches the Debian 12 packages $* by hand, then build with CMake." >&2
        return 1
    fi
    while read -r package; do
        installed[$package]=1
    done < <(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p')
    for package; do
        [[ -v installed[$package] ]] || missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    echo "${0##*/}: installing ${missing[*]}" >&2
    as_root true || return # says once what is wrong, and lets sudo ask for its password
    # one source of packages that is out of reach need not be the one that is wanted
    quiet as_root apt-get -q update || true
    quiet as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${missing[@]}"
}
