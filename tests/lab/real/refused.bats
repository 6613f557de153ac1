# SPDX-License-Identifier: LGPL-2.1-or-later
# Devices that would break the guest are refused before any of its memory is copied, and virsh says why.
# shellcheck disable=SC2086,SC2154 # variables of real.bash, which are words

setup() { load real; setup_real; }
teardown() { teardown_real; }

# virsh prints the reason for the only device there; QEMU was never started there, and nothing is held.
is_refused() { # GUEST DEVICE REASON
    fails "^error: Hook script execution failed: .* exit status 1: guest '$1' does not fit on host 'kvm-b': .*'$2': $3" \
        migrate a b "$1" --live --persistent
    grep -q -E "^for [^ ]*: $2: $3\$" said
    is_untouched "$1"
}

is_untouched() { # GUEST
    on b test ! -e "/var/log/libvirt/qemu/$1.log"
    gives running state a "$1"
    gives "" v b list --all --name
    gives "" held b
}

# The only device there is a NIC.
refuses() { # REASON NAME RING [ARG… of vdpa dev add]
    no_devices b
    net b "${@:2}"
    is_refused web1 "$2" "$1"
}

@test "vDPA: ring, MTU, features, another kind of device" {
    net a net-a0 1024 mtu 9000
    running a web1 0
    refuses "max-vq-size is 256, must be at least 1024, the ring that the guest may have" net-b0 256 mtu 9000
    refuses "mtu is 1500, must be at least 9000" net-b1 1024
    refuses "features 0x0*308820028 lack 0x10000 \(STATUS\), which the guest uses" net-b2 1024 mtu 9000 device_features 0x308820028
    refuses "features 0x0*308010028 lack 0x820000 \(CTRL_VQ CTRL_MAC_ADDR\), which the guest uses" net-b3 1024 mtu 9000 device_features 0x308010028
    no_devices b
    blk b blk-b0
    is_refused web1 blk-b0 "class is blk, must be net"

    # All of them, each with its reason.
    net b net-b0 256 mtu 9000
    net b net-b1 1024
    fails "guest 'web1' does not fit on host 'kvm-b': .* matches none of the 3 vDPA devices here" migrate a b web1 --live
    grep -q "^for /dev/vhost-vdpa-0: net-b0: max-vq-size is 256" said
    grep -q "^for /dev/vhost-vdpa-0: net-b1: mtu is 1500, must be at least 9000" said
    is_untouched web1

    # The guest knows nothing of it, and goes where it can.
    answers a web1
    net b net-b4 1024 mtu 9000
    goes a b web1
    gives net-b4 record b web1 name
}

@test "vDPA: a control queue that the guest did not have" {
    net a net-a0 1024 device_features 0x308010028
    running a web1 0
    refuses "control queue offered: yes, must be no" net-b0 1024
    answers a web1
}

@test "a mediated device of another type" {
    mtty a $tty_a mtty-1
    mtty b $tty_a mtty-2
    running a tty1 $tty_a
    is_refused tty1 $tty_a "type is mtty-2, must be mtty-1: a running guest's state goes into another type only where 'accept-live' in \[mdev mtty-1\] of virt-rehome.conf names that"
    answers a tty1
}

@test "a disk that is not known to be the same, or that QEMU cannot drive" {
    disk_pool a volumes
    blk a vol1
    blk b vol1
    running a disk1 disk:0
    is_refused disk1 vol1 "pool of the device is unknown, must be volumes: give its management device that pool in virt-rehome.conf here"
    disk_pool b volumes
    no_devices b
    blk b vol2
    is_refused disk1 vol2 "name is vol2, must be vol1: pool and name are all that tells one disk from another"
    no_devices b
    blk b vol1 128
    is_refused disk1 vol1 "max-vq-size is 128, must be at least 256, the ring of QEMU's driver for vDPA disks: export it with queues as long \(qemu-storage-daemon: queue-size=256\)"
    answers a disk1
}

@test "a device that another guest has" {
    net a net-a0 1024
    net a net-a1 1024
    net b net-b0 1024
    running a web1 0
    running a web2 1
    goes a b web1
    fails "guest 'web2' does not fit on host 'kvm-b'.*'net-b0': in use by guest web1" migrate a b web2 --live
    gives web1 v b list --all --name
    gives "0 web1 running" held b
    answers b web1
    answers a web2
}
