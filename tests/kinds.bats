# SPDX-License-Identifier: LGPL-2.1-or-later
# Every kind of device that a guest can have, through all that is done with it. The kinds are those that
# `virt-rehome rules` has: one that is missing here, or is passed over by a loop, fails.

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    program="$RH_BIN_DIR/virt-rehome"
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99"
    mkdir -p root/run/libvirt/qemu
    ln -s /proc root/proc
    : > config
    common=(--host host.xml --root root --state state --config config)
    kinds=$("$program" rules --format json |
        python3 -c 'import json, sys; print(*dict.fromkeys(row["kind"] for row in json.load(sys.stdin)["rules"]))')
    [ -n "$kinds" ]
}

# -- what each kind is like: two devices on the host, and a guest that was on a third -----------------

vdpa_keys=(/dev/vhost-vdpa-1 /dev/vhost-vdpa-2 /dev/vhost-vdpa-9)
vdpa_type='mgmtdev="m" driver="mlx5_core" class="net" vendor-id="0x15b3" max-vqs="5" max-vq-size="256" min-vq-size="1" features="0x0000000300c3982b" mac="00:00:00:00:00:00" max-vq-pairs="2" mtu="1500"'
vdpa_on_host() { # NAME KEY
    echo "<vdpa name='$1' chardev='$2' bound='vhost_vdpa' $vdpa_type/>"
}
vdpa_in_record() { echo "<vdpa name='$1' chardev='$2' $vdpa_type/>"; }
vdpa_in_guest() { echo "<interface type='vdpa'><source dev='$1'/></interface>"; }
vdpa_homes='<vdpa-mgmtdev handle="m" driver="mlx5_core" classes="net"/>'

mdev_keys=(11111111-0000-4000-8000-00000000000a 22222222-0000-4000-8000-00000000000b 99999999-0000-4000-8000-00000000000c)
mdev_on_host() { echo "<mdev uuid='$2' parent='p' type='t1'/>"; }
mdev_in_record() {
    echo "<mdev uuid='$2' parent='q' type='t1' type-name='T1' device-api='vfio-pci' driver='mtty' driver-version='1'/>"
}
mdev_in_guest() {
    echo "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='$1'/></source></hostdev>"
}
mdev_homes="<mdev-parent name='p' driver='mtty' driver-version='1'><type id='t1' name='T1' device-api='vfio-pci'/></mdev-parent>"

# -- the host, and guests ---------------------------------------------------------------------------

host() { # KIND
    local -n keys=$1_keys homes=$1_homes
    echo "<host xmlns='urn:virt-rehome:1' format='1' name='dsthost' kernel='6.12.1'>$homes$("$1_on_host" one "${keys[0]}")$(
        "$1_on_host" two "${keys[1]}")</host>" > host.xml
}

guest() { # NAME NUMBER KIND [KEY]
    local -n keys=$3_keys
    local key=${4:-${keys[2]}}
    cat > "$1.xml" << X
<domain type='kvm'>
  <name>$1</name>
  <uuid>00000000-0000-4000-8000-00000000000$2</uuid>
  <metadata><record xmlns='urn:virt-rehome:1' format='1' host='srchost'>$("$3_in_record" nine "${keys[2]}")</record></metadata>
  <devices>$("$3_in_guest" "$key")</devices>
</domain>
X
}

runs() { # NAME: as libvirt's status file says
    { echo "<domstatus state='running' reason='booted' pid='$$'>"; cat "$1.xml"; echo '</domstatus>'; } > "root/run/libvirt/qemu/$1.xml"
}

hook() { # GUEST OPERATION
    status=0
    "$program" hook "$1" "$2" begin - "${common[@]}" < "$1.xml" > out 2> err || status=$?
    echo "$1 $2: $status $(cat err)"
}

absent() { ! grep -q "$1" "$2" || { echo "$1 is in $2"; return 1; }; } # PATTERN FILE

valid() { xmllint --nonet --noout --relaxng "$RH_SOURCE_DIR/schemas/$1.rng" "$2"; }

@test "each kind that has rules is known here" {
    for kind in $kinds; do
        declare -F "${kind}_on_host" "${kind}_in_record" "${kind}_in_guest" || { echo "what is a $kind like?"; return 1; }
    done
}

@test "moved: source and record name the device here, and the record is valid" {
    for kind in $kinds; do
        declare -n keys=${kind}_keys
        rm -rf state
        host "$kind"
        guest web1 1 "$kind"
        hook web1 migrate
        [ "$status" = 0 ]
        xmllint --xpath '//*[local-name()="devices"]' out | grep -q "${keys[0]}"
        absent "${keys[2]}" out
        xmllint --xpath '//*[local-name()="record"]' out > record.xml
        grep -q "<$kind .*${keys[0]}" record.xml
        valid record record.xml
    done
}

@test "claimed: nobody else gets it, and it is listed" {
    for kind in $kinds; do
        declare -n keys=${kind}_keys
        rm -rf state
        host "$kind"
        guest web1 1 "$kind"
        guest web2 2 "$kind"
        guest web3 3 "$kind"
        hook web1 migrate
        grep -q "${keys[0]}" out
        hook web2 migrate
        grep -q "${keys[1]}" out
        hook web3 migrate
        [ "$status" = 1 ]
        grep -q 'in use by guest web1' err
        grep -q 'in use by guest web2' err
        "$program" claims "${common[@]}" > claims
        cat claims
        grep -q "$kind.*${keys[0]}.*web1" claims
        "$program" claims "${common[@]}" --format json | python3 -c '
import json, sys
claims = json.load(sys.stdin)["claims"]
assert {(claim["kind"], claim["key"]) for claim in claims} >= {(sys.argv[1], sys.argv[2])}, claims' "$kind" "${keys[0]}"
        valid claims state/claims
    done
}

@test "used: what a guest has that runs here is nobody else's, whatever it was recorded as" {
    for kind in $kinds; do
        declare -n keys=${kind}_keys
        rm -rf state root/run/libvirt/qemu/*.xml
        host "$kind"
        guest db1 1 "$kind" "${keys[0]}"
        runs db1
        guest web2 2 "$kind"
        hook web2 migrate
        grep -q "${keys[1]}" out
        absent "${keys[0]}" out
        guest web3 3 "$kind" "${keys[0]}"
        hook web3 prepare
        [ "$status" = 1 ]
        grep -q 'in use by guest db1' err
        rm root/run/libvirt/qemu/db1.xml
    done
}

# Whose nodes tell it is test-holders.c's; here, what becomes of what was found.
@test "open: what a process has open is given to nobody, and the refusal says whose it is" {
    for kind in $kinds; do
        declare -n keys=${kind}_keys
        rm -rf state
        host "$kind"
        sed -i "s|<$kind [^>]*${keys[0]}'|& used-by='process 4711 (qemu-system-x86)'|" host.xml
        grep -q used-by host.xml
        guest web1 1 "$kind"
        guest web2 2 "$kind"
        hook web1 migrate
        [ "$status" = 0 ]
        grep -q "${keys[1]}" out
        absent "${keys[0]}" out
        hook web2 migrate
        [ "$status" = 1 ]
        grep -q 'in use by process 4711 (qemu-system-x86)' err
        "$program" check web2.xml "${common[@]}" > report || true
        grep -q 'in use by process 4711 (qemu-system-x86)' report
    done
}

@test "missing: a guest that starts without its device is refused" {
    for kind in $kinds; do
        rm -rf state
        host "$kind"
        guest web1 1 "$kind"
        hook web1 prepare
        [ "$status" = 1 ]
        grep -q 'not on this host\|is not here\|does not have' err
    done
}

@test "a status file that cannot be read: what its text names counts as in use" {
    for kind in $kinds; do
        declare -n keys=${kind}_keys
        rm -rf state
        host "$kind"
        guest db1 1 "$kind" "${keys[0]}"
        runs db1
        head -c -30 root/run/libvirt/qemu/db1.xml > cut
        cp cut root/run/libvirt/qemu/db1.xml
        guest web2 2 "$kind"
        hook web2 migrate
        absent "${keys[0]}" out
        grep -q "${keys[1]}" out
        rm root/run/libvirt/qemu/db1.xml
    done
}

@test "recorded: with all that the host says of it, valid" {
    for kind in $kinds; do
        declare -n keys=${kind}_keys
        host "$kind"
        guest web1 1 "$kind" "${keys[1]}"
        "$program" record web1.xml --print --host host.xml > recorded.xml
        xmllint --xpath '//*[local-name()="record"]' recorded.xml > record.xml
        cat record.xml
        grep -q "<$kind .*${keys[1]}" record.xml
        grep -q 'host="dsthost"' record.xml
        valid record record.xml
    done
}

@test "shown: in text, in JSON, and as an inventory that is valid" {
    for kind in $kinds; do
        declare -n keys=${kind}_keys
        rm -rf state
        host "$kind"
        "$program" host "${common[@]}" --format text > text
        cat text
        grep -q "^[A-Zv].* devices$" text
        grep -q "${keys[0]}" text
        "$program" host "${common[@]}" --format json | python3 -c '
import json, sys
devices = json.load(sys.stdin)[sys.argv[1]]
assert any(sys.argv[2] in device.values() for device in devices), devices' "$kind" "${keys[0]}"
        "$program" host "${common[@]}" --format xml > inventory.xml
        grep -q "<$kind .*${keys[0]}" inventory.xml
        valid host inventory.xml
        guest web1 1 "$kind"
        "$program" check web1.xml "${common[@]}" > report
        cat report
        grep -q "${keys[2]}.* -> .*${keys[0]}" report
        "$program" check web1.xml "${common[@]}" --format json | python3 -c '
import json, sys
device = json.load(sys.stdin)["hosts"][0]["devices"][0]
assert (device["kind"], device["target"]) == tuple(sys.argv[1:]), device' "$kind" "${keys[0]}"
    done
}
