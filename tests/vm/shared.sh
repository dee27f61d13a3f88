# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# Sourced by the first process of a guest of scripts/vm: tests/vm/guest, or tests/vm/init-bare, where all is busybox.
# ttyS0 is the command's output, ttyS2 its errors, ttyS1 the kernel's log, ttyS3 the exit status.
ports="/dev/ttyS0 /dev/ttyS2 /dev/ttyS3"
for tty in $ports; do stty -F "$tty" raw -echo 115200; done

# leave STATUS: off
leave() {
    echo "$1" >/dev/ttyS3
    # waits until what is written is out
    for tty in $ports; do stty -F "$tty" raw -echo; done
    busybox poweroff -f
}

# take_down CPU: offline; none, if it is empty
take_down() {
    [ -z "$1" ] || echo 0 >"/sys/devices/system/cpu/cpu$1/online" || leave 125
}

# bring_up CPUS: with virtual time 6.1 hangs in QEMU 7.2 while it brings up a second CPU, unless the first one is busy
# (docs/KERNELS.md), so that scripts/vm lets it boot with one.
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
