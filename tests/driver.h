/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's test driver (test:///default, in libvirt's library: no daemon, no root), and what it
 * cannot play: calls that fail, jobs, hot-plug, events of other hypervisors, time. The calls below
 * are wrapped at link time (tests/meson.build), with the real library behind them. All connections
 * of a process share the driver's guests while one is open.
 */
#pragma once

#include "recorder/connection.h"
#include "site/options.h"

/* The calls that can fail. */
typedef enum {
    DRIVER_OPEN,
    DRIVER_LIST,
    DRIVER_LOOKUP,
    DRIVER_XML,
    DRIVER_METADATA,
    DRIVER_DEFINE,
    DRIVER_SUBSCRIBE,
    DRIVER_LOOP,
    DRIVER_N_CALLS
} DriverCall;

/* A host with the test driver's guests, and files of its own; set up and torn down with
 * g_test_add(). Its name is that of this machine. */
typedef struct {
    virConnectPtr connection;
    char *hostname;
    char *root;        /* stands in front of /etc and /run; a folder of its own */
    char *inventory;   /* a saved inventory, driver_set_host() */
    char *config;      /* an empty configuration */
    GPtrArray *guests; /* of virDomain: defined, and undefined at the end */
} Driver;
void driver_set_up(Driver *driver, gconstpointer data);
void driver_tear_down(Driver *driver, gconstpointer data);

/* Once in main(): what g_test_init() and libvirt need. */
void driver_init(int *argc, char ***argv);

/* An interface of the guest in @slot, on node @node; a vDPA device of the host, or an entry. */
char *driver_nic(guint slot, guint node);
char *driver_device(const char *name, guint node);
char *driver_entry(const char *name, guint slot, guint node);

/* The host has these devices: elements, freed. With @name NULL it is this machine. */
void driver_set_host(Driver *driver, const char *name, char *devices);
/* What libvirt's log says of the QEMU in which the guest @name was started; NULL: there is no log.
 */
void driver_set_log(Driver *driver, const char *name, const char *version);

RhEnvironment driver_environment(const Driver *driver);

/* Defines guest @name, or defines it anew, with devices (elements, freed) and a record of @host
 * (NULL: this one) with entries (freed; NULL: no record). Borrowed. */
virDomainPtr driver_define(Driver *driver, const char *name, const char *host, char *entries,
                           char *devices);

/* The same with what stands in its metadata, which may be broken. */
virDomainPtr driver_define_with(Driver *driver, const char *name, const char *metadata,
                                char *devices);

/* Whether the running guest's XML (@flags 0) or its definition (VIR_DOMAIN_XML_INACTIVE) has
 * @text. */
gboolean driver_has(virDomainPtr domain, guint flags, const char *text);

/* After @skip more calls, the next @times fail with libvirt's error @code. */
void driver_fail(DriverCall call, guint skip, guint times, int code);

/* How often it was called since driver_set_up(). */
guint driver_count(DriverCall call);

/* What happens just before the call that comes after @skip others. Once. */
void driver_before(DriverCall call, guint skip, void (*act)(gpointer data), gpointer data);

/* Makes @code libvirt's last error. */
void driver_raise(int code);

/* What libvirt says of any guest: its state, its job, and how often QEMU does not answer. */
void driver_set_state(int state, int reason); /* VIR_DOMAIN_NOSTATE: what it is */
void driver_set_job(int type);                /* VIR_DOMAIN_JOB_NONE: none */
void driver_set_occupied(guint times);

/* What is hot-plugged into each guest that runs; NULL: nothing. Borrowed. */
void driver_plug(const char *devices);

/* Events, to whoever subscribed. */
void driver_tell_lifecycle(virDomainPtr domain, int event, int detail);
void driver_tell_reboot(virDomainPtr domain);
void driver_tell_plugged(virDomainPtr domain);
void driver_lose_connection(void);

/* The time, by g_get_monotonic_time(), which stands still unless somebody sleeps or the service
 * waits; and how long a write of metadata takes, in microseconds. */
gint64 driver_now(void);
void driver_set_slow(gint64 duration);

/* What was told to the journal since it was last asked, a line each; the caller's. */
char *driver_heard(void);

/* What happens while the service runs: @act (NULL: nothing), then @seconds go by. The service ends
 * after the last. */
typedef struct {
    void (*act)(Driver *driver);
    guint seconds;
} DriverStep;
void driver_serve(Driver *driver, const DriverStep *steps, guint n);
