# SPDX-License-Identifier: LGPL-2.1-or-later
# The command from outside: words, options, streams and exits.

setup() {
    cd "$BATS_TEST_TMPDIR"
    program="$RH_BIN_DIR/virt-rehome"
    examples="$RH_SOURCE_DIR/examples"
    case="$RH_SOURCE_DIR/tests/fixtures/vdpa-equal"
    # A sanitizer's report must not pass for a refusal.
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99"
    export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}halt_on_error=1:exitcode=99"
    # Whatever this machine has below /etc.
    echo "# none" > none.conf
    config=(--config none.conf)
    cp "$case/domain.xml" guest.xml
    cp "$case/host.xml" host.xml
}

# Runs the program, standard input from $input, into the files out and err, and $status.
try() {
    status=0
    "$program" "$@" < "${input:-/dev/null}" > out 2> err || status=$?
    echo "$*: exit $status"
    head -c 2000 out
    head -c 2000 err
}

ends() { # EXIT
    [ "$status" = "$1" ]
}

# One sentence for a person, and nothing else.
misused() { # WORDS… --: SENTENCE
    try "$@"
    ends 2
    [ ! -s out ]
    [ "$(wc -l < err)" = 1 ]
    grep -q '^virt-rehome: ' err
}

lacks() { # PATTERN FILE
    if grep -q "$@"; then
        return 1
    fi
}

json() { # EXPRESSION over the parsed output, called `it`
    python3 -c 'import json, sys; it = json.load(open("out")); value = eval(sys.argv[1]); print(value); sys.exit(not value)' "$1"
}

# -- words and options ----------------------------------------------------------------------------

@test "--version" {
    try --version
    ends 0
    [ "$(cat out)" = "virt-rehome $RH_VERSION" ]
    [ ! -s err ]
}

@test "--help names every command and option, with and without a command" {
    for words in --help -h "check --help" "host --help" "record --help"; do
        # shellcheck disable=SC2086 # words are what is wanted
        try $words
        ends 0
        [ ! -s err ]
        for word in check host record rules hook --host --format --kind --print-xml --diff --print --config --policy --root --state --version "Exit status: 0"; do
            grep -qF -- "$word" out
        done
    done
}

@test "usage errors: one sentence, exit 2, no output" {
    misused
    misused nonsense
    misused ""
    misused --nonsense
    misused check
    misused check guest.xml guest.xml --host host.xml
    misused check guest.xml --frmat text
    misused check guest.xml --host
    misused check guest.xml --host host.xml --format yaml
    misused check guest.xml --host host.xml --format xml
    misused check guest.xml --host host.xml --print-xml --diff
    misused check guest.xml --host host.xml --print-xml --format json
    misused check guest.xml --host host.xml --policy loose "${config[@]}"
    misused host extra
    misused host --format yaml --host host.xml "${config[@]}"
    misused host --host host.xml --host host.xml "${config[@]}"
    misused record --print
    misused record guest.xml --host host.xml
    misused record guest.xml guest.xml --print
    misused record guest.xml --print --host host.xml --host host.xml
    misused hook
    misused hook web1 migrate begin
    misused hook web1 migrate begin - extra
}

@test "options stand before or after the words of a command" {
    try "${config[@]}" --host host.xml check guest.xml
    ends 0
    try check "${config[@]}" --host host.xml guest.xml
    ends 0
    try check guest.xml --host=host.xml --config=none.conf
    ends 0
}

@test "a word after -- is no option" {
    cp guest.xml ./--odd
    try check --host host.xml "${config[@]}" -- --odd
    ends 0
}

@test "the guest may come on standard input" {
    input=guest.xml
    try check - --host host.xml "${config[@]}"
    ends 0
    grep -q "^guest 'web1' fits on host 'dsthost'$" out
}

@test "output that cannot be written is trouble" {
    status=0
    "$program" check guest.xml --host host.xml "${config[@]}" > /dev/full 2> err || status=$?
    ends 2
    [ "$(wc -l < err)" = 1 ]
}

@test "--policy goes over the configuration, --config over the one in --root" {
    sed -i 's/ mtu="1500"/ mtu="9000"/' host.xml
    mkdir -p root/etc
    printf '[policy]\nmatch = exact\n' > root/etc/virt-rehome.conf
    try check guest.xml --host host.xml --root root
    ends 1
    try check guest.xml --host host.xml --root root --policy capability
    ends 0
    try check guest.xml --host host.xml --root root "${config[@]}"
    ends 0
    try check guest.xml --host host.xml "${config[@]}" --policy exact
    ends 1
    grep -q 'mtu is 9000, must be 1500' out
}

@test "files of conf.d come after the one configuration, in order of names" {
    sed -i 's/ mtu="1500"/ mtu="9000"/' host.xml
    mkdir -p root/etc/virt-rehome.conf.d
    printf '[policy]\nmatch = exact\n' > root/etc/virt-rehome.conf
    printf '[policy]\nmatch = capability\n' > root/etc/virt-rehome.conf.d/20-site.conf
    printf '[nonsense\n' > root/etc/virt-rehome.conf.d/30-site.conf.dpkg-dist
    try check guest.xml --host host.xml --root root
    ends 0
    printf '[policy]\nmatch = exact\n' > root/etc/virt-rehome.conf.d/100-site.conf
    try check guest.xml --host host.xml --root root
    ends 1
    printf '[policy]\nmatch = maybe\n' > root/etc/virt-rehome.conf.d/100-site.conf
    try check guest.xml --host host.xml --root root
    ends 2
    grep -q 'conf.d/100-site.conf, line 2: ' err
}

# -- check ----------------------------------------------------------------------------------------

@test "check: what each device gets, and why every other candidate is not it" {
    try check "$examples/guest.xml" --host "$examples/host-fits.xml" "${config[@]}"
    ends 0
    [ ! -s err ]
    grep -q "^guest 'web1' fits on host 'kvm-b'$" out
    grep -q "^  vDPA interface '/dev/vhost-vdpa-3' -> vdpa1 (/dev/vhost-vdpa-1)$" out
    grep -q "^  vDPA interface '/dev/vhost-vdpa-7' -> vdpa4 (/dev/vhost-vdpa-4)$" out
    grep -q "^  mediated device 'c2177883-[0-9a-f-]*' -> 1b6a2c4e-" out
    for name in vdpa0 vdpa1 vdpa2 vdpa3 vdpa4 vdpa5 vdpa6; do
        [ "$(grep -c "\b$name\b" out)" -ge 2 ]
    done
    grep -q 'vdpa0 (/dev/vhost-vdpa-0): in use by guest db2' out
    grep -q '4f0d9d7a-[0-9a-f-]*: in use by guest desktop4' out
}

@test "check: what is configured and not taken as it stands" {
    printf '[policy]\ndeadline = 600\n' > patient.conf
    try check "$examples/guest.xml" --host "$examples/host-fits.xml" --config patient.conf
    ends 0
    [ "$(cat err)" = "warning: patient.conf, line 2: deadline is 600, and 60 is taken, the most that it can be" ]
}

@test "check: a guest that does not fit" {
    try check "$examples/guest.xml" --host "$examples/host-unfit.xml" "${config[@]}"
    ends 1
    [ ! -s err ]
    grep -q "^guest 'web1' does not fit on host 'kvm-c'$" out
    grep -q 'mtu is 1500, must be at least 9000' out
    grep -q 'driver-version is 550.90.05' out
}

@test "check: --print-xml of a guest that does not fit prints no XML, and why on standard error" {
    for option in --print-xml --diff; do
        try check "$examples/guest.xml" --host "$examples/host-unfit.xml" "${config[@]}" $option
        ends 1
        [ ! -s out ]
        grep -q "does not fit on host 'kvm-c'" err
    done
}

@test "check: several hosts are answered best first" {
    sed 's/kvm-b/kvm-d/; s/ mtu="9000"/ mtu="9500"/' "$examples/host-fits.xml" > host-larger.xml
    try check "$examples/guest.xml" "${config[@]}" --host "$examples/host-unfit.xml" --host host-larger.xml --host "$examples/host-fits.xml"
    ends 0
    [ "$(grep '^guest ' out | sed "s/.*host '\(.*\)'/\1/" | tr '\n' ' ')" = "kvm-b kvm-d kvm-c " ]
    try check "$examples/guest.xml" "${config[@]}" --host "$examples/host-unfit.xml" --host "$examples/host-fits.xml" --print-xml
    ends 0
    grep -q 'host="kvm-b"' out
}

@test "check: a folder of inventories; other files in it are passed over" {
    mkdir hosts
    cp "$examples"/host-*.xml hosts
    echo "no inventory" > hosts/notes.txt
    echo "no inventory" > hosts/.hidden.xml
    try check "$examples/guest.xml" --host hosts "${config[@]}" --format json
    ends 0
    json '[host["host"] for host in it["hosts"]] == ["kvm-b", "kvm-c"]'
    json '[host["fits"] for host in it["hosts"]] == [True, False]'
    cp host.xml hosts/third.xml
    try check "$examples/guest.xml" --host hosts --host host.xml "${config[@]}" --format json
    ends 0
    json 'len(it["hosts"]) == 4'
}

@test "check: none of several hosts fits" {
    sed 's/kvm-c/kvm-e/' "$examples/host-unfit.xml" > other.xml
    try check "$examples/guest.xml" --host other.xml --host "$examples/host-unfit.xml" "${config[@]}"
    ends 1
    [ "$(grep -c 'does not fit' out)" = 2 ]
}

@test "check --cold, --live: as was asked; without either as the record says" {
    cp "$RH_SOURCE_DIR"/tests/fixtures/vdpa-pairs-fewer/{domain,host}.xml .
    sed 's/ kernel="6.12.107">/ kernel="6.12.107" state="off">/' domain.xml > off.xml
    for asked in "domain.xml" "domain.xml --live" "off.xml --live"; do
        # shellcheck disable=SC2086 # words are what is wanted
        try check $asked --host host.xml "${config[@]}"
        ends 1
        [ "$(head -n 1 out)" = "guest 'web1' does not fit on host 'dsthost'" ]
    done
    for asked in "off.xml" "domain.xml --cold" "off.xml --cold"; do
        # shellcheck disable=SC2086
        try check $asked --host host.xml "${config[@]}"
        ends 0
        [ "$(head -n 1 out)" = "guest 'web1' fits on host 'dsthost', when it boots there anew" ]
        grep -q "warning: queue pairs are 1 and were 2, which the guest sees when it boots" out
    done
    try check off.xml --host host.xml "${config[@]}" --format json
    json 'it["cold"] is True and it["hosts"][0]["fits"] is True'
    try check off.xml --live --host host.xml "${config[@]}" --format json
    json 'it["cold"] is False and it["hosts"][0]["fits"] is False'
    misused check off.xml --cold --live
}

@test "check --format json: the report of a guest that fits" {
    try check "$examples/guest.xml" --host "$examples/host-fits.xml" "${config[@]}" --format json
    ends 0
    [ ! -s err ]
    json 'it["guest"] == {"name": "web1", "uuid": "6f5a1c1e-3c2b-4c0e-9d5e-5b7a86a3f9d1"}'
    json '[(d["kind"], d["source"], d["target"], d["action"]) for d in it["hosts"][0]["devices"]] == [
        ("vdpa", "/dev/vhost-vdpa-3", "/dev/vhost-vdpa-1", "use"),
        ("vdpa", "/dev/vhost-vdpa-7", "/dev/vhost-vdpa-4", "use"),
        ("mdev", "c2177883-f1bb-47f0-914d-32a22e3a8804", "1b6a2c4e-90d5-4c5b-8a53-1f4d0a8e6b01", "use")]'
    json '[c["device"] for c in it["hosts"][0]["devices"][0]["candidates"]] == [f"vdpa{n}" for n in range(7)]'
    json '[c["device"] for c in it["hosts"][0]["devices"][0]["candidates"] if c["verdict"] == "fits"] == ["vdpa1"]'
    json '{c["verdict"] for c in it["hosts"][0]["devices"][0]["candidates"]} == {"fits", "rejected"}'
    json 'it["hosts"][0]["devices"][0]["candidates"][2]["reasons"] == [
        {"attribute": "mtu", "rule": "at-least", "source": "9000", "host": "1500", "text": "mtu is 1500, must be at least 9000"}]'
    json 'all(d["warnings"] == [] for d in it["hosts"][0]["devices"])'
}

@test "check --format json: a refusal has no target; warnings are told" {
    try check "$examples/guest.xml" --host "$examples/host-unfit.xml" "${config[@]}" --format json
    ends 1
    json 'it["hosts"][0]["fits"] is False'
    json 'it["hosts"][0]["devices"][0]["target"] is None and it["hosts"][0]["devices"][0]["action"] is None'
    try check "$RH_SOURCE_DIR/tests/fixtures/vdpa-mtu-not-offered-here/domain.xml" "${config[@]}" --format json \
        --host "$RH_SOURCE_DIR/tests/fixtures/vdpa-mtu-not-offered-here/host.xml"
    ends 0
    json 'it["hosts"][0]["devices"][0]["warnings"] == ["mtu is none offered here and was 1500: one of them states no limit"]'
}

@test "check --diff shows the source and the record, and nothing that only looks different" {
    try check "$RH_SOURCE_DIR/tests/fixtures/keep-everything-else/domain.xml" --host "$case/host.xml" "${config[@]}" --diff
    ends 0
    [ ! -s err ]
    [ "$(grep -c '^-[^-]' out)" = 3 ]
    [ "$(grep -c '^+[^+]' out)" = 3 ]
    grep -q '^-      <source dev="/dev/vhost-vdpa-3"/>$' out
    grep -q '^+      <source dev="/dev/vhost-vdpa-0"/>$' out
}

@test "check --diff and --print-xml of a guest that stays as it is" {
    # Written as no serialiser writes it, so that any serialising would show.
    sed "s/type=\"vdpa\"/type = 'vdpa'/; s/<\/domain>/<!-- end --><\/domain\n>/" "$RH_SOURCE_DIR/tests/fixtures/chosen-fits/domain.xml" > guest.xml
    try check guest.xml --host "$RH_SOURCE_DIR/tests/fixtures/chosen-fits/host.xml" "${config[@]}" --diff
    ends 0
    [ ! -s out ]
    try check guest.xml --host "$RH_SOURCE_DIR/tests/fixtures/chosen-fits/host.xml" "${config[@]}" --print-xml
    ends 0
    cmp out guest.xml
}

@test "check: for a guest without devices of ours there is nothing to do, whatever is configured" {
    try check "$RH_SOURCE_DIR/tests/fixtures/no-devices-of-ours/domain.xml" --host host.xml --config nowhere.conf
    ends 0
    grep -q "^guest 'web1': nothing to do on host 'dsthost'$" out
    grep -q 'it has no vDPA and no mediated devices' out
    try check "$RH_SOURCE_DIR/tests/fixtures/no-devices-of-ours/domain.xml" --host host.xml --format json
    ends 0
    json '[(h["host"], h["fits"], h["devices"]) for h in it["hosts"]] == [("dsthost", None, [])] and it["unattended"] == []'
}

@test "check: a host that is not there is trouble, whatever the guest has" {
    for guest in guest.xml "$RH_SOURCE_DIR/tests/fixtures/no-devices-of-ours/domain.xml"; do
        try check "$guest" --host nowhere.xml "${config[@]}"
        ends 2
        [ ! -s out ]
        grep -q "^virt-rehome: cannot open the inventory 'nowhere.xml'" err
    done
    input="$RH_SOURCE_DIR/tests/fixtures/no-devices-of-ours/domain.xml"
    try hook web1 migrate begin - --host nowhere.xml "${config[@]}" --state state
    ends 0
    [ ! -s err ]
}

@test "check: what is not looked after is listed, and hosts are alike for it" {
    guest="$RH_SOURCE_DIR/tests/fixtures/unattended-pci-and-usb/domain.xml"
    sed "s/'dsthost'/'b'/; s/\"dsthost\"/\"b\"/" host.xml > b.xml
    try check "$guest" --host host.xml --host b.xml --format json
    ends 0
    json '[(one["host"], one["fits"]) for one in it["hosts"]] == [("b", None), ("dsthost", None)]'
    json 'it["unattended"] == [{"kind": "pci", "source": "0000:41:00.4"}, {"kind": "usb", "source": "1d6b:0002"}]'
    try check "$guest" --host host.xml --print-xml
    ends 0
    cmp out "$guest"
    try check "$RH_SOURCE_DIR/tests/fixtures/unknown-in-arguments/domain.xml" --host host.xml "${config[@]}" --format json
    ends 1
    json 'it["hosts"][0]["fits"] is False and it["unattended"][0]["source"] == "/dev/vhost-vdpa-0"'
    json '"not understood" in it["unattended"][0]["refusal"]'
    try check "$RH_SOURCE_DIR/tests/fixtures/unknown-in-arguments/domain.xml" --host host.xml "${config[@]}"
    ends 1
    grep -q "^guest 'web1' does not fit on host 'dsthost'$" out
    grep -q "'unknown = keep'" out
}

@test "check: this host, in a tree" {
    cp -a "$RH_SOURCE_DIR/tests/fixtures/tree-mtty" tree
    try check tree/domain.xml --root tree/host
    ends 0
    grep -q "fits on host 'dsthost'" out
}

# -- host -----------------------------------------------------------------------------------------

@test "host: XML, JSON and a table of a saved inventory" {
    example="$RH_SOURCE_DIR/schemas/host-example.xml"
    try host --host "$example" "${config[@]}"
    ends 0
    xmllint --nonet --noout --relaxng "$RH_SOURCE_DIR/schemas/host.rng" out
    cp out first.xml
    try host --host first.xml --format xml "${config[@]}"
    cmp out first.xml
    try host --host "$example" --format json "${config[@]}"
    ends 0
    json 'it["name"] == "dsthost" and it["format"] == "1"'
    json '[one["name"] for one in it["vdpa"]] == ["disk0", "vdpa0", "vdpa1"]'
    json 'it["vdpa"][1]["mtu"] == "1500" and it["vdpa"][1]["used-by"] == "guest db2"'
    json '"used-by" not in it["vdpa"][2]'
    json 'it["mdev-parent"][0]["type"][0]["id"] == "nvidia-105"'
    try host --host "$example" --format text "${config[@]}"
    ends 0
    grep -q '^host dsthost, kernel 6.12.107$' out
    grep -q '^vdpa0 .*guest db2$' out
}

# Eight parents with thirty types each, of which nothing can be made; "some": one is in use, one can be made, and of
# one it is not known.
make_types() { # none|some
    python3 - "$1" << 'END'
import sys
some = sys.argv[1] == "some"
print("<host xmlns='urn:virt-rehome:1' format='1' name='dgx' kernel='6.8.0'>")
for card in range(8):
    print(f"<mdev-parent name='0000:4{card}:00.4' bus='pci' driver='nvidia'>")
    for n in range(30):
        available = f" available='{int(some and (card, n) == (2, 7))}'"
        known = "" if some and (card, n) == (3, 9) else available
        print(f"<type id='nvidia-{690 + n}' name='GRID {n}C' device-api='vfio-pci'{known}/>")
    print("</mdev-parent>")
if some:
    print("<mdev uuid='53764d0e-85a0-42b4-af5c-2046b460b1dc' parent='0000:41:00.4' type='nvidia-697'/>")
print("</host>")
END
}

@test "host --format text: types that nobody has and of which none can be made are a count" {
    make_types some > some.xml
    try host --host some.xml --format text "${config[@]}"
    ends 0
    sed -n '/^Mediated device types$/,/^$/p' out | grep -E 'nvidia-|and ' > types
    [ "$(wc -l < types)" = 4 ]
    grep -Eq '^0000:41:00.4 +nvidia-697 .* 0$' types # in use
    grep -Eq '^0000:42:00.4 +nvidia-697 .* 1$' types # can be made
    grep -Eq '^0000:43:00.4 +nvidia-699 .* -$' types # not known
    grep -qx 'and 237 that no device has and of which none can be made; --all shows them' types
    try host --host some.xml --format text --all "${config[@]}"
    ends 0
    [ "$(grep -c '^0000:4.* nvidia-[67]' out)" = 240 ]
    [ "$(grep -c -- --all out)" = 0 ]
    make_types none > none.xml
    try host --host none.xml --format text "${config[@]}"
    ends 0
    grep -qx '240 that no device has and of which none can be made; --all shows them' out
}

@test "host > FILE, then check --host FILE gives the answer of check" {
    same=$BATS_TEST_TMPDIR/same.py # all but when and from where it was had
    printf '%s\n' 'import json, sys' 'it = json.load(open(sys.argv[1]))' 'for host in it["hosts"]:' \
        '    del host["file"], host["time"], host["age"]' 'print(json.dumps(it))' > "$same"
    for tree in tree-mtty tree-nvidia tree-mtty-and-nvidia tree-nvidia-without-pools; do
        cp -a "$RH_SOURCE_DIR/tests/fixtures/$tree" .
        try check $tree/domain.xml --root $tree/host --format json
        python3 "$same" out > here.json
        here=$status
        try host --root $tree/host
        ends 0
        cp out saved.xml
        try check $tree/domain.xml --root $tree/host --host saved.xml --format json
        ends "$here"
        python3 "$same" out | cmp - here.json
    done
}

@test "a pattern of a pool that matches nothing on this host is warned of, and no pool of a saved one is" {
    cp -a "$RH_SOURCE_DIR/tests/fixtures/tree-nvidia-without-pools" .
    tree=tree-nvidia-without-pools
    # The parent is a VF of the card.
    ln -s ../0000:83:00.0 "$tree/host/sys/devices/pci0000:80/0000:80:02.0/0000:84:00.0/physfn"
    printf '[pool card]\npf = 0000:83:00.0; 0000:85:*\n[pool gone]\nmdev-parent = 0000:86:*\nvdpa = pci/*\nvf = 0000:3b:*\n' > pools.conf
    try host --root $tree/host --config pools.conf
    ends 0
    cp out saved.xml
    xmllint --nonet --noout --relaxng "$RH_SOURCE_DIR/schemas/host.rng" saved.xml
    grep -q '<mdev-parent [^>]*pf="0000:83:00.0"[^>]*pool="card"' saved.xml
    [ "$(sort err)" = "warning: 'mdev-parent = 0000:86:*' in [pool gone] matches nothing on this host
warning: 'pf = 0000:85:*' in [pool card] matches nothing on this host
warning: 'vdpa = pci/*' in [pool gone] matches nothing on this host" ]
    # Of a guest that has mediated devices alone only those are looked at.
    try check $tree/domain.xml --root $tree/host --config pools.conf
    [ "$(cat err)" = "warning: 'mdev-parent = 0000:86:*' in [pool gone] matches nothing on this host" ]
    # A saved inventory has the pools that it was made with.
    try check $tree/domain.xml --host saved.xml --host saved.xml --config pools.conf
    [ "$(cat err)" = "warning: the pools in 'pools.conf' count where an inventory is made, and not for a saved one" ]
    try check $tree/domain.xml --host saved.xml "${config[@]}"
    [ ! -s err ]
}

@test "host: a tree without anything is an empty inventory" {
    mkdir empty
    try host --root empty
    ends 0
    xmllint --nonet --noout --relaxng "$RH_SOURCE_DIR/schemas/host.rng" out
    [ "$(xmllint --xpath 'count(/*/*)' out)" = 0 ]
}

# -- record ---------------------------------------------------------------------------------------

# A guest without a record, on the host where its devices are.
unrecorded() {
    sed '/<metadata>/,/<\/metadata>/d; s/vhost-vdpa-3/vhost-vdpa-0/' "$case/domain.xml" > guest.xml
    lacks record guest.xml
}

@test "record, then check against the same inventory changes nothing" {
    unrecorded
    try record guest.xml --host host.xml --print "${config[@]}"
    ends 0
    [ ! -s err ]
    cp out recorded.xml
    xmllint --xpath '//*[local-name() = "record"]' recorded.xml > record.xml
    xmllint --nonet --noout --relaxng "$RH_SOURCE_DIR/schemas/record.rng" record.xml
    for policy in capability exact; do
        try check recorded.xml --host host.xml "${config[@]}" --policy $policy --diff
        ends 0
        [ ! -s out ]
        [ ! -s err ]
    done
    input=recorded.xml
    try hook web1 migrate begin - --host host.xml "${config[@]}" --state state
    ends 0
    [ ! -s out ]
}

@test "record of the example guest's devices: what it says is what the inventory says" {
    # The example guest, as if it ran on kvm-b.
    try check "$examples/guest.xml" --host "$examples/host-fits.xml" "${config[@]}" --print-xml
    ends 0
    sed '/<metadata>/,/<\/metadata>/d' out > guest.xml
    try record guest.xml --host "$examples/host-fits.xml" --print "${config[@]}"
    ends 0
    [ "$(xmllint --xpath 'count(//*[local-name() = "record"]/*)' out)" = 3 ]
    grep -q 'host="kvm-b"' out
    grep -q 'chardev="/dev/vhost-vdpa-1".* mac="52:54:00:5a:01:01".* mtu="9000".* guest-address="pci:0000:01:00.0"' out
    grep -q 'uuid="1b6a2c4e-90d5-4c5b-8a53-1f4d0a8e6b01".* type-name="GRID V100D-1Q".* driver-version="535.161.05"' out
    lacks -E 'used-by|bound=' out
}

@test "record is idempotent, also a second later" {
    unrecorded
    try record guest.xml --host host.xml --print "${config[@]}"
    cp out once.xml
    sleep 1.1
    try record once.xml --host host.xml --print "${config[@]}"
    ends 0
    cmp out once.xml
}

@test "record replaces the record that is there, and nothing beside it" {
    sed 's/vhost-vdpa-3"/vhost-vdpa-0"/; s/ mtu="1500"/ mtu="9000"/; s|<metadata>|<metadata><app:x xmlns:app="urn:app">kept</app:x>|' "$case/domain.xml" > guest.xml
    try record guest.xml --host host.xml --print "${config[@]}"
    ends 0
    [ "$(grep -c '<record ' out)" = 1 ]
    grep -q 'mtu="1500"' out
    lacks 'mtu="9000"' out
    grep -q '<app:x xmlns:app="urn:app">kept</app:x>' out
}

@test "record: one that cannot be read, or two, is made anew, and what it said is told" {
    local edit
    for edit in 's/ mtu="1500"/ mtu="fast"/' 's/ format="1"//' 's|<metadata>|&<record xmlns="urn:virt-rehome:1" format="1"/>|'; do
        sed "$edit; s/vhost-vdpa-3\"/vhost-vdpa-0\"/" "$case/domain.xml" > guest.xml
        try record guest.xml --host host.xml --print "${config[@]}"
        ends 0
        grep -q 'the record could not be read (.*) and is made anew of what is on this host; it said: <record ' err
        [ "$(grep -c '<record ' out)" = 1 ]
        grep -q 'mtu="1500"' out
        cp out recorded.xml
        try check recorded.xml --host host.xml "${config[@]}"
        ends 0
    done
    # One of a newer version is not ours to replace.
    sed 's/ format="1"/ format="2"/; s/vhost-vdpa-3"/vhost-vdpa-0"/' "$case/domain.xml" > guest.xml
    try record guest.xml --host host.xml --print "${config[@]}"
    ends 2
    [ ! -s out ]
    grep -q 'install a newer virt-rehome here' err
}

@test "check: host devices of no type at all, twice" {
    local device="<hostdev mode='subsystem' type=''><source dev='/dev/x'/></hostdev>"
    echo "<domain type='kvm'><name>odd</name><devices>$device$device</devices></domain>" > odd.xml
    try check odd.xml --host host.xml --format json "${config[@]}"
    ends 0
    json '[one["kind"] for one in it["unattended"]] == ["unknown"]'
}

@test "record: what is known of a guest's start stays where its XML is recorded anew" {
    sed -i 's,/dev/vhost-vdpa-0,/dev/vhost-vdpa-3,' host.xml
    try record guest.xml --host host.xml --print "${config[@]}"
    sed -E 's/<record /&qemu="11.1.0" /; s/<vdpa /&ring="1024" ctrl-ring="64" /' out > once.xml
    try record once.xml --host host.xml --print "${config[@]}"
    ends 0
    grep -q 'ring="1024"' out
    grep -q 'ctrl-ring="64"' out
    grep -q 'qemu="11.1.0"' out
}

@test "record: a device that is not on this host" {
    try record guest.xml --host host.xml --print "${config[@]}"
    ends 2
    [ ! -s out ]
    grep -q "'/dev/vhost-vdpa-3' is not on host 'dsthost'" err
}

@test "record: a uuid in capitals is the same uuid" {
    sed '/<metadata>/,/<\/metadata>/d; s/aaaaaaaa-0000-4000-8000-000000000001/BBBBBBBB-0000-4000-8000-000000000002/' \
        "$RH_SOURCE_DIR/tests/fixtures/mdev-equal/domain.xml" > guest.xml
    try record guest.xml --host "$RH_SOURCE_DIR/tests/fixtures/mdev-equal/host.xml" --print "${config[@]}"
    ends 0
}

@test "record: a guest without devices of ours" {
    try record "$RH_SOURCE_DIR/tests/fixtures/no-devices-of-ours/domain.xml" --host nowhere.xml --print "${config[@]}"
    ends 0
    cmp out "$RH_SOURCE_DIR/tests/fixtures/no-devices-of-ours/domain.xml"
}

# -- hook -----------------------------------------------------------------------------------------

@test "hook: the four words are positional whatever they look like" {
    input=guest.xml
    for name in --help --version -h -- --host; do
        try hook "$name" migrate begin - --host host.xml "${config[@]}" --state state
        ends 0
        cmp out "$case/expected.xml"
    done
    try hook web1 migrate begin --help --host host.xml "${config[@]}" --state state
    ends 0
    cmp out "$case/expected.xml"
    misused hook web1 --version --help - --host host.xml "${config[@]}" --state state
    grep -q "libvirt has no operation '--version --help'" err
}

@test "hook: options may precede it" {
    input=guest.xml
    try --host host.xml "${config[@]}" --state state hook --help migrate begin -
    ends 0
    cmp out "$case/expected.xml"
}

@test "hook: a refusal is for standard error, exit 1" {
    input="$examples/guest.xml"
    try hook web1 migrate begin - --host "$examples/host-unfit.xml" "${config[@]}" --state state
    ends 1
    [ ! -s out ]
    head -n 1 err | grep -q "^guest 'web1' does not fit on host 'kvm-c': "
}

@test "hook: --state is made where it is missing, and only for its owner" {
    input="$examples/guest.xml"
    try hook web1 restore begin - --host "$examples/host-unfit.xml" "${config[@]}" --state some/where
    ends 0
    [ ! -s out ]
    [ "$(stat -c %a some/where)" = 700 ]
    [ "$(find some/where -name 'refusal-*' | wc -l)" = 1 ]
    try hook web1 prepare begin - --host "$examples/host-unfit.xml" "${config[@]}" --state some/where
    ends 1
    [ "$(find some/where -name 'refusal-*' | wc -l)" = 0 ]
}

@test "hook: a refusal left for other devices, or for another guest, does not stop this one" {
    input="$examples/guest.xml"
    try hook web1 restore begin - --host "$examples/host-unfit.xml" "${config[@]}" --state state
    # As they start on kvm-b, which is where they belong.
    "$program" check "$examples/guest.xml" --host "$examples/host-fits.xml" "${config[@]}" --print-xml > other-devices.xml
    sed 's/<name>web1/<name>web2/; s/a3f9d1</a3f9d2</' other-devices.xml > other-guest.xml
    input=other-guest.xml
    try hook web2 prepare begin - --host "$examples/host-fits.xml" "${config[@]}" --state state
    ends 0
    try hook web2 release end - "${config[@]}" --state state
    input=other-devices.xml
    try hook web1 prepare begin - --host "$examples/host-fits.xml" "${config[@]}" --state state
    ends 0
}

# A refusal is left, then $1 fits.
refused_then() { # OPERATION
    input="$examples/guest.xml"
    try hook web1 restore begin - --host "$examples/host-unfit.xml" "${config[@]}" --state state
    ends 0
    try hook web1 "$1" begin - --host "$examples/host-fits.xml" "${config[@]}" --state state
    ends 0
    [ -s out ]
    [ "$(find state -name 'refusal-*' | wc -l)" = 0 ]
    cp out fits.xml
    input=fits.xml
    try hook web1 prepare begin - --host "$examples/host-fits.xml" "${config[@]}" --state state
    ends 0
}

@test "hook: a refusal ends with the next restore" {
    refused_then restore
}

@test "hook: a refusal ends with the next migration" {
    refused_then migrate
}

@test "hook: a state folder that cannot be made costs a restore nothing" {
    input=guest.xml
    try hook web1 restore begin - --host nowhere.xml "${config[@]}" --state guest.xml/state
    ends 0
    [ ! -s out ]
    [ "$(wc -l < err)" = 1 ]
}

@test "the hook's program: any other number of words than four is one sentence and exit 1" {
    for words in "" "web1" "web1 migrate begin" "web1 migrate begin - extra" "--help" "--version"; do
        status=0
        for hook in virt-rehome-hook virt-rehome-hook-proper; do
            # shellcheck disable=SC2086 # words are what is wanted
            "$RH_BIN_DIR/$hook" $words < guest.xml > out 2> err || status=$?
            ends 1
            [ ! -s out ]
            [ "$(wc -l < err)" = 1 ]
        done
    done
}

@test "the hook's program: a guest without devices of ours passes" {
    for hook in virt-rehome-hook virt-rehome-hook-proper; do
        status=0
        "$RH_BIN_DIR/$hook" --help migrate begin - \
            < "$RH_SOURCE_DIR/tests/fixtures/no-devices-of-ours/domain.xml" > out 2> err || status=$?
        ends 0
        [ ! -s out ]
        [ ! -s err ]
    done
}
