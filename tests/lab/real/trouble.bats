# SPDX-License-Identifier: LGPL-2.1-or-later
# A host that is in trouble itself: a library is gone, numbers were exchanged, /run is full.
# shellcheck disable=SC2154 # variables of real.bash

setup() { load real; setup_real; }

teardown() {
    local host
    for host in a b; do
        on $host sh -c '! mountpoint -q /run/virt-rehome || umount /run/virt-rehome'
        on $host sh -c "[ ! -e $library.away ] || mv $library.away $library"
    done
    teardown_real
}

# Which virt-rehome needs, and libvirt does not.
library=/usr/lib/x86_64-linux-gnu/libnl-genl-3.so.200

take_library() { # HOST: as an upgrade of the distribution may
    on "$1" mv $library $library.away
}

give_library() { # HOST
    on "$1" mv $library.away $library
}

has_managed_save() { # HOST GUEST
    v "$1" dominfo "$2" | grep -q "^Managed save: *yes"
}

saves() { # HOST
    on "$1" ls /var/lib/libvirt/qemu/save
}

@test "a library is gone, and libvirt's daemon restarts: every guest runs on, and none comes in" {
    net a net-a0 1024
    net b net-b0 1024
    running a web1 0
    guest web2
    v a define web2.xml
    v a start web2
    soon answers a web2
    take_library a
    take_library b
    rig daemon "$lab" a stop
    rig daemon "$lab" a start
    sleep 2
    gives running state a web1
    gives running state a web2
    answers a web1
    answers a web2
    fails "guest 'web1' may have vDPA .*${library##*/}" migrate a b web1 --live --persistent
    gives running state a web1
    # A guest without devices of ours needs it for nothing.
    migrate a b web2 --live --persistent
    soon answers b web2
    give_library a
    give_library b
    gives "0 web1 running" held a
    goes a b web1
}

@test "a library is gone: a managed save stays, and starts once it is back" {
    local tick
    net a net-a0 1024
    running a web1 0
    tick=$(ticks a web1)
    v a managedsave web1
    take_library a
    fails "guest 'web1' may have vDPA .*${library##*/}" v a start web1
    gives "shut off" state a web1
    has_managed_save a web1
    give_library a
    v a start web1
    soon answers a web1
    has_ticked a web1 $((tick + 1))
    soon gives "" saves a
}

# What udev and a unit make at boot may come in another order.
@test "a reboot exchanges the numbers of two disks: the guest does not start on another's" {
    disk_pool a fast
    blk a blk-a0
    blk a blk-a1
    running a db1 disk:0
    v a destroy db1
    no_devices a
    blk a blk-a1
    blk a blk-a0
    fails "'blk-a1' now, and the one that was recorded for it is 'blk-a0'; 'virt-rehome refresh db1'" v a start db1
    gives "shut off" state a db1
    gives "" held a
    gives "db1: '/dev/vhost-vdpa-0' -> '/dev/vhost-vdpa-1'" rehome a refresh db1
    v a start db1
    soon answers a db1
    gives 1 disks a db1
}

@test "a reboot exchanges the numbers of two NICs: the guest does not start on another's" {
    net a net-a0 1024
    net a net-a1 1024
    running a web1 0
    v a destroy web1
    no_devices a
    net a net-a1 1024
    net a net-a0 1024
    fails "'net-a1' now, and the one that was recorded for it is 'net-a0'; 'virt-rehome refresh web1'" v a start web1
    gives "shut off" state a web1
    gives "" held a
    gives "web1: '/dev/vhost-vdpa-0' -> '/dev/vhost-vdpa-1'" rehome a refresh web1
    v a start web1
    soon answers a web1
    gives 1 devices a web1
}

@test "no room below /run at a restore: refused, and the managed save stays" {
    local tick
    net a net-a0 1024
    running a web1 0
    tick=$(ticks a web1)
    v a managedsave web1
    no_devices a
    net a net-a1 256
    net a net-a2 1024
    on a mount -t tmpfs -o size=4k,mode=700 full /run/virt-rehome
    fails "No space left" on a dd if=/dev/zero of=/run/virt-rehome/filler
    fails "guest 'web1'" v a start web1
    gives "shut off" state a web1
    has_managed_save a web1
    on a umount /run/virt-rehome
    v a start web1
    soon answers a web1
    has_ticked a web1 $((tick + 1))
    gives 1 devices a web1
}
