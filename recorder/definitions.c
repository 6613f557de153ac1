/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorder/definitions.h"

#include "hook/managed-save.h"
#include "site/libvirt.h"
#include "util/error.h"
#include "util/file.h"
#include "xml/unread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void rh_definition_free(RhDefinition *definition)
{
    if (!definition)
        return;
    g_free(definition->name);
    g_free(definition->path);
    if (definition->handle)
        rh_domain_handle_free(definition->handle);
    rh_domain_free(definition->domain);
    rh_guest_free(definition->named);
    g_clear_pointer(&definition->xml, g_bytes_unref);
    g_clear_error(&definition->fault);
    g_free(definition);
}

static void definition_free(gpointer definition)
{
    rh_definition_free(definition);
}

/* Of the guest @handle, not read yet. */
static RhDefinition *new_of_libvirt(virDomainPtr handle)
{
    RhDefinition *definition = g_new0(RhDefinition, 1);

    definition->name = g_strdup(virDomainGetName(handle));
    (void)virDomainRef(handle);
    definition->handle = handle;
    definition->running = virDomainIsActive(handle) == 1;
    definition->saved = virDomainHasManagedSaveImage(handle, 0) != 0;
    return definition;
}

static GBytes *read_again(const RhDefinition *definition, GError **error)
{
    g_autofree char *what = g_strdup_printf("libvirt's definition of guest '%s'", definition->name);

    return definition->path ? rh_read_regular(definition->path, what, error)
                            : rh_connection_definition(definition->handle, error);
}

/* Takes @xml (NULL: there is a fault); one without devices of ours is none. */
static void add(GPtrArray *definitions, RhDefinition *definition, GBytes *xml)
{
    RhDomain *domain = xml ? rh_domain_parse(xml, &definition->fault) : NULL;

    definition->xml = xml;
    definition->domain = domain;
    if (domain && !rh_guest_has_ours(rh_domain_guest(domain))) {
        rh_definition_free(definition);
        return;
    }
    if (domain)
        (void)rh_domain_read_record(domain, &definition->fault);
    else if (xml) /* libvirt may read what we do not */
        definition->named = rh_unread_guest(xml, definition->name, &definition->is_unseen);
    else
        definition->is_unseen = TRUE;
    if (definition->fault)
        g_prefix_error(&definition->fault, "guest '%s': ", definition->name);
    g_ptr_array_add(definitions, definition);
}

RhDefinition *rh_definition_of_guest(virDomainPtr handle, GError **error)
{
    g_autoptr(RhDefinition) definition = new_of_libvirt(handle);

    definition->xml = read_again(definition, error);
    if (!definition->xml)
        return NULL;
    definition->domain = rh_domain_parse(definition->xml, error);
    if (definition->domain)
        return g_steal_pointer(&definition);
    g_prefix_error(error, "guest '%s': ", definition->name);
    return NULL;
}

GPtrArray *rh_definitions_of_libvirt(virConnectPtr connection, GError **error)
{
    g_autoptr(GPtrArray) definitions = g_ptr_array_new_with_free_func(definition_free);
    g_autoptr(GPtrArray) domains = rh_connection_list(connection, error);

    for (guint i = 0; domains && i < domains->len; i++) {
        virDomainPtr handle = g_ptr_array_index(domains, i);
        RhDefinition *definition;
        GBytes *xml;

        if (virDomainIsPersistent(handle) != 1)
            continue;
        definition = new_of_libvirt(handle);
        xml = read_again(definition, &definition->fault);
        if (xml || virDomainIsPersistent(handle) == 1)
            add(definitions, definition, xml);
        else
            rh_definition_free(definition); /* it was undefined meanwhile */
    }
    return domains ? g_steal_pointer(&definitions) : NULL;
}

static gboolean has_managed_save(const char *root, const char *guest)
{
    g_autofree char *image = rh_managed_save_find(root, guest);

    return image != NULL;
}

GPtrArray *rh_definitions_of_files(const char *root, GError **error)
{
    g_autoptr(GPtrArray) definitions = g_ptr_array_new_with_free_func(definition_free);
    g_autoptr(RhDir) dir = rh_dir_open(root, error);
    g_autoptr(GPtrArray) files = NULL;

    if (dir && rh_dir_exists(dir, RH_LIBVIRT_STARTED)) {
        rh_raise(error, RH_ERROR_STATE,
                 "libvirt's daemon has been started since boot ('/%s' is there) and would not see "
                 "what changes in its files; leave --boot out, and it is told",
                 RH_LIBVIRT_STARTED);
        return NULL;
    }
    files = dir ? rh_dir_list(dir, RH_LIBVIRT_DEFINITIONS, error) : NULL;
    for (guint i = 0; files && i < files->len; i++) {
        const char *file = g_ptr_array_index(files, i);
        RhDefinition *definition;

        if (!g_str_has_suffix(file, ".xml"))
            continue;
        definition = g_new0(RhDefinition, 1);
        definition->name = g_strndup(file, strlen(file) - strlen(".xml"));
        definition->saved = has_managed_save(root, definition->name);
        definition->path = g_build_filename(root, RH_LIBVIRT_DEFINITIONS, file, NULL);
        add(definitions, definition, read_again(definition, &definition->fault));
    }
    return files ? g_steal_pointer(&definitions) : NULL;
}

/* Written aside, synced, renamed; where it is a link, what that leads to. The name aside is not
 * made of the file's, which may be as long as a name can be. */
static gboolean replace_file(const char *path, const char *xml, gsize length, GError **error)
{
    g_autofree char *target = realpath(path, NULL);
    g_autofree char *folder = g_path_get_dirname(target ? target : path);
    g_autofree char *aside = g_strdup_printf("%s/.virt-rehome-%d", folder, (int)getpid());
    g_autoptr(GError) reason = NULL;
    int errnum;

    if (!g_file_set_contents_full(aside, xml, (gssize)length,
                                  G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                  0600, &reason))
        return rh_raise(error, RH_ERROR_HOST, "cannot replace '%s': %s", path, reason->message);
    if (rename(aside, target ? target : path) == 0)
        return TRUE;
    errnum = errno;
    (void)unlink(aside);
    return rh_raise_errno(error, RH_ERROR_HOST, errnum, "cannot replace '%s'", path);
}

static gboolean refuse_changed(const RhDefinition *definition, GError **error)
{
    g_autoptr(GBytes) now = read_again(definition, error);

    return now && (g_bytes_equal(now, definition->xml) ||
                   rh_raise(error, RH_ERROR_STATE,
                            "the definition of guest '%s' was changed while it was looked at; try "
                            "again",
                            definition->name));
}

gboolean rh_definition_replace(const RhDefinition *definition, GError **error)
{
    g_autoptr(GBytes) bytes = rh_domain_serialise(definition->domain, error);
    g_autoptr(virDomain) defined = NULL;
    g_autofree char *xml = NULL;
    gsize length;

    if (!bytes || !refuse_changed(definition, error))
        return FALSE;
    length = g_bytes_get_size(bytes);
    xml = g_strndup(g_bytes_get_data(bytes, NULL), length);
    if (definition->path)
        return replace_file(definition->path, xml, length, error);
    defined = virDomainDefineXML(virDomainGetConnect(definition->handle), xml);
    return defined ||
           rh_connection_raise(error, "change the definition of guest '%s'", definition->name);
}
