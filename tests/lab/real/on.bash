# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# How a command is run on a host of this lab: as ../on.bash. Its `init` says what a job is.

job_seconds=300

# A process that has ended and that nobody has asked about has no command line.
is_alive() { # PID
    local words=
    read -r -d '' words 2> /dev/null < "/proc/${1:-none}/cmdline" || true
    [ -n "$words" ]
}

are_up() { # DIR
    local pid=
    read -r pid 2> /dev/null < "$1/pid" || true
    is_alive "$pid"
}

on_host() { # DIR HOST COMMAND [ARG…]
    local dir=$1 host=$2 job status i
    shift 2
    are_up "$dir" || { echo "the hosts are not up" >&2 && return 1; }
    job=$(mktemp -d "$dir/$host/jobs/XXXXXXXX")
    printf '%s\0' "$@" > "$job/words"
    echo "$PWD" > "$job/folder"
    echo "${job##*/}" > "$dir/$host/line"
    for ((i = 0; i < job_seconds * 20; i++)); do
        [ ! -e "$job/status" ] || break
        ((i % 100)) || are_up "$dir" || { echo "the hosts are gone: $(tail -n 5 "$dir/$host/console")" >&2 && return 1; }
        read -r -t 0.05 <> "$dir/$host/idle" || true # a sleep that is no process
    done
    [ ! -s "$job/stdout" ] || cat "$job/stdout"
    [ ! -s "$job/stderr" ] || cat "$job/stderr" >&2
    [ -e "$job/status" ] || { echo "after $job_seconds s still running on kvm-$host: $*" >&2 && return 1; }
    read -r status < "$job/status"
    rm -rf "$job"
    return "$status"
}
