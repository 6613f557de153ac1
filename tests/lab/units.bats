# SPDX-License-Identifier: LGPL-2.1-or-later
# The recorder as its unit runs it, as far as that goes without systemd: nothing but the capabilities that the unit
# leaves it, and no file that may be written. System calls are held against the unit's by tests/units.bats.

setup_file() {
    load lab.bash
    need_lab || { or_skip; return; }
    rig up "$lab" $$
}

teardown_file() {
    load lab.bash
    teardown_lab
}

setup() {
    load lab.bash
    setup_guests
}

teardown() {
    teardown_guests
}

confined() { # a folder with a recorder that is confined, as its unit says
    local kept
    kept=$(sed -n 's/^CapabilityBoundingSet=CAP_//p' "$RH_BIN_DIR/recorder/virt-rehome-recorder.service" | tr 'A-Z ' 'a-z,' |
        sed 's/cap_//g; s/,/,+/g')
    mkdir -p programs
    # shellcheck disable=SC2016 # for the shell inside
    cat > programs/virt-rehome-recorder << END
#!/bin/sh
exec unshare --mount sh -e -c '
    for place in / /etc /run /var/lib/libvirt /tmp; do
        mount --bind "\$place" "\$place"
        mount -o remount,bind,ro "\$place"
    done
    if touch /run/x /etc/x /tmp/x; then echo "what should be read-only is not"; exit 1; fi 2> /dev/null
    exec "\$@"' sh setpriv --bounding-set "-all,+$kept" --inh-caps -all --no-new-privs "$RH_BIN_DIR/virt-rehome-recorder" "\$@"
END
    chmod 755 programs/virt-rehome-recorder
    echo "$PWD/programs"
}

@test "a recorder with nothing but what its unit leaves it records, and puts a definition right" {
    RH_BIN_DIR=$(confined) rig recorder "$lab" a start
    on a grep -e NoNewPrivs -e CapEff "/proc/$(cat "$lab/a/recorder.pid")/status" > status
    cat status
    grep -E 'NoNewPrivs:\s*1' status
    grep -E 'CapEff:\s*0000000000000002' status
    running a g1 3
    [ "$(record a g1 chardev)" = /dev/vhost-vdpa-3 ]
    # A migration there and home again is what corrects a definition.
    rig recorder "$lab" b start
    migrate a b g1 --live --persistent
    soon gives "kvm-b kvm-b" whereabouts b g1
    migrate b a g1 --live --persistent
    soon gives "kvm-a kvm-a" whereabouts a g1
    [ "$(devices a g1)" = "$(devices a g1 --inactive)" ]
}
