#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# scripts/collect-host.sh: what it collects is read as this host is. ../run looks at what comes out.
# shellcheck source=tests/kernel/inside/lib.sh
. /share/lib.sh

hostname dsthost
add_net vdpa0 52:54:00:11:22:33 1500
add_blk blk0
add_mdev mtty mtty-1 bbbbbbbb-0000-4000-8000-000000000001
add_mdev mtty mtty-2 cccccccc-0000-4000-8000-000000000002
add_mdev mdpy mdpy-vga dddddddd-0000-4000-8000-000000000003

collect() {
    cd /out || return
    try collect-host.sh
    ended 0 && silent /tmp/out && says /tmp/err host.tar.gz
}
check "a host is collected" collect

timeless() { # FILE
    sed -E '1,2s/ time="[^"]*"//' "$1"
}

# Without /run and /proc/PID, that is without users; devices of vDPA come over netlink in both cases.
# What stands on an inventory of when and by what it was made is left out.
same() {
    mkdir /tmp/collected
    tar -xzf /out/host.tar.gz -C /tmp/collected
    try virt-rehome host
    ended 0 && timeless /tmp/out >/tmp/live.xml && timeless /tmp/collected/host.xml >/tmp/then.xml || return
    cmp /tmp/live.xml /tmp/then.xml || return
    try virt-rehome host --root /tmp/collected/host
    ended 0 && timeless /tmp/out >/tmp/then.xml && cmp /tmp/then.xml /tmp/live.xml
}
check "what was collected reads like the host itself" same

whole() {
    cd /tmp/collected || return
    says vdpa-mgmtdev.json '"vdpasim_net"' && says vdpa-dev.json '"vdpa0"' '"blk0"' &&
        says vdpa-config.json 52:54:00:11:22:33 && says about "$kernel" &&
        says netlink-dev recvmsg nlmsg_type=vdpa || return
    ! find . -name '*.err' -o -name '*.status' | grep .
}
check "and has what vdpa(8) says" whole

# One that is deleted while it is open.
hanging() {
    sleep 1000 5<>"$(node_of vdpa0)" &
    holder=$!
    eventually grep -qx sleep /proc/$holder/comm
    vdpa dev del vdpa0 &
    deleter=$!
    eventually grep -q '^State:.*D' /proc/$deleter/status
    sed 's/^patience=.*/patience=1/' /usr/bin/collect-host.sh >/tmp/impatient.sh
    try sh /tmp/impatient.sh /tmp/hanging.tar.gz
    kill $holder
    ended 0 && says /tmp/err 'left behind' && tar -tzf /tmp/hanging.tar.gz >/tmp/said2 &&
        says /tmp/said2 cccccccc-0000-4000-8000-000000000002
}
check "it ends where a call to vDPA hangs" hanging
finish
