/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pairs RUNS WARM-UPS INPUT COMMAND… -- INPUT COMMAND…
 * Runs two commands in turn (A B A B …), their standard input from INPUT, and prints a line for
 * each run after the warm-ups: A or B, wall time and processor time in microseconds, peak memory in
 * KiB, exit status. In C, since a process that Python starts counts Python's own peak as its own.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    const char *input;
    char **argv;
} Command;

static long microseconds(struct timeval time)
{
    return time.tv_sec * 1000000L + time.tv_usec;
}

static long since(const struct timespec *start)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start->tv_sec) * 1000000L + (now.tv_nsec - start->tv_nsec) / 1000;
}

/* In the child: what libvirt would read goes nowhere. */
static void become(const Command *command)
{
    int in = open(command->input, O_RDONLY);
    int out = open("/dev/null", O_WRONLY);

    if (in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(out, STDERR_FILENO) < 0)
        _exit(127);
    (void)close(in);
    (void)close(out);
    (void)execv(command->argv[0], command->argv);
    _exit(127);
}

static int run(char name, const Command *command, int is_counted)
{
    struct timespec start;
    struct rusage usage;
    int status;
    long wall;
    pid_t child;

    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    child = fork();
    if (child == 0)
        become(command);
    if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status)) {
        fprintf(stderr, "pairs: '%s' did not run to its end\n", command->argv[0]);
        return -1;
    }
    wall = since(&start);
    if (is_counted)
        printf("%c %ld %ld %ld %d\n", name, wall,
               microseconds(usage.ru_utime) + microseconds(usage.ru_stime), usage.ru_maxrss,
               WEXITSTATUS(status));
    return 0;
}

int main(int argc, char **argv)
{
    int middle = 3;
    Command a;
    Command b;
    long runs;
    long warm_ups;

    while (middle < argc && strcmp(argv[middle], "--") != 0)
        middle++;
    if (middle < 5 || middle + 2 >= argc) {
        fprintf(stderr, "usage: pairs RUNS WARM-UPS INPUT COMMAND... -- INPUT COMMAND...\n");
        return EXIT_FAILURE;
    }
    runs = strtol(argv[1], NULL, 10);
    warm_ups = strtol(argv[2], NULL, 10);
    argv[middle] = NULL;
    a = (Command){argv[3], argv + 4};
    b = (Command){argv[middle + 1], argv + middle + 2};
    for (long i = 0; i < warm_ups + runs; i++)
        if (run('A', &a, i >= warm_ups) < 0 || run('B', &b, i >= warm_ups) < 0)
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
