# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034 # for shells on a host; variables of lab.bash
# What the tests in this folder share: hosts with real devices, for all files, and guests that say
# what their devices do. All else is lab.bash's.

real=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
kernels=$(cd "$real/../../kernel" && pwd)
# shellcheck source=tests/lab/lab.bash
. "$real/../lab.bash"
# shellcheck source=tests/lab/real/on.bash
. "$real/on.bash"
lab=$BATS_SUITE_TMPDIR/rig
lab_rig=$real/rig
program=virt-rehome
# Mediated devices' uuids.
tty_a=aaaaaaaa-0000-4000-8000-000000000001
tty_b=bbbbbbbb-0000-4000-8000-000000000002
# A test that would begin later than this after the first is left out, unless RH_TEST_ALL is set.
budget=${RH_REAL_SECONDS:-600}
soon_pause=0.6 # a look takes as long as a host does much else

# -- the hosts ------------------------------------------------------------------------------------

# What is missing; where CI is `true`, that is a failure.
lacks() {
    local tool
    for tool in unshare setpriv python3 meson mmdebstrap busybox cpio xmllint; do
        PATH=$PATH:/usr/sbin:/sbin command -v $tool > /dev/null || echo "$tool is not here"
    done
}

# What cannot be had on this kind of machine, whoever runs this.
cannot() {
    local suite
    [ "$(uname -m)" = x86_64 ] || { echo "the kernels are for x86_64" && return; }
    [ "$(id -u)" = 0 ] || { echo "only root can make the hosts' file system" && return; }
    command -v apt-get > /dev/null || { echo "hosts are made from Debian's packages" && return; }
    unshare --mount --pid --fork true 2> /dev/null || { echo "not the right to make namespaces" && return; }
    # Where User-Mode Linux has its memory; much of it is never touched.
    if [[ ,$(findmnt -n -o OPTIONS /dev/shm), == *,noexec,* ]] || (($(df --output=avail -k /dev/shm | tail -n 1) < 1500000)); then
        echo "/dev/shm is noexec or has no 1.5 GB" && return
    fi
    [ -z "$REAL_LACKS" ] || return 0
    for suite in ${LAB_SUITES:-trixie}; do
        can_be_had "$real/../make-root" "$suite" || return 0
    done
    can_be_had "$kernels/build-kernel.sh" 6.12-um || return 0
    can_be_had "$kernels/build-kernel.sh" 6.12 || return 0
}

can_be_had() { # SCRIPT [ARG…]: says why not; another fault is for those who use it
    local status=0 said=$BATS_SUITE_TMPDIR/said
    "$@" 2> "$said" > /dev/null || status=$?
    [ $status != 77 ] || tail -n 1 "$said"
    [ $status != 77 ]
}

setup_hosts() {
    REAL_LACKS=$(lacks | paste -s -d ,)
    REAL_CANNOT=$(cannot)
    export REAL_LACKS REAL_CANNOT
    has_hosts || return 0
    LAB_SHARE=$BATS_RUN_TMPDIR rig up "$lab" $$
    rig recorder "$lab" a start
    rig recorder "$lab" b start
    cp "$("$kernels/build-kernel.sh" 6.12 2> "$lab/kernel.log")" "$lab/guest-kernel"
    "$real/make-guest" "$lab/guest-initramfs"
    date +%s > "$lab/began"
}

has_hosts() { [ -z "$REAL_LACKS$REAL_CANNOT" ]; }

teardown_hosts() {
    ! has_hosts || rig down "$lab"
}

setup_real() { # for setup
    local began
    [ -z "$REAL_CANNOT" ] || skip "$REAL_CANNOT"
    if [ -n "$REAL_LACKS" ]; then
        [ "${CI:-}" = true ] || skip "$REAL_LACKS"
        echo "$REAL_LACKS"
        return 1
    fi
    began=$(cat "$lab/began")
    [ -n "${RH_TEST_ALL:-}" ] || (($(date +%s) - began < budget)) ||
        skip "left out: the $budget s for real devices are over (--test all)"
    cd "$BATS_TEST_TMPDIR" || return
}

# The hosts become what they were; what they said is shown where a test fails.
teardown_real() { # for teardown
    local host name
    has_hosts && [ "$PWD" = "$BATS_TEST_TMPDIR" ] || return 0
    for host in a b; do
        tell_of $host
        for name in $(v $host list --all --name); do
            v $host destroy "$name" > /dev/null 2>&1 || true
            v $host undefine --managed-save "$name" > /dev/null 2>&1 || true
        done
        soon gives "" held $host
        with_hook $host
        on $host sh -c 'rm -f /etc/virt-rehome.conf /run/*.console /var/log/libvirt/qemu/*.log'
        no_devices $host
    done
}

tell_of() { # HOST
    echo "-- kvm-$1"
    tail -n 5 "$lab/$1/recorder.log"
    grep -e ': error : ' "$lab/$1/libvirtd.log" | tail -n 5
    on "$1" sh -c 'for log in /run/*.console /var/log/libvirt/qemu/*.log; do
        [ ! -e "$log" ] || { echo "$log:"; tail -n 5 "$log" | cut -c-300; }; done
        virt-rehome claims' || true
}

# -- devices --------------------------------------------------------------------------------------

# A vDPA NIC; its number is the lowest that is free.
net() { # HOST NAME RING [ARG… of vdpa dev add]
    new_vdpa vdpasim_net "$@"
}

new_vdpa() { # MANAGEMENT-DEVICE HOST NAME RING [ARG… of vdpa dev add]
    on "$2" sh -c 'echo "$1" > /sys/module/vdpa_sim/parameters/queue_max; shift; vdpa dev add "$@"' sh "$4" \
        name "$3" mgmtdev "$1" "${@:5}"
}

blk() { # HOST NAME [RING]
    new_vdpa vdpasim_blk "$1" "$2" "${3:-256}"
}

mtty() { # HOST UUID TYPE
    on "$1" sh -c 'echo "$1" > "/sys/class/mdev_bus/mtty/mdev_supported_types/$2/create"' sh "$2" "$3"
}

no_devices() { # HOST
    on "$1" sh -c 'for net in /sys/bus/vdpa/devices/*; do [ ! -e "$net" ] || vdpa dev del "${net##*/}"; done
        for mdev in /sys/bus/mdev/devices/*; do [ ! -e "$mdev" ] || echo 1 > "$mdev/remove"; done'
}

# A host's vDPA disks are of that pool.
disk_pool() { # HOST POOL
    on "$1" sh -c 'printf "[pool %s]\nvdpa = vdpasim_blk\n" "$1" > /etc/virt-rehome.conf' sh "$2"
}

# As far as libvirt knows there is no virt-rehome.
without_hook() { # HOST
    on "$1" rm -f /etc/libvirt/hooks/qemu.d/50-virt-rehome
}

with_hook() { # HOST
    on "$1" ln -sfn /usr/sbin/virt-rehome-hook /etc/libvirt/hooks/qemu.d/50-virt-rehome
}

# -- guests ---------------------------------------------------------------------------------------

# As lab.bash's, with rings of 1024 by the XML, too: so they are with any QEMU, and the guest goes from each to each.
nic() { # DIGIT NUMBER DEVICE
    echo "<interface type='vdpa'><mac address='52:54:00:00:0$1:0$2'/><source dev='/dev/vhost-vdpa-$3'/>
        <model type='virtio'/><driver rx_queue_size='1024' tx_queue_size='1024'/></interface>"
}

# A file NAME.xml. A DEVICE is N of /dev/vhost-vdpa-N, disk:N, or the uuid of a mediated device.
guest() { # NAME DEVICE…: NAME ends with a digit
    local name=$1 digit=${1: -1} n=0 device
    shift
    {
        echo "<domain type='qemu'><name>$name</name><uuid>11111111-0000-4000-8000-00000000000$digit</uuid>
            <memory unit='MiB'>64</memory><memoryBacking><access mode='shared'/></memoryBacking>
            <os><type arch='x86_64' machine='pc'>hvm</type><kernel>$lab/guest-kernel</kernel>
            <initrd>$lab/guest-initramfs</initrd><cmdline>console=ttyS0 quiet lpj=1000000 tsc=unstable no_timer_check</cmdline></os><features><acpi/></features>
            <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
            <controller type='usb' model='none'/><memballoon model='none'/>
            <serial type='file'><source path='/run/$name.console'/></serial>"
        for device; do
            case $device in
            disk:*) echo "<disk type='vhostvdpa' device='disk'><driver name='qemu' type='raw' cache='none'/>
                <source dev='/dev/vhost-vdpa-${device#disk:}'/><target dev='vda' bus='virtio'/></disk>" ;;
            *-*) echo "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='$device'/></source></hostdev>" ;;
            *) nic "$digit" $((++n)) "$device" ;;
            esac
        done
        echo "</devices></domain>"
    } > "$name.xml"
}

# Defined, started, recorded by nobody but the service, and its devices answer.
running() { # HOST NAME DEVICE…
    guest "${@:2}"
    v "$1" define "$2.xml"
    v "$1" start "$2"
    soon answers "$1" "$2"
    soon gives "kvm-$1 kvm-$1" whereabouts "$1" "$2"
}

# What the guest said last: "tick 7 eth0 sent 7 back 7 ttyS4 back 7".
says() { # HOST GUEST
    on "$1" sed -n -E 's/^(tick .*) \.\r*$/\1/p' "/run/$2.console" | tail -n 1
}

# The second says as much as the first, and each number in it is higher.
all_grow() { # SAID SAID
    awk -v first="$1" 'BEGIN { n = split(first, before) }
        NF != n { exit 1 }
        { for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]+$/ && $i + 0 <= before[i] + 0) exit 1 }' <<< "$2"
}

# It speaks of each device that it was made with, and of no other.
tells_of_all() { # GUEST SAID
    local device tag name
    for device in 'interface eth' 'hostdev ttyS' 'disk vd'; do
        read -r tag name <<< "$device"
        [ "$(grep -o "<$tag " "$1.xml" | wc -l)" = "$(grep -o " $name" <<< "$2" | wc -l)" ] || return 1
    done
}

# The guest runs, and each of its devices returns what it is sent.
answers() { # HOST GUEST
    local before i
    before=$(says "$1" "$2")
    # One without devices has none to tell of, before it said anything either.
    [ -n "$before" ] && tells_of_all "$2" "$before" || return 1
    for ((i = 0; i < 10; i++)); do
        sleep 0.5
        ! all_grow "$before" "$(says "$1" "$2")" || return 0
    done
    echo "first '$before', then '$(says "$1" "$2")'"
    return 1
}

# How long it runs; fails before it said so.
ticks() { # HOST GUEST
    says "$1" "$2" | sed -n -E 's/^tick ([0-9]+).*/\1/p' | grep .
}

has_ticked() { # HOST GUEST TICK
    (($(ticks "$1" "$2") >= $3))
}

# N of each vDPA disk's /dev/vhost-vdpa-N.
disks() { # HOST GUEST [--inactive]
    v "$1" dumpxml "$2" ${3:+"$3"} | xmllint --xpath '//disk/source/@dev' - | sed -n -E 's,.*"/dev/vhost-vdpa-([0-9]+)",\1,p'
}

# The uuids of its mediated devices.
mdevs() { # HOST GUEST [--inactive]
    v "$1" dumpxml "$2" ${3:+"$3"} | sed -n -E "s,.*<address uuid='([-0-9a-f]+)'.*,\1,p" | paste -s -d ' '
}

# The guest goes, and goes on there from where it was.
goes() { # FROM TO GUEST [OPTION…]
    local tick
    tick=$(ticks "$1" "$3")
    migrate "$1" "$2" "$3" --live --persistent "${@:4}"
    gives running state "$2" "$3"
    soon answers "$2" "$3"
    has_ticked "$2" "$3" $((tick + 1))
    soon gives "kvm-$2 kvm-$2" whereabouts "$2" "$3"
}
