/*
 * handlers.h - the functions behind the rows of the command table.
 *
 * Each runs one command, as command.h says: it prints to call->out and ends with command_done() or
 * command_fail().  Arguments are counted already.  For command_table.c and tests.
 */
#ifndef TG_ADMIN_HANDLERS_H
#define TG_ADMIN_HANDLERS_H

#include "admin/command.h"

struct config_noun;
struct ledger_request;

/* run_help.c */
void run_help(struct command_call *call);

/* run_show.c: what the host tells */
void run_show_stats(struct command_call *call);
void run_show_sessions(struct command_call *call);
void run_show_journal(struct command_call *call);
void run_show_sink(struct command_call *call);
void run_show_version(struct command_call *call);

void run_show_memory(struct command_call *call);
void run_show_threads(struct command_call *call);
void run_show_limits(struct command_call *call);
void run_show_snapshots(struct command_call *call);

/* run_host.c: the gateway's own affairs */
void run_show_config(struct command_call *call);
void run_show_top(struct command_call *call);
void run_show_operators(struct command_call *call);
void run_set(struct command_call *call);
void run_reload(struct command_call *call);
void run_log_level(struct command_call *call);
void run_kill_session(struct command_call *call);

/* run_service.c */
void run_drain_all(struct command_call *call);
void run_drain_partner(struct command_call *call);
void run_resume_all(struct command_call *call);
void run_resume_partner(struct command_call *call);

/* run_language.c */
void run_format(struct command_call *call);
void run_every(struct command_call *call);

/* run_list.c: what the ledger holds */
void run_show_programme(struct command_call *call);
void run_show_partners(struct command_call *call);
void run_show_rules(struct command_call *call);
void run_show_stores(struct command_call *call);
void run_show_terminals(struct command_call *call);
void run_show_accounts(struct command_call *call);
void run_show_totals(struct command_call *call);

/* run_member.c */
void run_member(struct command_call *call);
void run_identifier(struct command_call *call);
void run_transaction(struct command_call *call);
void run_record(struct command_call *call);

/* run_config.c */
void run_partner_add(struct command_call *call);
void run_partner_change(struct command_call *call);
void run_partner_show(struct command_call *call);
void run_partner_terms(struct command_call *call);
void run_rule_add(struct command_call *call);
void run_store_add(struct command_call *call);
void run_store_change(struct command_call *call);
void run_store_show(struct command_call *call);
void run_terminal_add(struct command_call *call);
void run_terminal_change(struct command_call *call);
void run_terminal_rotate(struct command_call *call);
void run_terminal_show(struct command_call *call);

/* run_activation.c */
void run_terminal_code(struct command_call *call);

/* Take code=<hours> off the end of the arguments; 0 hours: it is not there. */
bool take_code_hours(struct command_call *call, uint64_t *ret_hours);

/* Make a code for the terminal just added; the command that added it is done already. */
void give_first_code(struct command_call *call, uint64_t hours);

/* What became of the terminal's one-time code, if it ever had one. */
void print_code_state(struct command_call *call);

/* Set one yes-or-no field of the row that the first argument names. */
void change_flag(struct command_call *call, const struct config_noun *noun, const char *field,
		 bool is_set);

/* run_operator.c */
void run_adjust(struct command_call *call);
void run_link_identifier(struct command_call *call);
void run_unlink_identifier(struct command_call *call);
void run_replace_identifier(struct command_call *call);
void run_birthday(struct command_call *call);
void run_merge_members(struct command_call *call);
void run_unmerge_member(struct command_call *call);
void run_value_register(struct command_call *call);
void run_value_bearer(struct command_call *call);
void run_value_freeze(struct command_call *call);
void run_value_free(struct command_call *call);
void run_block_member(struct command_call *call);
void run_block_identifier(struct command_call *call);
void run_block_terminal(struct command_call *call);
void run_block_store(struct command_call *call);
void run_block_partner(struct command_call *call);
void run_unblock_member(struct command_call *call);
void run_unblock_identifier(struct command_call *call);
void run_unblock_terminal(struct command_call *call);
void run_unblock_store(struct command_call *call);
void run_unblock_partner(struct command_call *call);
void run_burn_off(struct command_call *call);
void run_burn_on(struct command_call *call);

/* Join the arguments from the first on as the request's reason.  False: it is too long. */
bool take_reason(struct command_call *call, uint32_t first, struct ledger_request *request);

/* run_runoff.c */
void run_show_runoff(struct command_call *call);
void run_show_winddown(struct command_call *call);

/* run_explain.c */
void run_explain_member(struct command_call *call);

/* run_matters.c */
void run_show_proposals(struct command_call *call);
void run_approve(struct command_call *call);
void run_reject(struct command_call *call);
void run_show_disputes(struct command_call *call);
void run_dispute_show(struct command_call *call);
void run_dispute_decide(struct command_call *call);

/* run_settlement.c */
void run_cycle_add(struct command_call *call);
void run_cycle_change(struct command_call *call);
void run_cycle_show(struct command_call *call);
void run_cycle_close(struct command_call *call);
void run_show_cycles(struct command_call *call);
void run_calendar_add(struct command_call *call);
void run_calendar_end(struct command_call *call);
void run_statement_set(struct command_call *call);
void run_item_add(struct command_call *call);

/* Add, change, show a row of a noun (run_config.c). */
enum change_kind { CHANGE_ADD, CHANGE_CHANGE };
void change_config(struct command_call *call, const struct config_noun *noun,
		   enum change_kind kind);
bool show_config(struct command_call *call, const struct config_noun *noun);

/* run_funding.c */
void run_show_funding(struct command_call *call);
void run_partner_fund(struct command_call *call);
void run_partner_release(struct command_call *call);

/* run_tail.c */
void run_tail(struct command_call *call);
void run_show_audit(struct command_call *call);

/* run_export.c */
void run_export_partners(struct command_call *call);
void run_export_rules(struct command_call *call);
void run_export_stores(struct command_call *call);
void run_export_terminals(struct command_call *call);

/* run_import.c */
void run_import_partners(struct command_call *call);
void run_import_rules(struct command_call *call);
void run_import_stores(struct command_call *call);
void run_import_terminals(struct command_call *call);

/* run_gateway.c */
void run_cutover(struct command_call *call);
void run_clock_accept(struct command_call *call);
void run_clock_step(struct command_call *call);
void run_snapshot(struct command_call *call);
void run_shutdown(struct command_call *call);
void run_quit(struct command_call *call);

/* run_programme.c: programme files and budgets */
void run_programme_load(struct command_call *call);
void run_budget_ask(struct command_call *call);
void run_budget_approve(struct command_call *call);
void run_budget_refuse(struct command_call *call);
void run_budget_release(struct command_call *call);
void run_budget_stop(struct command_call *call);
void run_budget_resume(struct command_call *call);
void run_show_budgets(struct command_call *call);
void run_show_rulebook(struct command_call *call);

#endif
