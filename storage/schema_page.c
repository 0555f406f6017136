/*
 * schema_page.c - the schema as a page for people, printed from the comments in MariaDB.
 */
#include "storage/schema_page.h"

#include <stdbool.h>
#include <string.h>

#define NAME_BYTES_MAX 65

static const char head[] =
	"# The tables in MariaDB\n"
	"\n"
	"Printed by `tally-schema document` from the comments in the migrations; do not edit.\n"
	"\n"
	"Everything here can be built again from the journal and its archive. Points are whole\n"
	"points, money is whole minor units of the programme's currency, times are UTC with\n"
	"milliseconds, dates are days of the programme's zone. NULL means: not told, or not of\n"
	"this kind of record. The tables `entry`, `posting`, `lot_move`, `component`, `purchase`\n"
	"and `purchase_line` only grow, and are partitioned by months of `business_date`; ask by\n"
	"date where you can.\n"
	"\n"
	"Where to begin: `settlement_day` for what partners owe, `transaction_list` for what\n"
	"happened, `member_history` for a member's points, `partner_day` and `terminal_day` for\n"
	"totals, `check_all` for the proof that it all agrees.\n";

/* Tables or views: the name, type and comment of each and of its columns, in order. */
static const char tables_sql[] =
	"SELECT t.table_name, c.column_name, c.column_type, c.is_nullable, c.column_comment,"
	" t.table_comment"
	" FROM information_schema.tables t"
	" JOIN information_schema.columns c"
	" ON c.table_schema = t.table_schema AND c.table_name = t.table_name"
	" WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'"
	" ORDER BY t.table_name, c.ordinal_position";
static const char views_sql[] =
	"SELECT v.table_name, c.column_name, c.column_type, c.is_nullable,"
	" COALESCE(n.text, ''), COALESCE(m.text, '')"
	" FROM information_schema.views v"
	" JOIN information_schema.columns c"
	" ON c.table_schema = v.table_schema AND c.table_name = v.table_name"
	" LEFT JOIN view_comment n"
	" ON n.view_name = v.table_name AND n.column_name = c.column_name"
	" LEFT JOIN view_comment m ON m.view_name = v.table_name AND m.column_name = ''"
	" WHERE v.table_schema = DATABASE() ORDER BY v.table_name, c.ordinal_position";

/* A page being printed. */
struct page {
	FILE	*file;
	char	 name[NAME_BYTES_MAX];	/* of the table at hand */
};

/* One cell of a Markdown table: bars would end it, and types of many words need breaks. */
static void
print_cell(FILE *file, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			fputs("\\|", file);
		else if (*text == ',')
			fputs(text[1] == ' ' ? "," : ", ", file);
		else
			fputc(*text, file);
	}
}

static void
on_column(void *context, const struct database_cell *cells)
{
	struct page *page = context;

	if (strcmp(page->name, cells[0].text) != 0) {
		(void)snprintf(page->name, sizeof page->name, "%s", cells[0].text);
		fprintf(page->file, "\n### %s\n\n%s\n\n", cells[0].text, cells[5].text);
		fputs("| column | type | NULL | meaning |\n| --- | --- | --- | --- |\n",
		      page->file);
	}
	fprintf(page->file, "| %s | ", cells[1].text);
	print_cell(page->file, cells[2].text);
	fprintf(page->file, " | %s | ", strcmp(cells[3].text, "YES") == 0 ? "yes" : "");
	print_cell(page->file, cells[4].text);
	fputs(" |\n", page->file);
}

enum tg_status
schema_page_print(struct database *database, FILE *file, struct storage_error *error)
{
	struct page page = { .file = file };
	enum tg_status status;

	fputs(head, file);
	fputs("\n## Tables\n", file);
	status = database_query(database, tables_sql, on_column, &page, error);
	if (status != TG_OK)
		return status;
	fputs("\n## Views\n", file);
	return database_query(database, views_sql, on_column, &page, error);
}
