# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What a host of the lab is called and how its libvirt daemon and its recorder are set up, started and
# stopped, whichever way it is made. A rig has dir, die, on, start_program, stop_program and runs.

name_of() { echo "kvm-$1"; } # HOST

uuid_of() { # HOST
    case $1 in
    a) echo 7a3f2c10-0000-4000-8000-00000000000a ;;
    b) echo 7a3f2c10-0000-4000-8000-00000000000b ;;
    esac
}

# libvirt's settings, without security labels, namespaces and cgroups: a host has one user, root.
libvirt_settings() { # HOST ADDRESS ETC
    local etc=$3
    mkdir -p "$etc/libvirt/hooks/qemu.d" "$etc/libvirt/qemu"
    # Debian's daemon wants the user there to be whom it would run QEMU as, and a package that also
    # starts a daemon makes it.
    grep -q '^libvirt-qemu:' "$etc/passwd" || echo 'libvirt-qemu:x:64055:64055::/:/bin/false' >> "$etc/passwd"
    grep -q '^libvirt-qemu:' "$etc/group" || echo 'libvirt-qemu:x:64055:' >> "$etc/group"
    name_of "$1" > "$etc/hostname"
    # Both see the one machine's product UUID: they are two hosts by this.
    rm -f "$etc/machine-id" # it may be a link
    uuid_of "$1" | tr -d - > "$etc/machine-id"
    cat > "$etc/libvirt/libvirtd.conf" << CONF
host_uuid = "$(uuid_of "$1")"
listen_tls = 0
listen_tcp = 1
listen_addr = "$2"
auth_tcp = "none"
auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_group = "root"
CONF
    cat > "$etc/libvirt/qemu.conf" << CONF
user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
remember_owner = 0
migration_port_min = $(case $1 in a) echo 49152 ;; b) echo 49252 ;; esac)
migration_port_max = $(case $1 in a) echo 49251 ;; b) echo 49351 ;; esac)
CONF
}

wait_seconds=30

wait_for() { # WHAT COMMAND [ARG…]
    local what=$1 end=$((SECONDS + wait_seconds))
    shift
    until "$@" > /dev/null 2>&1; do
        ((SECONDS < end)) || die "$what did not come within $wait_seconds s"
        sleep 0.1
    done
}

# The same for what a program that was started does. Where it comes to nothing, or the program has
# ended, the end of its log is shown.
wait_for_program() { # HOST NAME COMMAND [ARG…]
    local host=$1 name=$2 log=$dir/$1/$2.log what end=$((SECONDS + wait_seconds)) steps=0
    what="$name on $(name_of "$host")"
    shift 2
    until "$@" > /dev/null 2>&1; do
        ((SECONDS < end)) || die "$what did not come within $wait_seconds s: $(end_of "$log")"
        ((++steps % 5)) || runs "$host" "$name" || die "$what has ended: $(end_of "$log")"
        sleep 0.1
    done
}

end_of() { # LOG…: what they end with
    local log
    for log; do
        echo
        if [ -s "$log" ]; then echo "the end of $log:"; else echo "$log is empty"; fi
        tail -n 20 "$log"
    done 2>&1
}

# LAB_LIBVIRTD is another daemon than the one that is installed.
daemon() { # HOST start|stop
    case $2 in
    start)
        start_program "$1" libvirtd env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            "${LAB_LIBVIRTD:-libvirtd}" --listen
        wait_for_program "$1" libvirtd on "$1" virsh -q -c qemu:///system list
        ;;
    stop) stop_program "$1" libvirtd ;;
    esac
}

# What the recorder has said since its log had that many bytes.
has_begun() { # LOG BYTES
    tail -c +$(($2 + 1)) "$1" | grep -q -e 'connected to libvirt' -e 'cannot connect'
}

recorder() { # HOST start|stop COMMAND [ARG…]
    local log=$dir/$1/recorder.log begin
    case $2 in
    start)
        touch "$log"
        begin=$(wc -c < "$log")
        start_program "$1" recorder "${@:3}"
        wait_for_program "$1" recorder has_begun "$log" "$begin"
        ;;
    stop) stop_program "$1" recorder ;;
    esac
}

# Takes the hosts down when a process has ended.
watch_over() { # PID RIG DIR
    # shellcheck disable=SC2016 # for the shell inside
    setsid sh -c 'while [ -e "/proc/$1" ] && [ -d "$3" ]; do sleep 1; done
        [ ! -d "$3" ] || exec "$2" down "$3"' sh "$@" < /dev/null > /dev/null 2>&1 &
}
