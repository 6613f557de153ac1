#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds the small kernel in which the tests under real vDPA and mdev devices
# run, from Debian's package linux-source-VERSION (6.12, 6.1), and prints the
# path of the result:
#
#   build-kernel.sh [--cached] VERSION|VERSION-um [CACHE_DIR]
#
# VERSION is a kernel of kernel.config for a virtual machine (x86_64), VERSION-um
# one of um.config that is a program (User-Mode Linux).
# CACHE_DIR: $VIRT_REHOME_CACHE, else virt-rehome in the user's cache folder.
# The result, CACHE_DIR/bzImage-VERSION-HASH or linux-VERSION-um-HASH, is reused as
# long as the configuration and what this script changes in the source stay the same.
# The source package is kept in CACHE_DIR too. Messages go to standard error. Exit
# status: 0; 77 where the package is neither here nor in the archive, or, with
# --cached, where the result is not there yet; 1 otherwise.
# Several may run at the same time: one builds, the others wait for it.
#
# One thing is new in it: the largest ring that vdpa_sim offers, 256 in the kernel
# as it is, can be set (vdpa_sim.queue_max=1024 on the kernel's command line, or
# /sys/module/vdpa_sim/parameters/queue_max, for devices made from then on), since
# QEMU's rings can be that long, and hosts differ.
#
# Needs: build-essential bc bison flex libelf-dev libssl-dev xz-utils kmod cpio
# Environment: JOBS (number of processors), KEEP_BUILD=1 (keep the build tree)
set -euo pipefail

# What the changes below do to the source; raise it when they change.
changes=5

in_archive() { [ -n "$(apt-cache madison "linux-source-$version" 2>/dev/null)" ]; }
say() { echo "build-kernel: $*" >&2; }
die() { say "$*"; exit 1; }

cached=
if [ "${1-}" = --cached ]; then cached=yes && shift; fi
[ $# = 1 ] || [ $# = 2 ] || die "usage: build-kernel.sh [--cached] VERSION|VERSION-um [CACHE_DIR]"
name=$1
version=${name%-um}
arch=x86_64 config=kernel.config target=bzImage product=arch/x86/boot/bzImage
[ "$version" = "$name" ] || arch=um config=um.config target=linux product=linux
cache=${2:-${VIRT_REHOME_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/virt-rehome}}
here=$(cd "$(dirname "$0")" && pwd)
fragment=$here/$config
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
[[ $version =~ ^[0-9]+\.[0-9]+$ ]] || die "'$version' is not a version like 6.12"

hash=$( { sed -e 's/[ \t]*#.*//' -e '/^$/d' "$fragment"
          echo "changes $changes"; } | sha256sum | cut -c1-12)
image=$cache/${product##*/}-$name-$hash

exec 9>"$cache/.build-$name-$hash.lock"
flock 9
if [ -s "$image" ]; then
    say "reusing $image"
    echo "$image"
    exit 0
fi
if [ -n "$cached" ]; then
    say "not built here yet: $image"
    exit 77
fi

for tool in make gcc bc bison flex xz cpio; do
    command -v "$tool" >/dev/null || die "no $tool here"
done

build=$(mktemp -d "$cache/build-$name.XXXXXX")
make=
# shellcheck disable=SC2317 # called by the trap
cleanup() {
    if [ -n "$make" ]; then
        kill "$make" 2>/dev/null || true
        wait "$make" || true
    fi
    if [ -n "${KEEP_BUILD-}" ]; then say "build tree kept: $build"; else rm -rf "$build"; fi
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP
start=$SECONDS

# --- the source: from the cache, from an installed package, or downloaded
shopt -s nullglob
debs=("$cache/linux-source-${version}_"*.deb)
tarball=/usr/src/linux-source-$version.tar.xz
if [ ${#debs[@]} = 0 ] && [ ! -e "$tarball" ]; then
    in_archive || {
        # An index that was never fetched has nothing either.
        if [ "$(id -u)" = 0 ]; then
            apt-get update -qq >/dev/null 2>&1 || die "apt-get could not update its package index"
        fi
        in_archive || { say "linux-source-$version is not in this distribution"; exit 77; }
    }
    # Once for all that want it, and never half of it.
    exec 8>"$cache/.source-$version.lock"
    flock 8
    debs=("$cache/linux-source-${version}_"*.deb)
    if [ ${#debs[@]} = 0 ]; then
        say "downloading linux-source-$version"
        mkdir "$build/download"
        (cd "$build/download" && apt-get download "linux-source-$version" >&2)
        mv "$build/download/"*.deb "$cache/"
        rmdir "$build/download"
        debs=("$cache/linux-source-${version}_"*.deb)
    fi
    exec 8>&-
fi
if [ ${#debs[@]} -gt 0 ]; then
    deb=${debs[-1]}
    say "unpacking ${deb##*/}"
    dpkg-deb --fsys-tarfile "$deb" | tar -xO "./usr/src/linux-source-$version.tar.xz" |
        xz -dc | tar -x -C "$build" --strip-components=1
else
    say "unpacking $tarball"
    tar -xf "$tarball" -C "$build" --strip-components=1
fi
cd "$build"

# --- changes: the samples built in (6.1 has them as modules only); virtio_vdpa
# registered after vhost_vdpa, which would otherwise never get a device (built
# in, the link order decides; on a host, what was loaded first); the simulator's
# largest ring; and, for User-Mode Linux, DMA in name (no simulator does any), and
# VFIO's type 1 and dirty page bitmap (mtty migrates with it), which are offered to
# processors with an IOMMU only, and room for the registers of a processor with AMX
# (11,008 bytes; where they do not fit, its first program ends it: "ptrace set fp regs
# failed, errno = 14")
sed -i '/^config SAMPLE_VFIO_MDEV_/,/^$/s/depends on \(.*\) && m$/depends on \1/' samples/Kconfig
other=drivers/virtio/virtio_vdpa.c
sed -i 's/^module_vdpa_driver(virtio_vdpa_driver);$/static int __init virtio_vdpa_init(void)\n{\n\treturn vdpa_register_driver(\&virtio_vdpa_driver);\n}\nlate_initcall(virtio_vdpa_init);/' "$other"
grep -q '^late_initcall(virtio_vdpa_init);$' "$other" || die "$other: no module_vdpa_driver in it"
sim=drivers/vdpa/vdpa_sim/vdpa_sim.c
sed -i 's/^#define VDPASIM_QUEUE_MAX 256$/static ushort queue_max = 256;\nmodule_param(queue_max, ushort, 0644);\n#define VDPASIM_QUEUE_MAX (vdpasim->queue_max)/
    s/^\tvdpasim->dev_attr = \*dev_attr;$/&\n\tvdpasim->queue_max = queue_max;/
    /get_vq_num_max(struct vdpa_device/,/^}/s/VDPASIM_QUEUE_MAX/vdpa_to_sim(vdpa)->queue_max/' "$sim"
sed -i '/^struct vdpasim {$/,/^}/s/^\tu64 features;$/&\n\tu16 queue_max;/' "${sim%.c}.h"
[ "$(cat "$sim" "${sim%.c}.h" | grep -c queue_max)" = 6 ] || die "$sim: no VDPASIM_QUEUE_MAX 256 in it"
if [ $arch = um ]; then
    sed -i '/^config VDPA_SIM$/,/^$/s/^\tselect VHOST_RING$/&\n\tselect UML_DMA_EMULATION/' drivers/vdpa/Kconfig
    sed -i 's/^\tselect VFIO_IOMMU_TYPE1 if MMU && (/&UML || /' drivers/vfio/Kconfig
    sed -i '/^config VFIO_MDEV$/,/^$/s/^\ttristate$/&\n\tselect IOMMUFD_DRIVER/' drivers/vfio/mdev/Kconfig
    registers=arch/x86/um/user-offsets.c
    sed -i 's/DEFINE_LONGS(HOST_FP_SIZE, 2696);/DEFINE_LONGS(HOST_FP_SIZE, 12288);/' "$registers"
    grep -q 'HOST_FP_SIZE, 12288' "$registers" || die "$registers: no HOST_FP_SIZE of 2696 in it"
fi

# --- configuration
make -s ARCH=$arch KCONFIG_ALLCONFIG="$fragment" allnoconfig >&2
missing=0
while IFS='=' read -r symbol value; do
    grep -qx "$symbol=$value" .config && continue
    if grep -rqsE --include='Kconfig*' "^[[:space:]]*(menu)?config ${symbol#CONFIG_}$" .; then
        say "$symbol=$value was not taken"
        missing=1
    else
        say "$symbol: unknown to $name, left out"
    fi
done < <(grep '^CONFIG_' "$fragment")
[ $missing = 0 ] || die "$config and linux $version do not agree"

# --- build
release=$(make -s ARCH=$arch kernelversion)
say "building $release for $arch"
export KBUILD_BUILD_USER=test KBUILD_BUILD_HOST=kernel KBUILD_BUILD_VERSION=1
export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970'
log=$cache/build-$name-$hash.log
nice -n 19 make -s -j "${JOBS:-$(nproc)}" ARCH=$arch $target >"$log" 2>&1 &
make=$!
built=0
wait "$make" || built=1
make=
if [ $built != 0 ]; then
    tail -n 30 "$log" >&2
    die "the build failed, see $log"
fi
cp .config "$cache/config-$name-$hash"
cp "$product" "$image.new"
mv "$image.new" "$image"
say "$release built in $((SECONDS - start)) s, $(stat -c %s "$image") bytes"
echo "$image"
