/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "site/journal.h"

#include "site/child.h"
#include "util/text.h"

#include <unistd.h>

/* How long the process that sends may take, in seconds. */
#define SEND_SECONDS 5

static const struct {
    const char *message_id;
    GLogLevelFlags level;
} events[] = {
    [RH_EVENT_PLANNED] = {"3f0b2b6b2a7c4f0c9a53b6c7a2c6a001", G_LOG_LEVEL_MESSAGE},
    [RH_EVENT_REFUSED] = {"3f0b2b6b2a7c4f0c9a53b6c7a2c6a002", G_LOG_LEVEL_WARNING},
    [RH_EVENT_CLAIMED] = {"3f0b2b6b2a7c4f0c9a53b6c7a2c6a003", G_LOG_LEVEL_INFO},
    [RH_EVENT_RELEASED] = {"3f0b2b6b2a7c4f0c9a53b6c7a2c6a004", G_LOG_LEVEL_INFO},
    [RH_EVENT_WARNING] = {"3f0b2b6b2a7c4f0c9a53b6c7a2c6a005", G_LOG_LEVEL_WARNING},
    [RH_EVENT_RECORDED] = {"3f0b2b6b2a7c4f0c9a53b6c7a2c6a006", G_LOG_LEVEL_MESSAGE},
    [RH_EVENT_CONNECTED] = {"3f0b2b6b2a7c4f0c9a53b6c7a2c6a008", G_LOG_LEVEL_MESSAGE},
    [RH_EVENT_REFRESHED] = {"3f0b2b6b2a7c4f0c9a53b6c7a2c6a007", G_LOG_LEVEL_MESSAGE},
};

typedef struct {
    RhEvent event;
    char *device;
    char *text;
} Entry;

/* A process is about one guest and one operation. */
static struct {
    const char *guest;
    const char *operation;
    GPtrArray *entries; /* of Entry; NULL: none yet */
} journal;

static void entry_free(gpointer data)
{
    Entry *entry = data;

    g_free(entry->device);
    g_free(entry->text);
    g_free(entry);
}

void rh_journal_about(const char *guest, const char *operation)
{
    journal.guest = guest;
    journal.operation = operation;
}

void rh_journal_add(RhEvent event, const char *device, const char *format, ...)
{
    Entry *entry = g_new0(Entry, 1);
    va_list args;

    entry->event = event;
    entry->device = g_strdup(device);
    va_start(args, format);
    entry->text = g_strdup_vprintf(format, args);
    va_end(args);
    if (!journal.entries)
        journal.entries = g_ptr_array_new_with_free_func(entry_free);
    g_ptr_array_add(journal.entries, entry);
}

static void send_entry(const Entry *entry)
{
    GLogField fields[6] = {{"SYSLOG_IDENTIFIER", "virt-rehome", -1},
                           {"MESSAGE_ID", events[entry->event].message_id, -1},
                           {"MESSAGE", entry->text, -1}};
    gsize n = 3;

    if (journal.guest)
        fields[n++] = (GLogField){"REHOME_GUEST", journal.guest, -1};
    if (journal.operation)
        fields[n++] = (GLogField){"REHOME_OP", journal.operation, -1};
    if (entry->device)
        fields[n++] = (GLogField){"REHOME_DEVICE", entry->device, -1};
    (void)g_log_writer_journald(events[entry->event].level, fields, n, NULL);
}

static void send_all(gpointer data)
{
    GPtrArray *entries = data;

    (void)alarm(SEND_SECONDS);
    for (guint i = 0; i < entries->len; i++)
        send_entry(g_ptr_array_index(entries, i));
}

void rh_journal_flush(void)
{
    if (!journal.entries)
        return;
    rh_child_leave(send_all, journal.entries);
    g_clear_pointer(&journal.entries, g_ptr_array_unref);
}

void rh_journal_tell(RhEvent event, const char *guest, const char *format, ...)
{
    GLogLevelFlags level = events[event].level;
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    (void)rh_one_line(text);
    {
        GLogField fields[] = {
            {"SYSLOG_IDENTIFIER", "virt-rehome-recorder", -1},
            {"PRIORITY", level == G_LOG_LEVEL_WARNING ? "4" : "5", -1},
            {"MESSAGE_ID", events[event].message_id, -1},
            {"MESSAGE", text, -1},
            {"REHOME_GUEST", guest, -1},
        };

        g_log_structured_array(level, fields, G_N_ELEMENTS(fields) - (guest ? 0 : 1));
    }
}
