# SPDX-License-Identifier: LGPL-2.1-or-later
# What people do beside us: scripts of their own, snapshots, offline moves, reboots of guests.
# shellcheck disable=SC2016,SC2086,SC2154 # for shells on a host; variables of real.bash, which are words

setup() { load real; setup_real; }

teardown() {
    on a rm -f /etc/libvirt/hooks/qemu.d/70-site
    for host in a b; do on $host rm -f /run/overlay.qcow2; done
    teardown_real
}

# A hook of the site's, which sorts after ours: makes the guest's mediated device when that starts,
# and removes it when it ends.
site_makes() { # HOST UUID TYPE
    on "$1" sh -c '{
        echo "#!/bin/sh"
        echo "cat > /dev/null"
        echo "case \$2 in"
        echo "prepare) echo $1 > /sys/class/mdev_bus/mtty/mdev_supported_types/$2/create ;;"
        echo "release) echo 1 > /sys/bus/mdev/devices/$1/remove ;;"
        echo "esac"
        } > /etc/libvirt/hooks/qemu.d/70-site
        chmod 755 /etc/libvirt/hooks/qemu.d/70-site' sh "$2" "$3"
}

is_there() { # HOST UUID
    on "$1" test -e "/sys/bus/mdev/devices/$2"
}

@test "a script of the site's makes the mediated device at prepare: start, and managed save and start" {
    local tick
    site_makes a $tty_a mtty-1
    running a tty1 $tty_a
    gives mtty-1 record a tty1 type
    gives "$tty_a tty1 running" held a
    v a destroy tty1
    soon gives "" held a
    ! is_there a $tty_a

    # There is no device again, and a definition that knows of one.
    v a start tty1
    soon answers a tty1
    gives "$tty_a tty1 running" held a
    tick=$(ticks a tty1)
    v a managedsave tty1
    soon gives "" held a
    ! is_there a $tty_a
    on a virt-rehome refresh --all > refreshed
    grep "^tty1: unchanged; this host does not have its mediated device '$tty_a'" refreshed
    v a start tty1
    soon answers a tty1
    has_ticked a tty1 $((tick + 1))
    gives "$tty_a tty1 running" held a
}

@test "a script of the site's makes another type than the saved state is of: refused, and the save stays" {
    site_makes a $tty_a mtty-1
    running a tty1 $tty_a
    v a managedsave tty1
    soon gives "" held a
    # Made before the start, of another type, as where the script was changed.
    on a rm /etc/libvirt/hooks/qemu.d/70-site
    mtty a $tty_a mtty-2
    fails "type is mtty-2, must be mtty-1" v a start tty1
    gives "shut off" state a tty1
    v a dominfo tty1 | grep -q "^Managed save: *yes"
    gives "" held a
}

@test "a vDPA disk below an external snapshot migrates with what lies over it" {
    disk_pool a volumes
    disk_pool b volumes
    blk a vol1
    net b net-b0 1024
    blk b vol1
    running a disk1 disk:0
    v a snapshot-create-as disk1 s1 --disk-only --no-metadata \
        --diskspec "vda,snapshot=external,file=/run/overlay.qcow2" > snapshot 2>&1 || { cat snapshot; return 1; }
    v a dumpxml disk1 | xmllint --xpath '//backingStore//source/@dev' - | grep -q '"/dev/vhost-vdpa-0"'
    soon answers a disk1
    soon gives vol1 record a disk1 name
    gives "0 disk1 running" held a
    # What is over the vDPA disk would be on storage that both hosts have. They have none that QEMU takes:
    # it is copied, and what the guest wrote since it writes anew.
    on a cp /run/overlay.qcow2 "$PWD/overlay.qcow2"
    on b cp "$PWD/overlay.qcow2" /run/overlay.qcow2
    goes a b disk1 --unsafe
    v b dumpxml disk1 | xmllint --xpath '//backingStore//source/@dev' - | grep -q '"/dev/vhost-vdpa-1"'
    gives vol1 record b disk1 name
    gives "1 disk1 running" held b
    soon gives "" held a
}

@test "offline to a host whose device would not take a running guest: it starts there" {
    net a net-a0 1024
    net b net-b0 1024 device_features 0x308820028
    running a web1 0
    fails "'net-b0': features 0x0*308820028 lack 0x10000 \\(STATUS\\)" migrate a b web1 --live --persistent
    v a destroy web1
    soon gives "" held a
    v a migrate web1 qemu+tcp://kvm-b/system --offline --persistent --undefinesource
    gives "shut off" state b web1
    # It was planned a moment ago as one that boots: that it starts, and is no migration, has to be said.
    rehome b release web1
    v b start web1
    soon answers b web1
    soon gives net-b0 record b web1 name
}

# QEMU 10.0.13 makes all rings 1024 long, newer ones as long as the XML says, which is 256. So this takes two
# hosts that differ in it, and says nothing where both are alike.
@test "a guest's own reboot changes its rings, and what it may move to" {
    [ "${LAB_SUITES:-}" = "trixie sid" ] || skip "takes a QEMU of each kind: LAB_SUITES='trixie sid'"
    net a net-a0 1024
    net b net-b0 256
    guest web1 0
    sed -i "s/machine='pc'/machine='pc-i440fx-10.0'/; s/<driver rx_queue_size[^>]*>//" web1.xml # which both know
    v b define web1.xml
    v b start web1
    soon answers b web1
    soon gives "kvm-b kvm-b" whereabouts b web1
    gives 256 record b web1 ring
    goes b a web1
    # They stay as it was started with them, so that it may come home.
    gives 256 record a web1 ring
    goes a b web1
    goes b a web1
    v a reset web1
    soon gives 1024 record a web1 ring
    soon answers a web1
    fails "'net-b0': max-vq-size is 256, must be at least 1024, the ring" migrate a b web1 --live --persistent
    gives running state a web1
}

@test "rings that are longer than the newer QEMU takes: refused before memory is copied" {
    [ "${LAB_SUITES:-}" = "trixie sid" ] || skip "takes a QEMU of each kind: LAB_SUITES='trixie sid'"
    net a net-a0 1024
    net b net-b0 1024
    guest web1 0
    sed -i "s/<driver rx_queue_size[^>]*>//" web1.xml
    v a define web1.xml
    v a start web1
    soon answers a web1
    soon gives "kvm-a kvm-a" whereabouts a web1
    gives 1024 record a web1 ring
    v b version > version # libvirt knows what its QEMU is once somebody has asked
    fails "the guest's rings are 1024 long, and QEMU here takes 256 at most" migrate a b web1 --live --persistent
    answers a web1
    v a destroy web1
    # With queue sizes in the XML it is the control queue's.
    running a web2 0
    gives 1024 record a web2 ctrl-ring
    fails "the ring of the guest's control queue is 1024 long, and QEMU here takes 64 at most" migrate a b web2 --live --persistent
    answers a web2
}

@test "from the newer QEMU to the older and home, and a mediated device from each to each" {
    [ "${LAB_SUITES:-}" = "trixie sid" ] || skip "takes a QEMU of each kind: LAB_SUITES='trixie sid'"
    net a net-a0 1024
    net b net-b0 1024
    mtty a $tty_a mtty-1
    mtty b $tty_b mtty-1
    guest both1 0 $tty_b
    sed -i "s/machine='pc'/machine='pc-i440fx-10.0'/" both1.xml
    v b define both1.xml
    v b start both1
    soon answers b both1
    soon gives "kvm-b kvm-b" whereabouts b both1
    gives 64 record b both1 ctrl-ring
    goes b a both1
    gives 64 record a both1 ctrl-ring
    goes a b both1
    v b destroy both1
    running a tty2 $tty_a
    goes a b tty2
    goes b a tty2
}
