#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes the initramfs of the tests under a real kernel: busybox, the vdpa tool,
# the given programs with the shared libraries they need, and an /init that
# runs what run.sh puts beside it.
#
#   make-initramfs.sh OUT PROGRAM...
#
# PROGRAM: a name found in PATH or a path; it is put into /usr/bin inside.
# PROGRAM=PATH (build/virt-rehome=/etc/libvirt/hooks/qemu.d/50-virt-rehome) puts
# it, or any other file, at PATH instead; a PROGRAM that is a folder needs
# =PATH and is copied with everything in it, without looking for libraries.
#
# It is not compressed: unpacking would take longer than reading it.
#
# Needs: busybox iproute2 cpio libc-bin
set -euo pipefail

die() { echo "make-initramfs: $*" >&2; exit 1; }

[ $# -ge 1 ] || die "usage: make-initramfs.sh OUT PROGRAM[=PATH]..."
out=$1
shift

PATH=$PATH:/usr/sbin:/sbin
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# The libraries of program $1, each at the path at which the loader looks.
add_libraries() {
    local lib list
    list=$(ldd "$1" 2>/dev/null) || return 0    # a static program, a script
    while read -r lib; do
        [ -e "$root$lib" ] && continue
        mkdir -p "$root$(dirname "$lib")"
        cp -L "$lib" "$root$lib"
    done < <(sed -nE 's,^([^/]*=> )?[[:space:]]*(/[^ ]+) \(0x.*,\2,p' <<<"$list")
    if grep -q 'not found' <<<"$list"; then
        die "$1: $(grep 'not found' <<<"$list")"
    fi
}

add_file() {    # FILE PATH-INSIDE
    mkdir -p "$root$(dirname "$2")"
    if [ -d "$1" ]; then
        cp -R -L "$1" "$root$2"
        return
    fi
    cp -L "$1" "$root$2"
    add_libraries "$1"
}

# One tree for /bin, /sbin and /lib as on the host, so that the loader's path
# and those printed by ldd are both right.
mkdir -p "$root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,dev,proc,sys,tmp,run,root,out,share,etc}
ln -s usr/bin "$root/bin"
ln -s usr/sbin "$root/sbin"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
echo root:x:0:0:root:/root:/bin/sh >"$root/etc/passwd"
echo nobody:x:65534:65534:nobody:/:/bin/sh >>"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
echo 127.0.0.1 localhost >"$root/etc/hosts"

busybox=$(command -v busybox) || die "no busybox here (busybox-static)"
if ldd "$busybox" >/dev/null 2>&1; then die "$busybox is not static (busybox-static)"; fi
add_file "$busybox" /usr/bin/busybox
"$busybox" --list | while read -r applet; do
    [ "$applet" = busybox ] || ln -s busybox "$root/usr/bin/$applet"
done

for program in vdpa "$@"; do
    inside=
    if [[ $program == *=* ]]; then
        inside=${program#*=}
        program=${program%%=*}
        [[ $inside == /* ]] || die "$inside: not a path from the root"
    fi
    file=$(command -v "$program" || true)
    [ -n "$file" ] || file=$program
    [ -e "$file" ] || die "no $program here"
    [ -n "$inside" ] || [ ! -d "$file" ] || die "$file is a folder: say where it goes ($file=/path)"
    inside=${inside:-/usr/bin/$(basename "$file")}
    rm -f "$root$inside"       # a real tool takes the place of busybox's
    add_file "$file" "$inside"
done

# What glibc loads by itself, at pthread_exit() and the like.
lib=$(ldconfig -p | sed -nE 's,.*libgcc_s\.so\.1 \(.*x86-64.*\) => ,,p' | head -n 1)
[ -z "$lib" ] || [ -e "$root$lib" ] || { mkdir -p "$root$(dirname "$lib")" && cp -L "$lib" "$root$lib"; }

cat >"$root/init" <<'INIT'
#!/bin/busybox sh
# Mounts what a program expects, runs /run.sh, leaves its exit status in /out
# and ends the virtual machine. Nothing here may wait for the drivers: a test
# may have left one of them hanging.
export PATH=/usr/sbin:/usr/bin HOME=/root TERM=dumb LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=755 tmpfs /run
mount -t debugfs debugfs /sys/kernel/debug
ln -s /proc/self/fd /dev/fd
ip link set lo up
options=trans=virtio,version=9p2000.L,msize=262144
mount -t 9p -o $options,cache=none out /out || echo "init: no folder /out"
for tag in /sys/bus/virtio/drivers/9pnet_virtio/virtio*/mount_tag; do
    if [ "$(tr -d '\0' <$tag)" = share ]; then
        mount -t 9p -o $options,cache=loose,ro share /share
    fi
done
read -r uptime rest </proc/uptime
echo "init: up after $uptime s"
# Not to a serial line: on a busy host one was seen to lose a line of it.
/run.sh </dev/null >/out/output 2>&1
status=$?
read -r uptime rest </proc/uptime
echo "init: the script ended with $status after $uptime s"
echo $status >/out/exit-status
sync /out/exit-status
# Not poweroff: it waits for every driver, and a test may have blocked one.
echo b >/proc/sysrq-trigger
sleep 60
INIT
chmod 755 "$root/init"

find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . -mindepth 1 | LC_ALL=C sort |
    cpio --quiet -o -H newc -R 0:0 --reproducible) >"$out.new"
mv "$out.new" "$out"
