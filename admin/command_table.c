/*
 * command_table.c - the console's commands.
 *
 * Columns: words, arguments, right, handler, help.  Rows with the same first word stand together.
 * "yes" among the arguments is the confirmation of what cannot be taken back.
 */
#include "admin/command.h"
#include "admin/handlers.h"

/* clang-format off */
const struct command command_rows[] = {
	{ "help", "[<command>...]", RIGHT_VIEWER, run_help, "what there is, or about one command" },
	{ "show stats", "", RIGHT_VIEWER, run_show_stats,
	  "requests, delays, tables, clock, alarms" },
	{ "show sessions", "", RIGHT_VIEWER, run_show_sessions, "open connections of terminals" },
	{ "show journal", "", RIGHT_VIEWER, run_show_journal, "durable sequence, segments, disk" },
	{ "show sink", "", RIGHT_VIEWER, run_show_sink, "how far MariaDB has come" },
	{ "show version", "", RIGHT_VIEWER, run_show_version, "program and instance" },
	{ "show programme", "", RIGHT_VIEWER, run_show_programme,
	  "the programme's rules in force" },
	{ "show partners", "", RIGHT_VIEWER, run_show_partners,
	  "partners with points issued and redeemed" },
	{ "show rules", "", RIGHT_VIEWER, run_show_rules, "each partner's earning rule in force" },
	{ "show stores", "[<partner>]", RIGHT_VIEWER, run_show_stores,
	  "stores, of a partner or all" },
	{ "show terminals", "[<partner>]", RIGHT_VIEWER, run_show_terminals,
	  "terminals, of a partner or all" },
	{ "show accounts", "", RIGHT_VIEWER, run_show_accounts,
	  "balances of all accounts (those not zero), which sum to zero" },
	{ "member", "<member>", RIGHT_VIEWER, run_member,
	  "a member by reference or type:identifier (card:..., phone:..., app:...)" },
	{ "transaction", "<partner> <id>", RIGHT_VIEWER, run_transaction,
	  "what became of a transaction, by partner and id (32 hexadecimal digits)" },
	{ "record", "<sequence>", RIGHT_VIEWER, run_record, "a record of the journal, in full" },
	{ "partner show", "<number>", RIGHT_VIEWER, run_partner_show,
	  "a partner and its earning rule" },
	{ "partner add", "<number> [<field=value>...]", RIGHT_ADMIN, run_partner_add,
	  "a new partner" },
	{ "partner change", "<number> <field=value>...", RIGHT_ADMIN, run_partner_change,
	  "change fields of a partner" },
	{ "rule add", "<partner> <field=value>...", RIGHT_ADMIN, run_rule_add,
	  "a new version of a partner's earning rule; fields not named stay as they are" },
	{ "store show", "<number>", RIGHT_VIEWER, run_store_show, "a store" },
	{ "store add", "<number> <field=value>...", RIGHT_OPERATOR, run_store_add, "a new store" },
	{ "store change", "<number> <field=value>...", RIGHT_OPERATOR, run_store_change,
	  "change fields of a store" },
	{ "terminal show", "<number>", RIGHT_VIEWER, run_terminal_show, "a terminal" },
	{ "terminal add", "<number> <field=value>...", RIGHT_OPERATOR, run_terminal_add,
	  "a new terminal" },
	{ "terminal change", "<number> <field=value>...", RIGHT_OPERATOR, run_terminal_change,
	  "change fields of a terminal: rights, blocked, ..." },
	{ "terminal rotate", "<number> [<end-old>]", RIGHT_OPERATOR, run_terminal_rotate,
	  "give a terminal its next key; the old one is accepted besides until "
	  "`terminal rotate N end-old`" },
	{ "import partners", "<file>", RIGHT_ADMIN, run_import_partners,
	  "add and change partners from a CSV file" },
	{ "import rules", "<file>", RIGHT_ADMIN, run_import_rules,
	  "add versions of earning rules from a CSV file" },
	{ "import stores", "<file>", RIGHT_OPERATOR, run_import_stores,
	  "add and change stores from a CSV file" },
	{ "import terminals", "<file>", RIGHT_OPERATOR, run_import_terminals,
	  "add and change terminals from a CSV file" },
	{ "cutover", "yes", RIGHT_ADMIN, run_cutover, "move the business date by one day" },
	{ "clock accept", "yes", RIGHT_ADMIN, run_clock_accept,
	  "trust the wall clock after it jumped or after a long stop" },
	{ "clock step", "<time>", RIGHT_ADMIN, run_clock_step,
	  "move a stepped clock: ms since 1970, 1997-01-31, or 1997-01-31T08:15:00Z" },
	{ "snapshot", "", RIGHT_OPERATOR, run_snapshot, "write a snapshot now" },
	{ "shutdown", "yes", RIGHT_ADMIN, run_shutdown,
	  "answer what is in flight, then stop the gateway" },
	{ "quit", "", RIGHT_VIEWER, run_quit, "end this session" },
};
/* clang-format on */

const uint32_t command_row_count = sizeof(command_rows) / sizeof(command_rows[0]);
