# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-rehome record and check with guests of libvirt's, and what is said where libvirt says no.
# shellcheck disable=SC2034,SC2154 # variables of lab.bash

setup_file() { load lab; setup_lab; }
teardown_file() { load lab; teardown_lab; }
setup() { load lab; setup_guests; rig recorder "$lab" a stop; } # commands do it here
teardown() { teardown_guests; }

unrecorded() { # NAME DEVICE…: runs on a
    guest "$@"
    v a define "$1.xml"
    v a start "$1"
    gives " " whereabouts a "$1"
}

@test "record, and again: nothing is written where nothing changed" {
    unrecorded web1 3
    gives "web1: recorded, in the running guest and in its definition" rehome_with a record web1
    gives "kvm-a kvm-a" whereabouts a web1
    v a dumpxml web1 > live
    v a dumpxml --inactive web1 > defined
    sleep 1
    gives "web1: unchanged" rehome_with a record web1
    v a dumpxml web1 | cmp - live
    v a dumpxml --inactive web1 | cmp - defined
    gives "web1: unchanged" rehome_with a record 11111111-0000-4000-8000-000000000001
}

@test "record --all: running, shut off, transient, and without such devices" {
    unrecorded web1 3
    guest web2 4
    v a define web2.xml
    guest web3 5
    v a create web3.xml
    guest web4
    v a define web4.xml
    rehome_with a record --all > said
    diff - said << 'END'
web1: recorded, in the running guest and in its definition
web2: recorded, in its definition
web3: recorded, in the running guest
END
    gives net-a4 record a web2 name --inactive
    gives net-a5 record a web3 name
    rehome_with a record --all > said
    diff <(printf 'web%s: unchanged\n' 1 2 3) said
    gives "web4: no vDPA and no mediated devices: nothing to record" rehome_with a record web4
}

@test "record --print writes nothing" {
    unrecorded web1 3
    rehome_with a record web1 --print > printed
    [ "$(xmllint --xpath 'string(/*/*/@name)' printed)" = net-a3 ]
    gives " " whereabouts a web1
    [ "$(rehome_with a record --all --print | sed 's/ time="[^"]*"//')" = "$(sed 's/ time="[^"]*"//' printed)" ]
}

@test "check takes the guest from libvirt, for other hosts and this one" {
    unrecorded web1 3
    rehome_with a record web1
    rehome a check web1 --connect qemu:///system --host "$lab/b/host.xml" > said
    cat said
    grep -q "net-b1" said
    rehome_with a check web1 > said
    grep -q "net-a3" said
    edit_host b 's/ mtu="(1500|9000)"/ mtu="1400"/'
    fails "mtu is 1400" rehome a check web1 --host "$lab/b/host.xml"
    # One that is shut off boots anew, unless its state was saved.
    v a managedsave web1
    fails "mtu is 1400" rehome a check web1 --host "$lab/b/host.xml"
    v a managedsave-remove web1
    rehome a check web1 --host "$lab/b/host.xml" > said
    head -n 1 said | grep -q "when it boots there anew$"
    grep -q "warning: mtu is 1400 and was " said
    v a start web1
    # Over there it asks the same of a daemon that is here.
    rehome b check web1 --connect qemu+tcp://kvm-a/system --host "$lab/a/host.xml"
    # A read-only connection will do.
    rehome a check web1 --connect 'qemu+unix:///system?socket=/run/libvirt/libvirt-sock-ro' --host "$lab/a/host.xml"
}

@test "no such guest" {
    fails "^virt-rehome: .*'web7'.*virsh list --all" rehome_with a record web7
    fails "^virt-rehome: .*'web7'.*virsh list --all" rehome_with a check web7
    fails "^virt-rehome: .*'web7'.*virsh list --all" rehome_with a refresh web7
    [ "$(wc -l < said)" = 1 ]
}

@test "no daemon" {
    rig daemon "$lab" a stop
    fails "^virt-rehome: .*'qemu:///system'.*see that libvirt's daemon runs" rehome_with a record web1
    [ "$(wc -l < said)" = 1 ]
    fails "see that libvirt's daemon runs" rehome_with a check web1
    fails "see that libvirt's daemon runs" rehome_with a refresh --all
    fails "^virt-rehome: .*'qemu.tcp://kvm-z/system'" rehome a record web1 --connect qemu+tcp://kvm-z/system
    rig daemon "$lab" a start
}

@test "a connection that may only read" {
    unrecorded web1 3
    fails "^virt-rehome: .*the connection may only read: use one that may change guests" \
        rehome_with a record web1 --connect 'qemu+unix:///system?socket=/run/libvirt/libvirt-sock-ro'
    gives " " whereabouts a web1
}

@test "a device that is not there" {
    unrecorded web1 3
    edit_host a '/net-a3/d'
    fails "^virt-rehome: .*'/dev/vhost-vdpa-3' is not on host 'kvm-a'" rehome_with a record web1
}

@test "a job holds the guest: the command says so, the service waits for it" {
    local migration
    busy=yes
    unrecorded web1 3
    rehome_with a record web1
    migrate a b web1 --live --bandwidth 1 > migrated 2>&1 3>&- 4>&- &
    migration=$!
    soon gives "1 web1 running" held b
    edit_host a 's/ kernel="6.12.48"/ kernel="6.12.49"/'
    fails "^virt-rehome: a job .* holds guest 'web1'" rehome_with a record web1
    rig recorder "$lab" a start
    sleep 1
    gives 6.12.48 record a web1 kernel
    v a domjobabort web1
    wait $migration || true
    soon gives 6.12.49 record a web1 kernel
    rig recorder "$lab" a stop
}

@test "a guest that hangs: the command says so, and the service records others meanwhile" {
    local qemu status=0
    unrecorded web1 3
    rehome_with a record web1
    qemu=$(on a cat /run/libvirt/qemu/web1.pid)
    on a kill -STOP "$qemu"
    v a reset web1 > did 2>&1 3>&- 4>&- &
    edit_host a 's/ kernel="6.12.48"/ kernel="6.12.49"/'
    rig recorder "$lab" a start
    sleep 1
    guest web2 4
    v a define web2.xml
    v a start web2
    soon gives "kvm-a kvm-a" whereabouts a web2 || status=$?
    fails "^virt-rehome: .*guest 'web1'.*wait until it is done" rehome_with a record web1 || status=$?
    on a kill -CONT "$qemu"
    wait $! || true
    soon gives 6.12.49 record a web1 kernel
    rig recorder "$lab" a stop
    [ $status = 0 ]
}

@test "another host's guests are not recorded from this host's devices" {
    guest web1 1
    v b define web1.xml
    fails "the guests of 'qemu\\+tcp://kvm-b/system' are on host 'kvm-b', and these devices are those of host 'kvm-a'" \
        rehome_with a record web1 --connect qemu+tcp://kvm-b/system
    fails "on host 'kvm-b'" rehome_with a refresh --all --connect qemu+tcp://kvm-b/system
}

@test "the service ends at once, though a daemon that hangs keeps it waiting" {
    local daemon recorder
    daemon=$(cat "$lab/a/libvirtd.pid")
    on a kill -STOP "$daemon"
    on a sh -c "'$RH_BIN_DIR/virt-rehome-recorder' > '$PWD/service.log' 2>&1 & echo \$! > '$PWD/service.pid'" 3>&-
    sleep 1
    recorder=$(cat service.pid)
    on a kill "$recorder"
    soon on a sh -c "! kill -0 $recorder"
    on a kill -CONT "$daemon"
}

@test "a definition that cannot be read does not keep the running guest from being recorded" {
    unrecorded web1 3
    redefine a web1 "s,^  <memory ,  <metadata><r:record xmlns:r='urn:virt-rehome:1' format='99'/></metadata>&,"
    fails "guest 'web1': the guest's record has format 99" rehome_with a record web1
    gives net-a3 record a web1 name
    gives 99 record a web1 format --inactive
}
