#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Boots a kernel of build-kernel.sh with an initramfs of make-initramfs.sh in
# QEMU, runs SCRIPT in it and hands out what it left:
#
#   run.sh KERNEL INITRAMFS SCRIPT OUTDIR [TIMEOUT]
#
# SCRIPT runs as root with its own "#!" line; what it prints, to either output,
# is in OUTDIR/output, at once, and on standard output in the end. OUTDIR is the
# folder /out inside, so that files are there even after a hang. The kernel's
# messages are in OUTDIR/console, and on standard error where the virtual machine did
# not come to its end or where VERBOSE is set.
#
# Exit status: the script's; 124 when it took longer than TIMEOUT seconds (120);
# 125 when the virtual machine could not be started or ended without a status.
#
# Environment:
#   APPEND     more for the kernel's command line: vdpa_sim.use_va=0,
#              initcall_blacklist=vdpasim_net_init
#   SHARE      a folder of the host, read-only in /share
#   QEMU_ARGS  more arguments for QEMU, split at blanks
#   QEMU       the program (qemu-system-x86_64)
#   ACCEL      tcg; kvm where that works
#   MEMORY     in MiB (512)
#   CPUS       number of virtual CPUs (1)
set -euo pipefail

die() { echo "run: $*" >&2; exit 125; }

[ $# = 4 ] || [ $# = 5 ] || die "usage: run.sh KERNEL INITRAMFS SCRIPT OUTDIR [TIMEOUT]"
kernel=$1 initramfs=$2 script=$3
timeout=${5:-120}
for file in "$kernel" "$initramfs" "$script"; do
    [ -r "$file" ] || die "cannot read $file"
done
mkdir -p "$4"
out=$(cd "$4" && pwd)
[[ $out != *,* ]] || die "$out: no commas, please"
command -v "${QEMU:=qemu-system-x86_64}" >/dev/null || die "no $QEMU here (qemu-system-x86)"
rm -f "$out/exit-status" "$out/output" "$out/console"

tmp=$(mktemp -d)
pid=
# shellcheck disable=SC2317 # called by the trap
cleanup() {
    if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 125' INT TERM HUP

# The kernel takes several cpio archives one after the other: the script is in
# a second one, so that an initramfs serves many scripts.
mkdir "$tmp/root"
cp -L "$script" "$tmp/root/run.sh"
chmod 755 "$tmp/root/run.sh"
(cd "$tmp/root" && echo run.sh | cpio --quiet -o -H newc -R 0:0) >"$tmp/script"
cat "$initramfs" "$tmp/script" >"$tmp/initramfs"

args=(
    -nodefaults -no-user-config -display none -no-reboot
    -machine "q35,accel=${ACCEL:-tcg}" -m "${MEMORY:-512}" -smp "${CPUS:-1}"
    -kernel "$kernel" -initrd "$tmp/initramfs"
    # no_timer_check: on a busy host QEMU is too slow for the kernel's look whether the timer ticks
    -append "console=ttyS0 panic=-1 no_timer_check ${APPEND-}"
    -serial "file:$out/console"
    -virtfs "local,path=$out,mount_tag=out,security_model=none,multidevs=remap"
)
if [ -n "${SHARE-}" ]; then
    [ -d "$SHARE" ] || die "no folder $SHARE"
    args+=(-virtfs "local,path=$(cd "$SHARE" && pwd),mount_tag=share,security_model=none,readonly=on,multidevs=remap")
fi
read -r -a more <<<"${QEMU_ARGS-}"

# timeout(1) bounds it even where this script itself is killed.
timeout -k 5 "$timeout" nice -n 19 "$QEMU" "${args[@]}" ${more[@]+"${more[@]}"} </dev/null &
pid=$!
qemu=0
wait "$pid" || qemu=$?
pid=
cat "$out/output" 2>/dev/null || true

status=$(cat "$out/exit-status" 2>/dev/null || true)
if [ -n "${VERBOSE-}" ] || [[ ! $status =~ ^[0-9]+$ ]]; then
    tr -d '\r' <"$out/console" >&2 || true
fi
if [[ $status =~ ^[0-9]+$ ]]; then exit "$status"; fi
if [ "$qemu" = 124 ] || [ "$qemu" = 137 ]; then
    echo "run: not finished after $timeout s, stopped" >&2
    exit 124
fi
die "the virtual machine ended without an exit status (QEMU: $qemu)"
