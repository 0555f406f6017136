/*
 * gen_manual.c - the tables as lists in scdoc's form, for tallygate-protocol(7).
 */
#include "protocol/gen_manual.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "protocol/message.h"
#include "protocol/status.h"

/* Print text; what would mark something up is told to be itself. */
static void
print_escaped(const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("\\*_`#[]|<", *text) != NULL)
			putchar('\\');
		putchar(*text);
	}
}

/* Print an entry: its name and number, then, in the paragraph below, the text. */
static void
print_entry(const char *name, int64_t number, const char *text)
{
	printf("*%s* (%" PRId64 ")\n\t", name, number);
	print_escaped(text);
}

/* Print a paragraph of fields, if there are any. */
static void
print_fields(const char *title, const struct tg_field_set *fields,
	     const struct tg_field_set *required)
{
	const char *separator = title;

	for (enum tg_field f = tg_field_set_next(fields, 0); f < TG_FIELD_COUNT;
	     f = tg_field_set_next(fields, f + 1)) {
		const char *mark = required != NULL && tg_field_set_has(required, f) ? "*" : "";

		printf("%s%s%s%s", separator, mark, tg_field_info(f)->name, mark);
		separator = ", ";
	}
	if (separator != title)
		printf(".\n\n");
}

void
gen_manual_operations(void)
{
	for (uint32_t n = tg_operation_next(0); n != 0; n = tg_operation_next(n)) {
		const struct tg_operation_info *info = tg_operation_info(n);

		print_entry(info->name, info->number, info->text);
		printf(".%s", info->has_transaction_id ? " A transaction." : "");
		if (info->right != 0)
			printf(" Needs the right *%s*.", tg_right_name(info->right));
		printf("\n\n");
		print_fields("\tRequest: ", &info->requested, &info->required);
		print_fields("\tAnswer: ", &info->replied, NULL);
	}
}

void
gen_manual_fields(void)
{
	for (uint32_t f = tg_field_next(0); f != 0; f = tg_field_next(f)) {
		const struct tg_field_info *info = tg_field_info(f);

		print_entry(info->name, info->number, tg_type_name(info->type));
		printf(": ");
		print_escaped(info->text);
		printf(".\n\n");
	}
}

void
gen_manual_statuses(void)
{
#define PRINT_STATUS(name, number, retry, recorded, text)                                          \
	print_entry(tg_status_name(name), number, text);                                           \
	printf("%s%s.\n\n", (retry) ? "; again" : "", (recorded) ? "; recorded" : "");
	TG_STATUS_LIST(PRINT_STATUS)
#undef PRINT_STATUS
}

void
gen_manual_rights(void)
{
#define PRINT_RIGHT(name, word, bit, text)                                                         \
	print_entry(#word, bit, text);                                                             \
	printf(".\n\n");
	TG_RIGHT_LIST(PRINT_RIGHT)
#undef PRINT_RIGHT
}
