#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A kernel without vDPA (initcall_blacklist=vdpa_init): neither the bus nor the netlink family.
# shellcheck source=tests/kernel/inside/lib.sh
. /share/lib.sh

hostname dsthost
install_hook
check "there is no vDPA" test ! -e /sys/bus/vdpa

host() {
    try virt-rehome host
    cp /tmp/out /out/host-none.xml
    ended 0 && silent /tmp/err && says /tmp/out mtty-2 && ! grep '<vdpa' /tmp/out
}
check "the inventory is printed without it" host

refused() {
    nic 52:54:00:11:22:33 /dev/vhost-vdpa-0 | guest g1 1 | sed 's|</uuid>|&<metadata><record\
        xmlns="urn:virt-rehome:1" format="1" host="srchost"><vdpa name="vdpa0" class="net"\
        chardev="/dev/vhost-vdpa-0" guest-address="pci:0000:01:00.0"/></record></metadata>|' >/tmp/g1.xml
    hook g1 migrate begin /tmp/g1.xml
    ended 1 && silent /tmp/out && says /tmp/err "guest 'g1' does not fit on host 'dsthost'"
}
check "a guest with a vDPA NIC is refused" refused

mdev_guest() {
    uuid=aaaaaaaa-0000-4000-8000-000000000001
    add_mdev mtty mtty-2 $uuid
    mdev $uuid | guest g2 2 >/tmp/g2.xml
    try virt-rehome record /tmp/g2.xml --print
    ended 0 || return
    sed "s/\"dsthost\"/\"srchost\"/; s/$uuid/cccccccc-0000-4000-8000-000000000002/" /tmp/out >/tmp/recorded.xml
    hook g2 migrate begin /tmp/recorded.xml
    ended 0 && silent /tmp/err && equal mdev "$(mdev_of /tmp/out)" $uuid
}
check "one with an mdev gets its own" mdev_guest
finish
