#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests with a vDPA NIC and an mdev come to this host: record, check, the installed hook, claims.
# shellcheck source=tests/kernel/inside/lib.sh
. /share/lib.sh

mac=52:54:00:11:22:33
claimed() { # TEXT...: the list of claims has each in one line
    virt-rehome claims >/tmp/claims
    for text; do
        grep -q "$text" /tmp/claims || { echo "no claim '$text' in:"; cat /tmp/claims; return 1; }
    done
}

unclaimed() { # WORD
    virt-rehome claims >/tmp/claims
    ! grep -wF -e "$1" /tmp/claims
}

install_hook

# -- at home --------------------------------------------------------------------------------------

hostname srchost
source_mdev=aaaaaaaa-0000-4000-8000-000000000001
add_net src0 $mac 1500
add_mdev mtty mtty-2 $source_mdev
{ nic $mac "$(node_of src0)"; mdev $source_mdev; } | guest g1 1 >/tmp/g1.xml

try virt-rehome record /tmp/g1.xml --print
cp /tmp/out /tmp/recorded.xml
cp /tmp/out /out/recorded.xml
record() {
    ended 0 && silent /tmp/err && says /tmp/recorded.xml ' host="srchost"' ' name="src0"' \
        " mac=\"$mac\"" ' mtu="1500"' ' type="mtty-2"'
}
check "a guest is recorded" record

at_home() {
    try virt-rehome check /tmp/recorded.xml
    ended 0 && hook g1 migrate begin /tmp/recorded.xml && ended 0 && silent /tmp/out /tmp/err
}
check "it fits where it is, and nothing changes" at_home
need virt-rehome release g1

# -- on another host ------------------------------------------------------------------------------

need vdpa dev del src0
remove_mdev $source_mdev
hostname dsthost
add_net small0 $mac 1400
add_net large0 52:54:00:11:22:44 9000
add_net same0 $mac 1500
add_mdev mtty mtty-1 bbbbbbbb-0000-4000-8000-000000000001
add_mdev mtty mtty-2 cccccccc-0000-4000-8000-000000000002
add_mdev mtty mtty-2 dddddddd-0000-4000-8000-000000000003
for number in 2 3; do
    sed "s/<name>g1</<name>g$number</; s/000000000001<\/uuid>/00000000000$number<\/uuid>/" \
        /tmp/recorded.xml >/tmp/g$number.xml
done

checks() {
    try virt-rehome check /tmp/recorded.xml
    ended 0 && silent /tmp/err && says /tmp/out "$(node_of same0)" mtu &&
        try virt-rehome check /tmp/recorded.xml --print-xml && ended 0 && cp /tmp/out /tmp/printed.xml
}
check "check finds its devices" checks

given() { # FILE VDPA-NAME MDEV: has these devices and a record of this host
    equal NIC "$(nic_of "$1")" "$(node_of "$2")" && equal mdev "$(mdev_of "$1")" "$3" &&
        says "$1" ' host="dsthost"' " name=\"$2\"" && has_not "$1" srchost "$source_mdev"
}

has_not() { # FILE TEXT...
    file=$1
    shift
    for text; do
        ! grep -F -e "$text" "$file" || return 1
    done
}

first() {
    hook g1 migrate begin /tmp/recorded.xml
    cp /tmp/out /tmp/g1-here.xml
    cp /tmp/out /out/g1-here.xml
    ended 0 && silent /tmp/err && given /tmp/out same0 cccccccc-0000-4000-8000-000000000002 &&
        cmp /tmp/out /tmp/printed.xml
}
check "the hook gives it the best, as check said" first
check "and holds it" claimed "$(node_of same0).*g1.*reserved" "cccccccc.*g1.*reserved"

second() {
    hook g2 migrate begin /tmp/g2.xml
    cp /tmp/out /tmp/g2-here.xml
    ended 0 && silent /tmp/err && given /tmp/out large0 dddddddd-0000-4000-8000-000000000003
}
check "a second guest gets other devices" second

refused() { # TEXT...: in one guest's refusal
    ended 1 && silent /tmp/out && equal "the message's beginning" \
        "$(sed -n '1s/ does not fit on host .*//p' /tmp/err)" "guest 'g3'" && says /tmp/err "$@"
}

third() {
    hook g3 migrate begin /tmp/g3.xml
    refused "guest g1" "guest g2" 'mtu' 1400
}
check "a third is refused, and told why for each device" third

# -- what follows at the first guest --------------------------------------------------------------

prepare() {
    hook g1 prepare begin /tmp/g1-here.xml
    ended 0 && silent /tmp/out /tmp/err && claimed "$(node_of same0).*g1.*claimed"
}
check "prepare claims what was held" prepare

start() {
    hook g1 start begin /tmp/g1-here.xml
    ended 0 || return
    hook g1 started begin /tmp/g1-here.xml
    ended 0 && claimed "$(node_of same0).*g1.*running"
}
check "start confirms it" start

sed 's/<name>g1</<name>g9</; s/000000000001<\/uuid>/000000000009<\/uuid>/' /tmp/g1-here.xml >/tmp/g9.xml
taken() {
    hook g9 prepare begin /tmp/g9.xml
    ended 1 && silent /tmp/out && says /tmp/err "guest 'g9' cannot start" "in use by guest g1"
}
check "another guest with the same device cannot start" taken

end() {
    hook g1 stopped end /tmp/g1-here.xml
    ended 0 || return
    hook g1 release end /tmp/g1-here.xml
    ended 0 && unclaimed g1
}
check "its end frees it" end

free() {
    try virt-rehome release g2
    ended 0 && unclaimed g2 && try virt-rehome claims && ended 0
}
check "a reservation can be freed by hand" free

# -- a NIC that is too small ----------------------------------------------------------------------

need vdpa dev del same0
need vdpa dev del large0
too_small() {
    hook g3 migrate begin /tmp/g3.xml
    refused "$(node_of small0)" 1400 1500
}
check "where the only NIC's MTU is too small, that is the reason" too_small

unfit() {
    try virt-rehome check /tmp/g3.xml
    ended 1 && says /tmp/out 1400 1500
}
check "check says so too" unfit

restore() {
    hook g3 restore begin /tmp/g3.xml
    ended 0 && silent /tmp/out || return
    hook g3 prepare begin /tmp/g3.xml
    ended 1 && silent /tmp/out && says /tmp/err "guest 'g3' does not fit" 1400 1500
}
check "a restore is refused at prepare, where the image stays" restore

add_net again0 52:54:00:11:22:55 1500
restored() {
    hook g3 restore begin /tmp/g3.xml
    ended 0 && given /tmp/out again0 cccccccc-0000-4000-8000-000000000002 || return
    cp /tmp/out /tmp/g3-here.xml
    hook g3 prepare begin /tmp/g3-here.xml
    ended 0 && silent /tmp/out /tmp/err && claimed "$(node_of again0).*g3.*claimed"
}
check "once there is a NIC it is restored and starts" restored
hook g3 release end /tmp/g3-here.xml

# -- a plain start --------------------------------------------------------------------------------

plain() {
    hook g3 prepare begin /tmp/g3-here.xml
    ended 0 && silent /tmp/out /tmp/err || return
    hook g3 release end /tmp/g3-here.xml
    ended 0 && unclaimed g3
}
check "a guest of this host starts as it is" plain

foreign() { # nothing was planned for it here, and its record names another host
    sed "s|$(nic_of /tmp/g3.xml)|$(node_of small0)|; s/$source_mdev/dddddddd-0000-4000-8000-000000000003/" \
        /tmp/g3.xml >/tmp/foreign.xml
    hook g3 prepare begin /tmp/foreign.xml
    ended 1 && silent /tmp/out && says /tmp/err 1400 1500
}
check "one from elsewhere is judged by the rules when it starts" foreign

need vdpa dev del again0
gone() { # libvirt refuses where nothing makes it after this
    hook g3 prepare begin /tmp/g3-here.xml
    ended 0 && silent /tmp/out /tmp/err || return
    hook g3 release end /tmp/g3-here.xml
    ended 0
}
check "without its device it may start, should a script make it" gone
check "no claim is left" unclaimed running

# -- a device in use, and of another driver -------------------------------------------------------

add_net last0 $mac 1500
sleep 1000 5<>"$(node_of last0)" &
holder=$!
eventually grep -qx sleep /proc/$holder/comm
in_use() {
    hook g3 migrate begin /tmp/g3.xml
    refused "in use" "process $holder (sleep)"
}
check "a device that a process has open is not given away" in_use
kill $holder
wait $holder 2>/dev/null

bind_to_virtio last0
bound() {
    hook g3 migrate begin /tmp/g3.xml
    refused virtio_vdpa
}
check "nor one that is bound to virtio_vdpa" bound
finish
