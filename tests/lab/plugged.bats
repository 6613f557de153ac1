# SPDX-License-Identifier: LGPL-2.1-or-later
# NICs that are plugged in and unplugged while the guest runs, of which libvirt tells no hook.
# shellcheck disable=SC2034,SC2154 # variables of lab.bash

setup_file() { load lab; setup_lab; }
teardown_file() { load lab; teardown_lab; }
setup() { load lab; setup_guests; busy=yes; }
teardown() { teardown_guests; }

plug() { # HOST GUEST NUMBER DEVICE [OPTION…]
    nic "${2: -1}" "$3" "$4" > nic.xml
    v "$1" attach-device "$2" nic.xml --live "${@:5}"
}

# Of the guest, once its driver has let it go.
unplug() { # HOST GUEST NUMBER DEVICE
    nic "${2: -1}" "$3" "$4" > nic.xml
    v "$1" detach-device "$2" nic.xml --live
    soon has_not "$1" "$2" "$4"
}

has_not() { # HOST GUEST DEVICE
    [[ " $(devices "$1" "$2") " != *" $3 "* ]]
}

# At once, though the guest writes to its memory.
go() { # FROM TO GUEST [OPTION…]
    migrate "$@" --live --persistent --timeout 1 --timeout-suspend
}

@test "a NIC that is plugged in is recorded by itself, and the guest takes both along" {
    running a web1 3
    plug a web1 2 4
    soon gives "net-a3 net-a4" record a web1 name
    gives "net-a3" record a web1 name --inactive
    go a b web1
    gives "1 2" devices b web1
    gives "1 web1 running,2 web1 running" held b
    gives "" held a
    soon gives "net-b1 net-b2" record b web1 name
    go b a web1
    gives "3 4" devices a web1
    gives "3 web1 running,4 web1 running" held a
}

@test "a NIC that is plugged into guest and definition is recorded in both" {
    running a web1 3
    plug a web1 2 4 --config
    soon gives "net-a3 net-a4" record a web1 name
    soon gives "net-a3 net-a4" record a web1 name --inactive
    go a b web1
    soon gives "kvm-b kvm-b" whereabouts b web1
    gives "1 2" devices b web1 --inactive
}

@test "without the service the guest stays until somebody records it" {
    running a web1 3
    rig recorder "$lab" a stop
    plug a web1 2 4
    fails "'/dev/vhost-vdpa-4' is not in the guest's record" go a b web1
    gives "" held b
    rehome_with a record web1
    go a b web1
    gives "1 2" devices b web1
    rig recorder "$lab" a start
}

@test "what is plugged in is nobody else's" {
    edit_host a '/net-a5/d'
    running a web1 3
    plug a web1 2 4
    gives "3 4" devices a web1
    guest web2 4
    v a define web2.xml
    fails "guest 'web2' cannot start: .*'/dev/vhost-vdpa-4' is in use by guest web1" v a start web2
    v a undefine web2
    # Nor is it anybody's who comes from elsewhere.
    running b web2 1
    fails "net-a4: in use by guest web1" go b a web2
    unplug a web1 2 4
    go b a web2
    gives "4" devices a web2
}

# As if the guests there had started long ago: since the host did.
age_claims() { # HOST
    on "$1" sed -i -E 's/ time="[0-9]+"/ time="0"/' /run/virt-rehome/claims
}

@test "what is unplugged leaves the live record, is free, and the guest goes without it" {
    running a web1 3 4
    unplug a web1 2 4
    soon gives net-a3 record a web1 name
    gives "3 4" devices a web1 --inactive
    gives "net-a3 net-a4" record a web1 name --inactive
    age_claims a
    gives "3 web1 running" held a
    running a web2 4
    gives "3 web1 running,4 web2 running" held a
    go a b web1
    gives 1 devices b web1
    gives "1 web1 running" held b
    gives "4 web2 running" held a
}
