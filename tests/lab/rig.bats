# SPDX-License-Identifier: LGPL-2.1-or-later
# The rig itself: it comes up on any machine, and where it does not, it says why.

setup_file() {
    load lab.bash
    need_lab || or_skip
}

setup() {
    load lab.bash
    skip_if_lacking
    cd "$BATS_TEST_TMPDIR" || return
    mkdir stubs
}

teardown() {
    [ -n "$LAB_LACKS" ] || rig down "$BATS_TEST_TMPDIR/rig"
}

stub() { # NAME: a program that ends at once
    printf '#!/bin/sh\necho "%s: what a look into the log shows" >&2\nexit 3\n' "$1" > "stubs/$1"
    chmod 755 "stubs/$1"
}

@test "hosts come up where large pages are mounted, as systemd does" {
    grep -q hugetlbfs /proc/filesystems || skip "this kernel has no large pages"
    # What is mounted here, this machine does not see.
    unshare --mount sh -e -c 'mount -t tmpfs shm /dev/shm
        mkdir /dev/shm/huge
        mount -t hugetlbfs huge /dev/shm/huge
        exec "$@"' sh "$lab_rig" up "$PWD/rig" $$ 3>&- 4>&-

    # A recorder that does not start is not waited for, and its log is shown.
    stub virt-rehome-recorder
    RH_BIN_DIR=$PWD/stubs fails "rig: recorder on kvm-b has ended: " rig recorder "$PWD/rig" b start
    grep -F "the end of $PWD/rig/b/recorder.log:" said
    grep -Fx "virt-rehome-recorder: what a look into the log shows" said
}

@test "hosts come up where the machine has no folder of libvirt's below /var, and it gets none" {
    # Another machine, with something beside.
    unshare --mount sh -e -c 'for place in /var/lib /var/cache /var/log; do
            mount -t tmpfs var "$place"
            echo text > "$place/beside"
        done
        "$1" up "$2" "$3"
        "$1" on "$2" a cat /var/lib/beside /var/cache/beside /var/log/beside
        find /var/lib /var/cache /var/log -mindepth 1
        "$1" down "$2"' sh "$lab_rig" "$PWD/rig" $$ > said 3>&- 4>&-
    cat said
    [ "$(paste -s -d ' ' said)" = "text text text /var/lib/beside /var/cache/beside /var/log/beside" ]
}

@test "a daemon that does not start is not waited for, and its log is shown" {
    stub libvirtd
    export LAB_LIBVIRTD=$PWD/stubs/libvirtd
    fails "rig: libvirtd on kvm-a has ended: " rig up "$PWD/rig" $$
    grep -F "the end of $PWD/rig/a/libvirtd.log:" said
    grep -Fx "libvirtd: what a look into the log shows" said
}

@test "a host that cannot be made is not waited for, and what it said is shown" {
    stub ip
    PATH=$PWD/stubs:$PATH fails "rig: kvm-a could not be made: " rig up "$PWD/rig" $$
    grep -Fx "ip: what a look into the log shows" said
}

@test "hosts end when their folder is gone, as where the tests are killed" {
    rig up "$PWD/rig" $$
    [ "$(pgrep -fc "rig init $PWD/rig [ab]\$")" -ge 2 ]
    rm -rf "$PWD/rig"
    soon gives 0 pgrep -fc "rig init $PWD/rig [ab]\$"
}
