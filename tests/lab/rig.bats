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
