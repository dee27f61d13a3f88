# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# Sourced, after quiet.sh, with $root (the top of the tree) set. Kernels of Debian's, unpacked and made ready to boot in
# build/vm/KERNEL: vmlinux, initramfs, modules/lib/modules/RELEASE, release.
source "$root/scripts/lib/arm64.sh"

# shellcheck disable=SC2034 # of `scripts/vm --matrix`: see scripts/lib/vm_kernel
vm_columns=(6.1 6.12 6.12-rt 6.12/threadirqs 6.12/64 6.12/holes)

# release_of KERNEL: the newest release of Debian's of that line: 6.1, 6.12, 6.12-rt, 6.12-arm64, ..
release_of() {
    local line=${1%-*} flavour=amd64 release names
    case $1 in
        *-rt) flavour=rt-amd64 ;;
        *-arm64) flavour=arm64 ;;
        *) line=$1 ;;
    esac
    if ! [[ $line =~ ^[0-9]+\.[0-9]+$ ]]; then
        echo "${0##*/}: $1 is no kernel: say 6.1, 6.12, 6.12-rt, 6.12-arm64 or the like." >&2
        return 2
    fi
    names=$(apt_for "$1" apt-cache pkgnames "linux-image-$line.") || return
    release=$(sed -nE "s/^linux-image-(${line//./\\.}\.[0-9]+[-+](deb[0-9]+|[0-9]+)-$flavour)$/\1/p" <<<"$names" |
        sort -V | tail -n 1)
    if [[ -z $release ]]; then
        echo "${0##*/}: there is no package linux-image-$line.*-$flavour in Debian's suites that are configured here" \
            "(apt-get update?)." >&2
        return 3
    fi
    echo "$release"
}

# download KERNEL PACKAGE: prints the path of its .deb file, which may have been here before. Of the kernel's architecture.
download() {
    local cache=$root/build/vm/packages uri name
    mkdir -p "$cache"
    read -r uri name _ < <(apt_for "$1" apt-get download --print-uris "$2") || return
    [[ -n $uri ]] || return
    if [[ ! -f $cache/$name ]]; then
        echo "${0##*/}: fetching $name" >&2
        (cd "$cache" && quiet apt_for "$1" apt-get -q -o APT::Sandbox::User=root download "$2") || return
    fi
    echo "$cache/$name"
}

# uncompress_kernel BZIMAGE VMLINUX: boots in a second less. Documentation/arch/x86/boot.rst: setup_sects at 0x1f1,
# payload_offset and payload_length at 0x248; the payload ends with its length, which is no part of the compressed file.
uncompress_kernel() {
    local sectors offset length start magic
    sectors=$(od -An -tu1 -j $((0x1f1)) -N 1 "$1")
    offset=$(od -An -tu4 -j $((0x248)) -N 4 "$1")
    length=$(od -An -tu4 -j $((0x24c)) -N 4 "$1")
    start=$(((sectors + 1) * 512 + offset))
    magic=$(od -An -tx4 -j $start -N 4 "$1")
    case ${magic// /} in
        587a37fd) set -- "$1" "$2" xz -dc --single-stream ;;
        fd2fb528) set -- "$1" "$2" zstd -qdc ;;
        *) set -- "$1" "$2" gzip -dc ;;
    esac
    dd if="$1" iflag=skip_bytes,count_bytes skip="$start" count=$((length - 4)) bs=1M status=none | "${@:3}" >"$2"
}

# begin_initramfs DIRECTORY INIT BUSYBOX: BUSYBOX, and INIT of tests/vm as the first process
begin_initramfs() {
    rm -rf "$1"
    mkdir -p "$1"/{bin,proc,sys,dev,lib}
    cp "$3" "$1/bin/busybox"
    cp "$root/tests/vm/$2" "$1/init"
}

# end_initramfs DIRECTORY FILE: packs it into the file
end_initramfs() {
    (cd "$1" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$2"
    rm -rf "$1"
}

# make_initramfs DIRECTORY: busybox, and the modules that the host's tree and a disk need, in the order of dependencies.
make_initramfs() {
    local release modules directory module line dependency
    release=$(<"$1/release")
    modules=$1/modules/lib/modules/$release
    directory=$1/initramfs.d
    begin_initramfs "$directory" init "$(command -v busybox)"
    : >"$directory/modules"
    for module in virtio_pci 9pnet_virtio 9p overlay; do
        line=$(grep -m1 -E "/$module\.ko[^:]*:" "$modules/modules.dep") || continue # built in
        for dependency in $(tr ' ' '\n' <<<"${line#*:}" | tac) "${line%%:*}"; do
            local name=${dependency##*/}
            name=${name%.xz}
            ! grep -qx "$name" "$directory/modules" || continue
            case $dependency in
                *.xz) xz -dc "$modules/$dependency" >"$directory/lib/$name" ;;
                *) cp "$modules/$dependency" "$directory/lib/$name" ;;
            esac
            echo "$name" >>"$directory/modules"
        done
    done
    end_initramfs "$directory" "$1/initramfs"
}

# make_bare_initramfs RUN KERNEL FILE...: RUN/initramfs: busybox, the files, and of RUN what tests/vm/init-bare reads.
make_bare_initramfs() {
    local directory=$1/initramfs.d file busybox
    busybox=$(command -v busybox)
    if [[ $2 == *-arm64 ]]; then busybox=$(fetch_arm64_libraries)/bin/busybox || return; fi
    begin_initramfs "$directory" init-bare "$busybox"
    for file in "$1"/{shared.sh,cpus,offline,command} "${@:3}"; do
        if [[ ! -f $file || -e $directory/${file##*/} ]]; then
            echo "${0##*/}: $file is no file, or its name is taken in the initramfs." >&2
            return 2
        fi
        cp "$file" "$directory" || return
    done
    end_initramfs "$directory" "$1/initramfs"
}

# fetch_kernel KERNEL: prints its directory, with all in it.
fetch_kernel() {
    local directory=$root/build/vm/$1 release package
    release=$(release_of "$1") || return
    if [[ ! -f $directory/release || $(<"$directory/release") != "$release" ]]; then
        package=$(download "$1" "linux-image-$release") || return
        rm -rf "$directory"
        mkdir -p "$directory"
        echo "${0##*/}: unpacking $release" >&2
        dpkg-deb --extract "$package" "$directory/modules" || return
        depmod -b "$directory/modules" "$release" || return
        case $1 in
            *-arm64) cp "$directory/modules/boot/vmlinuz-$release" "$directory/vmlinux" || return ;; # is not compressed
            *) uncompress_kernel "$directory/modules/boot/vmlinuz-$release" "$directory/vmlinux" || return ;;
        esac
        echo "$release" >"$directory/release" # last: it says that all is there
    fi
    if [[ $1 != *-arm64 ]] && [[ $directory/initramfs -ot $root/tests/vm/init || $directory/initramfs -ot $directory/release ]]; then
        make_initramfs "$directory" || return
    fi
    echo "$directory"
}

# fetch_headers KERNEL: what a module for it is built with; prints the directory that make -C takes.
fetch_headers() {
    local directory release headers package file
    directory=$(fetch_kernel "$1") || return
    release=$(<"$directory/release")
    headers=$directory/headers
    if [[ ! -f $headers/release ]]; then
        rm -rf "$headers"
        for package in "linux-headers-$release" $(apt-cache depends "linux-headers-$release" |
            sed -nE 's/^ *Depends: (linux-(headers|kbuild)-.*)/\1/p'); do
            file=$(download "$1" "$package") || return
            dpkg-deb --extract "$file" "$headers" || return
        done
        # they look for each other where they would be installed, by absolute names and by links
        sed -i "s#/usr/src/#$headers/usr/src/#" "$headers/usr/src/linux-headers-$release/Makefile" || return
        echo "$release" >"$headers/release" # last: it says that all is there
    fi
    echo "$headers/usr/src/linux-headers-$release"
}

# build_module KERNEL: tests/vm/module for it; prints the path of its .ko file.
build_module() {
    local headers module=$root/build/vm/$1/module
    headers=$(fetch_headers "$1") || return
    mkdir -p "$module"
    cp -u "$root"/tests/vm/module/* "$module" || return
    # without BTF: that takes pahole, and nobody asks for it
    quiet make -s -C "$headers" "M=$module" CONFIG_DEBUG_INFO_BTF_MODULES= modules || return
    echo "$module/irqscope_hold.ko"
}
