# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the scripts of this folder share. They run as root in the virtual machine of ../run.sh, on
# busybox, and tell their checks like TAP, without numbers; ../run counts them.

# A sanitizer's report must not pass for a refusal.
export ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1:exitcode=99
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
exec 2>&1

n_checks=0
# shellcheck disable=SC2034 # for the scripts
kernel=$(uname -r)

# -- checks ---------------------------------------------------------------------------------------

check() { # TEXT COMMAND...: what it says is shown where it fails
    what=$1
    shift
    n_checks=$((n_checks + 1))
    if "$@" >/tmp/said 2>&1; then
        echo "ok - $what"
    else
        echo "not ok - $what"
        sed 's/^/# /' /tmp/said
    fi
}

finish() {
    echo "1..$n_checks"
    exit 0
}

give_up() {
    echo "Bail out! $*"
    exit 1
}

need() { # COMMAND...: without which nothing here means anything
    "$@" >/tmp/said 2>&1 || give_up "$* failed: $(cat /tmp/said)"
}

equal() { # WHAT GOT WANTED
    [ "$2" = "$3" ] || { echo "$1 is '$2', must be '$3'"; return 1; }
}

says() { # FILE TEXT...: has each of the texts
    file=$1
    shift
    bad=0
    for text; do
        grep -qF -e "$text" "$file" || { echo "$file does not say '$text', but:"; bad=1; }
    done
    [ $bad = 0 ] || head -c 2000 "$file"
    return $bad
}

silent() { # FILE...
    for file; do
        [ ! -s "$file" ] || { echo "$file should be empty, but is:"; head -c 2000 "$file"; return 1; }
    done
}

# Runs a command; its status is in $status, its output in /tmp/out, its messages in /tmp/err. On a
# slow machine there may be no time to look at all processes: that sentence is left out.
try() {
    status=0
    "$@" >/tmp/out 2>/tmp/err || status=$?
    sed -i '/ processes were not looked at for devices that they have open/d' /tmp/err
}

ended() { # STATUS: the last `try`
    [ "$status" = "$1" ] || { echo "ended with $status, must be $1"; cat /tmp/err; return 1; }
}

# Waits until the command succeeds, for some seconds.
eventually() {
    tries=100
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.1
    done
}

# -- inventories ----------------------------------------------------------------------------------

element() { # FILE KIND NAME: its line
    grep -m 1 -E "<$2 (name|uuid|handle|id)=\"$3\"" "$1" || { echo "there is no $2 '$3'" >&2; return 1; }
}

attribute() { # NAME: of the element on standard input
    sed -n "s/.* $1=\"\([^\"]*\)\".*/\1/p"
}

# The device has each of the values; NAME= alone: it has no such attribute.
has() { # FILE KIND NAME ATTRIBUTE=VALUE...
    line=$(element "$1" "$2" "$3") || return 1
    device="$2 $3"
    shift 3
    bad=0
    for pair; do
        equal "$device: ${pair%%=*}" "$(echo "$line" | attribute "${pair%%=*}")" "${pair#*=}" || bad=1
    done
    return $bad
}

# The word after $1 in what stands on standard input.
word_after() {
    sed -n "s/.*\(^\| \)$1 \([^ ]*\).*/\2/p" | head -n 1
}

# "MTU MAC VERSION_1" as the word of bits that we print.
feature_bits() {
    word=0
    for feature; do
        case $feature in
        MTU) bit=3 ;;
        MAC) bit=5 ;;
        STATUS) bit=16 ;;
        CTRL_VQ) bit=17 ;;
        CTRL_MAC_ADDR) bit=23 ;;
        ANY_LAYOUT) bit=27 ;;
        VERSION_1) bit=32 ;;
        ACCESS_PLATFORM) bit=33 ;;
        *) echo "which bit is $feature?" >&2; return 1 ;;
        esac
        word=$((word | 1 << bit))
    done
    printf '0x%016x\n' $word
}

# -- devices --------------------------------------------------------------------------------------

add_net() { # NAME MAC MTU
    need vdpa dev add name "$1" mgmtdev vdpasim_net mac "$2" mtu "$3"
}

add_blk() { # NAME
    need vdpa dev add name "$1" mgmtdev vdpasim_blk
}

node_of() { # NAME: /dev/vhost-vdpa-N
    for node in "/sys/bus/vdpa/devices/$1"/vhost-vdpa-*; do
        [ ! -e "$node" ] || echo "/dev/${node##*/}"
    done
}

bind_to_virtio() { # NAME
    echo "$1" >/sys/bus/vdpa/drivers/vhost_vdpa/unbind
    echo virtio_vdpa >"/sys/bus/vdpa/devices/$1/driver_override"
    echo "$1" >/sys/bus/vdpa/drivers/virtio_vdpa/bind
}

add_mdev() { # PARENT TYPE UUID
    echo "$3" >"/sys/class/mdev_bus/$1/mdev_supported_types/$2/create" || give_up "no mdev of type $2"
}

remove_mdev() { # UUID
    echo 1 >"/sys/bus/mdev/devices/$1/remove" || give_up "mdev $1 cannot be removed"
}

# -- guests ---------------------------------------------------------------------------------------

nic() { # MAC NODE
    cat <<END
    <interface type='vdpa'>
      <mac address='$1'/>
      <source dev='$2'/>
      <model type='virtio'/>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </interface>
END
}

mdev() { # UUID
    cat <<END
    <hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci'>
      <source>
        <address uuid='$1'/>
      </source>
      <address type='pci' domain='0x0000' bus='0x03' slot='0x00' function='0x0'/>
    </hostdev>
END
}

guest() { # NAME NUMBER: its XML, with the devices on standard input
    cat <<END
<domain type='qemu'>
  <name>$1</name>
  <uuid>10000000-0000-4000-8000-00000000000$2</uuid>
  <memory unit='KiB'>1048576</memory>
  <os>
    <type arch='x86_64' machine='pc-q35-10.0'>hvm</type>
  </os>
  <devices>
$(cat)
  </devices>
</domain>
END
}

# Installed as on a host: a link in qemu.d to a program of /usr/sbin. What is tested may have been built for
# /usr/local.
install_hook() {
    mkdir -p /etc/libvirt/hooks/qemu.d /usr/local/libexec
    ln -s /usr/libexec/virt-rehome /usr/local/libexec/virt-rehome
    ln -s /usr/sbin/virt-rehome-hook /etc/libvirt/hooks/qemu.d/50-virt-rehome
}

hook() { # GUEST OPERATION SUBOPERATION FILE: as libvirt does; this script is the daemon
    try /etc/libvirt/hooks/qemu.d/50-virt-rehome "$1" "$2" "$3" - <"$4"
}

nic_of() { # FILE: the node that the guest's NIC has
    sed -n "s/.*<source dev=[\"']\([^\"']*\)[\"'].*/\1/p" "$1"
}

mdev_of() { # FILE
    sed -n "s/.*<address uuid=[\"']\([^\"']*\)[\"'].*/\1/p" "$1"
}
