/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * virt-rehome-hook(8): what libvirt runs, and answers. It stands between libvirt and the hook
 * proper, whose death would be a running guest's or an image's: libvirt takes a hook that fails for
 * a no, also where it cannot take one. So this program needs nothing but the kernel, knows no
 * configuration, and reads no XML: a guest that cannot have devices of ours is answered here, and
 * for all others the program is run and what it says is handed on when it has ended well.
 */
#include "front/guest.h"
#include "front/journal.h"
#include "front/memory.h"
#include "front/program.h"
#include "front/saves.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Compiled in; the tests' copy has others. RH_FRONT_ROOT stands in front of /run and /var. */
#define SAVES RH_FRONT_ROOT RH_SAVES_FOLDER
#define CLAIMS RH_FRONT_ROOT "run/virt-rehome/claims"
#define JOURNAL RH_FRONT_ROOT "run/systemd/journal/socket"

/* More than the configuration can give the program (site/config.c), which can tell why it is late.
 * libvirt waits for a hook as long as it takes, and holds the guest meanwhile. */
#define PLAN_SECONDS 75
#define ATTEND_SECONDS 15
#define MAX_COMPLAINT 4096 /* what is handed on of standard error; the program says 2 KiB */

typedef struct {
    const char *name;
    const char *suboperation;
    bool may_fail;
    bool is_end; /* matters to what was claimed, too, for a guest that has no device any more */
    int seconds;
} Operation;

static const Operation operations[] = {
    {"migrate", "begin", true, false, PLAN_SECONDS},
    {"restore", "begin", false, false, PLAN_SECONDS},
    {"prepare", "begin", true, false, PLAN_SECONDS},
    {"start", "begin", false, false, ATTEND_SECONDS},
    {"started", "begin", false, false, ATTEND_SECONDS},
    {"stopped", "end", false, true, ATTEND_SECONDS},
    {"release", "end", false, true, ATTEND_SECONDS},
    {"reconnect", "begin", false, false, ATTEND_SECONDS},
};

typedef struct {
    char **argv;
    const char *guest;
    const Operation *operation;
    pid_t daemon;
} Call;

static const Operation *find_operation(const char *name, const char *suboperation)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        if (strcmp(operations[i].name, name) == 0 &&
            strcmp(operations[i].suboperation, suboperation) == 0)
            return &operations[i];
    return NULL;
}

static bool is(const Call *call, const char *name)
{
    return strcmp(call->operation->name, name) == 0;
}

/* First of all: whoever ends this process afterwards leaves the image or its link. libvirt 9.0 has
 * no word for why a guest ends. */
static void save_image(const Call *call)
{
    const char *reason = call->argv[4];

    if (is(call, "restore"))
        (void)rh_saves_begin(SAVES, call->guest);
    else if (is(call, "release") && (strcmp(reason, "saved") == 0 || strcmp(reason, "-") == 0))
        (void)rh_saves_keep(SAVES, call->guest);
}

/* @code is what the guest's operation gets. */
static void tidy_image(const Call *call, bool may_have_devices, int code)
{
    if (is(call, "release") && !may_have_devices)
        (void)rh_saves_forget(SAVES, call->guest);
    if ((is(call, "restore") && !may_have_devices) || (is(call, "prepare") && code != 0))
        rh_saves_unbegin(SAVES, call->guest);
    if (is(call, "started") && !rh_saves_forget(SAVES, call->guest)) {
        char name[RH_SAVES_NAME];
        char text[RH_SAVES_NAME + 256];

        rh_saves_name(name, call->guest, ".begun");
        (void)snprintf(text, sizeof text,
                       "the guest started, but not from its managed save, of which only the copy "
                       "'/" RH_SAVES_FOLDER "/%s' is left: restore it with 'virsh restore', or "
                       "remove it",
                       name);
        rh_front_tidy(text);
        rh_front_tell(JOURNAL, RH_FRONT_COPY, call->guest, call->operation->name, text);
    }
    rh_saves_sweep(SAVES, call->guest, false);
}

static void settle_signals(const Operation *operation)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};

    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; !operation->may_fail && i < sizeof signals / sizeof signals[0]; i++)
        (void)signal(signals[i], SIG_IGN);
}

/* What is opened later must not become a stream. Nothing is written to one that was closed: an
 * output that nobody gets is a fault. */
static void settle_streams(void)
{
    int fd = 0;

    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = fcntl(fd, F_GETFD) < 0 ? open("/dev/null", O_RDONLY) : fd + 1;
}

static void say(const char *text)
{
    (void)rh_front_write(STDERR_FILENO, text, strlen(text));
}

/* The program did not answer: 1 where a guest that may have devices of ours is stopped. */
static int answer_for_the_dead(const Call *call, const char *death)
{
    char text[2048];

    (void)snprintf(
        text, sizeof text,
        "guest '%.255s' may have vDPA or mediated devices, and the program that looks "
        "after them on this host, '" RH_FRONT_PROGRAM "', %s%s",
        call->guest, death,
        call->operation->may_fail
            ? "; see that it runs there (without words it prints one line), then try again"
            : "; nothing was done for the guest, which goes on");
    rh_front_tidy(text);
    rh_front_tell(JOURNAL, RH_FRONT_DEATH, call->guest, call->operation->name, text);
    if (!call->operation->may_fail)
        return EXIT_SUCCESS;
    say(text);
    say("\n");
    return EXIT_FAILURE;
}

/* Hands on what the program said on standard error, up to a whole line. False: nothing. */
static bool complain(int from)
{
    static char text[MAX_COMPLAINT + 1];
    size_t length = rh_front_text(from, text, sizeof text);
    const char *end = length == MAX_COMPLAINT ? memrchr(text, '\n', length) : NULL;

    (void)rh_front_write(STDERR_FILENO, text, end ? (size_t)(end + 1 - text) : length);
    return length > 0;
}

static int run_program(const Call *call, const RhFrontGuest *guest, const struct timespec *deadline)
{
    RhFrontEnd end;

    rh_front_run(RH_FRONT_PROGRAM, call->argv, guest->xml, call->daemon, deadline, &end);
    if (end.code < 0)
        return answer_for_the_dead(call, end.death);
    if (end.code == 0 && !rh_front_relay(end.out, STDOUT_FILENO) && call->operation->may_fail)
        return answer_for_the_dead(call, "printed what libvirt did not read to its end");
    if (!complain(end.err) && end.code != 0 && call->operation->may_fail)
        return answer_for_the_dead(call, "refused it without a reason");
    return call->operation->may_fail ? end.code : EXIT_SUCCESS;
}

static int answer(const Call *call)
{
    RhFrontGuest guest = {.xml = -1};
    struct timespec deadline = {0};
    int code = EXIT_SUCCESS;

    (void)clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += call->operation->seconds;
    rh_front_guest_read(&guest, STDIN_FILENO, &deadline);
    if (guest.may_have_devices ||
        (call->operation->is_end && rh_front_guest_has_claims(&guest, CLAIMS)))
        code = run_program(call, &guest, &deadline);
    tidy_image(call, guest.may_have_devices, code);
    return code;
}

int main(int argc, char **argv)
{
    Call call = {.argv = argv, .daemon = getppid()};

    if (argc != 5) {
        say("virt-rehome-hook is run by libvirt: virt-rehome-hook GUEST OPERATION SUBOPERATION "
            "EXTRA, with the guest's XML on standard input\n");
        return EXIT_FAILURE;
    }
    call.guest = argv[1];
    call.operation = find_operation(argv[2], argv[3]);
    /* libvirt's session daemons run the same hooks as an ordinary user, who has no devices. */
    if (!call.operation || geteuid() != 0)
        return EXIT_SUCCESS;
    save_image(&call);
    settle_signals(call.operation);
    settle_streams();
    return answer(&call);
}
