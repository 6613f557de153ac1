# SPDX-License-Identifier: LGPL-2.1-or-later
# The schemas accept their examples, and turn down what is wrong.

setup() {
    cd "$RH_SOURCE_DIR"
    libvirt=${RH_LIBVIRT_SCHEMAS:-/usr/share/libvirt/schemas}
}

valid() { # SCHEMA FILE
    xmllint --nonet --noout --relaxng "schemas/$1.rng" "$2"
}

# The example with one edit by sed, which has to change something, is no longer valid.
refuses() { # SCHEMA EDIT
    local edited="$BATS_TEST_TMPDIR/edited.xml"
    sed "$2" "schemas/$1-example.xml" > "$edited"
    run cmp -s "schemas/$1-example.xml" "$edited"
    [ "$status" -eq 1 ]
    run valid "$1" "$edited"
    echo "$output"
    [ "$status" -eq 3 ]
}

@test "each schema accepts its example" {
    valid host schemas/host-example.xml
    valid record schemas/record-example.xml
    valid claims schemas/claims-example.xml
}

@test "an inventory and a record need only their format, an entry only its key" {
    echo "<host xmlns='urn:virt-rehome:1' format='1'><vdpa name='vdpa0'/></host>" |
        valid host -
    echo "<record xmlns='urn:virt-rehome:1' format='1'><vdpa chardev='/dev/vhost-vdpa-0'/></record>" |
        valid record -
}

@test "a release that waits names claims, or a guest" {
    claim=$(grep '<claim .*running' schemas/claims-example.xml)
    echo "<released xmlns='urn:virt-rehome:1' format='1' time='9'>$claim</released>" | valid claims -
    echo "<released xmlns='urn:virt-rehome:1' format='1' time='9' guest='web1' uuid='x'/>" | valid claims -
    run valid claims - <<< "<released xmlns='urn:virt-rehome:1' format='1'/>"
    [ "$status" -eq 3 ]
}

@test "a document without a format, or of a later one, is turned down" {
    for schema in host record; do
        refuses $schema "s/ format=\"1\"//"
        refuses $schema "s/ format=\"1\"/ format=\"2\"/"
    done
}

@test "an entry without its key is turned down" {
    refuses record 's| chardev="/dev/vhost-vdpa-3"||'
    refuses record 's| uuid="2d4ac7ff-8f5a-4ee5-9a4e-0c3a3a6a3a11"||'
    refuses host 's| handle="vdpasim_blk"||'
    refuses host 's| name="vdpa0"||'
    refuses host 's| id="mtty-2"||'
    refuses host 's|<pf address="[^"]*"|<pf|'
}

@test "a value of the wrong form is turned down: number, hex, MAC, yes or no, uuid, empty" {
    refuses host 's/ mtu="1500"/ mtu="0x5dc"/'
    refuses host 's/ features="0x[0-9a-f]*"/ features="12"/'
    refuses host 's/ mac="52:54:00:12:34:56"/ mac="52-54-00-12-34-56"/'
    refuses host 's/ read-only="no"/ read-only="false"/'
    refuses host 's/ version="0.1.0"/ complete="perhaps"/'
    refuses host 's/ time="[^"]*"/ time="yesterday"/'
    refuses host 's/ host-id="5ad0/ host-id="5AD0/'
    refuses record 's/ host-id="0c/ host-id="/'
    refuses host 's/ uuid="53764d0e/ uuid="5376/'
    refuses host 's/ pool="gpu"/ pool=""/'
    refuses record 's| lost="/dev| lost="dev|'
}

@test "an attribute or element that nobody knows, or that belongs elsewhere, is turned down" {
    refuses host 's/ mtu="1500"/ mtuu="1500"/'
    refuses host 's/<pf /<fp /'
    refuses record 's/ guest-address="pci:0000:00:02.0"/ used-by="guest db2"/'
    refuses record 's/xmlns="urn:virt-rehome:1"/xmlns="urn:virt-rehome:2"/'
}

@test "the example hosts are inventories" {
    valid host examples/host-fits.xml
    valid host examples/host-unfit.xml
}

@test "the example guest is a domain to libvirt, and its record is one to us" {
    [ -e "$libvirt/domain.rng" ] || skip "libvirt's domain.rng is not installed"
    xmllint --nonet --noout --relaxng "$libvirt/domain.rng" examples/guest.xml
    xmllint --xpath '//*[local-name() = "record"]' examples/guest.xml > "$BATS_TEST_TMPDIR/record.xml"
    valid record "$BATS_TEST_TMPDIR/record.xml"
}

# -- what the command prints as JSON --------------------------------------------------------------

# Holds the document NAME.json, edited by the expression over it, called `it`, against its schema.
agrees() { # NAME EXPRESSION
    python3 - "$2" "schemas/$1.json" "$BATS_TEST_TMPDIR/$1.json" << 'END'
import json, sys
import jsonschema
schema, it = (json.load(open(name)) for name in sys.argv[2:])
exec(sys.argv[1])
jsonschema.Draft202012Validator.check_schema(schema)
try:
    jsonschema.Draft202012Validator(schema).validate(it)
except jsonschema.ValidationError as error:
    print(error.message)
    sys.exit(3)
END
}

@test "rules --format json is what its schema says, and that turns down what is not" {
    python3 -c 'import jsonschema' || skip "python3-jsonschema is not installed"
    "$RH_BIN_DIR/virt-rehome" rules --format json > "$BATS_TEST_TMPDIR/rules.json"
    agrees rules pass
    for edit in 'del it["rules"]' 'it["rules"] = []' 'it["more"] = 1' 'it["rules"][0]["more"] = 1' \
        'del it["rules"][0]["why"]' 'it["rules"][0]["why"] = "Since it is."' 'it["rules"][0]["kind"] = "vf"' \
        'it["rules"][0]["only"] = ""' 'it["rules"][0]["when"] = "no"' 'it["rules"][0]["attribute"] = "Class"' \
        'it["rules"][0]["capability"] = it["rules"][0]["exact"] = None' 'it["rules"][0]["exact"] = 1'; do
        run agrees rules "$edit"
        echo "$edit: $output"
        [ "$status" -eq 3 ]
    done
}

@test "check --format json is what its schema says, and that turns down what is not" {
    python3 -c 'import jsonschema' || skip "python3-jsonschema is not installed"
    local name fixture
    name="$BATS_TEST_TMPDIR/check.json"
    for fixture in no-devices-of-ours unattended-pci-and-usb unattended-vf-beside-vdpa unknown-beside-what-fits \
        vdpa-pool-unrecorded-several-mgmtdevs record-keep-beside-recorded record-missing joint-three-for-two; do
        "$RH_BIN_DIR/virt-rehome" check "tests/fixtures/$fixture/domain.xml" --host "tests/fixtures/$fixture/host.xml" \
            --config /dev/null --format json > "$name" || [ "$?" = 1 ]
        echo "$fixture"
        agrees check pass
    done
    for edit in 'del it["unattended"]' 'it["hosts"] = []' 'it["hosts"][0]["fits"] = None' 'it["hosts"][0]["fits"] = "no"' \
        'it["more"] = 1' 'it["unattended"] = [{"kind": "pci"}]' 'it["hosts"][0]["devices"][0]["action"] = "take"' \
        'del it["hosts"][0]["devices"][0]["target"]' 'it["hosts"][0]["devices"][0]["candidates"][0]["verdict"] = "yes"'; do
        run agrees check "$edit"
        echo "$edit: $output"
        [ "$status" -eq 3 ]
    done
}
