#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# `virt-rehome host` against what the kernel and its tools say. The inventories go to /out, where
# ../run holds them against the schema.
# shellcheck source=tests/kernel/inside/lib.sh
. /share/lib.sh

inventory() { # FILE: of this host, in /out
    try virt-rehome host
    cp /tmp/out "/out/$1"
    ended 0 && silent /tmp/err
}

case $kernel in
6.1.*) n_rounds=5 ;;
*) n_rounds=20 ;;
esac
hostname dsthost

# -- one of each ----------------------------------------------------------------------------------

add_net vdpa0 52:54:00:11:22:33 1500
add_net vdpa1 52:54:00:11:22:34 9000
add_blk blk0
add_blk blk1
bind_to_virtio vdpa1
bind_to_virtio blk1
mtty=aaaaaaaa-0000-4000-8000-000000000001
mdpy=bbbbbbbb-0000-4000-8000-000000000002
add_mdev mtty mtty-2 $mtty
add_mdev mdpy mdpy-vga $mdpy
few=/out/host-few.xml
check "the inventory is printed" inventory host-few.xml

the_host() {
    says $few " name=\"dsthost\"" " kernel=\"$kernel\""
}
check "the host and its kernel have their names" the_host

management() {
    vdpa mgmtdev show | sed -n '/^vdpasim_net/,/^[^ ]*: *$/p' | sed -n 2,4p >/tmp/net
    # shellcheck disable=SC2046 # each word is a feature
    has $few vdpa-mgmtdev vdpasim_net driver=vdpasim_net classes=net vendor= numa-node= \
        "max-vqs=$(word_after max_supported_vqs </tmp/net)" \
        "features=$(feature_bits $(sed -n 's/^ *dev_features //p' /tmp/net))" &&
        has $few vdpa-mgmtdev vdpasim_blk driver=vdpasim_blk classes=blk
}
check "management devices are as vdpa(8) shows them" management

net() {
    vdpa dev show vdpa0 >/tmp/shown
    vdpa dev config show vdpa0 >/tmp/config
    has $few vdpa vdpa0 mgmtdev=vdpasim_net driver=vdpasim_net class=net bound=vhost_vdpa \
        "chardev=$(node_of vdpa0)" "max-vqs=$(word_after max_vqs </tmp/shown)" \
        "max-vq-size=$(word_after max_vq_size </tmp/shown)" "mac=$(word_after mac </tmp/config)" \
        "mtu=$(word_after mtu </tmp/config)" vendor-id=0x0000 status=0x0001 negotiated= used-by= &&
        equal "the MTU" "$(word_after mtu </tmp/config)" 1500 &&
        equal features "$(element $few vdpa vdpa0 | attribute features)" \
            "$(element $few vdpa-mgmtdev vdpasim_net | attribute features)"
}
check "a net device is as vdpa(8), sysfs and its management device say" net

# Of virtio_vdpa, that is: the guest driver is this kernel's.
net_virtio() {
    vdpa dev config show vdpa1 >/tmp/config
    # shellcheck disable=SC2046
    has $few vdpa vdpa1 bound=virtio_vdpa chardev= mac=52:54:00:11:22:34 mtu=9000 \
        "negotiated=$(feature_bits $(sed -n 's/^ *negotiated_features //p' /tmp/config))"
}
check "a net device of virtio_vdpa has no node, and what its driver negotiated" net_virtio

blk() { # kernels from 6.9 on show a block device's configuration
    has $few vdpa blk0 mgmtdev=vdpasim_blk driver=vdpasim_blk class=blk bound=vhost_vdpa max-vqs=1 \
        "chardev=$(node_of blk0)" || return
    case $kernel in
    6.1.*) has $few vdpa blk0 capacity= block-size= read-only= features= ;;
    *) has $few vdpa blk0 capacity=262144 block-size=512 read-only=no flush=yes size-max=4096 \
        seg-max=32 num-queues=1 physical-block-exp=0 alignment-offset=0 min-io-size=1 \
        opt-io-size=1 max-discard-sectors=4294967295 max-discard-seg=1 \
        discard-sector-alignment=512 max-write-zeroes-sectors=4294967295 max-write-zeroes-seg=1 ;;
    esac
}
check "a block device has all its attributes, where the kernel tells them" blk

blk_virtio() {
    has $few vdpa blk1 bound=virtio_vdpa chardev= || return
    case $kernel in
    6.1.*) return ;;
    esac
    queue=/sys/block/vda/queue
    has $few vdpa blk1 "capacity=$(cat /sys/block/vda/size)" \
        "block-size=$(cat $queue/logical_block_size)" "seg-max=$(cat $queue/max_segments)" \
        "size-max=$(cat $queue/max_segment_size)" "max-discard-seg=$(cat $queue/max_discard_segments)"
}
check "a block device of virtio_vdpa is as its disk is" blk_virtio

# -- mediated devices -----------------------------------------------------------------------------

types() {
    n_types=0
    for type in /sys/class/mdev_bus/*/mdev_supported_types/*; do
        n_types=$((n_types + 1))
        has $few type "${type##*/}" "name=$(cat "$type/name")" \
            "device-api=$(cat "$type/device_api")" "available=$(cat "$type/available_instances")" ||
            return
    done
    equal "the number of types" "$(grep -c '<type ' $few)" $n_types
}
check "types of mediated devices are as sysfs has them" types

parents() {
    has $few mdev-parent mtty bus=mtty driver=mtty vendor= numa-node= \
        "driver-version=$(cat /sys/module/mtty/version)" && has $few mdev-parent mdpy bus=mdpy driver=mdpy
}
check "parents that are no PCI devices have a bus and a driver" parents

mdevs() {
    has $few mdev $mtty parent=mtty type=mtty-2 used-by= &&
        has $few mdev $mdpy parent=mdpy type=mdpy-vga
}
check "mediated devices have their parent and type" mdevs

# -- in use ---------------------------------------------------------------------------------------

group=$(readlink -f /sys/bus/mdev/devices/$mtty/iommu_group)
sleep 1000 5<>"$(node_of vdpa0)" 6<>"/dev/vfio/${group##*/}" &
holder=$!
eventually grep -qx sleep /proc/$holder/comm
check "the inventory is printed while devices are open" inventory host-used.xml
check "a device that a process has open is in use by it" \
    has /out/host-used.xml vdpa vdpa0 "used-by=process $holder (sleep)"
check "so is an mdev whose group is open" \
    has /out/host-used.xml mdev $mtty "used-by=process $holder (sleep)"
check "others are not" has /out/host-used.xml vdpa blk0 used-by=
kill $holder

# -- other forms ----------------------------------------------------------------------------------

forms() {
    for form in text json; do
        try virt-rehome host --format $form
        ended 0 && says /tmp/out vdpa0 vdpa1 blk0 mtty-2 $mtty || return
    done
}
check "text and json have them too" forms

# Nothing needs to be allowed: any user may look (what others have open remains unknown).
as_nobody() {
    # shellcheck disable=SC2016 # the inner shell's
    try su -s /bin/sh nobody -c 'exec virt-rehome host'
    ended 0 && has /tmp/out vdpa vdpa0 mac=52:54:00:11:22:33
}
check "an ordinary user can look" as_nobody

# -- VDUSE ----------------------------------------------------------------------------------------

if command -v qemu-storage-daemon >/dev/null; then
    qemu-storage-daemon \
        --blockdev driver=null-co,node-name=d0,size=67108864 \
        --blockdev driver=null-co,node-name=d1,size=1048576,read-only=on \
        --export type=vduse-blk,id=e0,name=vduse0,node-name=d0,num-queues=2,queue-size=128,writable=on \
        --export type=vduse-blk,id=e1,name=vduse1,node-name=d1,num-queues=1,queue-size=256,logical-block-size=4096 &
    daemon=$!
    eventually test -e /dev/vduse/vduse1
    for name in vduse0 vduse1; do
        need vdpa dev add name $name mgmtdev vduse
    done
    check "the inventory is printed with devices of VDUSE" inventory host-vduse.xml
    check "a device of VDUSE has its queues" has /out/host-vduse.xml vdpa vduse0 mgmtdev=vduse \
        driver=vduse class=blk max-vqs=2 max-vq-size=128 "chardev=$(node_of vduse0)"
    case $kernel in
    6.1.*) ;;
    *)
        check "and its disk" has /out/host-vduse.xml vdpa vduse0 capacity=131072 block-size=512 \
            num-queues=2 read-only=no
        check "one that is read-only says so" has /out/host-vduse.xml vdpa vduse1 capacity=2048 \
            block-size=4096 read-only=yes
        ;;
    esac
    kill -STOP $daemon
    check "a stopped daemon of VDUSE keeps nobody waiting" inventory host-vduse-stopped.xml
    kill -KILL $daemon
    check "nor does a dead one" inventory host-vduse-dead.xml
fi

# -- many -----------------------------------------------------------------------------------------

# A message has room for 32 KiB, so names are long.
padding=$(printf %0220d 0)
many() { # NUMBER: its name
    echo "many$1-$padding"
}

i=0
while [ $i -lt 130 ]; do
    add_net "$(many $i)" "$(printf 52:54:00:aa:00:%02x $i)" $((1400 + i))
    i=$((i + 1))
done
check "the inventory is printed with 130 devices more" inventory host-many.xml

# Waits before it takes the messages of the given numbers: the kernel makes the next part of a list
# when one is taken. A leak cannot be looked for meanwhile.
slowly() { # FIRST..LAST
    ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -o /tmp/trace -e trace=recvmsg \
        -e "inject=recvmsg:delay_enter=100000:when=$1" virt-rehome host
}

several_messages() { # of those that are full
    try slowly 100..101
    [ "$(grep -cE ' = 3[0-9]{4}$' /tmp/trace)" -ge 2 ] || { grep -o ' = .*' /tmp/trace; return 1; }
}
check "which the kernel lists in several messages" several_messages

# vdpa(8) is not asked: some of its releases crash at names as long as these.
all_there() {
    for device in /sys/bus/vdpa/devices/*; do
        echo "${device##*/}"
    done | sort >/tmp/wanted
    sed -n 's/.*<vdpa name="\([^"]*\)".*/\1/p' /out/host-many.xml | sort >/tmp/got
    equal "their number" "$(grep -c many /tmp/got)" 130 && cmp /tmp/wanted /tmp/got
}
check "it has each device of sysfs" all_there

all_right() {
    i=0
    while [ $i -lt 130 ]; do
        printf '%s 52:54:00:aa:00:%02x %s\n' "$(many $i)" $i $((1400 + i))
        i=$((i + 1))
    done | sort >/tmp/wanted
    sed -n 's/.*<vdpa name="\(many[^"]*\)".* mac="\([^"]*\)".* mtu="\([^"]*\)".*/\1 \2 \3/p' \
        /out/host-many.xml | sort >/tmp/got
    cmp /tmp/wanted /tmp/got
}
check "each with its own address and MTU" all_right

# -- devices come and go --------------------------------------------------------------------------

# Always the one that the kernel lists first, which is then added again as the last: where that
# happens between two messages of a list, the second one skips a device that was there all the time.
# /tmp/moved has each in the order in which they went.
(
    while :; do
        i=0
        while [ $i -lt 130 ]; do
            many $i >>/tmp/moved
            vdpa dev del "$(many $i)"
            vdpa dev add name "$(many $i)" mgmtdev vdpasim_net mac "$(printf 52:54:00:aa:00:%02x $i)" mtu $((1400 + i))
            [ ! -e /tmp/enough ] || exit
            i=$((i + 1))
        done
    done
) &
churn=$!

# Only what went meanwhile may be missing, and what was on its way when we began.
whole() { # HOW-MANY-WENT-BEFORE
    silent /tmp/err || return
    sed -n "$1,\$p" /tmp/moved >/tmp/may-miss
    sed -n 's/.*<vdpa name="\(many[^"]*\)".*/\1/p' /tmp/out >/tmp/got
    grep -vxF -f /tmp/got /tmp/all >/tmp/missing
    ! grep -vxF -f /tmp/may-miss /tmp/missing
}

one_sentence() {
    silent /tmp/out && equal "the number of lines" "$(grep -c . /tmp/err)" 1 &&
        says /tmp/err "virt-rehome: this host's" "changed"
}

once_more() {
    before=$(grep -c . /tmp/moved)
    case $((round % 4)) in
    0) try slowly 2..3 ;;  # the first time that the devices are listed
    2) try slowly 2..17 ;; # each time
    *) try virt-rehome host ;;
    esac
    case $status in
    0)
        cp /tmp/out "/out/host-moving$round.xml"
        n_whole=$((n_whole + 1))
        whole "$before"
        ;;
    2)
        n_sentences=$((n_sentences + 1))
        one_sentence
        ;;
    *) ended "0 or 2" ;;
    esac
}

sed -n 's/.*<vdpa name="\(many[^"]*\)".*/\1/p' /out/host-many.xml >/tmp/all
eventually test -s /tmp/moved
round=0
n_whole=0
n_sentences=0
while [ $round -lt $n_rounds ]; do
    round=$((round + 1))
    once_more >/tmp/each 2>&1 || { echo "time $round:"; cat /tmp/each; } >>/tmp/faults
done
touch /tmp/enough
wait $churn
check "while devices come and go, nothing else is missing, or one sentence says why not" silent /tmp/faults
echo "# $n_rounds times, $(grep -c . /tmp/moved) moves: $n_whole inventories, $n_sentences sentences"
check "when they stay again, so does the inventory" inventory host-after.xml
finish
