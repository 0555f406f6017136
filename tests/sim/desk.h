/*
 * desk.h - what operators do: partners, rules, stores, terminals, blocks, corrections.
 */
#ifndef TG_TESTS_SIM_DESK_H
#define TG_TESTS_SIM_DESK_H

struct sim;

/* An operator does something. */
void desk_act(struct sim *sim);

/* Undo what keeps tills from being served. */
void desk_restore(struct sim *sim);

/* The operator trusts the wall clock. */
void desk_accept_clock(struct sim *sim);

#endif
