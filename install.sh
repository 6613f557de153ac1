#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds virt-rehome and installs it as a hook of libvirt, tries it, or takes it away; and installs what the tests need.
set -eu

usage() {
    cat <<EOF
Usage: ./install.sh                       build, install below /usr and register the hook
       ./install.sh --try                 build in build/ and show what it does with examples/
       ./install.sh --test [quick|all]    run the tests (quick: without clang-tidy, fuzzers, virtual machines,
                                          libvirt; all: also what takes long)
       ./install.sh --uninstall           take away all that was installed
       ./install.sh --help

What the build or the tests need is installed with apt or dnf where it is missing.
DESTDIR=DIR installs below DIR; then nothing is reloaded, no package is installed, and no root
is needed.
EOF
}

hook_link=/etc/libvirt/hooks/qemu.d/50-virt-rehome
hook_program=/usr/sbin/virt-rehome-hook
destdir=${DESTDIR:-}
destdir=${destdir%/}

say() { printf '%s\n' "$*"; }
fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 2
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# Packages ---------------------------------------------------------------------------------------

# What is asked for, its package for apt, its packages for dnf. What is asked for is a command, a
# pkg-config module (pc:NAME), a Python module (py:NAME) or a file (/PATH).
build_needs='
cc                      gcc                     gcc
/usr/include/stdio.h    libc6-dev               glibc-devel
ninja                   ninja-build             ninja-build
pkg-config              pkg-config              pkgconf-pkg-config
meson                   meson                   meson
pc:glib-2.0             libglib2.0-dev          glib2-devel
pc:libxml-2.0           libxml2-dev             libxml2-devel
pc:libnl-3.0            libnl-3-dev             libnl3-devel
pc:libnl-genl-3.0       libnl-genl-3-dev        libnl3-devel
pc:json-glib-1.0        libjson-glib-dev        json-glib-devel
pc:libvirt              libvirt-dev             libvirt-devel
pc:libseccomp           libseccomp-dev          libseccomp-devel
'
test_needs='
python3                 python3                 python3
bats                    bats                    bats
xmllint                 libxml2-utils           libxml2
xsltproc                xsltproc                libxslt
sanitizers              gcc                     libasan libubsan
readelf                 binutils                binutils
strace                  strace                  strace
pgrep                   procps                  procps-ng
unshare                 util-linux              util-linux
/usr/share/libvirt/schemas/domain.rng domain.rng libvirt-libs
'
# Without these a test is skipped. Another version of clang's tools would judge differently.
test_wishes='
mandoc                  mandoc
clang-format-14         clang-format-14
clang-tidy-14           clang-tidy-14
py:jsonschema           python3-jsonschema
'
# The same for what looks deeper: analyzers, fuzzers, valgrind.
means_wishes='
valgrind                valgrind
clang-14                clang-14
libfuzzer-14            libclang-rt-14-dev
'
# The same for the tests in virtual machines, whose kernels are built from Debian's sources.
kernel_wishes='
qemu-system-x86_64      qemu-system-x86
static-busybox          busybox-static
vdpa                    iproute2
make                    build-essential
flex                    flex
bison                   bison
bc                      bc
cpio                    cpio
depmod                  kmod
xz                      xz-utils
/usr/include/libelf.h   libelf-dev
/usr/include/openssl/ssl.h libssl-dev
'
# The same for those with real devices, whose hosts are made from Debian's packages.
real_wishes='
mmdebstrap              mmdebstrap
setpriv                 util-linux
'
# The same for the tests with libvirt's daemon. These packages of Debian 12 start none.
lab_wishes='
libvirtd                libvirt-daemon
/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so libvirt-daemon-driver-qemu
virsh                   libvirt-clients
qemu-system-x86_64      qemu-system-x86
ip                      iproute2
mount                   mount
hostname                hostname
'

has() {
    case $1 in
    pc:*) command -v pkg-config >/dev/null && pkg-config --exists "${1#pc:}" ;;
    py:*) command -v python3 >/dev/null && python3 -c "import ${1#py:}" 2>/dev/null ;;
    /*) [ -e "$1" ] ;;
    sanitizers) echo 'int main(void) { return 0; }' |
        cc -fsanitize=address,undefined -x c -o /dev/null - 2>/dev/null ;;
    libfuzzer-14) echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
        clang-14 -fsanitize=fuzzer,address -x c -o /dev/null - 2>/dev/null ;;
    static-busybox) command -v busybox >/dev/null && ! ldd "$(command -v busybox)" >/dev/null 2>&1 ;;
    ninja) command -v ninja >/dev/null || command -v ninja-build >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

# The packages of what is missing of the list on standard input; $1 is apt or dnf.
missing_packages() {
    while read -r what apt dnf; do
        if [ -z "$what" ] || has "$what"; then continue; fi
        if [ "$1" = apt ]; then say "$apt"; else say "$dnf"; fi
    done
}

in_archive() { [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]; }

# libvirt's schemas moved from one package to another after Debian 12.
schema_package() { if in_archive libvirt-common; then say libvirt-common; else say libvirt0; fi; }

# shellcheck disable=SC2086  # $1 is a list of names
apt_install() {
    say "installing" $1
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $1 >/dev/null
}

# shellcheck disable=SC2086
dnf_install() {
    say "installing" $1
    dnf install -q -y $1 >/dev/null
}

# Installs what is missing of the needs in $1.
install_needs() {
    missing=$(printf '%s' "$1" | what_is_missing)
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || command -v dnf >/dev/null ||
        fail "neither apt-get nor dnf is here, please install what has:" "$missing"
    is_root || fail "not root, and this is missing for the build:" "$missing"
    if command -v apt-get >/dev/null; then
        apt-get update -qq >/dev/null || fail "apt-get could not update its package index"
        packages=$(printf '%s' "$1" | missing_packages apt | sed "s/^domain.rng\$/$(schema_package)/")
        apt_install "$packages" || fail "apt-get could not install what is missing:" "$missing"
    else
        dnf_install "$(printf '%s' "$1" | missing_packages dnf)" ||
            fail "dnf could not install what is missing:" "$missing"
    fi
}

# Installs what is missing of the wishes in $1, where the distribution has it and we may.
install_wishes() {
    if ! is_root || ! command -v apt-get >/dev/null; then return 0; fi
    missing=$(printf '%s' "$1" | missing_packages apt)
    [ -n "$missing" ] || return 0
    apt-get update -qq >/dev/null || true
    for package in $missing; do
        if in_archive "$package"; then apt_install "$package" || true; fi
    done
}

what_is_missing() {
    while read -r what _; do
        if [ -n "$what" ] && ! has "$what"; then printf '%s ' "${what#pc:}"; fi
    done
}

# Building ---------------------------------------------------------------------------------------

# What is tried and installed.
build_release() {
    say "building in $PWD/build"
    scripts/build-folder.sh build --prefix=/usr --sysconfdir=/etc -Dtests=disabled || exit 2
}

# --try ------------------------------------------------------------------------------------------

heading() { printf '\n== %s\n' "$*"; }

# Shows a command and runs it; $1 is the exit status that is expected.
show() {
    expected=$1
    shift
    printf '\n$ %s\n' "$*"
    status=0
    "$@" || status=$?
    [ "$status" -eq "$expected" ] ||
        fail "this should have ended with $expected, but ended with $status"
}

try() {
    install_needs "$build_needs"
    build_release

    heading "web1 leaves its host kvm-a. It has two vDPA NICs and a vGPU:"
    grep -n -e "source dev='/dev/vhost" -e "address uuid=" examples/guest.xml
    heading "kvm-b has a match for each of them (exit status 0):"
    show 0 build/virt-rehome check examples/guest.xml --host examples/host-fits.xml
    heading "what the hook would change in the guest's XML on kvm-b:"
    show 0 build/virt-rehome check examples/guest.xml --host examples/host-fits.xml --diff
    heading "kvm-c has not, and says why (exit status 1):"
    show 1 build/virt-rehome check examples/guest.xml --host examples/host-unfit.xml
    heading "Now yours: build/virt-rehome host shows this host, ./install.sh registers the hook."
}

# --test -----------------------------------------------------------------------------------------

# Installs what the tests need, and hands over to what runs them.
run_tests() {
    # All packages first: apt serves one at a time, and building a kernel may ask it for a source.
    case ${1:-most} in
    most | all)
        install_needs "$build_needs$test_needs"
        install_wishes "$kernel_wishes$real_wishes$test_wishes$lab_wishes$means_wishes"
        ;;
    quick)
        install_needs "$build_needs$test_needs"
        install_wishes "$test_wishes"
        ;;
    *) fail "--test takes quick or all, not '$1'" ;;
    esac
    exec tests/run "$@"
}

# Installing -------------------------------------------------------------------------------------

need_root() {
    [ -n "$destdir" ] || is_root || fail "only root can $1 (or set DESTDIR)"
}

# Asks a daemon of libvirt to read its hooks anew; guests and connections stay as they are.
reload_daemon() {
    if [ -d /run/systemd/system ] && systemctl --quiet is-active "$1.service"; then
        if systemctl reload "$1.service"; then
            say "reloaded $1"
        else
            say "could not reload $1: please run 'systemctl reload $1'"
        fi
        return 0
    fi
    pid=$(cat "/run/$1.pid" 2>/dev/null) || return 0
    case $(readlink "/proc/$pid/exe" 2>/dev/null) in
    */"$1" | */"$1 (deleted)") kill -HUP "$pid" && say "reloaded $1 (process $pid)" ;;
    esac
}

reload_libvirt() {
    [ -z "$destdir" ] || return 0
    reload_daemon libvirtd
    reload_daemon virtqemud
}

# The service that keeps the records, and the one that puts definitions right at boot.
units='virt-rehome-recorder.service virt-rehome-refresh.service'

is_run_by_systemd() { [ -z "$destdir" ] && [ -d /run/systemd/system ]; }

# shellcheck disable=SC2086 # a list of names
start_units() {
    is_run_by_systemd || return 0
    systemctl daemon-reload
    systemctl --quiet enable $units || fail "systemctl could not enable $units"
    systemctl restart virt-rehome-recorder.service || fail "virt-rehome-recorder could not be started"
    say "enabled $units"
}

# shellcheck disable=SC2086
stop_units() {
    is_run_by_systemd || return 0
    systemctl --quiet disable --now $units 2>/dev/null || true
}

install_all() {
    need_root "install virt-rehome"
    [ -n "$destdir" ] || install_needs "$build_needs"
    build_release
    DESTDIR=$destdir meson install -C build --no-rebuild --quiet >/dev/null ||
        fail "meson could not install"
    say "installed the commands virt-rehome, virt-rehome-hook and virt-rehome-recorder"
    mkdir -p "$destdir${hook_link%/*}"
    ln -sfn "$hook_program" "$destdir$hook_link"
    say "registered the hook: $destdir$hook_link"
    reload_libvirt
    start_units
}

uninstall() {
    need_root "take virt-rehome away"
    # First the hook, so that no migration meets half of it.
    if [ -L "$destdir$hook_link" ]; then
        rm -f "$destdir$hook_link"
        say "removed the hook: $destdir$hook_link"
        reload_libvirt
    fi
    stop_units
    for file in bin/virt-rehome libexec/virt-rehome/hook libexec/virt-rehome/virt-rehome-hook-proper \
        sbin/virt-rehome-hook sbin/virt-rehome-recorder \
        share/man/man1/virt-rehome.1 share/man/man5/virt-rehome.conf.5 \
        share/man/man8/virt-rehome-hook.8 share/man/man8/virt-rehome-recorder.8; do
        rm -f "$destdir/usr/$file" "$destdir/usr/$file.gz"
    done
    for unit in $units; do
        rm -f "$destdir/usr/lib/systemd/system/$unit" "$destdir/lib/systemd/system/$unit"
    done
    if is_run_by_systemd; then systemctl daemon-reload; fi
    rmdir "$destdir/etc/libvirt/hooks/qemu.d" "$destdir/etc/libvirt/hooks" 2>/dev/null || true
    rmdir "$destdir/usr/libexec/virt-rehome" 2>/dev/null || true
    rm -rf "$destdir/usr/share/virt-rehome" "$destdir/run/virt-rehome"
    say "removed the commands, the manual pages and the state in /run/virt-rehome"
    # Second names of managed saves, but those that are the last.
    saves=$destdir/var/lib/libvirt/qemu/save
    find "$saves" -maxdepth 1 -name '*.save.virt-rehome*' -links +1 -delete 2>/dev/null || true
    if [ -n "$(find "$saves" -maxdepth 1 -name '*.save.virt-rehome*' 2>/dev/null)" ]; then
        say "left images of guests that libvirt has no more: $saves/*.save.virt-rehome*"
    fi
    if [ -e "$destdir/etc/virt-rehome.conf" ] || [ -e "$destdir/etc/virt-rehome.conf.d" ]; then
        say "left your configuration: $destdir/etc/virt-rehome.conf*"
    fi
}

case ${1:-} in
--help | -h) usage; exit 0 ;;
esac
cd -- "$(dirname -- "$0")"
case ${1:-} in
'') install_all ;;
--try) try ;;
--test) shift; run_tests "$@" ;;
--uninstall) uninstall ;;
*) usage >&2; exit 2 ;;
esac
