#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# `vdpa dev del` of a device that a process holds open waits in the kernel until it is closed, and
# with it everyone who asks anything of generic netlink. The hook ends all the same.
# shellcheck source=tests/kernel/inside/lib.sh
. /share/lib.sh

deadline=4
patience=9 # seconds: the deadline, and a slow machine; less than the deadline without configuration

hostname dsthost
install_hook
printf '[policy]\ndeadline = %s\n' $deadline >/etc/virt-rehome.conf
mac=52:54:00:11:22:33
add_net vdpa0 $mac 1500
add_net vdpa1 52:54:00:11:22:34 1500
home_node=$(node_of vdpa1)
nic $mac "$(node_of vdpa0)" | guest g1 1 >/tmp/g1.xml
need sh -c 'virt-rehome record /tmp/g1.xml --print >/tmp/recorded.xml'
sed 's/"dsthost"/"srchost"/; s/ name="vdpa0"/ name="other"/' /tmp/recorded.xml >/tmp/incoming.xml
nic 52:54:00:11:22:34 "$home_node" | guest g2 2 >/tmp/g2.xml
need sh -c 'virt-rehome record /tmp/g2.xml --print >/tmp/home.xml'

seconds() {
    read -r uptime _ </proc/uptime
    echo "${uptime%.*}"
}

within() { # SECONDS COMMAND...
    limit=$1
    shift
    began=$(seconds)
    "$@"
    took=$(($(seconds) - began))
    [ $took -le "$limit" ] || { echo "took $took seconds"; return 1; }
}

works() { # with everything free
    hook g1 migrate begin /tmp/incoming.xml
    ended 0 && silent /tmp/err && need virt-rehome release g1
}
check "before, the guest fits" works

# -- the hang -------------------------------------------------------------------------------------

sleep 1000 5<>"$(node_of vdpa0)" &
holder=$!
eventually grep -qx sleep /proc/$holder/comm
vdpa dev del vdpa0 &
deleter=$!
hangs() {
    grep -q '^State:.*D' /proc/$deleter/status && grep -q vhost_vdpa_remove /proc/$deleter/stack
}
check "deleting an open device hangs" eventually hangs
vdpa dev show >/tmp/shown &
asker=$!
check "so does everyone who asks" eventually grep -q '^State:.*D' /proc/$asker/status

sentence="this host's devices could not be read and planned within the deadline"
migrate() {
    within $patience hook g1 migrate begin /tmp/incoming.xml &&
        ended 1 && silent /tmp/out && says /tmp/err "$sentence" "vdpa dev del"
}
check "migrate is refused within the deadline, in one sentence" migrate
check "which is one line" equal "the number of lines" "$(grep -c . /tmp/err)" 1
check "and again, while the first one's process hangs" migrate

restore() {
    within $patience hook g1 restore begin /tmp/incoming.xml && ended 0 && silent /tmp/out || return
    hook g1 prepare begin /tmp/incoming.xml && ended 1 && says /tmp/err "$sentence"
}
check "restore ends well, and prepare refuses" restore

start() {
    for operation in prepare start started; do
        hook g2 $operation begin /tmp/home.xml && ended 0 && silent /tmp/out /tmp/err || return
    done
}
check "a guest of this host starts meanwhile" start

foreign() { # has to be judged, and nobody can
    sed "s|$(nic_of /tmp/incoming.xml)|$home_node|; s/>g1</>g3</; s/0001<\/uuid>/0003<\/uuid>/" \
        /tmp/incoming.xml >/tmp/foreign.xml
    within $patience hook g3 prepare begin /tmp/foreign.xml && ended 1 && silent /tmp/out
}
check "one from elsewhere does not, and is told within the deadline" foreign

claims() {
    try virt-rehome claims
    ended 0 && says /tmp/out g2
}
check "claims are shown meanwhile" claims

release() {
    hook g2 stopped end /tmp/home.xml && ended 0 || return
    hook g2 release end /tmp/home.xml && ended 0 || return
    virt-rehome claims >/tmp/claims
    ! grep g2 /tmp/claims
}
check "and freed when the guest ends" release

only_mdev() { # has nothing to ask of netlink
    uuid=aaaaaaaa-0000-4000-8000-000000000001
    add_mdev mtty mtty-2 $uuid
    sed -e '/<vdpa /c <mdev uuid="cccccccc-0000-4000-8000-000000000002" type="mtty-2" type-name="Dual port serial" device-api="vfio-pci" driver="mtty" guest-address="pci:0000:03:00.0"/>' \
        /tmp/incoming.xml | awk '
        /<interface/ { while (getline line <"/tmp/hostdev") print line; skip = 1 }
        !skip { print }
        /<\/interface>/ { skip = 0 }' >/tmp/mdev.xml
    hook g1 migrate begin /tmp/mdev.xml
    ended 0 && equal mdev "$(mdev_of /tmp/out)" $uuid && need virt-rehome release g1
}
mdev cccccccc-0000-4000-8000-000000000002 >/tmp/hostdev
check "a guest with nothing but an mdev is planned meanwhile" only_mdev

# -- its end --------------------------------------------------------------------------------------

kill $holder
wait $holder 2>/dev/null
wait $deleter
check "the device goes when it is closed" test ! -e /sys/bus/vdpa/devices/vdpa0

left_behind() {
    ! ps | grep 'virt-rehom[e]'
}
check "nothing of the hook is left behind then" eventually left_behind

afterwards() {
    hook g1 migrate begin /tmp/incoming.xml
    ended 0 && silent /tmp/err && equal NIC "$(nic_of /tmp/out)" "$home_node"
}
check "and guests fit again" afterwards
finish
