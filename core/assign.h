/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Assignment: rows (the guest's devices) to columns (the host's), each column at most once, at the
 * least cost. Costs are vectors, summed over the rows and compared level by level. Of several best
 * assignments the one that gives the first row the lowest column counts, then the second row, and
 * so on: the same input gives the same answer. The Hungarian method, over vectors.
 */
#pragma once

#include "core/cost.h"

#define RH_UNASSIGNED G_MAXUINT

typedef struct RhAssign RhAssign;

RhAssign *rh_assign_new(guint n_rows);
void rh_assign_free(RhAssign *assign);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhAssign, rh_assign_free)

/*
 * @row may have @column at @cost. Each pair once, in any order. Only the best n_rows columns of a
 * row are kept, for no best assignment needs another: one of those must be left by the other rows.
 */
void rh_assign_offer(RhAssign *assign, guint row, guint column, const RhCost *cost);

/* Assigns as many rows as can be, and says whether all were. Call once, after all offers. */
gboolean rh_assign_solve(RhAssign *assign);

/* The column of @row, or RH_UNASSIGNED. */
guint rh_assign_column(const RhAssign *assign, guint row);

/*
 * Why @row is unassigned: the rows, itself among them, that compete for fewer columns than they
 * are (Hall's theorem). Both arrays of guint, ascending; owned by the caller.
 */
void rh_assign_contest(const RhAssign *assign, guint row, GArray **ret_rows, GArray **ret_columns);

/* The sum over all assigned rows. */
RhCost rh_assign_cost(const RhAssign *assign);
