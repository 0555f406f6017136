/*
 * desk.h - what operators do: partners, rules, stores, terminals, blocks, corrections.
 */
#ifndef TG_TESTS_SIM_DESK_H
#define TG_TESTS_SIM_DESK_H

#include <stdint.h>

struct ledger_request;
struct sim;

/* An operator does something. */
void desk_act(struct sim *sim);

/* Ask, unless nobody is there to answer; what is for the story. */
void desk_ask(struct sim *sim, struct ledger_request *request, const char *what);

/* A member that the model knows; 0: there is none. */
uint64_t desk_draw_member(struct sim *sim);

/* Undo what keeps tills from being served. */
void desk_restore(struct sim *sim);

/* The operator trusts the wall clock. */
void desk_accept_clock(struct sim *sim);

#endif
