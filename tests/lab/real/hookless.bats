# SPDX-License-Identifier: LGPL-2.1-or-later
# What the refusals prevent: the same migrations where the destination has no hook.
#
# Not to be seen here: too small an MTU. vdpa_sim returns frames of any length, whatever its MTU is.
# shellcheck disable=SC2086,SC2154 # variables of real.bash, which are words

setup() { load real; setup_real; without_hook b; }
teardown() { teardown_real; }

# The guest runs on, and what it sends does not come back.
is_dead() { # HOST GUEST NIC
    local tick back
    # What was under way when it died has been told by then.
    soon ticks "$1" "$2"
    soon has_ticked "$1" "$2" $(($(ticks "$1" "$2") + 2))
    read -r tick back <<< "$(ticks_and_back "$@")"
    soon has_ticked "$1" "$2" $((tick + 4))
    gives "$back" echo "$(ticks_and_back "$@" | cut -d ' ' -f 2)"
}

ticks_and_back() { # HOST GUEST NIC
    says "$1" "$2" | sed -n -E "s/^tick ([0-9]+) .*$3 sent [0-9]+ back ([0-9]+).*/\1 \2/p"
}

# QEMU turned the guest down on kvm-b after its memory was copied, for this reason.
too_late() { # GUEST REASON
    fails "load of migration failed" migrate a b "$1" --live
    on b cat "/var/log/libvirt/qemu/$1.log" > log
    tail -n 20 log
    grep -q -E "$2" log
    gives running state a "$1"
}

@test "too short a ring: the migration succeeds, and the guest has a dead NIC" {
    net a net-a0 1024
    net b net-b0 256
    running a web1 0
    migrate a b web1 --live
    on b grep "unable to start vhost net: 22: falling back on userspace virtio" /var/log/libvirt/qemu/web1.log
    is_dead b web1 eth0
}

@test "a feature is missing: the migration fails in the end, and the guest at home has a dead NIC" {
    net a net-a0 1024
    net b net-b0 1024 device_features 0x308820028
    running a web1 0
    too_late web1 "Features 0x[0-9a-f]+ unsupported. Allowed features: 0x[0-9a-f]+"
    on a grep "unable to start vhost net: 25: falling back on userspace virtio" /var/log/libvirt/qemu/web1.log
    is_dead a web1 eth0
}

@test "a control queue that the guest did not have: the migration fails in the end" {
    net a net-a0 1024 device_features 0x308010028
    net b net-b0 1024
    running a web1 0
    too_late web1 "get_pci_config_device: Bad config data"
    is_dead a web1 eth0
}

@test "another type of mediated device: the migration fails in the end" {
    mtty a $tty_a mtty-1
    mtty b $tty_a mtty-2
    running a tty1 $tty_a
    too_late tty1 "error while loading state section id [0-9]+\(0000:00:02.0/vfio\)"
    answers a tty1
}

@test "another kind of device has the number, or one without ACCESS_PLATFORM: QEMU does not start" {
    net a net-a0 1024
    blk b blk-b0
    running a web1 0
    fails "Device 'vhost-vdpa' could not be initialized" migrate a b web1 --live
    no_devices b
    net b net-b0 1024 device_features 0x108830028
    fails "Cannot set features: Operation not permitted" migrate a b web1 --live
    answers a web1
}

@test "another disk has the number: the migration succeeds, and the guest writes to that" {
    blk a vol1
    blk b vol2
    running a disk1 disk:0
    migrate a b disk1 --live
    gives 0 disks b disk1
    soon answers b disk1
}

@test "a disk with too short a ring: QEMU does not start" {
    blk a vol1
    blk b vol1 128
    running a disk1 disk:0
    fails "blkio_start failed: Invalid argument" migrate a b disk1 --live
    answers a disk1
}
