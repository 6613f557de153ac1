# SPDX-License-Identifier: LGPL-2.1-or-later
# Migrations with virsh between two daemons of libvirt, and nothing done by hand but them.
# shellcheck disable=SC2034,SC2154 # variables of lab.bash

setup_file() { load lab; setup_lab; }
teardown_file() { load lab; teardown_lab; }
setup() { load lab; setup_guests; }
teardown() { teardown_guests; }

@test "a guest that starts is recorded, live and in its definition" {
    running a web1 3
    gives "net-a3" record a web1 name
    gives "net-a3" record a web1 name --inactive
    gives "pci:0000:00:02.0" record a web1 guest-address --inactive
    gives "3 web1 running" held a
    record a web1 qemu | grep -q '^[1-9][0-9]*\.'
}

there_and_back() { # OPTION…
    running a web1 3
    migrate a b web1 --live --persistent "$@"
    gives 1 devices b web1
    gives "1 web1 running" held b
    gives "" held a
    soon gives "kvm-b kvm-b" whereabouts b web1
    gives "net-b1" record b web1 name
    gives 1 devices b web1 --inactive
    migrate b a web1 --live --persistent "$@"
    gives 3 devices a web1
    soon gives "kvm-a kvm-a" whereabouts a web1
    gives 3 devices a web1 --inactive
    gives "3 web1 running" held a
    gives "" held b
}

@test "live there and back, with the definition" {
    there_and_back
    gives "shut off" state b web1
}

@test "live there and back between the hosts (--p2p)" {
    there_and_back --p2p
}

@test "live there and back, undefined where it leaves" {
    there_and_back --undefinesource
    gives "" v b list --all --name
}

@test "live there and back without a definition that goes along" {
    running a web1 3
    migrate a b web1 --live
    gives yes is_transient b web1
    soon gives kvm-b record b web1 host
    migrate b a web1 --live
    soon gives "kvm-a kvm-a" whereabouts a web1
    gives "" v b list --all --name
}

is_transient() { # HOST GUEST
    v "$1" dominfo "$2" | sed -n -E 's/^Persistent: +no/yes/p'
}

@test "a transient guest there and back" {
    guest web1 3
    v a create web1.xml
    soon gives kvm-a record a web1 host
    migrate a b web1 --live
    gives yes is_transient b web1
    soon gives kvm-b record b web1 host
    gives net-b1 record b web1 name
    migrate b a web1 --live
    gives 3 devices a web1
    soon gives kvm-a record a web1 host
    gives "" v b list --all --name
}

@test "a definition alone there and back (--offline)" {
    running a web1 3
    v a destroy web1
    migrate a b web1 --offline --persistent
    gives "1" devices b web1 --inactive
    gives net-b1 record b web1 name --inactive
    gives kvm-b record b web1 host --inactive
    v a undefine web1
    # Nobody tells the hook that nothing more comes, so a reservation would run out by itself.
    gives "1 web1 reserved" held b
    rehome b release web1
    migrate b a web1 --offline --persistent --undefinesource
    gives 3 devices a web1 --inactive
    gives "" v b list --all --name
    rehome a release web1
}

@test "two NICs get two devices" {
    running a web1 4 3
    gives "net-a4 net-a3" record a web1 name
    migrate a b web1 --live --persistent
    gives "1 2" devices b web1
    soon gives "kvm-b kvm-b" whereabouts b web1
    gives "1 2" devices b web1 --inactive
    gives "1 web1 running,2 web1 running" held b
}

stays() { # GUEST DEVICE: on a, and b knows nothing of it
    gives running state a "$1"
    gives "$2" devices a "$1"
    gives "$2 $1 running" held a
    gives "" held b
    gives "" v b list --all --name
    never_started b "$1"
}

@test "no device that fits: virsh says so before memory is copied, and the guest stays" {
    edit_host b 's/ mtu="(1500|9000)"/ mtu="1400"/'
    running a web8 3
    fails "guest 'web8'" migrate a b web8 --live --persistent
    stays web8 3
    # The sentence is last, as the hook said it.
    grep -q "^for /dev/vhost-vdpa-3: net-b1: mtu is 1400" said
}

# libvirt starts a guest with a copy of its definition, whose record says that it is off.
@test "a guest that runs and says that it is off is judged as one that runs, before memory is copied" {
    running a web8 3
    v a destroy web8
    soon gives "" held a
    rig recorder "$lab" a stop
    v a start web8
    v a dumpxml web8 | grep -q "state=.off."
    edit_host b 's/ mtu="(1500|9000)"/ mtu="1400"/'
    fails "guest 'web8'" migrate a b web8 --live
    grep -q "it was judged as one that runs and comes with its memory" said
    grep -q "mtu is 1400, must be at least 1500" said
    gives running state a web8
    gives 3 devices a web8
    never_started b web8
    rehome b release web8
    rig recorder "$lab" a start
}

@test "no device that fits, between the hosts (--p2p) and without the guest running (--offline)" {
    edit_host b 's/ mtu="(1500|9000)"/ mtu="1400"/'
    running a web8 3
    fails "guest 'web8'" migrate a b web8 --live --p2p
    stays web8 3
    v a destroy web8
    # What does not take its state would do for a boot, but not without ACCESS_PLATFORM.
    edit_host b 's/features="0x0000000300c3982b"/features="0x0000000100c3982b"/'
    fails "guest 'web8'.*\(ACCESS_PLATFORM\), which QEMU demands" migrate a b web8 --offline --persistent
    gives "" v b list --all --name
    edit_host b 's/features="0x0000000100c3982b"/features="0x0000000300c3982b"/'
    migrate a b web8 --offline --persistent
    gives 1 devices b web8 --inactive
    rehome b release web8
}

@test "fewer devices than NICs: refused" {
    edit_host b '/net-b[27]/d'
    running a web9 3 4
    fails "guest 'web9'" migrate a b web9 --live
    gives running state a web9
    gives "3 web9 running,4 web9 running" held a
    gives "" held b
    never_started b web9
}

both_go() { # two guests from a to b in the same second; NAME.went is there for who arrived
    local guest jobs=()
    running a web1 3
    running a web2 4
    for guest in web1 web2; do
        { migrate a b $guest --live --persistent && touch $guest.went; } > $guest.said 2>&1 3>&- &
        jobs+=($!)
    done
    wait "${jobs[@]}" || true
    cat ./*.said
}

@test "two guests in the same second get different devices" {
    both_go
    [ -e web1.went ] && [ -e web2.went ]
    gives $'1\n2' sort <(devices b web1; devices b web2)
    soon gives "kvm-b kvm-b" whereabouts b web1
    soon gives "kvm-b kvm-b" whereabouts b web2
    gives "$(devices b web1)" devices b web1 --inactive
    gives "$(devices b web2)" devices b web2 --inactive
    gives "" held a
}

@test "two guests in the same second where one device fits: one arrives" {
    local went=web1 stayed=web2
    edit_host b '/net-b[027]/d'
    both_go
    [ -e web1.went ] || { went=web2 stayed=web1; }
    [ -e "$went.went" ] && [ ! -e "$stayed.went" ]
    grep -q "guest '$stayed'" "$stayed.said"
    gives running state a "$stayed"
    gives "$(devices a "$stayed") $stayed running" held a
    gives "1 $went running" held b
    gives "$went" v b list --name
}
