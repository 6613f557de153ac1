#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Collects what virt-rehome goes by on this host, for a report or a test:
#
#   collect-host.sh [FILE]        writes FILE, or host.tar.gz in the current folder
#
# It only reads, and best as root. In the file:
#
#   about, host.xml    versions, and what `virt-rehome host` prints
#   vdpa-*.json        what vdpa(8) shows, where it is installed
#   netlink-*          the same as the kernel sends it, where strace(1) is installed too
#   host/              the part of /sys and /proc that virt-rehome reads: tests/run-fixtures takes
#                      it as it is, and so does `virt-rehome --root host`
#
# No guest's XML is in it. Names of guests and programs that use a device, addresses of hardware and
# the host's name are: look before you send it, `tar -tzf host.tar.gz`.
set -eu
export LC_ALL=C

patience=20      # seconds for a command: a call to vDPA may hang for good
max_bytes=65536  # of one file

case ${1:-} in
-*)
    sed -n '3,/^set/s/^#\( \|$\)//p' "$0"
    exit 0
    ;;
esac
result=${1:-host.tar.gz}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/host/sys"

say() { printf 'collect-host: %s\n' "$*" >&2; }

# -- commands -------------------------------------------------------------------------------------

# Runs a command, its output to $1 and its messages beside it. One that hangs in the kernel can
# neither be ended nor waited for, so it is left behind.
ask() { # FILE COMMAND...
    file=$work/$1
    shift
    command -v "$1" >/dev/null || return 0
    { "$@" >"$file" 2>"$file.err" </dev/null; echo $? >"$file.status"; } &
    tries=$((patience * 10))
    while [ ! -s "$file.status" ]; do
        tries=$((tries - 1))
        if [ $tries -lt 0 ]; then
            say "$* does not end, left behind"
            echo "did not end within $patience seconds" >>"$file.err"
            return 0
        fi
        sleep 0.1
    done
    [ "$(cat "$file.status")" != 0 ] || rm "$file.status"
    [ -s "$file.err" ] || rm "$file.err"
}

# -- files ----------------------------------------------------------------------------------------

is_here() { [ -e "$work/host$1" ] || [ -L "$work/host$1" ]; }

make_folder() { mkdir -p "$work/host$1"; }

copy_link() { # PATH
    is_here "$1" || { make_folder "${1%/*}" && ln -s "$(readlink "$1")" "$work/host$1"; }
}

# What cannot be read is left out: that is how drivers say that they have nothing to tell.
copy_file() { # PATH
    if is_here "$1"; then return; fi
    case $(ls -ld "$1" 2>/dev/null) in
    -r*) ;;
    *) return 0 ;;
    esac
    make_folder "${1%/*}"
    head -c $max_bytes "$1" >"$work/file" 2>/dev/null || return 0
    cat "$work/file" >"$work/host$1"
}

copy() { # PATH...
    for path; do
        if [ -L "$path" ]; then
            copy_link "$path"
        elif [ -f "$path" ]; then
            copy_file "$path"
        elif [ -d "$path" ]; then
            make_folder "$path"
        fi
    done
}

# A folder down to a depth, without what reading might disturb or take long.
copy_tree() { # PATH DEPTH
    [ -d "$1" ] || return 0
    find "$1" -maxdepth "$2" \( -name power -o -name net -o -name block \) -prune -o -print >"$work/list"
    while read -r path; do
        case ${path##*/} in
        config | rom | vpd | resource* | reset) ;;
        *) copy "$path" ;;
        esac
    done <"$work/list"
}

# -- devices --------------------------------------------------------------------------------------

# What tells one piece of hardware from another, and its links.
describe() { # FOLDER
    make_folder "$1"
    for name in vendor device subsystem_vendor subsystem_device revision class numa_node uevent \
        driver subsystem iommu_group physfn; do
        copy "$1/$name"
    done
    if [ -L "$1/subsystem" ]; then
        bus=$(readlink "$1/subsystem")
        copy "/sys/bus/${bus##*/}/devices/${1##*/}"
    fi
    if [ -L "$1/driver" ]; then
        driver=$(readlink -f "$1/driver")
        copy "$driver/module"
        copy_version "${driver##*/}"
    fi
}

copy_version() { # DRIVER
    copy_file "/sys/module/$(echo "$1" | tr - _)/version"
}

# The folder and all that it hangs on.
describe_up() { # FOLDER
    folder=$1
    while [ "$folder" != /sys/devices ] && [ "${folder#/sys/devices}" != "$folder" ]; do
        describe "$folder"
        folder=${folder%/*}
    done
}

collect_devices() { # BUS DEPTH: the links of a bus, its devices, and what they hang on
    make_folder "/sys/bus/$1/devices"
    for link in "/sys/bus/$1/devices"/* "/sys/bus/$1/drivers"/*/*; do
        if [ -L "$link" ]; then copy_link "$link"; fi
    done
    for link in "/sys/bus/$1/devices"/*; do
        [ -L "$link" ] || continue
        device=$(readlink -f "$link")
        copy_tree "$device" "$2"
        describe_up "$device"
    done
}

collect_parents() {
    make_folder /sys/class/mdev_bus
    for link in /sys/class/mdev_bus/*; do
        [ -L "$link" ] || continue
        copy_link "$link"
        parent=$(readlink -f "$link")
        copy_tree "$parent/mdev_supported_types" 3
        describe_up "$parent"
        copy_file "$parent/dev_busid"
        # A parent without a driver has types that are called after its module.
        for type in "$parent"/mdev_supported_types/*-*; do
            type=${type##*/}
            copy_version "${type%%-*}"
        done
    done
}

# The cards of s390's AP bus.
collect_cards() {
    for link in /sys/bus/ap/devices/card*; do
        [ -L "$link" ] || continue
        copy_link "$link"
        card=$(readlink -f "$link")
        copy "$card/type" "$card/hwtype" "$card/ap_functions"
    done
}

# Management devices without a device yet, by the names that vdpa(8) has for them: BUS/NAME.
collect_management() {
    [ -s "$work/vdpa-mgmtdev.json" ] || return 0
    tr ',{' '\n\n' <"$work/vdpa-mgmtdev.json" | sed -n 's|^ *"\([^"/]*\)/\([^"/]*\)" *:.*|\1 \2|p' >"$work/list"
    while read -r bus name; do
        device=$(readlink -f "/sys/bus/$bus/devices/$name") || continue
        describe_up "$device"
    done <"$work/list"
}

# -------------------------------------------------------------------------------------------------

{
    uname -srvm
    # shellcheck disable=SC1091 # another host's
    if [ -r /etc/os-release ]; then (. /etc/os-release && echo "${PRETTY_NAME:-}"); fi
    id -u | sed 's/^/user /'
} >"$work/about" 2>&1
ask version-virt-rehome virt-rehome --version
ask version-vdpa vdpa -V
ask version-libvirtd libvirtd --version
ask version-virtqemud virtqemud --version
ask version-qemu qemu-system-x86_64 --version
cat "$work"/version-* >>"$work/about" 2>/dev/null || true
rm -f "$work"/version-*

ask host.xml virt-rehome host
ask vdpa-mgmtdev.json vdpa -j mgmtdev show
ask vdpa-dev.json vdpa -j dev show
ask vdpa-config.json vdpa -j dev config show
if command -v vdpa >/dev/null && command -v strace >/dev/null; then
    for what in mgmtdev dev "dev config"; do
        # shellcheck disable=SC2016 # the inner shell's
        ask "netlink-$(echo "$what" | tr ' ' -)" sh -c \
            'exec strace -xx -s 65536 -e trace=sendto,sendmsg,recvmsg,recvfrom vdpa $1 show 2>&1 >/dev/null' - "$what"
    done
fi

copy_file /proc/sys/kernel/hostname
copy_file /proc/sys/kernel/osrelease
if [ -d /sys/bus/vdpa ]; then collect_devices vdpa 2; fi
if [ -d /sys/bus/mdev ]; then collect_devices mdev 3; fi
if [ -d /sys/bus/ap ]; then collect_cards; fi
collect_parents
collect_management

rm -f "$work/list" "$work/file"
tar -cf - -C "$work" . | gzip -n >"$result"
say "$result has $(tar -tzf "$result" | wc -l) files; look at them before you send it"
