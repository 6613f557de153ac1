# SPDX-License-Identifier: LGPL-2.1-or-later
# What is refused, word by word as virsh prints it, and that nothing is different then.
# shellcheck disable=SC2034,SC2154 # variables of lab.bash

setup_file() { load lab; setup_lab; }
teardown_file() { load lab; teardown_lab; }
setup() { load lab; setup_guests; }
teardown() {
    [ -n "$LAB_LACKS" ] || rm -f "$lab"/[ab]/etc/virt-rehome.conf "$lab"/[ab]/etc/libvirt/hooks/qemu.d/60-other
    teardown_guests
}

# Of libvirt's own words only what does not depend on its version.
refused() { # [OPTION…]: web1 from a to b; the hook's words are those of standard input
    fails "Hook script execution failed: .*50-virt-rehome web1 migrate begin -\) unexpected exit status 1: " \
        migrate a b web1 --live "$@"
    diff - <(sed 's/^error: .* unexpected exit status 1: //; ${/^$/d}' said)
    gives running state a web1
    gives "3 web1 running" held a
    gives "" held b
    gives "" v b list --all --name
}

@test "no device that fits: the reason for each arrives at virsh, with --p2p too" {
    edit_host b '/net-b1/s/ mtu="1500"/ mtu="1400"/; /net-b2/s/ bound=/ used-by="guest db2" bound=/;
        /net-b7/s/ mtu="9000"/ mtu="1400"/'
    running a web1 3
    cat > wanted << 'END'
guest 'web1' does not fit on host 'kvm-b': vDPA interface '/dev/vhost-vdpa-3' matches none of the 4 vDPA devices here; nearest is 'net-b1': mtu is 1400, must be at least 1500
for /dev/vhost-vdpa-3: net-b0: queue pairs are 1, must be exactly 2
for /dev/vhost-vdpa-3: net-b1: mtu is 1400, must be at least 1500
for /dev/vhost-vdpa-3: net-b2: in use by guest db2
for /dev/vhost-vdpa-3: net-b7: mtu is 1400, must be at least 1500
END
    refused < wanted
    refused --p2p < wanted
}

@test "a guest without a record" {
    rig recorder "$lab" a stop
    guest web1 3
    v a define web1.xml
    v a start web1
    refused << 'END'
guest 'web1' does not fit on host 'kvm-b': vDPA interface '/dev/vhost-vdpa-3' is not in the guest's record, so nothing says what it must be like; run 'virt-rehome record' on the source host
END
    rig recorder "$lab" a start
}

@test "a configuration that cannot be read, on the host that it would come to" {
    running a web1 3
    echo 'match = capability' > "$lab/b/etc/virt-rehome.conf"
    refused << 'END'
/etc/virt-rehome.conf, line 1: Key file does not start with a group
END
    rm "$lab/b/etc/virt-rehome.conf"
    migrate a b web1 --live
    gives 1 devices b web1
}

# Where a device is not there, libvirt's own refusal is the answer, unless a script makes it; in this
# rig nothing opens it.
@test "a plain start with a device that is in use, or not there" {
    guest web8 3
    v a define web8.xml
    running a web2 3
    fails "guest 'web8' cannot start: its vDPA interface '/dev/vhost-vdpa-3' is in use by guest web2" v a start web8
    gives "3 web2 running" held a
    v a destroy web2
    edit_host a '/net-a3/d'
    v a start web8
    gives running state a web8
    gives "3 web8 running" held a
    v a destroy web8
    gives "" held a
}

# The reservation of a guest that another script turned away runs out by itself.
@test "another script of the chain refuses: the guest stays, and may come later" {
    local other=$lab/b/etc/libvirt/hooks/qemu.d/60-other
    running a web9 3
    # shellcheck disable=SC2016 # for the script
    printf '%s\n' '#!/bin/sh' cat '[ "$2" != migrate ] || { echo "not today" >&2; exit 1; }' > "$other"
    chmod 755 "$other"
    fails "60-other web9 migrate begin -\) unexpected exit status 1: not today" migrate a b web9 --live
    gives running state a web9
    gives "3 web9 running" held a
    gives "1 web9 reserved" held b
    gives "" v b list --all --name
    never_started b web9
    rm "$other"
    migrate a b web9 --live
    gives 1 devices b web9
    gives "1 web9 running" held b
}
