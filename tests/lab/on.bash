# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# How a command is run on a host of the lab: for the rig, and for tests, which do it so often that a
# rig started for each would be most of what they take.

on_host() { # DIR HOST COMMAND [ARG…]
    local pid=none
    read -r pid 2> /dev/null < "$1/$2/pid" || true
    [ -e "/proc/$pid" ] || { echo "kvm-$2 is not up" >&2 && return 1; }
    nsenter -t "$pid" -m -u -p -i -n -- env -C "$PWD" -u LIBVIRT_DEFAULT_URI LC_ALL=C "${@:3}" 3>&- 4>&-
}
