# SPDX-License-Identifier: LGPL-2.1-or-later
# Refresh at boot: the definitions are files, and a guest that cannot be served must not start on another's device.

disk_type='mgmtdev="vdpasim_blk" driver="vdpasim_blk" class="blk" vendor-id="0x0000" max-vqs="1" max-vq-size="256" min-vq-size="1" features="0x0000000300000240" capacity="2048" block-size="512" read-only="no"'
nic_type='mgmtdev="m" driver="mlx5_core" class="net" vendor-id="0x15b3" max-vqs="5" max-vq-size="256" min-vq-size="1" features="0x0000000300c3982b" mac="00:00:00:00:00:00" max-vq-pairs="2" mtu="1500"'

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir -p root/etc/libvirt/qemu root/run
    : > none.conf
}

host() { # DEVICE…
    echo "<host xmlns='urn:virt-rehome:1' format='1' name='kvm1' kernel='6.12.1'>$*</host>" > host.xml
}

disk() { echo "<vdpa name='$1' chardev='/dev/vhost-vdpa-$2' bound='vhost_vdpa' $disk_type pool='san'/>"; } # NAME NUMBER
nic() { echo "<vdpa name='$1' chardev='/dev/vhost-vdpa-$2' bound='vhost_vdpa' $nic_type/>"; }

guest() { # NAME RECORD DEVICES
    cat > "root/etc/libvirt/qemu/$1.xml" <<X
<domain type='kvm'>
  <name>$1</name>
  <metadata><record xmlns='urn:virt-rehome:1' format='1' host='kvm1' kernel='6.12.1'>$2</record></metadata>
  <devices>$3</devices>
</domain>
X
}

with_disk() { # GUEST NUMBER [NAME]: without NAME that was not recorded
    guest "$1" "<vdpa ${3:+name=\"$3\"} chardev='/dev/vhost-vdpa-$2' $disk_type pool='san'/>" \
        "<disk type='vhostvdpa' device='disk'><source dev='/dev/vhost-vdpa-$2'/><target dev='vda' bus='virtio'/></disk>"
}

with_nic() { # GUEST NUMBER ATTRIBUTE…
    local name=$1 number=$2
    guest "$name" "<vdpa ${*:3} chardev='/dev/vhost-vdpa-$number' $nic_type/>" \
        "<interface type='vdpa'><source dev='/dev/vhost-vdpa-$number'/></interface>"
}

refresh() { "$RH_BIN_DIR/virt-rehome-recorder" refresh --all --boot --root root --host host.xml --config none.conf; }

refused() { # what is said of whom cannot be served: in `err`
    local status=0
    refresh > out 2> err || status=$?
    cat out err
    [ "$status" -eq 1 ]
}

source_of() { xmllint --xpath 'string(//devices//source/@dev)' "root/etc/libvirt/qemu/$1.xml"; }
lost_of() { xmllint --xpath 'string(//@lost)' "root/etc/libvirt/qemu/$1.xml"; }
is() { [ "$1" = "$2" ] || { echo "'$1', not '$2'"; return 1; }; }

schema() {
    local record=$BATS_TEST_TMPDIR/record.xml
    xmllint --xpath '//*[local-name()="record"]' "root/etc/libvirt/qemu/$1.xml" > "$record"
    xmllint --nonet --noout --relaxng "$RH_SOURCE_DIR/schemas/record.rng" "$record"
}

@test "a node that is another guest's now is marked, and with it nothing else is changed" {
    host "$(disk disk-of-db1 5)"
    with_disk web1 5 disk-of-web1
    with_disk db1 7 disk-of-db1
    cp root/etc/libvirt/qemu/web1.xml before
    refused
    is "$(cat out)" "db1: '/dev/vhost-vdpa-7' -> '/dev/vhost-vdpa-5'"
    grep -q "marked in its definition, so that it does not start on another's device: '/dev/vhost-vdpa-5'" err
    is "$(source_of web1)" /dev/vhost-vdpa-5
    is "$(lost_of web1)" /dev/vhost-vdpa-5
    is "$(lost_of db1)" ""
    schema web1
    diff <(xmllint --c14n before) <(xmllint --c14n root/etc/libvirt/qemu/web1.xml | sed 's, lost="/dev/vhost-vdpa-5",,')
}

@test "an mdev that nobody has made yet is no failure, a vDPA device that is gone is" {
    local uuid=53764d0e-85a0-42b4-af5c-2046b460b1dc
    host "$(nic a 0)"
    guest gpu1 "<mdev uuid='$uuid' parent='0000:84:00.0' type='nvidia-105' device-api='vfio-pci' driver='nvidia'/>" \
        "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='$uuid'/></source></hostdev>"
    cp root/etc/libvirt/qemu/gpu1.xml before
    refresh > out
    is "$(cat out)" "gpu1: unchanged; this host does not have its mediated device '$uuid': it starts where something makes that first"
    cmp before root/etc/libvirt/qemu/gpu1.xml
    # From elsewhere it was never here.
    sed -i "s/host='kvm1'/host='kvm2'/" root/etc/libvirt/qemu/gpu1.xml
    refused
    grep -q "has no match here" err
    cp before root/etc/libvirt/qemu/gpu1.xml
    with_disk web1 5 disk-of-web1
    refused
    grep -q "^gpu1: unchanged" out
    grep -q "guest 'web1' does not fit" err
}

@test "a node that is nobody's, but another device than the recorded one, is marked" {
    host "$(disk another 5)"
    with_disk web1 5 disk-of-web1
    refused
    is "$(lost_of web1)" /dev/vhost-vdpa-5
}

@test "a node of a record without a name is marked only where this refresh gave it to another guest" {
    host "$(disk disk-of-db1 5)"
    with_disk web1 5
    refused
    is "$(lost_of web1)" ""
    with_disk db1 7 disk-of-db1
    refused
    is "$(source_of db1)" /dev/vhost-vdpa-5
    is "$(lost_of web1)" /dev/vhost-vdpa-5
}

@test "a guest gets what it needs to boot; one whose state was saved what that needs" {
    host "$(nic a3 3 | sed 's/max-vq-pairs="2"/max-vq-pairs="1"/')"
    with_nic web1 9 "name='a9'"
    mkdir -p root/var/lib/libvirt/qemu/save
    : > root/var/lib/libvirt/qemu/save/web1.save
    refused
    grep -q "queue pairs are 1, must be exactly 2" err
    is "$(source_of web1)" /dev/vhost-vdpa-9
    # where nobody may look whether there is one, there may be
    rm root/var/lib/libvirt/qemu/save/web1.save
    without=()
    [ "$(id -u)" != 0 ] || without=(setpriv --bounding-set -all --inh-caps -all)
    chmod 0 root/var/lib/libvirt/qemu/save
    status=0
    "${without[@]}" "$RH_BIN_DIR/virt-rehome-recorder" refresh --all --boot --root root --host host.xml \
        --config none.conf > out 2> err || status=$?
    chmod 755 root/var/lib/libvirt/qemu/save
    [ $status = 1 ]
    grep -q "queue pairs are 1, must be exactly 2" err
    is "$(refresh)" "web1: '/dev/vhost-vdpa-9' -> '/dev/vhost-vdpa-3'"
    is "$(source_of web1)" /dev/vhost-vdpa-3
}

@test "what is missing, has no record, or does not fit by a rule is not marked, and no byte is changed" {
    host "$(nic a3 3 | sed 's/mac="00:00:00:00:00:00"/mac="52:54:00:00:00:09"/')" "$(nic a4 4)"
    with_nic missing 9 "name='a9'" "pool='elsewhere'"
    with_nic small 3 "name='a3'"
    guest bare "" "<interface type='vdpa'><source dev='/dev/vhost-vdpa-4'/></interface>"
    mkdir before
    cp root/etc/libvirt/qemu/*.xml before
    refused
    grep -q "guest 'missing' does not fit" err
    grep -q "guest 'small' does not fit" err
    grep -q "guest 'bare' has devices without a record" err
    diff -r before root/etc/libvirt/qemu
}

@test "an mdev is marked only where this refresh gave it to another guest: its type is judged at its start" {
    local uuid=c2177883-f1bb-47f0-914d-32a22e3a8804
    echo "<host xmlns='urn:virt-rehome:1' format='1' name='kvm1'><mdev-parent name='p' driver='mtty' driver-version='1'><type id='t2' name='T2' device-api='vfio-pci'/></mdev-parent><mdev uuid='$uuid' parent='p' type='t2'/></host>" > host.xml
    gpu() { # NAME UUID TYPE
        guest "$1" "<mdev uuid='$2' parent='p' type='$3' driver='mtty' driver-version='1'/>" \
            "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='$2'/></source></hostdev>"
    }
    gpu web1 $uuid t1
    refused
    is "$(lost_of web1)" ""
    gpu db1 d2177883-f1bb-47f0-914d-32a22e3a8804 t2
    refused
    grep -q "db1: 'd2177883-f1bb-47f0-914d-32a22e3a8804' -> '$uuid'" out
    is "$(lost_of web1)" $uuid
    schema web1
}

@test "a disk without a pool stays at its own node under its own name, and only there" {
    host "$(disk disk-of-web1 5 | sed "s/ pool='san'//")"
    with_disk web1 5 disk-of-web1
    sed -i "s/ pool='san'//" root/etc/libvirt/qemu/web1.xml
    is "$(refresh)" "web1: unchanged"
    host "$(disk disk-of-web1 6 | sed "s/ pool='san'//")"
    refused
    grep -q "pool is unknown, in the record and of the device" err
    is "$(lost_of web1)" ""
}

@test "the mark goes when the device is back, under its number or another, and by itself where it means nothing" {
    host "$(disk another 5)"
    with_disk web1 5 disk-of-web1
    refused
    is "$(lost_of web1)" /dev/vhost-vdpa-5
    host "$(disk another 6)" "$(disk disk-of-web1 5)"
    refresh
    is "$(lost_of web1)" ""
    is "$(source_of web1)" /dev/vhost-vdpa-5
    host "$(disk another 5)"
    refused
    is "$(lost_of web1)" /dev/vhost-vdpa-5
    host "$(disk another 5)" "$(disk disk-of-web1 6)"
    refresh
    is "$(lost_of web1)" ""
    is "$(source_of web1)" /dev/vhost-vdpa-6
    # Nothing is there any more: nothing is another's.
    host "$(disk another 6)"
    refused
    is "$(lost_of web1)" /dev/vhost-vdpa-6
    host "$(disk another 7)"
    refused
    is "$(lost_of web1)" ""
    # Nothing changes, so nothing is written.
    cp root/etc/libvirt/qemu/web1.xml before
    refused
    cmp before root/etc/libvirt/qemu/web1.xml
}

@test "a NIC whose number is another one's, which fits as well, is recorded as that" {
    host "$(nic b 3)"
    with_nic web1 3 "name='a'"
    is "$(refresh)" "web1: its record is of the devices here now"
    is "$(xmllint --xpath 'string(//*[local-name()="vdpa"]/@name)' root/etc/libvirt/qemu/web1.xml)" b
    is "$(refresh)" "web1: unchanged"
}

@test "whose very devices are there gets those, whoever has their number" {
    host "$(nic b 3)" "$(nic c 9)"
    with_nic web1 3 "name='a'"
    with_nic web2 7 "name='b'"
    refresh > out
    cat out
    is "$(cat out)" "web1: '/dev/vhost-vdpa-3' -> '/dev/vhost-vdpa-9'
web2: '/dev/vhost-vdpa-7' -> '/dev/vhost-vdpa-3'"
}

@test "whose very devices are there gets those, also where a definition without a record has their number" {
    host "$(disk disk-of-web1 7)$(disk disk-of-db1 5)"
    with_disk web1 5 disk-of-web1
    with_disk db1 7
    sed -i '/<record/d' root/etc/libvirt/qemu/db1.xml
    refused
    is "$(cat out)" "web1: '/dev/vhost-vdpa-5' -> '/dev/vhost-vdpa-7'"
    is "$(source_of web1)" /dev/vhost-vdpa-7
    is "$(lost_of web1)" ""
}

@test "a definition does not keep a device that its own record says is another, whatever else it lacks" {
    host "$(disk disk-of-web1 7)$(disk disk-of-db1 5)$(nic nic1 3)"
    with_disk web1 5 disk-of-web1
    with_disk db1 7 disk-of-db1
    sed -i "s,</devices>,<interface type='vdpa'><source dev='/dev/vhost-vdpa-3'/></interface>&," root/etc/libvirt/qemu/db1.xml
    refused
    is "$(cat out)" "web1: '/dev/vhost-vdpa-5' -> '/dev/vhost-vdpa-7'"
    is "$(source_of web1)" /dev/vhost-vdpa-7
}

@test "what a definition names in a form that nobody plans is its guest's" {
    host "$(nic a 5)" "$(nic b 6)"
    with_nic web1 7 "name='b'"
    guest db1 "" "<hostdev mode='subsystem' type='vdpa'><source dev='/dev/vhost-vdpa-6'/></hostdev>"
    refresh
    is "$(source_of web1)" /dev/vhost-vdpa-5
    rm root/etc/libvirt/qemu/db1.xml
    with_nic web1 7 "name='b'"
    refresh
    is "$(source_of web1)" /dev/vhost-vdpa-6
}

@test "what a definition that exceeds a limit names is its guest's" {
    local words
    words=$(printf "xmlns:n%s='urn:n' " {1..300})
    host "$(nic nic-of-db1 7)"
    with_nic db1 7 "name='nic-of-db1'"
    sed -i "s,<metadata>,&<a $words/>," root/etc/libvirt/qemu/db1.xml
    with_nic web1 5 "name='nic-of-web1'"
    refresh > out 2> err || [ $? = 2 ]
    cat out err
    is "$(cat out)" ""
    grep -q "nic-of-db1: in use by guest db1" err
    is "$(source_of web1)" /dev/vhost-vdpa-5
}

@test "what a definition nobody could read may name is given to none but its owner" {
    host "$(nic nic-of-db1 7)" "$(nic spare 6)"
    with_nic db1 5 "name='nic-of-db1'"
    with_nic web1 4 "name='nic-of-web1'"
    { echo "<domain><name>opaque</name>"; printf "<a b='/dev/n%s'/>" {1..1100}; } > root/etc/libvirt/qemu/opaque.xml
    cp root/etc/libvirt/qemu/web1.xml before
    refresh > out 2> err || [ $? = 2 ]
    cat out err
    is "$(source_of db1)" /dev/vhost-vdpa-7
    grep -q "guest 'web1' is left as it is: '/dev/vhost-vdpa-6' may be guest 'opaque's, whose definition cannot be read" err
    cmp before root/etc/libvirt/qemu/web1.xml

    { echo "<domain>"; head -c $((17 * 1024 * 1024)) /dev/zero | tr '\0' ' '; } > root/etc/libvirt/qemu/opaque.xml
    refresh > out 2> err || [ $? = 2 ]
    cat out err
    grep -q "guest 'web1' is left as it is" err
    cmp before root/etc/libvirt/qemu/web1.xml

    rm root/etc/libvirt/qemu/opaque.xml
    refresh > out
    is "$(source_of web1)" /dev/vhost-vdpa-6
}

@test "a definition that cannot be written gives nothing away" {
    host "$(disk disk-of-db1 5)"
    with_disk web1 5
    with_disk db1 7 disk-of-db1
    unshare -m true || skip "needs a mount namespace of its own"
    mkdir full
    # shellcheck disable=SC2016 # expanded inside
    RH_BIN_DIR=$RH_BIN_DIR unshare -m bash -ec '
        mount -t tmpfs none full
        mv root/etc/libvirt/qemu/db1.xml full
        ln -s "$PWD/full/db1.xml" root/etc/libvirt/qemu/db1.xml
        mount -o remount,ro full
        "$RH_BIN_DIR/virt-rehome-recorder" refresh --all --boot --root root --host host.xml --config none.conf' > out 2> err || true
    cat out err
    grep -q "cannot replace 'root/etc/libvirt/qemu/db1.xml'" err
    is "$(lost_of web1)" ""
}

@test "what was kept of managed saves of guests that are gone, goes" {
    local saves=root/var/lib/libvirt/qemu/save longest gone
    longest=$(printf '%240s' "" | tr ' ' n)
    gone=$(printf '%240s' "" | tr ' ' g)
    host "$(nic a 3)"
    mkdir -p $saves
    guest web1 "" ""
    guest "$longest" "" ""
    release() { # the front links what libvirt has saved
        (cd root && "$RH_BIN_DIR/virt-rehome-front-test" "$1" release end saved < "etc/libvirt/qemu/$2.xml")
    }
    sed 's,<metadata>,<x type="vdpa"/>&,' root/etc/libvirt/qemu/web1.xml > with
    cp with root/etc/libvirt/qemu/with.xml
    for name in web1 web2 "$longest" "$gone"; do
        echo image > "$saves/$name.save"
        release "$name" with
        rm "$saves/$name.save"
    done
    echo image > $saves/web3.save.virt-rehome.begun
    echo image > $saves/web3.save.virt-rehome.old
    echo image > $saves/web3.save.virt-rehome.before
    echo image > $saves/other
    [ "$(find $saves -type f | wc -l)" = 8 ]
    refresh > out
    ls $saves
    # Those that are defined have a day, and a last copy is people's.
    is "$(find $saves -type f | wc -l)" 5
    [ -e $saves/web1.save.virt-rehome ] && [ -e $saves/web3.save.virt-rehome.begun ] && [ -e $saves/other ]
    [ "$(find $saves -name 'n*' | wc -l)" = 1 ]
    rm -r root/etc/libvirt # which guests are defined is not known
    refresh > out
    is "$(find $saves -type f | wc -l)" 5
}

@test "the definition of a guest whose name is as long as a file's name can be" {
    local name
    name=$(printf 'n%.0s' {1..251})
    host "$(nic a 1)$(nic b 2)"
    with_nic "$name" 1 "name='b'"
    refresh
    is "$(source_of "$name")" /dev/vhost-vdpa-2
    is "$(ls -A root/etc/libvirt/qemu)" "$name.xml"
}

@test "where the mainboard was changed, it is told why a guest counts as from elsewhere" {
    local old=0123456789abcdef0123456789abcdef new=fedcba9876543210fedcba9876543210
    host "$(nic vdpa5 5)" "$(disk disk-of-db1 6)"
    sed -i "s/ name='kvm1'/& host-id='$new'/" host.xml
    with_nic web1 5 'name="vdpa5"'
    with_disk db1 6 disk-of-another
    sed -i "s/ host='kvm1'/& host-id='$old'/" root/etc/libvirt/qemu/*.xml
    refused
    grep -q "^web1: .*its record names this host, 'kvm1', with another id, so that it counts as from another host: the mainboard or /etc/machine-id was changed since$" out
    grep -q "its record names this host, 'kvm1', with another id, .*; where its devices are the right ones, 'virt-rehome record db1' says so" err
    is "$(xmllint --xpath 'string(//@host-id)' root/etc/libvirt/qemu/web1.xml)" "$new"
    schema web1
    # A host that is only called otherwise is the same, and nothing is rewritten.
    rm root/etc/libvirt/qemu/db1.xml
    cp root/etc/libvirt/qemu/web1.xml before
    sed -i "s/ name='kvm1'/ name='localhost'/" host.xml
    refresh > out
    is "$(cat out)" "web1: unchanged"
    cmp before root/etc/libvirt/qemu/web1.xml
}
