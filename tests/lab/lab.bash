# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the tests in this folder share: two hosts, a and b, for all tests of a file, with a recorder
# on each. Functions that look at something print words of a line, so that `gives` can compare.

lab_source=${RH_SOURCE_DIR:-$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)}
lab=$BATS_FILE_TMPDIR/rig
lab_rig=$lab_source/tests/lab/rig
program=$RH_BIN_DIR/virt-rehome

# shellcheck source=tests/lab/on.bash
. "$lab_source/tests/lab/on.bash"

rig() { "$lab_rig" "$@" 3>&- 4>&-; }

# What libvirt needs to be here; prints what is not.
lab_lacks() {
    local tool
    [ "$(uname -m)" = x86_64 ] || echo "a machine that is x86_64"
    [ "$(id -u)" = 0 ] || echo root
    for tool in unshare nsenter setsid mount hostname ip libvirtd virsh qemu-system-x86_64 python3 xmllint; do
        command -v $tool > /dev/null || echo "$tool"
    done
    [ -e /usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so ] ||
        [ -e /usr/lib64/libvirt/connection-driver/libvirt_driver_qemu.so ] || echo "libvirt's driver of QEMU"
    unshare --mount --pid --net --fork true 2> /dev/null || echo "the right to make namespaces"
}

# With sanitizers a program takes five times as long to begin, and thousands begin here: they are for
# --test all.
use_plain_build() {
    [ -z "${RH_TEST_ALL:-}${RH_LAB_PLAIN:-}" ] || return 0
    RH_BIN_DIR=$("$lab_source/tests/plain-build")
    export RH_BIN_DIR
}

need_lab() { # for setup_file, which cannot skip; says whether all is here
    LAB_LACKS=$(PATH=$PATH:/usr/sbin:/sbin lab_lacks | paste -s -d ,)
    export LAB_LACKS
    [ -n "$LAB_LACKS" ] || { use_plain_build; return; }
    echo "not here: $LAB_LACKS"
    return 1
}

# Where CI is `true` nothing is skipped.
or_skip() { [ -n "$LAB_LACKS" ] && [ "${CI:-}" != true ]; }

skip_if_lacking() { # for setup
    [ -z "$LAB_LACKS" ] || skip "not here: $LAB_LACKS"
}

setup_lab() { # for setup_file
    need_lab || { or_skip; return; }
    rig up "$lab" $$
    rig recorder "$lab" a start
    rig recorder "$lab" b start
}

teardown_lab() { # for teardown_file
    local host
    [ -z "$LAB_LACKS" ] || return 0
    for host in a b; do
        rig recorder "$lab" $host stop
        no_sanitizer_spoke
    done
    rig down "$lab"
}

setup_guests() { # for setup
    skip_if_lacking
    cd "$BATS_TEST_TMPDIR" || return
    busy=
}

# The hosts become what they were.
teardown_guests() { # for teardown
    local host name
    [ -z "$LAB_LACKS" ] || return 0
    for host in a b; do
        v $host list > listed 2>&1 || rig daemon "$lab" $host start
        for name in $(v $host list --all --name); do
            v $host destroy "$name" > /dev/null 2>&1 || true
            v $host undefine --managed-save "$name" > /dev/null 2>&1 || true
        done
        [ -z "$(v $host list --all --name)" ]
        cp "$lab_source/tests/lab/host-$host.xml" "$lab/$host/host.xml"
        soon gives "" held $host
        # A test that failed may have left it stopped for all after it.
        [ -n "$BATS_TEST_COMPLETED" ] || { rig recorder "$lab" $host stop; rig recorder "$lab" $host start; }
    done
    no_sanitizer_spoke
}

# What is printed is shown where a test fails.
no_sanitizer_spoke() {
    if grep -H -A 30 -e "ERROR: .*Sanitizer" -e "runtime error:" "$lab"/[ab]/*.log*; then return 1; fi
}

differ() { # FILE FILE
    if cmp -s "$1" "$2"; then return 1; fi
}

# -- doing ----------------------------------------------------------------------------------------

on() { # HOST COMMAND [ARG…]
    on_host "$lab" "$@"
}

v() { # HOST COMMAND [ARG…]: of virsh
    on "$1" virsh -q -c qemu:///system "${@:2}"
}

rehome() { # HOST COMMAND [ARG…]: of virt-rehome
    on "$1" "$program" "${@:2}"
}

# With a host's inventory, since the kernel has no vDPA.
rehome_with() { # HOST COMMAND [ARG…]
    on "$1" "$program" --host "$lab/$1/host.xml" "${@:2}"
}

migrate() { # FROM TO GUEST [OPTION…]
    v "$1" migrate "$3" "qemu+tcp://kvm-$2/system" "${@:4}"
}

# A file NAME.xml: a guest with a NIC for each device. It boots nothing; with `busy` it writes to its
# memory for ever, so that a slow migration of it comes to no end, and lets go what is unplugged.
guest() { # NAME DEVICE…: NAME ends with a digit, DEVICE is N of /dev/vhost-vdpa-N
    local name=$1 digit=${1: -1} n=0 device
    shift
    [ -z "$busy" ] || "$lab_source/tests/lab/guest-kernel" > guest-kernel
    {
        echo "<domain type='qemu'><name>$name</name><uuid>11111111-0000-4000-8000-00000000000$digit</uuid>
            <memory unit='MiB'>32</memory><memtune><hard_limit unit='KiB'>8192</hard_limit></memtune>
            <os><type arch='x86_64' machine='pc'>hvm</type>${busy:+<kernel>$PWD/guest-kernel</kernel>}</os><features><acpi/></features><devices>
            <emulator>$lab_source/tests/lab/qemu-stand-in</emulator>
            <controller type='usb' model='none'/><memballoon model='none'/>"
        for device; do nic "$digit" $((++n)) "$device"; done
        echo "</devices></domain>"
    } > "$name.xml"
}

nic() { # DIGIT NUMBER DEVICE
    echo "<interface type='vdpa'><mac address='52:54:00:00:0$1:0$2'/><source dev='/dev/vhost-vdpa-$3'/>
        <model type='virtio'/></interface>"
}

# Defined, started, and recorded by nobody but the service.
running() { # HOST NAME DEVICE…
    guest "${@:2}"
    v "$1" define "$2.xml"
    v "$1" start "$2"
    soon gives "kvm-$1 kvm-$1" whereabouts "$1" "$2"
    [ -z "$busy" ] || soon has_booted "$1" "$2"
}

has_booted() { # HOST GUEST: that is busy
    v "$1" qemu-monitor-command "$2" --hmp 'xp /1wx 0x200000' | grep -q ': 0x0*[1-9a-f]'
}

# An admin changes a definition.
redefine() { # HOST GUEST SED-SCRIPT
    v "$1" dumpxml --inactive "$2" > old.xml
    sed -E "$3" old.xml > new.xml
    differ old.xml new.xml
    v "$1" define new.xml
}

# Changes an inventory.
edit_host() { # HOST SED-SCRIPT
    sed -E "$2" "$lab/$1/host.xml" > edited.xml
    differ edited.xml "$lab/$1/host.xml"
    cp edited.xml "$lab/$1/host.xml"
}

# Other numbers for two devices.
swap_numbers() { # HOST DEVICE DEVICE
    edit_host "$1" "s,vhost-vdpa-$2\",vhost-vdpa-X\",; s,vhost-vdpa-$3\",vhost-vdpa-$2\",; s,vhost-vdpa-X\",vhost-vdpa-$3\","
}

# -- looking --------------------------------------------------------------------------------------

soon_steps=150
soon_pause=0.2 # seconds

soon() { # COMMAND [ARG…]: succeeds after a while
    local i
    for ((i = 0; i < soon_steps; i++)); do
        ! "$@" > /dev/null 2>&1 || return 0
        sleep $soon_pause
    done
    "$@"
}

gives() { # EXPECTED COMMAND [ARG…]
    local got
    got=$("${@:2}") || true
    [ "$got" = "$1" ] || { echo "not '$1' but '$got': ${*:2}"; return 1; }
}

# A command fails, and says what the pattern describes; all it said is in the file `said`.
fails() { # PATTERN COMMAND [ARG…]
    local status=0
    "${@:2}" > said 2>&1 || status=$?
    cat said
    [ $status != 0 ] && grep -q -E -- "$1" said
}

# The attributes of that name in the guest's record, of the running one or with --inactive.
record() { # HOST GUEST ATTRIBUTE [--inactive]
    v "$1" dumpxml "$2" ${4:+"$4"} |
        xmllint --xpath "//*[namespace-uri() = 'urn:virt-rehome:1']/@$3" - 2> xpath.err |
        sed -E 's/^ *[^=]+="(.*)"$/\1/' | paste -s -d ' '
}

# The hosts that the record of the running guest, and that of its definition name.
whereabouts() { # HOST GUEST
    echo "$(record "$1" "$2" host) $(record "$1" "$2" host --inactive)"
}

# The devices that a guest has or its definition names, N of /dev/vhost-vdpa-N.
devices() { # HOST GUEST [--inactive]
    v "$1" dumpxml "$2" ${3:+"$3"} | sed -n -E "s,.*<source dev='/dev/vhost-vdpa-([0-9]+)'/>,\1,p" | paste -s -d ' '
}

state() { # HOST GUEST
    v "$1" domstate "$2" 2>&1 | grep -v '^$' || true
}

# The claims, "DEVICE GUEST STATE, …".
held() { # HOST
    rehome "$1" claims | sed -E "s,^(vdpa /dev/vhost-vdpa-|mdev )([^ ]+) for guest '([^']+)'.*\, (reserved|claimed|running) .*,\2 \3 \4,; /^no claims/d" |
        sort | paste -s -d ,
}

# Whether QEMU was ever started there. That libvirt gave up before is in the log, too.
never_started() { # HOST GUEST
    ! grep -s ': starting up ' "$lab/$1/log/qemu/$2.log"
}

log_of() { # HOST
    cat "$lab/$1/recorder.log"
}
