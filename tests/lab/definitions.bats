# SPDX-License-Identifier: LGPL-2.1-or-later
# What the service writes into records and definitions, and what it leaves alone; refresh.
# shellcheck disable=SC2034,SC2154 # variables of lab.bash

setup_file() { load lab; setup_lab; }
teardown_file() { load lab; teardown_lab; }
setup() { load lab; setup_guests; }
teardown() { teardown_guests; }

definition() { # HOST GUEST: without its record
    v "$1" dumpxml --inactive --security-info "$2" |
        sed -E '/^  <metadata>/,/^  <\/metadata>/{/<\/?metadata>|<record|<\/record|<vdpa/d}'
}

@test "after a migration only the sources in use are corrected in the definition" {
    running a web1 3
    # Another NIC, a title and somebody's metadata, in the definition alone.
    redefine a web1 "s,^  <memory ,  <title>The web\, first</title>&,; s,^  </metadata>,<x:x xmlns:x='urn:x'>y</x:x>&,
        s,^    <input type='mouse'.*,$(nic 1 2 4 | tr -d '\n')&,"
    soon gives "net-a3 net-a4" record a web1 name --inactive
    definition a web1 > before
    migrate a b web1 --live --persistent
    soon gives "1 4" devices b web1 --inactive
    # An entry of the other host stays, and with it the record is that host's.
    gives "kvm-b kvm-a" whereabouts b web1
    gives "net-b1 net-a4" record b web1 name --inactive
    definition b web1 > after
    diff <(sed "s,<source dev='/dev/vhost-vdpa-3'/>,<source dev='/dev/vhost-vdpa-1'/>," before) after
    log_of b | grep "the definition of guest 'web1' names '/dev/vhost-vdpa-3' -> '/dev/vhost-vdpa-1'"
    log_of b | grep "names '/dev/vhost-vdpa-4', which was a device of the host that it came from"
}

@test "passwords and what else only the definition has go through a correction" {
    guest web1 3
    sed -i "s,</devices>,<graphics type='vnc' port='-1' listen='127.0.0.1' passwd='secret'/></devices>," web1.xml
    v a define web1.xml
    v a start web1
    soon gives "kvm-a kvm-a" whereabouts a web1
    definition a web1 > before
    grep -q secret before
    migrate a b web1 --live --persistent
    soon gives "kvm-b kvm-b" whereabouts b web1
    definition b web1 > after
    diff <(sed "s,vhost-vdpa-3',vhost-vdpa-1'," before) after
}

@test "a definition that an admin edits on this host stays as edited" {
    running a web1 3
    redefine a web1 "s,<source dev='/dev/vhost-vdpa-3'/>,<source dev='/dev/vhost-vdpa-4'/>,"
    soon gives net-a4 record a web1 name --inactive
    gives 4 devices a web1 --inactive
    gives net-a3 record a web1 name
    rig on "$lab" a kill -HUP "$(cat "$lab/a/recorder.pid")"
    sleep 1
    gives 4 devices a web1 --inactive
    v a destroy web1
    v a start web1
    gives "4 web1 running" held a
    soon gives net-a4 record a web1 name
}

@test "an edited definition on the host that a guest came to stays as edited" {
    running a web1 3
    migrate a b web1 --live --persistent
    soon gives "kvm-b kvm-b" whereabouts b web1
    redefine b web1 "s,<source dev='/dev/vhost-vdpa-1'/>,<source dev='/dev/vhost-vdpa-2'/>,"
    soon gives net-b2 record b web1 name --inactive
    restart_recorder b
    sleep 1
    gives 2 devices b web1 --inactive
}

restart_recorder() { # HOST
    rig recorder "$lab" "$1" stop
    rig recorder "$lab" "$1" start
}

@test "what a guest was started with stays over migrations, until it reboots" {
    edit_host b '/net-b[012]/d'
    running a web1 3
    migrate a b web1 --live --persistent
    soon gives "kvm-b kvm-b" whereabouts b web1
    gives net-b7 record b web1 name
    gives 1500 record b web1 mtu
    # So it may come home, and go there again.
    migrate b a web1 --live --persistent
    soon gives "kvm-a kvm-a" whereabouts a web1
    gives 3 devices a web1
    migrate a b web1 --live --persistent
    soon gives "kvm-b kvm-b" whereabouts b web1
    gives 1500 record b web1 mtu --inactive
    v b reset web1
    soon gives 9000 record b web1 mtu
    soon gives 9000 record b web1 mtu --inactive
}

@test "negotiated features are recorded when a driver has negotiated them" {
    running a web1 3
    gives "" record a web1 negotiated
    edit_host a '/net-a3/s,/>$, negotiated="0x0000000300c3182b"/>,'
    soon gives 0x0000000300c3182b record a web1 negotiated
    # A guest that is shut off has agreed to nothing.
    gives "" record a web1 negotiated --inactive
    # On another host they stay what they are.
    migrate a b web1 --live --persistent
    soon gives "kvm-b kvm-b" whereabouts b web1
    gives 0x0000000300c3182b record b web1 negotiated
}

# -- refresh --------------------------------------------------------------------------------------

shut_off() { # HOST NAME DEVICE: and recorded
    running "$@"
    v "$1" destroy "$2"
    soon gives "" held "$1"
}

@test "refresh: shut-off guests keep their own devices when numbers have changed" {
    shut_off a web1 3
    shut_off a web2 4
    swap_numbers a 3 4
    rehome_with a refresh --all > refreshed
    diff <(printf '%s\n' "web1: '/dev/vhost-vdpa-3' -> '/dev/vhost-vdpa-4'" "web2: '/dev/vhost-vdpa-4' -> '/dev/vhost-vdpa-3'") refreshed
    gives 4 devices a web1 --inactive
    gives 3 devices a web2 --inactive
    gives net-a3 record a web1 name --inactive
    rehome_with a refresh --all > refreshed
    diff <(printf '%s\n' "web1: unchanged" "web2: unchanged") refreshed
    v a start web1
    v a start web2
    gives "3 web2 running,4 web1 running" held a
}

@test "refresh: who cannot be served, or has no record, is reported and left alone" {
    local name
    shut_off a web1 3
    shut_off a web2 5
    rig recorder "$lab" a stop
    guest web3 4
    v a define web3.xml
    for name in web1 web2 web3; do v a dumpxml --inactive --security-info $name > $name.before; done
    edit_host a '/net-a5/d; s/ mtu="9000"/ mtu="1500"/; s,vhost-vdpa-3",vhost-vdpa-6",'
    status=0
    rehome_with a refresh --all > out 2> err || status=$?
    cat out err
    [ $status = 1 ]
    diff <(echo "web1: '/dev/vhost-vdpa-3' -> '/dev/vhost-vdpa-6'") out
    grep -q "guest 'web2'" err
    grep -q "guest 'web3' has devices without a record" err
    for name in web2 web3; do v a dumpxml --inactive --security-info $name | cmp - $name.before; done
    gives 6 devices a web1 --inactive
    rig recorder "$lab" a start
}

@test "refresh: a running guest's definition names what the guest has" {
    running a web1 3
    redefine a web1 "s,<source dev='/dev/vhost-vdpa-3'/>,<source dev='/dev/vhost-vdpa-4'/>,"
    soon gives net-a4 record a web1 name --inactive
    rehome_with a refresh web1
    gives 3 devices a web1 --inactive
    gives net-a3 record a web1 name --inactive
    gives "3 web1 running" held a
}

@test "refresh: who need not move stays, even if another must" {
    shut_off a web1 3
    shut_off a web2 4
    edit_host a '/net-a3/d; s/ mtu="9000"/ mtu="1500"/'
    gives "web1: '/dev/vhost-vdpa-3' -> '/dev/vhost-vdpa-5'" rehome_with a refresh web1
    gives 4 devices a web2 --inactive
    rehome_with a refresh --all > refreshed
    diff <(printf 'web%s: unchanged\n' 1 2) refreshed
}

@test "refresh: whoever finds nothing behind the others comes first" {
    edit_host a '/net-a5/s,/>, pool="lake"/>,'
    shut_off a web1 3
    shut_off a web2 5
    # web1 can do with either, web2 only with what is of the pool of net-a5.
    edit_host a '/net-a[34]/d; s,net-a5(.*)vhost-vdpa-5",net-x\1vhost-vdpa-6",'
    status=0
    rehome_with a refresh --all > out 2> err || status=$?
    cat out err
    [ $status = 1 ]
    grep -q "guest 'web" err
    edit_host a 's,</host>,<vdpa name="net-y" mgmtdev="pci/0000:41:00.2" driver="mlx5_core" class="net" chardev="/dev/vhost-vdpa-7" bound="vhost_vdpa" vendor-id="0x15b3" max-vqs="5" max-vq-size="1024" min-vq-size="1" features="0x0000000300c3982b" mac="00:00:00:00:00:00" max-vq-pairs="2" mtu="1500"/></host>,'
    rehome_with a refresh --all
    gives 7 devices a web1 --inactive
    gives 6 devices a web2 --inactive
}

@test "a number that a reboot gave to another device: the guest does not start on it, until a person says so" {
    shut_off a web1 5
    # net-a5 is not there yet, and what is called vhost-vdpa-5 is net-a3; nothing that is there will do.
    edit_host a '/net-a5/d; s,vhost-vdpa-3",vhost-vdpa-5",; s,features="0x0000000300c3982b",features="0x0000000100c3982b",'
    fails "guest 'web1'.*\(ACCESS_PLATFORM\), which QEMU demands" rehome_with a refresh web1
    fails "'net-a3' now, and the one that was recorded for it is 'net-a5'; 'virt-rehome refresh web1'" v a start web1
    gives net-a5 record a web1 name --inactive
    gives "" held a
    cp "$lab_source/tests/lab/host-a.xml" "$lab/a/host.xml"
    edit_host a 's,vhost-vdpa-5",vhost-vdpa-6",'
    gives "web1: '/dev/vhost-vdpa-5' -> '/dev/vhost-vdpa-6'" rehome_with a refresh web1
    # A person may say that it is right so.
    edit_host a '/net-a5/d; s,vhost-vdpa-3",vhost-vdpa-6",'
    fails "'net-a3' now" v a start web1
    rehome_with a record web1
    gives net-a3 record a web1 name --inactive
    v a start web1
    soon gives net-a3 record a web1 name
}

@test "a definition whose correction would name a device twice is left, and the guest is recorded" {
    running a web1 4
    redefine a web1 "s,^    <input type='mouse'.*,$(nic 1 2 1 | tr -d '\n')&,"
    migrate a b web1 --live --persistent
    gives 1 devices b web1
    soon grep -q "one of its devices that the running guest has not is called '/dev/vhost-vdpa-1'" "$lab/b/recorder.log"
    gives "4 1" devices b web1 --inactive
    edit_host b '/net-b1/s,/>$, negotiated="0x0000000300c3182b"/>,'
    soon gives 0x0000000300c3182b record b web1 negotiated
}

@test "an edit on the host that a guest comes home to without --persistent stays" {
    running a web1 3
    migrate a b web1 --live
    redefine a web1 "s,<source dev='/dev/vhost-vdpa-3'/>,<source dev='/dev/vhost-vdpa-5'/>,"
    migrate b a web1 --live
    soon gives "kvm-a kvm-a" whereabouts a web1
    sleep 1
    gives 5 devices a web1 --inactive
}

@test "refresh --boot before the daemon starts: guests that autostart have their own devices" {
    shut_off a web1 3
    shut_off a web2 4
    v a autostart web1
    v a autostart web2
    fails "has been started since boot \('/run/libvirt/qemu/autostarted' is there\)" at_boot
    gives "3" devices a web1 --inactive
    rig daemon "$lab" a stop
    fails "has been started since boot" at_boot
    rehome a release web1
    on a rm -f /run/libvirt/qemu/autostarted
    swap_numbers a 3 4
    at_boot
    gives /dev/vhost-vdpa-4 source_in_file a web1
    rig daemon "$lab" a start
    soon gives running state a web1
    soon gives running state a web2
    soon gives "3 web2 running,4 web1 running" held a
    soon gives net-a3 record a web1 name
    soon gives net-a4 record a web2 name
}

source_in_file() { xmllint --xpath 'string(//interface/source/@dev)' "$lab/$1/etc/libvirt/qemu/$2.xml"; } # HOST GUEST

at_boot() { on a "$RH_BIN_DIR/virt-rehome-recorder" --host "$lab/a/host.xml" refresh --all --boot; }

@test "refresh --boot: who cannot be served is reported, its file untouched byte for byte" {
    edit_host a '/net-a5/s,/>, pool="lake"/>,'
    shut_off a web1 3
    shut_off a web2 5
    rig daemon "$lab" a stop
    on a rm -f /run/libvirt/qemu/autostarted
    cp "$lab/a/etc/libvirt/qemu/web2.xml" before
    edit_host a '/net-a5/d; s,vhost-vdpa-3",vhost-vdpa-6",'
    status=0
    at_boot > out 2> err || status=$?
    cat out err
    [ $status = 1 ]
    grep -q "guest 'web2'" err
    cmp before "$lab/a/etc/libvirt/qemu/web2.xml"
    gives /dev/vhost-vdpa-6 source_in_file a web1
    rig daemon "$lab" a start
    gives 6 devices a web1 --inactive
}
