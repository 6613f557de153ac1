# SPDX-License-Identifier: LGPL-2.1-or-later
# Bad input, through the commands and the hook: one sentence, no output, no crash. The hook ends
# with 1, the command with 2, and `restore begin` with 0 whatever it is given.

setup_file() {
    export good="$RH_SOURCE_DIR/tests/fixtures/vdpa-equal"
    export program="$RH_BIN_DIR/virt-rehome"
    # A sanitizer's report must not pass for a refusal.
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99"
    export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}halt_on_error=1:exitcode=99"
    # A guest without devices of ours would pass, so what is wrong here is the document itself.
    mkdir "$BATS_FILE_TMPDIR/documents" "$BATS_FILE_TMPDIR/long"
    cd "$BATS_FILE_TMPDIR/documents"
    python3 - "$good/domain.xml" << 'END'
import os, sys
guest = open(sys.argv[1], encoding="utf-8").read()
def write(name, data):
    with open(name, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
write("not-xml", "this is no XML\n")
write("empty", "")
write("blank", "\n\n")
write("binary", bytes(range(256)) * 64)
write("json", '{"domain": 1}\n')
write("another-document", "<network><name>default</name></network>")
write("another-namespace", '<domain xmlns="urn:elsewhere"><name>web1</name></domain>')
write("billion-laughs", f'<!DOCTYPE d [<!ENTITY l0 "lol">{laughs}]><domain><name>&l9;</name></domain>')
write("quadratic", f'<!DOCTYPE d [<!ENTITY a "{"a" * 100000}">]><domain>{"&a;" * 10000}</domain>')
write("external-dtd", '<!DOCTYPE domain SYSTEM "http://192.0.2.1/domain.dtd">\n' + guest)
write("external-entity", '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><domain><name>&x;</name></domain>')
write("parameter-entity", '<!DOCTYPE d [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>' + guest)
write("undeclared-entity", "<domain><name>&who;</name></domain>")
write("deep", "<domain>" + "<a>" * 200000 + "</a>" * 200000 + "</domain>")
write("deep-in-metadata", guest.replace("<metadata>", "<metadata>" + "<a>" * 200000 + "</a>" * 200000))
write("large", guest.replace("<metadata>", "<metadata><a>" + "lorem ipsum " * 3500000 + "</a>"))
write("invalid-utf-8", guest.encode().replace(b"web1", b"web\xff\xfe"))
write("overlong-utf-8", guest.encode().replace(b"web1", b"web\xc0\xaf"))
write("nul-byte", guest.encode().replace(b"web1", b"web\0one"))
write("control-character", guest.replace("web1", "web\x1b[31m1"))
write("control-character-reference", guest.replace("web1", "web&#27;[31m1"))
write("truncated", guest[:len(guest) // 2])
write("truncated-in-a-tag", guest[:guest.index("<metadata>") + 4])
write("two-roots", guest + guest)
write("wrong-encoding", '<?xml version="1.0" encoding="utf-16"?>' + guest)
write("unknown-encoding", '<?xml version="1.0" encoding="martian"?>' + guest)
# Below our limit of 16 MiB and above libxml2's of 10 million bytes.
os.chdir("../long")
for name, before, after in (("attribute", '<a b="', '"/>'), ("cdata", "<a><![CDATA[", "]]></a>"),
                            ("comment", "<!--", "-->"), ("name", "<a", "/>"), ("instruction", "<?a ", "?>")):
    write(name, guest.replace("<metadata>", "<metadata>" + before + "x" * 12000000 + after))
END
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    bad="$BATS_FILE_TMPDIR/documents"
}

# Runs the program, standard input from $input, into the files out and err, and $status.
try() {
    status=0
    "$program" "$@" < "${input:-/dev/null}" > out 2> err || status=$?
}

fail() {
    echo "$1: $2; exit $status"
    echo "standard output: $(head -c 300 out | tr -d '\000')"
    echo "standard error: $(head -c 1000 err | cat -v)"
    return 1
}

# No characters that move a cursor or start a sequence; C1's (U+0080 to U+009F) are two bytes each.
is_plain() {
    ! LC_ALL=C grep -qaP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$1"
}

# One sentence for a person, and nothing for a machine.
is_fault() { # LABEL EXIT
    [ "$status" = "$2" ] || fail "$1" "must end with $2"
    [ ! -s out ] || fail "$1" "prints on standard output"
    [ "$(wc -l < err)" = 1 ] || fail "$1" "says other than one line"
    [ "$(wc -c < err)" -le 2049 ] || fail "$1" "says more than 2 KiB"
    is_plain err || fail "$1" "says control characters"
}

is_silent() { # LABEL
    [ "$status" = 0 ] || fail "$1" "must end with 0"
    [ ! -s out ] || fail "$1" "prints on standard output"
    [ ! -s err ] || fail "$1" "says something"
}

no_config() {
    echo "# none" > none.conf
    common=(--config none.conf --state state)
}

@test "bad guests: check" {
    no_config
    for file in "$bad"/*; do
        try check "$file" --host "$good/host.xml" --config none.conf
        is_fault "${file##*/}" 2
    done
}

@test "bad guests: check --print-xml, --diff, --format json and record print nothing" {
    no_config
    for file in "$bad"/{not-xml,billion-laughs,truncated,nul-byte,deep}; do
        for words in "check $file --print-xml" "check $file --diff" "check $file --format json" "record $file --print"; do
            # shellcheck disable=SC2086 # words are what is wanted
            try $words --host "$good/host.xml" --config none.conf
            is_fault "$words" 2
        done
    done
}

@test "bad guests: the hook at migrate begin" {
    no_config
    for input in "$bad"/*; do
        try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
        is_fault "${input##*/}" 1
    done
}

# What is longer than 10 million bytes in one piece, libxml2 turns down in its own ways.
@test "long pieces: check, the hook, and as an inventory" {
    no_config
    for input in "$BATS_FILE_TMPDIR"/long/*; do
        try check "$input" --host "$good/host.xml" --config none.conf
        is_fault "${input##*/}" 2
        ! grep -q vhost-vdpa err || fail "${input##*/}" "shows the guest's XML"
        try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
        is_fault "${input##*/}" 1
        try check "$good/domain.xml" --host "$input" --config none.conf
        is_fault "${input##*/} as an inventory" 2
    done
}

@test "long pieces: restore begin" {
    no_config
    for input in "$BATS_FILE_TMPDIR"/long/*; do
        try hook web1 restore begin - --host "$good/host.xml" "${common[@]}"
        is_silent "${input##*/}"
    done
}

@test "bad guests: restore begin lets all pass, and prepare begin refuses what may have devices" {
    no_config
    for input in "$bad"/*; do
        [ "${input##*/}" != large ] || continue
        try hook web1 restore begin - --host "$good/host.xml" "${common[@]}"
        is_silent "${input##*/}"
        for time in first second; do
            try hook web1 prepare begin - --host "$good/host.xml" "${common[@]}"
            # What has none of these words has no device of ours, and is libvirt's to turn down.
            if LC_ALL=C grep -qaP 'vdpa|mdev|\x00' "$input"; then
                is_fault "${input##*/} at the $time prepare" 1
            else
                is_silent "${input##*/} at the $time prepare"
            fi
        done
    done
}

@test "a guest of 40 MB: restore begin lets it pass, and prepare begin refuses" {
    no_config
    input="$bad/large"
    try hook web1 restore begin - --host "$good/host.xml" "${common[@]}"
    is_silent "restore begin"
    try hook web1 prepare begin - --host "$good/host.xml" "${common[@]}"
    is_fault "prepare begin" 1
}

@test "bad guests: other operations pass" {
    no_config
    for input in "$bad"/{not-xml,empty,large,nul-byte}; do
        for operation in "start begin" "started begin" "stopped end" "release end" "reconnect begin"; do
            # shellcheck disable=SC2086 # words are what is wanted
            try hook web1 $operation - --host "$good/host.xml" "${common[@]}"
            is_silent "${input##*/} at $operation"
        done
    done
}

@test "bad inventories: check" {
    no_config
    for file in "$bad"/*; do
        try check "$good/domain.xml" --host "$file" --config none.conf
        is_fault "${file##*/}" 2
    done
}

@test "bad inventories: the hook at migrate begin, and at restore begin" {
    no_config
    input="$good/domain.xml"
    for file in "$bad"/*; do
        try hook web1 migrate begin - --host "$file" "${common[@]}"
        is_fault "${file##*/}" 1
        try hook web1 restore begin - --host "$file" "${common[@]}"
        is_silent "${file##*/}"
        try hook web1 prepare begin - --host "$file" "${common[@]}"
        is_fault "${file##*/} at prepare" 1
    done
}

@test "bad configurations: one sentence; restore begin passes" {
    no_config
    input="$good/domain.xml"
    for file in "$bad"/{not-xml,binary,json,large,nul-byte,invalid-utf-8}; do
        try check "$good/domain.xml" --host "$good/host.xml" --config "$file"
        is_fault "${file##*/}" 2
        try hook web1 migrate begin - --host "$good/host.xml" --config "$file" --state state
        is_fault "${file##*/}" 1
        try hook web1 restore begin - --host "$good/host.xml" --config "$file" --state state
        is_silent "${file##*/}"
    done
}

@test "a fault of the configuration never exceeds 2 KiB" {
    no_config
    input="$good/domain.xml"
    long=$(printf 'long%.0s' {1..2000})
    for text in "$long" "[policy]"$'\n'"$long" "[policy]"$'\n'"$long = 1" "[policy]"$'\n'"match = $long" "[$long]" "[pool]"$'\n'"$long = x"; do
        echo "$text" > long.conf
        try check "$good/domain.xml" --host "$good/host.xml" --config long.conf
        is_fault "${text:0:40}" 2
        try hook web1 migrate begin - --host "$good/host.xml" --config long.conf --state state
        is_fault "${text:0:40}" 1
    done
}

@test "an empty configuration file is none" {
    : > empty.conf
    try check "$good/domain.xml" --host "$good/host.xml" --config empty.conf
    [ "$status" = 0 ] || fail "empty configuration" "must fit"
}

@test "files that cannot be read: missing, a folder, below a file, an error while reading" {
    no_config
    for file in missing . "$good/domain.xml/below" /proc/self/mem; do
        try check "$file" --host "$good/host.xml" --config none.conf
        is_fault "guest $file" 2
        [ "$file" = . ] || try check "$good/domain.xml" --host "$file" --config none.conf
        is_fault "inventory $file" 2
        try check "$good/domain.xml" --host "$good/host.xml" --config "$file"
        is_fault "configuration $file" 2
    done
}

@test "a folder of inventories without any, or with a broken one" {
    no_config
    mkdir none some
    cp "$good/host.xml" "$bad/truncated" some
    mv some/truncated some/zz.xml
    try check "$good/domain.xml" --host none --config none.conf
    is_fault none 2
    try check "$good/domain.xml" --host some --config none.conf
    [ "$status" = 0 ]
    grep -q "^guest 'web1' fits on host" out
    grep -q "^host 'some/zz.xml' could not be asked: " out
}

@test "standard input that is closed, or a folder" {
    no_config
    for input in "$good" /proc/self/mem; do
        try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
        is_fault "standard input $input" 1
        try hook web1 restore begin - --host "$good/host.xml" "${common[@]}"
        is_silent "standard input $input"
    done
    status=0
    "$program" hook web1 migrate begin - --host "$good/host.xml" "${common[@]}" <&- > out 2> err || status=$?
    is_fault "closed standard input" 1
}

@test "standard output that takes nothing is a fault" {
    no_config
    status=0
    : > out
    "$program" hook web1 migrate begin - --host "$good/host.xml" "${common[@]}" < "$good/domain.xml" > /dev/full 2> err || status=$?
    is_fault "/dev/full" 1
}

# The good guest with one edit by sed, which has to change something.
edited() { # EDIT
    sed "$1" "$good/domain.xml" > guest.xml
    input=guest.xml
    ! cmp -s guest.xml "$good/domain.xml"
}

@test "values that are none: one sentence" {
    no_config
    for edit in 's/ mtu="1500"/ mtu="99999999999999999999999999"/' 's/ mtu="1500"/ mtu="-1"/' 's/ mtu="1500"/ mtu=""/' \
        's/ mtu="1500"/ mtu="1500\&#10;1"/' \
        's/ features="0x[0-9a-f]*"/ features="0xfffffffffffffffff"/' 's/ mac="[^"]*"/ mac="52:54:00:5a:01"/' \
        's/ format="1"/ format="99999999999999999999"/' 's/ format="1"/ format="2"/' \
        's/<mac address="[^"]*"/<mac address="nothing\&#10;"/' \
        's|<model type="virtio"/>|<driver rx_queue_size="-256"/>|' \
        's|<devices>|<numatune><memory nodeset="0-99999999999"/></numatune><devices>|' \
        's|<source dev="/dev/vhost-vdpa-3"/>||' 's|<source dev="/dev/vhost-vdpa-3"/>|<source dev=""/>|'; do
        edited "$edit"
        try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
        is_fault "${edit:0:80}" 1
        try check guest.xml --host "$good/host.xml" --config none.conf
        is_fault "${edit:0:80}" 2
        try hook web1 restore begin - --host "$good/host.xml" "${common[@]}"
        is_silent "${edit:0:80}"
    done
}

@test "a fault never exceeds 2 KiB, whatever it quotes" {
    no_config
    long=$(printf 'long%.0s' {1..2000})
    for edit in "s/ mtu=\"1500\"/ mtu=\"$long\"/" "s/ format=\"1\"/ format=\"$long\"/" "s/<mac address=\"[^\"]*\"/<mac address=\"$long\"/" \
        "s|<model type=\"virtio\"/>|<driver rx_queue_size=\"$long\"/>|" "s|<devices>|<numatune><memory nodeset=\"$long\"/></numatune><devices>|" \
        "s|<domain|<$long|" "s|<name>web1|<name>$long</nam>|"; do
        edited "$edit"
        try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
        is_fault "${edit:0:80}" 1
    done
    for edit in "s/ mtu=\"1500\"/ mtu=\"$long\"/" "s/ format=\"1\"/ format=\"$long\"/" "s|<host|<$long|"; do
        sed "$edit" "$good/host.xml" > host.xml
        input="$good/domain.xml"
        try hook web1 migrate begin - --host host.xml "${common[@]}"
        is_fault "inventory: ${edit:0:80}" 1
    done
    sed "s|<name>web1<|<name>$long<|" "$RH_SOURCE_DIR/tests/fixtures/record-twice/domain.xml" > guest.xml
    input=guest.xml
    try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
    is_fault "two records" 1
}

@test "numbers at their limits are taken" {
    no_config
    edited 's/ mtu="1500"/ mtu="18446744073709551615"/'
    try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
    [ "$status" = 1 ]
    grep -q 'mtu is 1500, must be at least 18446744073709551615' err
    edited 's/ max-vq-pairs="2"/ max-vq-pairs="18446744073709551615"/'
    try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
    [ "$status" = 1 ]
    grep -q 'queue pairs are 2, must be exactly 18446744073709551615' err
}

@test "two records are refused" {
    no_config
    input="$RH_SOURCE_DIR/tests/fixtures/record-twice/domain.xml"
    try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
    is_fault "two records" 1
}

@test "what libxml2 grumbles at, but takes, is not told: it would show the guest's XML" {
    no_config
    for part in "<a xml:id='1 2' passwd='secret'/>" "<a xml:id='x'/><b xml:id='x' passwd='secret'/>" "<a xmlns='not absolute' passwd='secret'/>" \
        "<q:a passwd='secret'/>" "<a xmlns:xml='urn:x' passwd='secret'/>" "<a xml:lang='---' passwd='secret'/>" "<a xml:space='?' passwd='secret'/>"; do
        edited "s|<metadata>|<metadata>$part|"
        try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
        [ "$status" = 0 ] || fail "$part" "must fit"
        [ ! -s err ] || fail "$part" "says something"
    done
}

@test "bytes after a NUL are not passed over" {
    no_config
    { cat "$good/domain.xml"; printf '\0and more'; } > guest.xml
    input=guest.xml
    try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
    is_fault "bytes after a NUL" 1
}

# In a fraction of a second, where libxml2 alone takes minutes for the first.
@test "more than a document may have: one sentence, in no time" {
    no_config
    printf '[policy]\ndeadline = 60\n' > none.conf # the processor's time is what counts
    python3 - "$good/domain.xml" << 'END'
import sys
guest = open(sys.argv[1], encoding="utf-8").read()
def write(name, before, piece):
    with open(name, "w", encoding="utf-8") as file:
        file.write(guest.replace(before, piece + before, 1))
many = " ".join(f'a{n:x}=""' for n in range(500000))
write("attributes", "</metadata>", f'<x xmlns="urn:x" {many}/>')
write("utf-16", "</metadata>", f'<x xmlns="urn:x" {many[:3000000]}/>')
write("entries", "</record>", '<vdpa chardev="a"/>' * 500000)
write("name", "</name>", "n" * 256)
write("comments", "</metadata>", "<!-- -->" * 300000)
wide = open("utf-16", encoding="utf-8").read().encode("utf-16")
open("utf-16", "wb").write(wide)
END
    for input in attributes utf-16 entries name comments; do
        status=0
        (ulimit -t 5; exec "$program" hook web1 migrate begin - --host "$good/host.xml" "${common[@]}") < $input > out 2> err || status=$?
        is_fault $input 1
        grep -q 'more than .*, which is the limit' err || fail $input "names no limit"
    done
}

# The guest's XML never ends, which nothing but the alarm sees. It is read before the configuration.
@test "an input that never ends: refused within the deadline, or passed where nothing may fail" {
    local operations=("migrate begin" "prepare begin" "restore begin" "start begin" "started begin" "stopped end" "release end" "reconnect begin")
    mkfifo endless
    exec 9<> endless
    for operation in "${operations[@]}"; do
        mkdir "$operation"
        # shellcheck disable=SC2086 # two words
        (cd "$operation" && exec "$program" hook web1 $operation - --host "$good/host.xml" --config /dev/null --state state < ../endless 9>&- > out 2> err) &
        pids+=($!)
    done
    for i in "${!operations[@]}"; do
        status=0
        wait "${pids[i]}" || status=$?
        cd "${operations[i]}"
        case ${operations[i]} in
        migrate* | prepare*)
            is_fault "${operations[i]}" 1
            grep -q "^guest 'web1': '${operations[i]}' took longer than the deadline of 10 s" err
            ;;
        *) is_silent "${operations[i]}" ;;
        esac
        cd ..
    done
}

# What any program may write into a guest's metadata is in the files that the hooks of all others read.
@test "a status file with more than a file may have: others pass in no time, and it is named" {
    no_config
    mkdir -p root/run/libvirt/qemu
    common+=(--root root)
    python3 - > root/run/libvirt/qemu/evil.xml << 'END'
many = " ".join(f'a{n:x}=""' for n in range(500000))
print(f"<domstatus><domain><name>evil</name><metadata><x {many}/></metadata>"
      "<devices><interface type='vdpa'><source dev='/dev/vhost-vdpa-9'/></interface></devices></domain></domstatus>")
END
    "$program" check "$good/domain.xml" --host "$good/host.xml" --config none.conf --print-xml > here.xml
    for operation in "migrate begin" "prepare begin" "start begin" "release end" "reconnect begin"; do
        status=0
        # shellcheck disable=SC2086 # two words
        (ulimit -t 5; exec "$program" hook web1 $operation - --host "$good/host.xml" "${common[@]}") < here.xml > out 2> err || status=$?
        [ "$status" = 0 ] || fail "$operation" "must pass"
    done
}

# Any user may have a /dev of his own, in which a plain file has the name of a device.
@test "a device is another's by its number, whatever a process calls it" {
    [ "$(id -u)" = 0 ] || skip "only root sees what others have open"
    cp -r "$RH_SOURCE_DIR/tests/fixtures/tree-mtty/host" root
    rm -rf root/proc
    ln -s /proc root/proc
    mkdir -p root/run root/etc root/sys/class/vfio/{12,13}
    cd root/sys/devices/virtual/mtty/mtty
    for uuid in bbbbbbbb-0000-4000-8000-000000000002:12 cccccccc-0000-4000-8000-000000000003:13; do
        mkdir -p "$BATS_TEST_TMPDIR/root/sys/kernel/iommu_groups/${uuid#*:}"
        ln -sfn "../../../../../kernel/iommu_groups/${uuid#*:}" "${uuid%:*}/iommu_group"
    done
    cd "$BATS_TEST_TMPDIR"
    stat -c %Hr:%Lr /dev/full > root/sys/class/vfio/12/dev
    echo 1:77 > root/sys/class/vfio/13/dev
    sed "s/srchost/elsewhere/" "$RH_SOURCE_DIR/tests/fixtures/tree-mtty/domain.xml" > guest.xml
    mkdir -p dev/vfio
    sleep 60 7> dev/vfio/13 3>&- &
    forger=$!
    unshare -Urm bash -c 'mount -t tmpfs none /dev && mkdir /dev/vfio && exec sleep 60 7> /dev/vfio/13' 3>&- 2> why &
    namesake=$!
    sleep 60 7> /dev/full 3>&- &
    holder=$!
    input=guest.xml
    no_config
    try hook web1 migrate begin - --root root "${common[@]}"
    kill $forger $namesake $holder || true
    [ "$status" = 0 ] || fail "a file of the device's name" "must not count"
    grep -q 'address uuid="cccccccc-0000-4000-8000-000000000003"' out || fail "a device that is open" "must not be given"
}

@test "65 devices are too many" {
    no_config
    python3 - "$good/domain.xml" > guest.xml << 'END'
import sys
guest = open(sys.argv[1], encoding="utf-8").read()
nics = "".join(f'<interface type="vdpa"><source dev="/dev/vhost-vdpa-{n}"/></interface>' for n in range(100, 164))
print(guest.replace("</devices>", nics + "</devices>"))
END
    input=guest.xml
    try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
    is_fault "65 devices" 1
    grep -q 'more than 64' err
}

@test "a guest called --help, and one called like a path" {
    no_config
    for name in --help -h --version ../../etc/passwd 'a b' ';id' '%s%n'; do
        sed "s|<name>web1</name>|<name>$name</name>|" "$good/domain.xml" > guest.xml
        input=guest.xml
        try hook "$name" migrate begin - --host "$good/host.xml" "${common[@]}"
        [ "$status" = 0 ] || fail "$name" "must fit"
        grep -qF "<name>$name</name>" out
        try hook "$name" restore begin - --host "$bad/empty" "${common[@]}"
        is_silent "$name"
        try hook "$name" prepare begin - --host "$bad/empty" "${common[@]}"
        is_fault "$name" 1
        [ "$(ls -A state | tr '\n' ' ')" = "claims lock " ] || fail "$name" "leaves $(ls -A state)"
        rm -r state
    done
    [ ! -e ../etc ]
}

# No line can be made up by a value, and no sequence reaches a terminal.
is_refusal() { # LABEL EXIT STREAM
    [ "$status" = "$2" ] || fail "$1" "must end with $2"
    is_plain "$3" || fail "$1" "has control characters in $3"
}

# Names in the guest's XML and in the inventory that hold $1, as sed writes it.
try_names() { # EVIL
    local edit
    for edit in "s|<name>web1<|<name>web1$1<|" "s/ pool=\"fabric-a\"/ pool=\"fabric$1\"/" "s|/dev/vhost-vdpa-3\"|/dev/vhost-vdpa-3$1\"|"; do
        edited "$edit"
        sed -i 's/ mtu="1500"/ mtu="9000"/' guest.xml
        try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
        is_refusal "$edit" 1 err
        [ ! -s out ] || fail "$edit" "prints on standard output"
        [ "$(wc -l < err)" = 2 ] || fail "$edit" "says other than a sentence and one candidate"
        try check guest.xml --host "$good/host.xml" --config none.conf
        is_refusal "$edit" 1 out
    done
    for edit in "s/ name=\"dsthost\"/ name=\"dst$1\"/" "s/ name=\"vdpa0\"/ name=\"vdpa0$1\"/" \
        "s/ pool=\"fabric-a\"/ pool=\"$1\"/" "s/ bound=/ used-by=\"guest $1\" bound=/"; do
        sed "$edit" "$good/host.xml" > host.xml
        sed 's/ mtu="1500"/ mtu="9000"/' "$good/domain.xml" > guest.xml
        input=guest.xml
        try hook web1 migrate begin - --host host.xml "${common[@]}"
        is_refusal "$edit" 1 err
        [ "$(wc -l < err)" = 2 ] || fail "$edit" "says other than a sentence and one candidate"
        try check guest.xml --host host.xml --config none.conf
        is_refusal "$edit" 1 out
    done
}

@test "newlines and tabs in names stay out of what is said" {
    no_config
    for evil in '\&#10;guest root fits' '\&#13;\&#10;x' 'a\&#9;b' '\&#x7f;'; do
        try_names "$evil"
    done
}

@test "C1 control characters in names and values stay out of what is said" {
    no_config
    for evil in '\&#x9b;31mred' '\&#x85;x' '\&#x9d;0;title\&#x9c;'; do
        try_names "$evil"
        for edit in "s/ mtu=\"1500\"/ mtu=\"$evil\"/" "s/ format=\"1\"/ format=\"$evil\"/"; do
            edited "$edit"
            try hook web1 migrate begin - --host "$good/host.xml" "${common[@]}"
            is_fault "$edit" 1
        done
    done
}

# A host whose vendor's driver says in sysfs what no XML can hold: U+0001, an escape, U+FFFE.
make_odd_host() {
    local file
    cp -r "$RH_SOURCE_DIR/tests/fixtures/tree-mtty/host" root
    for file in $(find root -path '*mtty-2/name'); do printf 'Dual\001 port\033 \357\277\276serial' > "$file"; done
    for file in root/sys/bus/mdev/devices/*; do printf 'one\002two\n' > "$file/odd"; done
    printf '[mdev mtty-2]\nattributes = odd\n' > odd.conf
    sed 's/ type-name="[^"]*"//' "$RH_SOURCE_DIR/tests/fixtures/tree-mtty/domain.xml" > guest.xml
}

@test "what a driver says in sysfs never makes a document that cannot be read" {
    make_odd_host
    "$program" host --root root --config odd.conf > host.xml
    xmllint --noout --relaxng "$RH_SOURCE_DIR/schemas/host.rng" host.xml
    [ "$(xmllint --xpath 'string(//*[@id="mtty-2"]/@name)' host.xml)" = $'Dual? port? \357\277\275serial' ]
    grep -F 'value="one?two"' host.xml
    "$program" hook web1 migrate begin - --root root --state state --config /dev/null < guest.xml > out
    xmllint --noout out
    "$program" check out --host host.xml --config /dev/null
    "$program" record out --print --root root --config odd.conf > recorded
    xmllint --noout recorded
    grep -F 'type-name="Dual? port? ' recorded
    # What was written is what is read, so nothing is written again.
    "$program" record recorded --print --root root --config odd.conf > again
    cmp recorded again
}

# No crash, no sanitizer's report, and no word of GLib's own, in which a misuse of it is told.
is_sound() { # STATUS
    [ "$1" -le 2 ] && ! grep -E 'GLib|CRITICAL|WARNING' err
}

# What is read of a host.
read_tree() {
    local ran=0
    G_DEBUG=fatal-warnings "$program" host --root host --config listed.conf > out 2> err || ran=$?
    is_sound $ran
}

# The same, and a guest that comes to it.
try_tree() { # CASE
    local ran=0
    echo "$1"
    read_tree
    G_DEBUG=fatal-warnings "$program" hook web1 migrate begin - --root host --config listed.conf --state state \
        < "$1/domain.xml" > out 2> err || ran=$?
    is_sound $ran
}

@test "whatever a tree holds, GLib has nothing to say: each fixture's, with each file emptied" {
    local case file n=0
    printf '[mdev nvidia-105]\nattributes = vgpu_params;mdev_type/name\n' > listed.conf
    for case in "$RH_SOURCE_DIR"/tests/fixtures/*/; do
        [ -d "$case/host" ] || continue
        rm -rf host state
        cp -a "$case/host" host
        try_tree "$case"
        while read -r file; do
            echo "$file is empty"
            mv "$file" kept
            : > "$file"
            read_tree
            mv kept "$file"
            n=$((n + 1))
        done < <(find host -type f)
        find host -type f -exec truncate -s 0 {} +
        try_tree "$case"
    done
    [ $n -gt 100 ]
}

@test "a control character in the configuration is a fault of the configuration" {
    printf '[policy]\nunrecorded = re\001fuse\n' > odd.conf
    try host --root / --config odd.conf
    is_fault odd.conf 2
    grep -F "has a control character" err
}

@test "nothing depends on how SIGCHLD was left by whoever runs the programs" {
    env --ignore-signal=SIGCHLD true || skip "this env ignores no signals"
    run env --ignore-signal=SIGCHLD "$program" hook web1 migrate begin - --host "$good/host.xml" --state state \
        --config /dev/null < "$good/domain.xml"
    echo "$output"
    [ "$status" -eq 0 ]
    run env --ignore-signal=SIGCHLD "$program" check "$RH_SOURCE_DIR/examples/guest.xml" \
        --host "$RH_SOURCE_DIR/examples/host-fits.xml" --diff --config /dev/null
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == "--- source"* ]]
    # The recorder is there, and what it says is told.
    run env --ignore-signal=SIGCHLD "$program" record web1 --connect none:///
    echo "$output"
    [ "$status" -eq 2 ]
    [[ "$output" == "virt-rehome: "*"none:///"* ]]
}

@test "a source from another host makes no line of its own where a claim is told or released" {
    printf '[policy]\nunrecorded = keep\n' > keep.conf
    python3 - "$good/domain.xml" << 'END' > guest.xml
import re, sys
text = re.sub(r"<metadata>.*?</metadata>", "", open(sys.argv[1], encoding="utf-8").read(), flags=re.S)
print(re.sub(r'dev="/dev/vhost-vdpa-\d+"', 'dev="/x&#10;released vdpa /dev/vhost-vdpa-7, which was running"', text))
END
    "$program" hook web1 migrate begin - --host "$good/host.xml" --state state --config keep.conf < guest.xml
    "$program" claims --root / --state state > told
    "$program" release web1 --state state > released
    cat told released
    [ "$(wc -l < told)" -eq 1 ]
    [ "$(wc -l < released)" -eq 1 ]
    grep -F "released vdpa /x?released vdpa /dev/vhost-vdpa-7, which was running, which was reserved" released
    [ "$("$program" release $'no\nbody' --state state | wc -l)" -eq 1 ]
}

@test "the table of an inventory has one line per device, whatever it is called" {
    no_config
    for evil in '\&#10;vdpa9' '\&#13;\&#10;x' '\&#x7f;' '\&#x9b;31mred'; do
        for edit in "s/ name=\"dsthost\"/ name=\"dst$evil\"/" "s/ kernel=\"/ kernel=\"$evil/" "s/ name=\"vdpa0\"/ name=\"vdpa0$evil\"/" \
            "s/ pool=\"fabric-a\"/ pool=\"$evil\"/" "s/ bound=/ used-by=\"guest $evil\" bound=/"; do
            sed "$edit" "$good/host.xml" > host.xml
            try host --host host.xml --format text --config none.conf
            is_refusal "$edit" 0 out
            [ "$(wc -l < out)" = 5 ] || fail "$edit" "prints $(wc -l < out) lines"
        done
    done
}

@test "newlines and escapes in words of the command line stay out of what is said" {
    no_config
    evil=$'\033[31m\nred'
    for words in "check" "host --host" "check - --config" "check - --format"; do
        # shellcheck disable=SC2086 # words are what is wanted
        try $words "$evil"
        is_fault "$words" 2
    done
    try "$evil"
    is_fault "a command" 2
    input="$bad/not-xml"
    try hook "$evil" restore begin - --host "$good/host.xml" --config none.conf --state "$good/host.xml/state$evil"
    [ "$status" = 0 ]
    [ ! -s out ]
    is_plain err
}

@test "a refusal never exceeds 2 KiB: 500 unfit devices, 64 NICs, long names" {
    no_config
    python3 - "$good" << 'END'
import re, sys
guest = open(sys.argv[1] + "/domain.xml", encoding="utf-8").read()
host = open(sys.argv[1] + "/host.xml", encoding="utf-8").read()
device = re.search(r"  <vdpa .*/>\n", host)[0].replace('mtu="1500"', 'mtu="1400"')
def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
def hosts(make):
    return host.replace(re.search(r"  <vdpa .*/>\n", host)[0], "".join(make(n) for n in range(500)))
write("many.xml", hosts(lambda n: device.replace("vdpa0", f"vdpa{n}").replace("vdpa-0", f"vdpa-{n}")))
write("long.xml", hosts(lambda n: device.replace('"vdpa0"', f'"{"long" * 300}{n}"').replace("vdpa-0", f"vdpa-{n}")))
write("wide.xml", hosts(lambda n: device.replace('"vdpa0"', f'"{"☺" * 700}{n}"').replace("vdpa-0", f"vdpa-{n}").replace("fabric-a", "ö" * 700)))
nic = re.search(r"    <interface.*</interface>\n", guest, re.S)[0]
entry = re.search(r"      <vdpa .*/>\n", guest)[0]
def another(text, n):
    return re.sub(r' guest-address="[^"]*"', "", re.sub(r"      <address .*/>\n", "", text)).replace("vdpa-3", f"vdpa-{n}")
nics = "".join(another(nic, n) for n in range(100, 163))
entries = "".join(another(entry, n) for n in range(100, 163))
write("guest.xml", guest)
write("guest-of-64.xml", guest.replace(nic, nic + nics).replace(entry, entry + entries))
END
    for input in guest.xml guest-of-64.xml; do
        for host in many long wide; do
            try hook web1 migrate begin - --host $host.xml "${common[@]}"
            [ "$status" = 1 ] || fail "$input $host" "must be refused"
            [ ! -s out ] || fail "$input $host" "prints on standard output"
            [ "$(wc -c < err)" -le 2049 ] || fail "$input $host" "says $(wc -c < err) bytes"
            iconv -f utf-8 -t utf-8 err > copy || fail "$input $host" "is cut inside a character"
            try check "$input" --host $host.xml --config none.conf
            [ "$status" = 1 ] || fail "$input $host" "check must refuse it"
        done
    done
    input=guest.xml
    try hook web1 migrate begin - --host many.xml "${common[@]}"
    grep -q "^and [0-9]* more; 'virt-rehome check' shows all$" err
}

@test "the installed hook: hostile guests" {
    [ "$(id -u)" = 0 ] || skip "an ordinary user's session has no devices of ours"
    for file in "$bad"/{not-xml,empty,billion-laughs,nul-byte,deep,large}; do
        status=0
        "$RH_BIN_DIR/virt-rehome-hook-proper" web1 migrate begin - < "$file" > out 2> err || status=$?
        is_fault "${file##*/}" 1
    done
}
