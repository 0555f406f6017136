/*
 * work.h - what tills ask: over the whole message table, sensible or not.
 */
#ifndef TG_TESTS_SIM_WORK_H
#define TG_TESTS_SIM_WORK_H

struct sim;
struct till;

/* A till asks something. */
void work_ask(struct sim *sim, struct till *till);

/* A till asks something again that it asked before, whether it knows the outcome or not. */
void work_ask_again(struct sim *sim, struct till *till);

#endif
