#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Configures a build folder, whether or not it is one already, and builds in it: build-folder.sh FOLDER [OPTION…]
# The options are meson's. It has nothing to say unless one of the two fails.
set -eu

fail() { # LOG TEXT
    cat "$1" >&2
    printf 'build-folder.sh: %s\n' "$2" >&2
    exit 1
}

configure() {
    if [ -e "$folder/meson-private/coredata.dat" ] &&
        meson setup --reconfigure "$folder" "$@" >"$folder/setup.log" 2>&1; then
        return 0
    fi
    rm -rf "$folder"
    mkdir -p "$folder"
    meson setup "$folder" "$@" >"$folder/setup.log" 2>&1 ||
        fail "$folder/setup.log" "meson could not configure $folder"
}

folder=$1
shift
cd -- "$(dirname -- "$0")/.."
configure "$@"
meson compile -C "$folder" >"$folder/compile.log" 2>&1 ||
    fail "$folder/compile.log" "$folder could not be built"
