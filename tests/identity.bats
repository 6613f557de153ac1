# SPDX-License-Identifier: LGPL-2.1-or-later
# prepare begin: whether the devices that a guest's XML names still are those that were recorded, and
# what a refusal of restore begin that went astray must not become.

setup() {
    cd "$BATS_TEST_TMPDIR"
    program="$RH_BIN_DIR/virt-rehome"
    # A sanitizer's report must not pass for a refusal.
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99"
    export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}halt_on_error=1:exitcode=99"
    mkdir -p root/run/libvirt/qemu
    : > config
    common=(--root root --state state --config config)
}

needs() { # PROGRAM…
    local name
    for name in "$@"; do
        command -v "$name" > found && continue
        [ "${CI:-}" != true ] || return 1
        skip "$name is not installed"
    done
}

# -- what is done and what is seen ----------------------------------------------------------------

# The hook for a guest, which is its XML without .xml, into the files out and err, and $status.
hook() { # GUEST OPERATION SUBOPERATION
    status=0
    "$program" hook "$1" "$2" "$3" - "${common[@]}" < "$1.xml" > out 2> err || status=$?
    echo "$*: exit $status $(head -c 2000 err)"
}

passes() { # GUEST OPERATION SUBOPERATION: and is silent
    hook "$@"
    [ "$status" = 0 ]
    [ ! -s err ]
}

refused() { # PATTERN GUEST OPERATION SUBOPERATION
    hook "${@:2}"
    [ "$status" = 1 ]
    [ ! -s out ]
    [ "$(wc -c < err)" -le 2049 ]
    head -n 1 err | grep -q -- "$1"
}

# A guest called web1 with one device, whose record is of this very host.
guest() { # DEVICE-XML ENTRY
    cat > web1.xml << END
<domain type="kvm">
  <name>web1</name>
  <uuid>6f5a1c1e-3c2b-4c0e-9d5e-5b7a86a3f9d1</uuid>
  <metadata>
    <record xmlns="urn:virt-rehome:1" format="1" host="kvm1" kernel="6.12.107">$2</record>
  </metadata>
  <devices>$1</devices>
</domain>
END
}

blk='mgmtdev="vdpasim_blk" driver="vdpasim_blk" class="blk" vendor-id="0x0" max-vqs="1" max-vq-size="256" min-vq-size="1" features="0x0000000300000240" capacity="2048" block-size="512" read-only="no" pool="san"'
net='mgmtdev="vdpasim_net" driver="vdpasim_net" class="net" vendor-id="0x0" max-vqs="3" max-vq-size="1024" min-vq-size="1" features="0x0000000300030028" mac="52:54:00:00:00:01" mtu="1500" pool="fabric"'
uuid=53764d0e-85a0-42b4-af5c-2046b460b1dc
gpu='device-api="vfio-pci" driver="nvidia" driver-version="535.161.05" vendor="0x10de" product="0x1db6"'

disk() { # NODE NAME
    guest "<disk type='vhostvdpa' device='disk'><source dev='$1'/><target dev='vda' bus='virtio'/></disk>" \
        "<vdpa name='$2' chardev='/dev/vhost-vdpa-5' $blk/>"
}

nic() { # NODE NAME
    guest "<interface type='vdpa'><mac address='52:54:00:00:00:01'/><source dev='$1'/></interface>" \
        "<vdpa name='$2' chardev='/dev/vhost-vdpa-5' $net/>"
}

vgpu() { # TYPE TYPE-NAME
    guest "<hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci'><source><address uuid='$uuid'/></source></hostdev>" \
        "<mdev uuid='$uuid' parent='0000:84:00.0' type='$1' type-name='$2' $gpu/>"
}

# What the hook goes by in place of this host.
inventory() { # DEVICES
    echo "<host xmlns='urn:virt-rehome:1' format='1' name='kvm1' kernel='6.12.107'>$1</host>" > host.xml
    common=(--root root --state state --config config --host host.xml)
}

vdpa() { # NAME N ATTRIBUTES
    echo "<vdpa name='$1' chardev='/dev/vhost-vdpa-$2' bound='vhost_vdpa' $3/>"
}

# -- identity, by a saved inventory ---------------------------------------------------------------

@test "a disk whose number is another device's: refused, with both names and the remedy" {
    inventory "$(vdpa disk-of-db1 5 "$blk")"
    disk /dev/vhost-vdpa-5 disk-of-web1
    refused "^guest 'web1' cannot start: its vDPA disk '/dev/vhost-vdpa-5' is the device 'disk-of-db1' now, and the one that was recorded for it is 'disk-of-web1'; 'virt-rehome refresh web1'" web1 prepare begin
    [ ! -e state/claims ] || ! grep -q vhost-vdpa-5 state/claims
}

@test "a NIC whose number is another device's is refused, though the rules would take that" {
    inventory "$(vdpa tenant-b 5 "$net")"
    nic /dev/vhost-vdpa-5 tenant-a
    refused "'tenant-b' now, and the one that was recorded for it is 'tenant-a'" web1 prepare begin
    # What a plan has reserved under that number was chosen by the rules.
    passes web1 restore begin
    [ ! -s out ]
    passes web1 prepare begin
    # One from elsewhere is judged by the rules.
    rm -r state
    sed -i 's/host="kvm1"/host="kvm3"/' web1.xml
    passes web1 prepare begin
}

@test "the same name, a record without a name or without a host: it starts" {
    inventory "$(vdpa tenant-a 5 "$net")"
    nic /dev/vhost-vdpa-5 tenant-a
    passes web1 prepare begin
    rm -r state
    inventory "$(vdpa tenant-b 5 "$net")"
    sed -i "s/ name='tenant-a'//" web1.xml
    passes web1 prepare begin
    rm -r state
    nic /dev/vhost-vdpa-5 tenant-a
    sed -i 's/ host="kvm1"//' web1.xml
    passes web1 prepare begin
}

@test "somebody wrote another source since: that is a choice, and it starts" {
    inventory "$(vdpa disk-of-db1 7 "$blk")"
    disk /dev/vhost-vdpa-7 disk-of-web1
    sed -i "s/<source /<address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'\/>&/; s/<vdpa /&guest-address='pci:0000:00:02.0' /" web1.xml
    passes web1 prepare begin
}

@test "what a management layer chose need not be the recorded NIC: the rules judge it" {
    inventory "$(vdpa tenant-b 5 "$net")"
    nic /dev/vhost-vdpa-5 tenant-a
    printf '[policy]\nchosen = always\n' > config
    passes web1 prepare begin
    grep -q "vhost-vdpa-5" state/claims
    rm -r state
    inventory "$(vdpa tenant-b 5 "${net/fabric/other}")"
    refused "'tenant-b' here, which does not fit: pool is other, must be fabric" web1 prepare begin
    [ ! -e state/claims ] || ! grep -q vhost-vdpa-5 state/claims
    # A word in the record will do; where the configuration cannot be read, nobody can judge.
    : > config
    refused "'tenant-b' now, and the one that was recorded for it is 'tenant-a'" web1 prepare begin
    sed -i "s/<vdpa /&chosen='yes' /" web1.xml
    refused "pool is other, must be fabric" web1 prepare begin
    inventory "$(vdpa tenant-b 5 "$net")"
    passes web1 prepare begin
    rm -r state
    echo "[broken" > config
    refused "config" web1 prepare begin
    # What a refresh has marked is another guest's.
    : > config
    sed -i "s/chosen='yes'/& lost='\/dev\/vhost-vdpa-5'/" web1.xml
    refused "when definitions were refreshed, its vDPA interface" web1 prepare begin
}

@test "a disk that a management layer chose has to be the recorded one" {
    inventory "$(vdpa disk-of-db1 5 "$blk")"
    disk /dev/vhost-vdpa-5 disk-of-web1
    printf '[policy]\nchosen = always\n' > config
    refused "names 'disk-of-db1' here, which does not fit: name is disk-of-db1, must be disk-of-web1" web1 prepare begin
}

@test "a refresh leaves what a management layer chose, and records it" {
    inventory "$(vdpa tenant-b 5 "$net")$(vdpa tenant-a 6 "$net")"
    nic /dev/vhost-vdpa-5 tenant-a
    sed -i "s/<vdpa /&chosen='yes' /" web1.xml
    mkdir -p root/etc/libvirt/qemu
    cp web1.xml root/etc/libvirt/qemu/web1.xml
    "$RH_BIN_DIR/virt-rehome-recorder" refresh --all --boot --root root --host host.xml --config config > refreshed
    [ "$(cat refreshed)" = "web1: its record is of the devices here now" ]
    grep -q 'source dev=.\?/dev/vhost-vdpa-5' root/etc/libvirt/qemu/web1.xml
    grep -q 'vdpa chosen="yes" name="tenant-b"' root/etc/libvirt/qemu/web1.xml
    # One that does not fit, and is nobody else's, is not marked as lost.
    inventory "$(vdpa tenant-b 5 "${net/fabric/other}")$(vdpa tenant-a 6 "$net")"
    cp web1.xml root/etc/libvirt/qemu/web1.xml
    ! "$RH_BIN_DIR/virt-rehome-recorder" refresh --all --boot --root root --host host.xml --config config > refreshed
    cmp web1.xml root/etc/libvirt/qemu/web1.xml
}

@test "of a record that cannot be read as a whole, what can be read counts" {
    inventory "$(vdpa disk-of-db1 5 "$blk")"
    disk /dev/vhost-vdpa-5 disk-of-web1
    sed -i "s/<\/record>/<vdpa chardev='\/dev\/vhost-vdpa-9' name='another' capacity='abc'\/>&/" web1.xml
    refused "'disk-of-db1' now" web1 prepare begin
}

@test "a guest whose XML exceeds a limit does not start on what nobody looked at" {
    local words
    inventory "$(vdpa disk-of-db1 5 "$blk")"
    disk /dev/vhost-vdpa-5 disk-of-web1
    words=$(printf "xmlns:n%s='urn:n' " {1..300})
    sed -i "s/<metadata>/&<a $words\/>/" web1.xml
    refused "which is the limit" web1 prepare begin
    # What has no word of ours is libvirt's to turn down.
    echo "<domain><name>web2</name><a $words/></domain>" > web2.xml
    passes web2 prepare begin
}

@test "an unreadable record is a warning, and the guest starts" {
    inventory "$(vdpa disk-of-db1 5 "$blk")"
    disk /dev/vhost-vdpa-5 disk-of-web1
    sed -i "s/ chardev='[^']*'//" web1.xml
    passes web1 prepare begin
}

@test "the configuration is not read for a vDPA device, whatever it says" {
    echo "[broken" > config
    inventory "$(vdpa disk-of-web1 5 "$blk")"
    disk /dev/vhost-vdpa-5 disk-of-web1
    passes web1 prepare begin
}

mdev() { # TYPE TYPE-NAME DRIVER-VERSION
    inventory "<mdev-parent name='0000:84:00.0' bus='pci' driver='nvidia' driver-version='$3' vendor='0x10de' product='0x1db6'>
<type id='$1' name='$2' device-api='vfio-pci' available='1'/></mdev-parent><mdev uuid='$uuid' parent='0000:84:00.0' type='$1'/>"
}

@test "an mdev of the recorded type starts, whatever its driver's version and the configuration say" {
    echo "[broken" > config
    mdev nvidia-105 "NVIDIA V100D-1Q" 550.54.10
    vgpu nvidia-105 "GRID V100D-1Q"
    passes web1 prepare begin
}

@test "an mdev of another type is refused, with both types and the setting that would take it" {
    mdev nvidia-110 "GRID V100D-1Q" 535.161.05
    vgpu nvidia-105 "GRID V100D-1Q"
    refused "mediated device '$uuid' is of another type than the recorded one: type is nvidia-110, must be nvidia-105, or one that 'accept' in .mdev nvidia-105. of virt-rehome.conf names; 'virt-rehome refresh web1' gives" web1 prepare begin
    echo "[broken" > config
    refused "config" web1 prepare begin
}

@test "an mdev of a type that is accepted starts, whatever its driver's version" {
    printf '[mdev nvidia-105]\naccept = nvidia-110\n' > config
    mdev nvidia-110 "GRID V100D-1Q" 550.54.10
    vgpu nvidia-105 "GRID V100D-1Q"
    passes web1 prepare begin
}

@test "a NIC whose number is another device's, which fits: a refresh records that, and the guest starts" {
    inventory "$(vdpa tenant-b 5 "$net")"
    nic /dev/vhost-vdpa-5 tenant-a
    mkdir -p root/etc/libvirt/qemu
    cp web1.xml root/etc/libvirt/qemu/web1.xml
    "$RH_BIN_DIR/virt-rehome-recorder" refresh --all --boot --root root --host host.xml --config config > refreshed
    [ "$(cat refreshed)" = "web1: its record is of the devices here now" ]
    cp root/etc/libvirt/qemu/web1.xml .
    passes web1 prepare begin
    "$RH_BIN_DIR/virt-rehome-recorder" refresh --all --boot --root root --host host.xml --config config > refreshed
    cmp web1.xml root/etc/libvirt/qemu/web1.xml
}

@test "a refresh's mark: refused while nothing says that the device is the recorded one" {
    inventory "$(vdpa disk-of-db1 5 "$blk")"
    disk /dev/vhost-vdpa-5 ""
    sed -i "s/ name=''/ lost='\/dev\/vhost-vdpa-5'/" web1.xml
    refused "^guest 'web1' cannot start: when definitions were refreshed, its vDPA disk '/dev/vhost-vdpa-5' was another device" web1 prepare begin
    sed -i "s/ lost='/ name='disk-of-db1'&/" web1.xml
    passes web1 prepare begin
    rm -r state
    sed -i "s/ lost='[^']*'/ lost='\/dev\/vhost-vdpa-3'/; s/ name='disk-of-db1'//" web1.xml
    passes web1 prepare begin
}

# -- identity, by sysfs ---------------------------------------------------------------------------

# A host as sysfs has it, with a vDPA device at a node.
sysfs() { # NAME N
    mkdir -p root/dev root/proc/sys/kernel "root/sys/bus/vdpa/devices/$1/vhost-vdpa-$2"
    echo kvm1 > root/proc/sys/kernel/hostname
    : > "root/dev/vhost-vdpa-$2"
}

@test "sysfs: a disk whose number is another device's is refused, the same one starts" {
    sysfs disk-of-db1 5
    disk /dev/vhost-vdpa-5 disk-of-web1
    refused "'disk-of-db1' now, and the one that was recorded for it is 'disk-of-web1'" web1 prepare begin
    mv root/sys/bus/vdpa/devices/disk-of-{db1,web1}
    passes web1 prepare begin
}

@test "sysfs: a host that cannot say what the node is lets the guest start" {
    sysfs disk-of-db1 5
    disk /dev/vhost-vdpa-5 disk-of-web1
    rm -r root/sys
    passes web1 prepare begin
    rm -r state
    sysfs disk-of-db1 5
    rm root/proc/sys/kernel/hostname
    passes web1 prepare begin
}

@test "sysfs: what the state folder's trouble cannot be is a start on another's disk" {
    sysfs disk-of-db1 5
    disk /dev/vhost-vdpa-5 disk-of-web1
    : > state
    refused "'disk-of-db1' now" web1 prepare begin
}

# A site's own link, to the number of disk-of-db1, which is a device node.
link_to() { # NUMBER
    sysfs disk-of-db1 "$1"
    rm "root/dev/vhost-vdpa-$1"
    mknod "root/dev/vhost-vdpa-$1" c 245 "$1" 2> why || skip "device nodes cannot be made here: $(cat why)"
    mkdir -p root/dev/vdpa root/sys/dev/char root/sys/devices/disk-of-{db1,web1}/vhost-vdpa-"$1"
    ln -s "../vhost-vdpa-$1" root/dev/vdpa/tenant-a
    ln -s "../../devices/disk-of-db1/vhost-vdpa-$1" "root/sys/dev/char/245:$1"
}

@test "sysfs: a site's own link to a number that is another device's is refused" {
    link_to 5
    disk /dev/vdpa/tenant-a disk-of-web1
    sed -i "s/<source /<address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'\/>&/; s/<vdpa /&guest-address='pci:0000:00:02.0' /" web1.xml
    refused "its vDPA disk '/dev/vdpa/tenant-a' is the device 'disk-of-db1' now" web1 prepare begin
    ln -sfn ../../devices/disk-of-web1/vhost-vdpa-5 root/sys/dev/char/245:5
    passes web1 prepare begin
}

@test "sysfs: a site's own link that leads to another number is refused, unless it is the recorded device" {
    link_to 6
    disk /dev/vhost-vdpa-5 disk-of-web1
    sed -i "s/<source dev='[^']*'/<source dev='\/dev\/vdpa\/tenant-a'/; s/<source /<address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'\/>&/; s/<vdpa /&guest-address='pci:0000:00:02.0' /" web1.xml
    refused "its vDPA disk '/dev/vdpa/tenant-a' is the device 'disk-of-db1' now.* 'virt-rehome record web1' says that the link is meant to lead there" web1 prepare begin
    ln -sfn ../../devices/disk-of-web1/vhost-vdpa-6 root/sys/dev/char/245:6
    passes web1 prepare begin
}

@test "sysfs: an mdev of another type is refused, of an accepted one starts" {
    types=root/sys/devices/gpu/mdev_supported_types
    mkdir -p $types/nvidia-1{05,10} "root/sys/devices/gpu/$uuid" root/sys/bus/mdev/devices root/proc/sys/kernel
    echo kvm1 > root/proc/sys/kernel/hostname
    for type in 05 10; do
        echo "GRID V100D-${type}Q" > $types/nvidia-1$type/name
        echo vfio-pci > $types/nvidia-1$type/device_api
    done
    ln -s ../mdev_supported_types/nvidia-110 "root/sys/devices/gpu/$uuid/mdev_type"
    ln -s "../../../devices/gpu/$uuid" "root/sys/bus/mdev/devices/$uuid"
    vgpu nvidia-105 "GRID V100D-05Q"
    refused "type is nvidia-110, must be nvidia-105" web1 prepare begin
    printf '[mdev nvidia-105]\naccept = nvidia-110\n' > config
    passes web1 prepare begin
    rm -r state
    : > config
    ln -sfn ../mdev_supported_types/nvidia-105 "root/sys/devices/gpu/$uuid/mdev_type"
    passes web1 prepare begin
}

@test "sysfs: a vfio-ccw device behind which there is another disk is refused, the recorded one starts" {
    local css=root/sys/devices/css0/0.0.0313
    mkdir -p $css/mdev_supported_types/vfio_ccw-io $css/$uuid root/sys/bus/mdev/devices root/proc/sys/kernel
    echo kvm1 > root/proc/sys/kernel/hostname
    echo vfio-ccw > $css/mdev_supported_types/vfio_ccw-io/device_api
    echo 0.0.c0de > $css/dev_busid
    ln -s ../mdev_supported_types/vfio_ccw-io $css/$uuid/mdev_type
    ln -s "../../../devices/css0/0.0.0313/$uuid" root/sys/bus/mdev/devices/$uuid
    guest "<hostdev mode='subsystem' type='mdev' managed='no' model='vfio-ccw'><source><address uuid='$uuid'/></source></hostdev>" \
        "<mdev uuid='$uuid' parent='0.0.0313' type='vfio_ccw-io' device-api='vfio-ccw' dev-busid='0.0.2b09' driver='vfio_ccw'/>"
    refused "^guest 'web1' cannot start: its mediated device '$uuid' is the disk 0.0.c0de now, and the one that was recorded for it is 0.0.2b09; 'virt-rehome refresh web1'" web1 prepare begin
    echo 0.0.2b09 > $css/dev_busid
    passes web1 prepare begin
}

# -- a refusal of restore that goes astray ---------------------------------------------------------

# A NIC that a plain start may have, and the guest's saved state may not.
too_small() {
    inventory "$(vdpa tenant-a 5 "$net")"
    nic /dev/vhost-vdpa-5 tenant-a
    sed -i '/<record/s/mtu="1500"/mtu="9000"/' web1.xml
}

judged() { # PATTERN: refused, by the rules, for this doubt
    refused "mtu is 1500, must be at least 9000" web1 prepare begin
    sed -n 2p err | grep -q "^it was judged as a guest whose saved state comes back, since $1"
}

# Runs the lines on standard input in a mount namespace of their own.
in_namespace() {
    [ "$(id -u)" = 0 ] || skip "only root may mount"
    needs unshare
    unshare -m mount -t tmpfs -o size=16k none "$BATS_TEST_TMPDIR" 2> why || skip "no mount namespaces here: $(cat why)"
    export -f hook passes refused judged
    { declare -p program common; cat; } > script
    unshare -m bash -eu script
}

# A guest with a vGPU of this host's, and a host that has, or has not, what its XML names.
vgpu_here() { # TYPE…: of what is there, none or one
    local there=
    [ $# = 0 ] || there="<mdev uuid='$uuid' parent='0000:84:00.0' type='$1'/>"
    inventory "<mdev-parent name='0000:84:00.0' bus='pci' driver='nvidia' driver-version='535.161.05' vendor='0x10de' product='0x1db6'>
<type id='nvidia-105' name='GRID V100D-1Q' device-api='vfio-pci' available='1'/>
<type id='nvidia-110' name='GRID V100D-2Q' device-api='vfio-pci' available='1'/></mdev-parent>$there"
}

@test "a device that is missing at a restore at home is awaited, and judged as a stream once it is there" {
    vgpu nvidia-105 "GRID V100D-1Q"
    sed -i 's/<record /&state="off" /' web1.xml # as if the recorder had been too slow
    printf '[mdev nvidia-105]\naccept = nvidia-110\n' > config
    vgpu_here
    passes web1 restore begin
    [ ! -s out ]
    grep -q "$uuid" state/claims
    ! ls state/refusal-* 2> found
    # a script made it
    vgpu_here nvidia-105
    passes web1 prepare begin
    rm -r state
    # nobody did: libvirt looks for it after all scripts
    vgpu_here
    passes web1 restore begin
    passes web1 prepare begin
    grep -q "$uuid" state/claims
    rm -r state
    # made of another type, which a guest that boots could take
    passes web1 restore begin
    vgpu_here nvidia-110
    refused "type is nvidia-110, must be nvidia-105: a running guest's state" web1 prepare begin
    grep -q "it was judged as a guest whose state comes, for which devices were planned here a moment ago" err
    rm -r state
    passes web1 prepare begin
    # From elsewhere nothing is awaited.
    rm -r state
    vgpu_here
    sed -i 's/host="kvm1"/host="kvm3"/' web1.xml
    passes web1 restore begin
    refused "has no match here" web1 prepare begin
}

@test "a disk that is missing is refused, and a NIC where a state comes: others get their numbers" {
    inventory ""
    disk /dev/vhost-vdpa-5 disk-of-web1
    refused "its vDPA disk '/dev/vhost-vdpa-5' is not on this host" web1 prepare begin
    sed -i 's/<record /&state="off" /' web1.xml
    refused "its vDPA disk '/dev/vhost-vdpa-5' is not on this host" web1 prepare begin
    passes web1 restore begin
    refused "this host has no vDPA device" web1 prepare begin
    passes web1 restore begin
    inventory "$(vdpa disk-of-web1 5 "$blk")"
    passes web1 prepare begin
    rm -r state
    inventory ""
    nic /dev/vhost-vdpa-5 tenant-a
    passes web1 prepare begin
    rm -r state
    passes web1 restore begin
    refused "this host has no vDPA device" web1 prepare begin
    passes web1 restore begin
    inventory "$(vdpa tenant-a 5 "$net")"
    passes web1 prepare begin
}

@test "nothing is offered in place of what a guest that starts names" {
    vgpu nvidia-105 "GRID V100D-1Q"
    sed -i 's/host="kvm1"/host="kvm3"/' web1.xml
    vgpu_here nvidia-110
    refused "names '$uuid' here, which does not fit: type is nvidia-110" web1 prepare begin
    ! grep -q "mdevctl" err
    vgpu_here
    refused "names a device that this host does not have; '0000:84:00.0' has room for 1 more, and 'mdevctl start --uuid $uuid" web1 prepare begin
}

@test "two guests cannot await one device" {
    vgpu nvidia-105 "GRID V100D-1Q"
    vgpu_here
    passes web1 restore begin
    sed 's/web1/web2/; s/6f5a1c1e/6f5a1c1f/' web1.xml > web2.xml
    passes web2 restore begin
    refused "guest 'web2' cannot have its mediated device '$uuid', which is not on this host and is left as it is: it is in use by guest web1" web2 prepare begin
}

@test "what a restore was refused for is looked at again at prepare, as a stream" {
    mkdir -p other
    nic /dev/vhost-vdpa-5 tenant-a
    inventory "$(vdpa tenant-a 5 "$net used-by='guest web2'")"
    passes web1 restore begin
    refused "in use by guest web2" web1 prepare begin
    passes web1 restore begin
    inventory "$(vdpa tenant-a 5 "$net")"
    passes web1 prepare begin
    grep -q "vhost-vdpa-5" state/claims
    rm -r state
    # It is another device by then, which fits: as restore would have taken it.
    inventory "$(vdpa tenant-a 5 "$net used-by='guest web2'")"
    passes web1 restore begin
    inventory "$(vdpa tenant-b 5 "$net")"
    passes web1 prepare begin
    rm -r state
    # Missing, or in trouble: what was said then.
    inventory "$(vdpa tenant-a 5 "$net used-by='guest web2'")"
    passes web1 restore begin
    inventory ""
    refused "in use by guest web2" web1 prepare begin
    inventory "$(vdpa tenant-a 5 "$net used-by='guest web2'")"
    passes web1 restore begin
    inventory "$(vdpa tenant-a 5 "$net")"
    echo "[broken" > config
    refused "in use by guest web2" web1 prepare begin
    : > config
    # A guest that may have a device in a form that nobody understands.
    sed -i "s/<devices>/&<hostdev mode='subsystem' type='vdpa'><source dev='\/dev\/vhost-vdpa-9'\/><\/hostdev>/" web1.xml
    passes web1 restore begin
    refused "in a form that is not understood" web1 prepare begin
}

@test "a plain start is no restore, and no second one after a refusal" {
    too_small
    passes web1 prepare begin
    rm -r state
    passes web1 restore begin
    [ ! -s out ]
    [ "$(find state -name 'refusal-*' -perm 600 | wc -l)" = 1 ]
    [ "$(find state -name 'refusal-*' -o -name 'restore-*' | wc -l)" = 1 ]
    refused "mtu is 1500, must be at least 9000" web1 prepare begin
    passes web1 prepare begin
}

@test "a full state folder at restore begin: judged by the rules at prepare begin, once" {
    too_small
    mkdir state
    in_namespace << 'END'
mount -t tmpfs -o size=16k,mode=700 none state
dd if=/dev/zero of=state/filler bs=4k count=9 2> dd.err || true
hook web1 restore begin
[ "$status" = 0 ]
[ ! -s out ]
grep -q "cannot keep the refusal of guest 'web1'.*No space left on device" err
judged "its restore has left no answer"
# and as long as nothing can be written
judged "cannot write the claims"
hook web1 restore begin
[ "$status" = 0 ]
rm state/filler
judged "its restore has left no answer"
passes web1 prepare begin
END
}

@test "a read-only state folder: judged by the rules at prepare begin" {
    too_small
    mkdir state
    in_namespace << 'END'
mount --bind state state
mount -o remount,ro,bind state
hook web1 restore begin
[ "$status" = 0 ]
[ ! -s out ]
judged "cannot open the lock"
sed -i 's/mtu="9000"/mtu="1500"/' web1.xml
hook web1 prepare begin
[ "$status" = 0 ]
END
}

@test "no state folder can be made: judged by the rules at prepare begin" {
    too_small
    : > state
    hook web1 restore begin
    [ "$status" = 0 ]
    [ ! -s out ]
    judged ""
    rm state
    passes web1 prepare begin
}

@test "claims that cannot be read: judged by the rules at prepare begin" {
    needs strace
    too_small
    mkdir state
    cat > denied << END
#!/bin/sh
exec strace -qq -f -o trace -P "\$PWD/state/claims" -e trace=open,openat -e inject=open,openat:error=EIO "$program" "\$@"
END
    chmod +x denied
    passes web1 prepare begin
    program=./denied
    common=(--root root --state "$PWD/state" --config config --host host.xml)
    export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"
    judged "cannot open the claims file"
    sed -i 's/mtu="9000"/mtu="1500"/' web1.xml
    hook web1 prepare begin
    [ "$status" = 0 ]
}

@test "a restore that is killed, or ended by its deadline: judged by the rules at prepare begin, once" {
    local pid
    too_small
    mkfifo never.xml
    for signal in KILL ALRM; do
        "$program" hook web1 restore begin - --root root --state state --config config --host never.xml < web1.xml > out 2> err 3>&- &
        pid=$!
        for ((i = 0; i < 200; i++)); do
            [ -z "$(find state -name 'restore-*' 2> found)" ] || break
            sleep 0.05
        done
        kill -$signal $pid
        wait $pid || true
        judged "its restore has left no answer"
        passes web1 prepare begin
        rm -r state
    done
}

@test "a refusal that cannot be read: judged by the rules, once" {
    too_small
    passes web1 restore begin
    echo "no refusal" > "$(find state -name 'refusal-*')"
    judged "what was left for it cannot be read"
    passes web1 prepare begin
}

@test "a managed save, or one whose restore has begun: judged by the rules" {
    saves=root/var/lib/libvirt/qemu/save
    too_small
    mkdir -p $saves
    : > $saves/web1.save.virt-rehome
    passes web1 prepare begin
    rm -r state
    : > $saves/web1.save
    judged "'$saves/web1.save' is its managed save; .*'virsh managedsave-remove web1', or remove the file"
    mv $saves/web1.save $saves/web1.save.virt-rehome.begun
    judged "'$saves/web1.save.virt-rehome.begun' is its managed save"
    rm $saves/*
    passes web1 prepare begin
}

@test "a managed save that is restored was planned, and is not judged again" {
    inventory "$(vdpa tenant-a 5 "$net")"
    nic /dev/vhost-vdpa-5 tenant-a
    mkdir -p root/var/lib/libvirt/qemu/save
    : > root/var/lib/libvirt/qemu/save/web1.save
    passes web1 restore begin
    echo "[broken" > config
    passes web1 prepare begin
}

# -- whose refusal it is, and for how long ---------------------------------------------------------

@test "another guest of that name does not take a refusal away, the guest's own migration does" {
    too_small
    passes web1 restore begin
    sed 's/6f5a1c1e/ffffffff/; s/host="kvm1"/host="kvm2"/; s/mtu="9000"/mtu="1500"/' web1.xml > twin.xml
    hook twin migrate begin
    [ "$status" = 0 ]
    passes twin prepare begin
    passes twin release end
    refused "mtu is 1500" web1 prepare begin
    passes web1 restore begin
    hook web1 migrate begin
    passes web1 prepare begin
}

@test "a refusal is the guest's by its uuid in either case, and for the same devices only" {
    too_small
    passes web1 restore begin
    sed 's/6f5a1c1e/6F5A1C1E/; s/<name>web1/<name>web2/' web1.xml > web2.xml
    refused "mtu is 1500" web2 prepare begin
    passes web1 restore begin
    inventory "$(vdpa tenant-a 5 "$net")$(vdpa tenant-b 7 "$net")"
    sed "s,<source dev='/dev/vhost-vdpa-5',<source dev='/dev/vhost-vdpa-7'," web1.xml > other.xml
    passes other prepare begin
    passes web1 prepare begin
}

@test "a guest without a uuid: the name decides" {
    too_small
    sed -i /uuid/d web1.xml
    passes web1 restore begin
    refused "mtu is 1500" web1 prepare begin
    passes web1 restore begin
    sed -i 's/mtu="9000"/mtu="1500"/' web1.xml
    passes web1 restore begin
    passes web1 prepare begin
}

@test "a refusal does not age while the host is suspended" {
    needs unshare
    unshare -T --monotonic 1 true 2> why || skip "no time namespaces here: $(cat why)"
    too_small
    passes web1 restore begin
    plain=$program
    printf '#!/bin/sh\nexec unshare -T --boottime 1000 "%s" "$@"\n' "$plain" > suspended
    printf '#!/bin/sh\nexec unshare -T --monotonic 110 "%s" "$@"\n' "$plain" > before
    printf '#!/bin/sh\nexec unshare -T --monotonic 121 "%s" "$@"\n' "$plain" > after
    chmod +x suspended before after
    program=./suspended
    refused "mtu is 1500" web1 prepare begin
    program=$plain
    passes web1 restore begin
    program=./before
    refused "mtu is 1500" web1 prepare begin
    program=$plain
    passes web1 restore begin
    program=./after
    passes web1 prepare begin
}

# -- a host that cannot be looked at --------------------------------------------------------------

@test "an inventory that is not there: no crash, and a guest whose record names no host starts" {
    common+=(--host none.xml)
    cp "$RH_SOURCE_DIR/tests/fixtures/vdpa-equal/domain.xml" web1.xml
    refused "none.xml" web1 prepare begin
    sed -i 's/ host="[^"]*"//' web1.xml
    grep -q "<record" web1.xml
    passes web1 prepare begin
    for words in "start begin" "started begin" "reconnect begin" "stopped end" "release end"; do
        # shellcheck disable=SC2086 # words are what is wanted
        passes web1 $words
    done
}

@test "the root folder cannot be opened once: who is at home starts, who is not is refused" {
    needs strace unshare
    [ "$(id -u)" = 0 ] || skip "only root may mount"
    unshare -m -u mount -t tmpfs none "$BATS_TEST_TMPDIR" 2> why || skip "no namespaces here: $(cat why)"
    sed "s/host=\"[^\"]*\"/host=\"home.example\"/" "$RH_SOURCE_DIR/tests/fixtures/vdpa-equal/domain.xml" > web1.xml
    cat > script << 'END'
hostname home.example
prepare() {
    strace -qq -f -o trace -P / -e trace=open,openat -e inject=open,openat:error=ENFILE:when=1 \
        "$program" hook web1 prepare begin - --state state --config config < web1.xml 2> err
}
prepare
grep -q ENFILE trace
sed -i 's/home.example/elsewhere/' web1.xml
status=0
prepare || status=$?
[ "$status" = 1 ]
grep -q ENFILE trace
grep -q "Too many open files in system" err
END
    ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" program="$program" unshare -m -u bash -eu script
}
