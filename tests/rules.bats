# SPDX-License-Identifier: LGPL-2.1-or-later
# virt-rehome rules: the tables from outside.

setup() {
    cd "$BATS_TEST_TMPDIR"
    program="$RH_BIN_DIR/virt-rehome"
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99"
    export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}halt_on_error=1:exitcode=99"
}

# One sentence, exit 2, and no output.
misused() { # SENTENCE WORDS…
    local sentence=$1
    shift
    status=0
    "$program" rules "$@" > out 2> err || status=$?
    cat out err
    [ $status = 2 ]
    [ ! -s out ]
    [ "$(cat err)" = "virt-rehome: $sentence" ]
}

# The lines of the table of $1, its head first.
table() { # KIND
    "$program" rules --kind "$1" > out 2> err
    [ ! -s err ]
    sed 1d out
}

@test "text: a table for each kind, with the reason of each row" {
    "$program" rules > out 2> err
    [ ! -s err ]
    [ "$(grep -c '^attribute  *of  *capability  *exact  *when  *why$' out)" = 2 ]
    grep -q '^vDPA device (vdpa)$' out
    grep -q '^mediated device (mdev)$' out
    grep -Eq '^pairs +net +equal +equal +stream +QEMU takes their number from the device, .*\(QEMU, .*vmstate_virtio_net_device\)\.$' out
    grep -Eq '^mtu +net +stated \(warns\) +- +stream +A device ' out
    grep -Eq '^type +all +accepted +accepted +stream +' out
    grep -Eq '^type +all +accepted +accepted +cold +' out
    grep -Eq '^attributes +all +equal +equal +always +' out
    # Nothing but titles, heads, rows and what stands between two tables.
    [ "$(grep -Evc '^(attribute .* why|[a-z0-9_-]+ +(all|net|blk|vfio-[a-z]+) +.*\(.*\)\.|.* \((vdpa|mdev)\)|)$' out)" = 0 ]
}

@test "--kind: that table alone; together they are all" {
    { "$program" rules --kind vdpa; echo; "$program" rules --kind mdev; } > both
    "$program" rules > all
    cmp both all
    [ "$(table vdpa | wc -l)" -gt 30 ]
    table mdev | grep -q '^device-api '
    if table vdpa | grep -q '^device-api '; then
        return 1
    fi
}

@test "JSON: the rows of the text" {
    "$program" rules --format json > rules.json
    for kind in vdpa mdev; do
        "$program" rules --kind $kind --format json > $kind.json
        table $kind > $kind.text
    done
    python3 << 'END'
import json
rows = json.load(open("rules.json"))["rules"]
assert rows == [row for kind in ("vdpa", "mdev") for row in json.load(open(kind + ".json"))["rules"]]
for kind in ("vdpa", "mdev"):
    lines = open(kind + ".text").read().splitlines()[1:]
    kinds = [row for row in rows if row["kind"] == kind]
    assert len(lines) == len(kinds), (len(lines), len(kinds))
    for line, row in zip(lines, kinds):
        mark = " (warns)" if row["warning"] else ""
        cells = [row["attribute"], row["only"] or "all", *(row[match] + mark if row[match] else "-"
                 for match in ("capability", "exact")), row["when"], row["why"]]
        assert line.split() == " ".join(cells).split(), (line, cells)
END
}

@test "wrong use: one sentence that names what there is" {
    misused "--kind is 'vf', must be one of vdpa|mdev" --kind vf
    misused "--kind is 'mdev-parent', must be one of vdpa|mdev" --kind mdev-parent
    misused "--kind is '', must be one of vdpa|mdev" --kind ""
    misused "--format is 'xml', must be one of text|json" --format xml
    misused "rules takes no words, but there is 'vdpa'" vdpa
}

@test "the manual: RULES has each attribute and comparison of the tables, and no other" {
    "$program" rules --format json > rules.json
    python3 - "$RH_SOURCE_DIR/man" << 'END'
import json, re, sys
rows = json.load(open("rules.json"))["rules"]
manual = open(sys.argv[1] + "/virt-rehome.1").read()
rules = manual.split("\n.Sh RULES\n")[1].split("\n.Sh ")[0]
sections = {part.split("\n")[0]: part for part in rules.split("\n.Ss ")[1:]}

def words(pattern, text):
    return [word for line in re.findall(pattern, text, re.M) for word in re.split("[ ,]+", line)]

def same(what, manual, program):
    lines = [f"{side} alone: {one}" for side, one in
             [("the manual", one) for one in manual if one not in program] +
             [("the program", one) for one in program if one not in manual]]
    assert manual == program, f"{what}: " + ("; ".join(lines) or "another order")

COLUMNS = ("capability", "exact", "cold")

# What stands in each column for the row. No row counts cold under one policy alone.
def cells_of(row):
    if row["when"] != "stream":
        assert row["capability"] == row["exact"], row
    for column in COLUMNS:
        comparison = row[column] if column != "cold" else row["exact"] if row["when"] != "stream" else None
        if comparison and (column == "cold" or row["when"] != "cold"):
            yield column, comparison + ("*" if row["warning"] else "")

def table(rows):
    cells = {}
    for row in rows:
        cell = cells.setdefault((row["attribute"], row["only"] or "all"), {column: [] for column in COLUMNS})
        for column, text in cells_of(row):
            cell[column].append(text)
    return [(*key, *(", ".join(cell[column]) or "-" for column in COLUMNS)) for key, cell in cells.items()]

for kind, title in (("vdpa", "vDPA"), ("mdev", "Mediated devices")):
    here = [row for row in rows if row["kind"] == kind]
    lines = [tuple(line.split(" Ta ")) for line in re.findall(r"^\.It (.* Ta .*)$", sections[title], re.M)]
    same(f"table of {kind}", lines[1:], table(here))
    same(f"text of {kind}", sorted(words(r"^\.It ((?:(?! Ta ).)*)$", sections[title])),
         sorted({row["attribute"] for row in here}))
same("comparisons", sorted(words(r"^\.It (.*)$", sections["Comparisons"])),
     sorted({row[policy] for row in rows for policy in ("capability", "exact")} - {None}))
hook = open(sys.argv[1] + "/virt-rehome-hook.8").read()
identity = re.search(r"unless the rules for\n\.Li (.*)\ntake it", hook)[1]
same("what a start is held to", sorted(set(re.findall("[a-z_-]+", re.sub(r"No and Li", "", identity)))),
     sorted({row["attribute"] for row in rows if row["identity"]}))
END
}
