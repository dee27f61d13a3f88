# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# Sourced by the first process of a guest of scripts/vm: tests/vm/guest, or tests/vm/init-bare, where all is busybox.
# ttyS0 is the command's output, ttyS2 its errors, ttyS1 the kernel's log.
for tty in /dev/ttyS0 /dev/ttyS2; do stty -F $tty raw -echo 115200; done

# leave STATUS: off. QEMU ends with twice the byte and one; 0 is its own failures', hence 16.
leave() {
    leaving=$(($1 > 110 ? 126 : $1 + 16))
    # waits until what is written is out
    for tty in /dev/ttyS0 /dev/ttyS2; do stty -F $tty raw -echo; done
    # shellcheck disable=SC2059 # the byte is in the format
    printf "\\$(printf %o "$leaving")" | dd of=/dev/port bs=1 seek=$((0xf4)) conv=notrunc 2>/dev/null
    busybox poweroff -f
}

# take_down CPU: offline; none, if it is empty
take_down() {
    [ -z "$1" ] || echo 0 >"/sys/devices/system/cpu/cpu$1/online" || leave 110
}

# bring_up CPUS: with virtual time 6.1 hangs in QEMU 7.2 while it brings up a second CPU, unless the first one is busy
# (kernels.md), so that scripts/vm lets it boot with one.
bring_up() {
    grep -q maxcpus=1 /proc/cmdline || return 0
    taskset 1 sh -c 'while :; do :; done' &
    busy=$!
    for cpu in $1; do
        [ "$cpu" = 0 ] || echo 1 >"/sys/devices/system/cpu/cpu$cpu/online"
    done
    kill $busy
    wait $busy 2>/dev/null
}

# run COMMAND...: and off with its exit status
run() {
    "$@" >/dev/ttyS0 2>/dev/ttyS2 </dev/null
    status=$?
    sync
    leave $status
}
