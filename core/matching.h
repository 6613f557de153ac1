/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A matching: many parties (guests), each with rows (its devices), to columns (the host's devices),
 * each column to one row at most. A party has columns for all of its rows, or none. Whoever is
 * placed stays so while others are, with other columns where need be (augmenting paths: Berge, Two
 * theorems in graph theory, 1957). Where each party has one row, as many are placed as can be;
 * otherwise that is set packing, and rh_matching_improve() makes a bounded number of tries.
 */
#pragma once

#include <glib.h>

typedef struct RhMatching RhMatching;

RhMatching *rh_matching_new(guint n_columns);
void rh_matching_free(RhMatching *matching);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhMatching, rh_matching_free)

/* Adds a party without rows, which has no place; parties are numbered from 0. */
void rh_matching_add_party(RhMatching *matching);
/* Adds a row to the last party; its rows are numbered from 0. */
void rh_matching_add_row(RhMatching *matching);
/* The last row may have @column: the one that it wants most first, each once. */
void rh_matching_offer(RhMatching *matching, guint column);

/* The last party is to keep exactly @columns, one for each of its rows, if it can. */
void rh_matching_own(RhMatching *matching, const guint *columns);

/* All offers were made. Finds a place for @party, which has none; those who were left what they own
 * move only where nothing else helps. FALSE: there is none, and nothing has changed. */
gboolean rh_matching_place(RhMatching *matching, guint party);

/*
 * To be called once, when all parties were placed that could be. A party of several rows may have
 * the columns of two others: among those that compete and have several rows, whoever has no place
 * goes before all others in another try, which counts if more are placed then. The work is bounded,
 * the best that was found until then stays.
 */
void rh_matching_improve(RhMatching *matching);

/* The column of @party's row, or RH_UNASSIGNED (core/assign.h). */
guint rh_matching_column(const RhMatching *matching, guint party, guint row);

/* How many offers were looked at so far: what it costs. */
guint64 rh_matching_work(const RhMatching *matching);
