/*
 * office.h - what operators do about money: cover, rates, budgets, settlement, proposals, disputes.
 */
#ifndef TG_TESTS_SIM_OFFICE_H
#define TG_TESTS_SIM_OFFICE_H

struct sim;

/* An operator does something, sensible or not. */
void office_act(struct sim *sim);

#endif
