/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files in memory, which hold a program's streams: who keeps one open holds up nobody. And time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* An empty one, closed at exec; -1: it cannot be had. */
int rh_front_memory(void);

/* Writes all of it; false for a @file of -1, too. */
bool rh_front_write(int file, const char *bytes, size_t length);

/* Writes all that is in the memory file @from to @to. */
bool rh_front_relay(int from, int to);

/* The first @size - 1 bytes that are in the memory file @from, and a NUL: an empty text for one of
 * -1. Returns their number. */
size_t rh_front_text(int from, char *ret_text, size_t size);

/* Closes it if it is one, and makes it -1. */
void rh_front_close(int *file);

/* What is left until @deadline (CLOCK_MONOTONIC); false: nothing. */
bool rh_front_time_left(const struct timespec *deadline, struct timespec *ret_left);
