/*
 * test_field.c - values of fields, from text and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "admin/config_noun.h"
#include "protocol/message.h"

static const struct field_set *const sets[] = { &partner_field_set, &rule_field_set,
						&store_field_set, &terminal_field_set,
							&cycle_field_set };

#define SET_COUNT (sizeof(sets) / sizeof(sets[0]))

static const struct field *
field_of(const struct field_set *set, const char *name)
{
	const uint32_t index = field_find(set, name);

	assert_true(index < set->count);
	return &set->fields[index];
}

/* What: every field has a help, a name once, and a default that reads back as it is written.
 * How:  all rows; defaults formatted and assigned again. */
static void
every_field_is_sound(void **state)
{
	(void)state;
	for (size_t s = 0; s < SET_COUNT; s++) {
		const struct field_set *set = sets[s];
		union config_image image;
		char text[FIELD_TEXT_BYTES], why[FIELD_TEXT_BYTES];

		field_set_defaults(set, &image);
		for (uint32_t i = 0; i < set->count; i++) {
			const struct field *field = &set->fields[i];

			assert_true(strlen(field->help) > 0);
			assert_int_equal(field_find(set, field->name), i);
			assert_true(field->offset + field->bytes <= set->image_bytes);
			field_format(field, &image, text);
			if (field->fallback == NULL)
				continue;
			assert_string_equal(text, field->fallback);
			assert_true(field_assign(field, &image, text, why));
		}
	}
}

struct value_case {
	const struct field_set *set;
	const char *field;
	const char *value;
	const char *read;	/* as formatted afterwards; NULL: refused */
};

/* What: values are read within their bounds and words, and refused whole outside of them.
 * How:  a table; a refused value leaves the field as it was. */
static void
values_are_bounded(void **state)
{
	static const struct value_case cases[] = {
		{ &partner_field_set, "number", "7", "7" },
		{ &partner_field_set, "number", "0", NULL },
		{ &partner_field_set, "number", "2147483648", NULL },
		{ &partner_field_set, "number", "7x", NULL },
		{ &partner_field_set, "number", "", NULL },
		{ &partner_field_set, "number", " 7", NULL },
		{ &partner_field_set, "number", "99999999999999999999", NULL },
		{ &partner_field_set, "earn_transaction_points", "none", "none" },
		{ &partner_field_set, "earn_transaction_points", "NONE", "none" },
		{ &partner_field_set, "earn_transaction_points", "0", "0" },
		{ &partner_field_set, "earn_transaction_points", "1000000000001", NULL },
		{ &partner_field_set, "earn_transaction_points", "-1", NULL },
		{ &partner_field_set, "pending_days", "confirmed", "confirmed" },
		{ &partner_field_set, "return_days", "30", "30" },
		{ &partner_field_set, "blocked", "yes", "yes" },
		{ &partner_field_set, "blocked", "1", NULL },
		{ &partner_field_set, "name", "\xe4\xb9\xa6\xe5\xba\x97",
		  "\xe4\xb9\xa6\xe5\xba\x97" },
		{ &partner_field_set, "name", "123456789012345678901234567890123456789012345678",
		  "123456789012345678901234567890123456789012345678" },
		{ &partner_field_set, "name", "1234567890123456789012345678901234567890123456789",
		  NULL },
		{ &rule_field_set, "base", "3/200", "3/200" },
		{ &rule_field_set, "base", "2", "2/1" },
		{ &rule_field_set, "base", "1/0", NULL },
		{ &rule_field_set, "base", "/2", NULL },
		{ &rule_field_set, "base", "1/", NULL },
		{ &rule_field_set, "base", "1/2/3", NULL },
		{ &rule_field_set, "base", "-1/2", NULL },
		{ &rule_field_set, "bonus_usable_at", "store:11", "store:11" },
		{ &rule_field_set, "bonus_usable_at", "partner:3", "partner:3" },
		{ &rule_field_set, "bonus_usable_at", "anywhere", "anywhere" },
		{ &rule_field_set, "bonus_usable_at", "store:0", NULL },
		{ &rule_field_set, "bonus_usable_at", "shop:1", NULL },
		{ &rule_field_set, "bonus_usable_at", "store", NULL },
		{ &terminal_field_set, "rights", "earn+burn", "earn+burn" },
		{ &terminal_field_set, "rights", "all", "all" },
		{ &terminal_field_set, "rights", "none", "none" },
		{ &terminal_field_set, "rights", "earn+", NULL },
		{ &terminal_field_set, "rights", "earn,burn", NULL },
		{ &terminal_field_set, "rights", "", NULL },
		{ &terminal_field_set, "generation", "65535", "65535" },
		{ &terminal_field_set, "generation", "65536", NULL },
		{ &terminal_field_set, "generation", "0", NULL },
		{ &terminal_field_set, "number", "4294967295", "4294967295" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct value_case *c = &cases[i];
		const struct field *field = field_of(c->set, c->field);
		union config_image image;
		char text[FIELD_TEXT_BYTES], before[FIELD_TEXT_BYTES], why[FIELD_TEXT_BYTES] = "";

		field_set_defaults(c->set, &image);
		field_format(field, &image, before);
		assert_int_equal(field_assign(field, &image, c->value, why), c->read != NULL);
		field_format(field, &image, text);
		assert_string_equal(text, c->read != NULL ? c->read : before);
		assert_int_equal(strlen(why) > 0, c->read == NULL);
	}
}

/* What: flags of one word do not touch each other; rights are bits of the message table. */
static void
flags_and_rights_are_bits(void **state)
{
	union config_image image;
	char why[FIELD_TEXT_BYTES];

	(void)state;
	field_set_defaults(&partner_field_set, &image);
	assert_true(field_assign(field_of(&partner_field_set, "blocked"), &image, "yes", why));
	assert_true(field_assign(field_of(&partner_field_set, "test"), &image, "yes", why));
	assert_true(field_assign(field_of(&partner_field_set, "blocked"), &image, "no", why));
	assert_int_equal(image.partner.flags, PARTNER_TEST);
	field_set_defaults(&terminal_field_set, &image);
	assert_true(field_assign(field_of(&terminal_field_set, "rights"), &image,
				 "Earn+act_for", why));
	assert_int_equal(image.terminal.rights, TG_RIGHT_EARN | TG_RIGHT_ACT_FOR);
}

/* What: only the named fields are copied. */
static void
named_fields_are_copied(void **state)
{
	union config_image from, to;
	char why[FIELD_TEXT_BYTES];
	const uint32_t name = field_find(&partner_field_set, "name");
	const uint32_t blocked = field_find(&partner_field_set, "blocked");

	(void)state;
	field_set_defaults(&partner_field_set, &from);
	field_set_defaults(&partner_field_set, &to);
	assert_true(field_assign(&partner_field_set.fields[name], &from, "A", why));
	assert_true(field_assign(&partner_field_set.fields[blocked], &from, "yes", why));
	field_copy(&partner_field_set, UINT32_C(1) << name, &from, &to);
	assert_string_equal((const char *)to.partner.name, "A");
	assert_int_equal(to.partner.flags, 0);
	assert_false(config_noun_is_same(&partner_noun, &from, &to));
	field_copy(&partner_field_set, UINT32_C(1) << blocked, &from, &to);
	assert_true(config_noun_is_same(&partner_noun, &from, &to));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_sound),
		cmocka_unit_test(values_are_bounded),
		cmocka_unit_test(flags_and_rights_are_bits),
		cmocka_unit_test(named_fields_are_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
