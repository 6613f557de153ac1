/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How libFuzzer changes an input: one of its documents, and where that is XML, mostly as a tree, so
 * that what comes out is still XML and gets past the parser.
 */
#include "tests/fuzz/fuzz.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

#define MAX_STEPS 4
#define PARSE_OPTIONS \
    (XML_PARSE_NONET | XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)

/* libFuzzer's: changes bytes in place, and calls the other one for each input. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* What elements, attributes and values may be called to be understood. */
static const char *const elements[] = {
    "address", "attribute", "backingStore", "claim",    "disk",   "domain",
    "driver",  "hostdev",   "interface",    "mac",      "mdev",   "mdev-parent",
    "memory",  "metadata",  "numatune",     "record",   "source", "type",
    "uuid",    "vdpa",      "vdpa-mgmtdev", "virtio-x",
};
static const char *const names[] = {
    "address",
    "bound",
    "bus",
    "capacity",
    "chardev",
    "class",
    "dev",
    "device-api",
    "domain",
    "driver",
    "driver-version",
    "features",
    "firmware",
    "format",
    "function",
    "guest",
    "guest-address",
    "host",
    "kernel",
    "key",
    "kind",
    "mac",
    "max-vq-pairs",
    "max-vq-size",
    "max-vqs",
    "mgmtdev",
    "migration-version",
    "min-vq-size",
    "model",
    "mtu",
    "name",
    "negotiated",
    "nodeset",
    "numa-node",
    "parent",
    "pool",
    "qemu",
    "queues",
    "read-only",
    "rx_queue_size",
    "slot",
    "state",
    "time",
    "tx_queue_size",
    "type",
    "type-name",
    "used-by",
    "used-by-uuid",
    "uuid",
    "value",
    "vendor-id",
};
static const char *const values[] = {
    "",
    "0",
    "1",
    "-1",
    "1023",
    "1024",
    "65536",
    "18446744073709551615",
    "18446744073709551616",
    "0x0",
    "0x0000000300c3982b",
    "0xffffffffffffffff",
    "0-3,^2",
    "00:00:00:00:00:00",
    "52:54:00:5a:01:01",
    "/dev/vhost-vdpa-0",
    "/dev/vhost-vdpa-1",
    "/dev/../x",
    "b1f7a0de-0000-4000-8000-000000000001",
    "pci:0000:01:00.0",
    "ccw:fe.0.0001",
    "mlx5_core",
    "vdpasim_net",
    "nvidia",
    "mtty",
    "net",
    "blk",
    "vdpa",
    "vhostvdpa",
    "mdev",
    "vfio-pci",
    "vfio-ap",
    "vfio-ccw",
    "fabric-a",
    "guest web1",
    "web1",
    "srchost",
    "10.0.13",
    "yes",
    "no",
    "running",
    "urn:virt-rehome:1",
    "{source}",
    "%s%n",
    "a\nb",
    "\xc2\x80",
};

typedef struct {
    GRand *random;
    xmlDoc *doc;
    xmlDoc *donor; /* another document of the input; NULL: none */
    GPtrArray *nodes;
    GPtrArray *attributes;
} Mutation;

static guint below(Mutation *mutation, guint n)
{
    return (guint)g_rand_int_range(mutation->random, 0, (gint32)n);
}

#define pick(mutation, array) ((array)[below(mutation, G_N_ELEMENTS(array))])

static gpointer pick_of(Mutation *mutation, GPtrArray *array)
{
    return g_ptr_array_index(array, below(mutation, array->len));
}

static void collect(Mutation *mutation, xmlNode *node)
{
    for (; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        g_ptr_array_add(mutation->nodes, node);
        for (xmlAttr *attribute = node->properties; attribute; attribute = attribute->next)
            if (!attribute->ns)
                g_ptr_array_add(mutation->attributes, attribute);
        collect(mutation, node->children);
    }
}

/* -- one step ---------------------------------------------------------------------------------- */

/* An element below the root, or NULL where there is none. */
static xmlNode *pick_inner(Mutation *mutation)
{
    if (mutation->nodes->len < 2)
        return NULL;
    return g_ptr_array_index(mutation->nodes, 1 + below(mutation, mutation->nodes->len - 1));
}

static void copy_element(Mutation *mutation)
{
    xmlNode *node = pick_inner(mutation);
    xmlNode *place = pick_inner(mutation);

    if (node && g_rand_boolean(mutation->random))
        xmlAddNextSibling(place, xmlDocCopyNode(node, mutation->doc, 1));
    else if (node)
        xmlAddChild(place, xmlDocCopyNode(node, mutation->doc, 1));
}

static void remove_element(Mutation *mutation)
{
    xmlNode *node = pick_inner(mutation);

    if (!node)
        return;
    xmlUnlinkNode(node);
    xmlFreeNode(node);
}

static void move_element(Mutation *mutation)
{
    xmlNode *node = pick_inner(mutation);
    xmlNode *place = pick_inner(mutation);

    for (xmlNode *above = place; above; above = above->parent)
        if (above == node)
            return;
    if (!node)
        return;
    xmlUnlinkNode(node);
    xmlAddNextSibling(place, node);
    /* It may have gone from below the element that declares its namespace. */
    xmlReconciliateNs(mutation->doc, node);
}

static void rename_element(Mutation *mutation)
{
    xmlNodeSetName(pick_of(mutation, mutation->nodes), (const xmlChar *)pick(mutation, elements));
}

/* What one document says of a device, in the other. */
static void take_element(Mutation *mutation)
{
    xmlNode *root = mutation->donor ? xmlDocGetRootElement(mutation->donor) : NULL;
    xmlNode *taken = NULL;
    guint n = 0;

    for (xmlNode *node = root ? root->children : NULL; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && below(mutation, ++n) == 0)
            taken = node;
    if (taken)
        xmlAddChild(pick_of(mutation, mutation->nodes), xmlDocCopyNode(taken, mutation->doc, 1));
}

static void set_value(Mutation *mutation)
{
    xmlAttr *attribute;

    if (mutation->attributes->len == 0)
        return;
    attribute = pick_of(mutation, mutation->attributes);
    xmlSetProp(attribute->parent, attribute->name, (const xmlChar *)pick(mutation, values));
}

static void copy_value(Mutation *mutation)
{
    xmlAttr *from;
    xmlAttr *to;
    xmlChar *value;

    if (mutation->attributes->len == 0)
        return;
    from = pick_of(mutation, mutation->attributes);
    to = pick_of(mutation, mutation->attributes);
    value = xmlGetNoNsProp(from->parent, from->name);
    xmlSetProp(to->parent, to->name, value);
    xmlFree(value);
}

static void remove_attribute(Mutation *mutation)
{
    if (mutation->attributes->len > 0)
        xmlRemoveProp(pick_of(mutation, mutation->attributes));
}

static void add_attribute(Mutation *mutation)
{
    xmlSetProp(pick_of(mutation, mutation->nodes), (const xmlChar *)pick(mutation, names),
               (const xmlChar *)pick(mutation, values));
}

static void (*const steps[])(Mutation *) = {
    copy_element, remove_element, move_element, rename_element,   take_element,
    set_value,    set_value,      copy_value,   remove_attribute, add_attribute,
};

/* -- an input ---------------------------------------------------------------------------------- */

static xmlDoc *parse(GBytes *bytes)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    xmlDoc *doc = length > 0 ? xmlReadMemory(data, (int)length, NULL, NULL, PARSE_OPTIONS) : NULL;

    if (doc && !xmlDocGetRootElement(doc))
        g_clear_pointer(&doc, xmlFreeDoc);
    return doc;
}

static GBytes *mutate_tree(GRand *random, xmlDoc *doc, xmlDoc *donor)
{
    Mutation mutation = {.random = random, .doc = doc, .donor = donor};
    xmlChar *text = NULL;
    int length = 0;
    GBytes *bytes;

    for (int n = g_rand_int_range(random, 1, MAX_STEPS + 1); n > 0; n--) {
        mutation.nodes = g_ptr_array_new();
        mutation.attributes = g_ptr_array_new();
        collect(&mutation, xmlDocGetRootElement(doc));
        pick(&mutation, steps)(&mutation);
        g_ptr_array_unref(mutation.nodes);
        g_ptr_array_unref(mutation.attributes);
    }
    xmlDocDumpMemoryEnc(doc, &text, &length, "UTF-8");
    bytes = g_bytes_new(text, (gsize)length);
    xmlFree(text);
    return bytes;
}

static GBytes *mutate_bytes(GBytes *bytes, size_t max_size)
{
    gsize length;
    const void *data = g_bytes_get_data(bytes, &length);
    uint8_t *buffer = g_malloc0(max_size);

    if (length > 0)
        memcpy(buffer, data, MIN(length, max_size));
    length = LLVMFuzzerMutate(buffer, MIN(length, max_size), max_size);
    return g_bytes_new_take(buffer, length);
}

static GBytes *mutate(GRand *random, GBytes *bytes, GBytes *other, size_t max_size)
{
    g_autoptr(xmlDoc) doc = parse(bytes);
    g_autoptr(xmlDoc) donor = parse(other);

    if (!doc || g_rand_int_range(random, 0, 4) == 0)
        return mutate_bytes(bytes, max_size);
    return mutate_tree(random, doc, donor);
}

static GByteArray *join(GPtrArray *documents)
{
    GByteArray *all = g_byte_array_new();

    for (guint i = 0; i < documents->len; i++) {
        gsize length;
        const void *data = g_bytes_get_data(g_ptr_array_index(documents, i), &length);

        if (i > 0)
            g_byte_array_append(all, (const guint8 *)FUZZ_SPLIT, (guint)strlen(FUZZ_SPLIT));
        g_byte_array_append(all, data, (guint)length);
    }
    return all;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    g_autoptr(GPtrArray) documents = fuzz_split(data, size);
    guint i = (guint)g_rand_int_range(random, 0, (gint32)documents->len);
    guint j = (guint)g_rand_int_range(random, 0, (gint32)documents->len);
    GBytes *old = g_ptr_array_index(documents, i);
    g_autoptr(GByteArray) all = NULL;

    documents->pdata[i] = mutate(random, old, g_ptr_array_index(documents, j), max_size);
    g_bytes_unref(old);
    all = join(documents);
    if (all->len > max_size)
        return LLVMFuzzerMutate(data, size, max_size);
    memcpy(data, all->data, all->len);
    return all->len;
}
