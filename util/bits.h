/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A set of small numbers: an array of words, with a bit for each. Whoever has the array sees to it
 * that it has enough of them: RH_BITS_WORDS().
 */
#pragma once

#include <glib.h>

#define RH_BITS_A_WORD 64u

/* How many words hold the numbers from 0 to @n - 1. */
#define RH_BITS_WORDS(n) (((n) + RH_BITS_A_WORD - 1) / RH_BITS_A_WORD)

static inline gboolean rh_bits_have(const guint64 *words, guint number)
{
    return words[number / RH_BITS_A_WORD] >> (number % RH_BITS_A_WORD) & 1;
}

static inline void rh_bits_add(guint64 *words, guint number)
{
    words[number / RH_BITS_A_WORD] |= (guint64)1 << (number % RH_BITS_A_WORD);
}

static inline void rh_bits_remove(guint64 *words, guint number)
{
    words[number / RH_BITS_A_WORD] &= ~((guint64)1 << (number % RH_BITS_A_WORD));
}
