/*
 * programme_file.c - reading a programme file.
 *
 * Each key of a rate or campaign is a row of a table: how it is written, where it goes, its bounds.
 * A key that the table does not have is an error, so that a misspelt condition does not widen a
 * campaign.
 */
#include "programme/programme.h"

#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programme/programme_value.h"

#define TEXT_BYTES 200
#define SHARE_MAX 1000000

/* How a value is written; FORM_TEXT_* tells people. */
enum form {
	FORM_NUMBER,		/* u32 */
	FORM_BYTE,
	FORM_POINTS,		/* i64 */
	FORM_DAYS,		/* i32 */
	FORM_FLAG,
	FORM_RATIO,
	FORM_MULTIPLIER,
	FORM_DAY,
	FORM_HOURS,
	FORM_WEEKDAYS,
	FORM_CATEGORY,
	FORM_PLACE,
	FORM_SPONSORS,
	FORM_NAME,
	FORM_DIRECTION,
};

#define FORM_TEXT_NUMBER "a number"
#define FORM_TEXT_BYTE "a number"
#define FORM_TEXT_POINTS "a number"
#define FORM_TEXT_DAYS "a number"
#define FORM_TEXT_FLAG "true or false"
#define FORM_TEXT_RATIO "\"3/100\""
#define FORM_TEXT_MULTIPLIER "\"3/2\""
#define FORM_TEXT_DAY "\"2024-04-01\""
#define FORM_TEXT_HOURS "\"10:00-14:00\""
#define FORM_TEXT_WEEKDAYS "[ \"mon\", \"sun\" ]"
#define FORM_TEXT_CATEGORY "a number, or [ 100, 199 ]"
#define FORM_TEXT_PLACE "\"partner 7\" or \"store 11\""
#define FORM_TEXT_SPONSORS "( { partner = 1; share = 2; }, { partner = 2; share = 1; } )"
#define FORM_TEXT_NAME "a text"
#define FORM_TEXT_DIRECTION "\"in\" or \"out\""

/* What has a key. */
#define R 0x1u			/* rates */
#define C 0x2u			/* campaigns */
#define E 0x4u			/* exchanges */

/* How a list is written, and one of it in words. */
struct part {
	const char *list;
	const char *article;		/* "a rate" */
	uint32_t of;
	uint32_t flags;			/* of its rules, from the beginning */
};

static const struct part parts[] = {
	{ "rates", "a rate", R, EARN_RULE_RATE },
	{ "campaigns", "a campaign", C, 0 },
	{ "exchanges", "an exchange", E, 0 },
};

struct key {
	struct programme_key shown;
	enum form form;
	size_t	 offset;		/* in struct earn_rule */
	int64_t	 low, high;		/* bounds; FORM_FLAG: low is the flag */
	uint32_t of;			/* R, C, E */
};

/* Columns: name, form, member, lowest, highest, what has it, text. */
#define KEY(name, form, member, low, high, of, text) \
	{ { name, FORM_TEXT_##form, text }, FORM_##form, \
	  offsetof(struct earn_rule, member), low, high, of }

/* clang-format off */
static const struct key keys[] = {
	KEY("number", NUMBER, number, 1, INT32_MAX, C,
	  "the campaign's number, the same in each version: caps and figures go by it"),
	KEY("name", NAME, name, 0, 0, R | C | E, "its name, for people; at most 32 bytes"),
	KEY("partner", NUMBER, partner, 1, INT32_MAX, R | C | E,
	  "at whose tills; campaigns: every partner's where it is not said"),
	KEY("store", NUMBER, store, 1, INT32_MAX, R | C, "in this store only"),
	KEY("store_group", NUMBER, store_group, 1, STORE_GROUP_MAX, R | C,
	  "in stores of this group of store_groups only"),
	KEY("category", CATEGORY, category_from, 1, UINT32_MAX, R | C,
	  "only for goods of this category, or of a range of them, by the lines of the receipt"),
	KEY("tender", BYTE, tender, 1, 255, R | C, "only where this means of payment was used"),
	KEY("from", DAY, from_day, 0, 0, R | C | E, "first day, in the programme's zone"),
	KEY("until", DAY, until_day, 0, 0, R | C | E, "last day, inclusive"),
	KEY("weekdays", WEEKDAYS, weekdays, 0, 0, R | C, "on these days of the week only"),
	KEY("hours", HOURS, from_minute, 0, 0, R | C,
	  "at these hours only; over midnight where the second is the smaller"),
	KEY("rate", RATIO, rate_num, 0, 0, R | C | E,
	  "points for each minor unit of money; exchanges: what is got for each unit given"),
	KEY("multiplier", MULTIPLIER, rate_num, 0, 0, C,
	  "what the base rates are multiplied by in all, above 1; the campaign gives what is more"),
	KEY("points", POINTS, fixed_points, 1, TG_AMOUNT_MAX, C, "points whatever the amount"),
	KEY("threshold", POINTS, threshold_amount, 0, TG_AMOUNT_MAX, C,
	  "smallest amount of what fits that gets it, minor units of money"),
	KEY("sponsor", NUMBER, sponsor, 1, INT32_MAX, C,
	  "partner that issues it; the partner of the purchase where it is not said"),
	KEY("sponsors", SPONSORS, sponsors, 0, 0, C,
	  "partners that issue it together, 2 to 8, each by its share of the sum of shares"),
	KEY("days", DAYS, days, 1, 36525, C,
	  "life as limited points, days; regular points where it is not said"),
	KEY("usable_at", PLACE, usable_at, 0, 0, C, "where its limited points can be spent"),
	KEY("budget", NUMBER, budget, 1, INT32_MAX, C,
	  "budget that it spends, and that stops it when it is spent"),
	KEY("member_times", NUMBER, member_times, 1, INT32_MAX, C, "so many times a member"),
	KEY("member_points", POINTS, member_points, 1, TG_AMOUNT_MAX, C,
	  "so many points a member in all"),
	KEY("member_day_points", POINTS, member_day_points, 1, TG_AMOUNT_MAX, C,
	  "so many points a member on one day"),
	KEY("first_purchase", FLAG, flags, EARN_RULE_FIRST, 0, C,
	  "only for a member's first purchase in the programme"),
	KEY("birthday", FLAG, flags, EARN_RULE_BIRTHDAY, 0, C, "only on the member's birthday"),
	KEY("tier", BYTE, tier, 1, 255, C, "only for members of this tier or a higher one"),
	KEY("tag", NUMBER, tag, 1, INT32_MAX, C, "only for members with this tag"),
	KEY("exclusive", FLAG, flags, EARN_RULE_EXCLUSIVE, 0, C,
	  "where it gives something, no campaign after it in the file does"),
	KEY("direction", DIRECTION, flags, 0, 0, E,
	  "in: the partner's own currency becomes points; out: points become own currency"),
	KEY("minimum", POINTS, threshold_amount, 0, TG_AMOUNT_MAX, E,
	  "the least that is given: own units in, points out"),
	KEY("step", NUMBER, step, 1, INT32_MAX, E, "what is given is a multiple of it"),
};
/* clang-format on */

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

const struct programme_key *
programme_key_at(size_t nth)
{
	return nth < KEY_COUNT ? &keys[nth].shown : NULL;
}

struct reading {
	struct programme_file *file;
	programme_error_fn *on_error;
	void	*context;
	uint32_t error_count;
};

static void complain(struct reading *r, const config_setting_t *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
complain(struct reading *r, const config_setting_t *at, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	r->on_error(r->context, at == NULL ? 0 : config_setting_source_line(at), text);
	r->error_count++;
}

static bool
is_integer(const config_setting_t *setting)
{
	return config_setting_type(setting) == CONFIG_TYPE_INT ||
	       config_setting_type(setting) == CONFIG_TYPE_INT64;
}

static bool
read_integer(const config_setting_t *setting, int64_t low, int64_t high, int64_t *ret_value)
{
	if (setting == NULL || !is_integer(setting))
		return false;
	*ret_value = config_setting_get_int64(setting);
	return *ret_value >= low && *ret_value <= high;
}

/* A number, or a list of the first and the last of a range. */
static bool
read_category(const config_setting_t *setting, const struct key *key, struct earn_rule *rule)
{
	int64_t from, to;

	if (is_integer(setting)) {
		if (!read_integer(setting, key->low, key->high, &from))
			return false;
		to = from;
	} else if (!config_setting_is_aggregate(setting) || config_setting_length(setting) != 2 ||
		   !read_integer(config_setting_get_elem(setting, 0), key->low, key->high, &from) ||
		   !read_integer(config_setting_get_elem(setting, 1), from, key->high, &to)) {
		return false;
	}
	rule->category_from = (uint32_t)from;
	rule->category_to = (uint32_t)to;
	return true;
}

static bool
read_weekdays(const config_setting_t *setting, struct earn_rule *rule)
{
	const int count = config_setting_is_aggregate(setting) ? config_setting_length(setting) : 0;

	rule->weekdays = 0;
	for (int i = 0; i < count; i++) {
		const char *text = config_setting_get_string_elem(setting, i);
		uint8_t bit;

		if (text == NULL || !programme_weekday(text, &bit))
			return false;
		rule->weekdays |= bit;
	}
	return rule->weekdays != 0;
}

/* ( { partner = 1; share = 2; }, ... ) */
static bool
read_sponsors(const config_setting_t *setting, struct earn_rule *rule)
{
	const int count = config_setting_is_list(setting) ? config_setting_length(setting) : 0;

	rule->sponsor_count = 0;
	if (count < 2 || count > SPONSORS_MAX)
		return false;
	for (int i = 0; i < count; i++) {
		const config_setting_t *at = config_setting_get_elem(setting, (unsigned)i);
		int64_t partner, share;

		if (!config_setting_is_group(at) || config_setting_length(at) != 2 ||
		    !read_integer(config_setting_get_member(at, "partner"), 1, INT32_MAX,
				  &partner) ||
		    !read_integer(config_setting_get_member(at, "share"), 1, SHARE_MAX, &share))
			return false;
		for (uint32_t k = 0; k < rule->sponsor_count; k++) {
			if (rule->sponsors[k].partner == (uint32_t)partner)
				return false;
		}
		rule->sponsors[rule->sponsor_count++] =
			(struct sponsor_share){ (uint32_t)partner, (uint32_t)share };
	}
	return true;
}

static bool
read_direction(const char *text, struct earn_rule *rule)
{
	if (strcmp(text, "in") == 0)
		rule->flags |= EARN_RULE_EXCHANGE_IN;
	else if (strcmp(text, "out") == 0)
		rule->flags |= EARN_RULE_EXCHANGE_OUT;
	return (rule->flags & EARN_RULE_EXCHANGE) != 0;
}

static bool
read_number_into(const config_setting_t *setting, const struct key *key, struct earn_rule *rule)
{
	uint8_t *at = (uint8_t *)rule + key->offset;
	int64_t value;
	uint32_t narrow;

	if (!read_integer(setting, key->low, key->high, &value))
		return false;
	narrow = (uint32_t)value;
	if (key->form == FORM_BYTE)
		*at = (uint8_t)value;
	else if (key->form == FORM_POINTS)
		memcpy(at, &value, sizeof(value));
	else
		memcpy(at, &narrow, sizeof(narrow));
	return true;
}

static bool
read_text_into(const config_setting_t *setting, const struct key *key, struct earn_rule *rule)
{
	const char *text = config_setting_get_string(setting);
	int32_t *day = (int32_t *)(void *)((uint8_t *)rule + key->offset);

	if (text == NULL)
		return false;
	if (key->form == FORM_DIRECTION)
		return read_direction(text, rule);
	if (key->form == FORM_DAY)
		return programme_day(text, day);
	if (key->form == FORM_HOURS)
		return programme_hours(text, &rule->from_minute, &rule->until_minute);
	if (key->form == FORM_PLACE)
		return programme_place(text, &rule->usable_at);
	if (key->form == FORM_NAME) {
		if (strlen(text) > sizeof(rule->name))
			return false;
		memcpy(rule->name, text, strlen(text));
		return true;
	}
	rule->flags |= key->form == FORM_MULTIPLIER ? EARN_RULE_MULTIPLIER : 0;
	return programme_ratio(text, &rule->rate_num, &rule->rate_den);
}

static bool
read_value(const config_setting_t *setting, const struct key *key, struct earn_rule *rule)
{
	if (key->form == FORM_NUMBER || key->form == FORM_BYTE || key->form == FORM_POINTS ||
	    key->form == FORM_DAYS)
		return read_number_into(setting, key, rule);
	if (key->form == FORM_FLAG) {
		if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
			return false;
		rule->flags |= config_setting_get_bool(setting) != 0 ? (uint32_t)key->low : 0;
		return true;
	}
	if (key->form == FORM_CATEGORY)
		return read_category(setting, key, rule);
	if (key->form == FORM_WEEKDAYS)
		return read_weekdays(setting, rule);
	if (key->form == FORM_SPONSORS)
		return read_sponsors(setting, rule);
	return read_text_into(setting, key, rule);
}

static const struct key *
find_key(const char *name, uint32_t of)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (name != NULL && strcmp(keys[i].shown.name, name) == 0 &&
		    (keys[i].of & of) != 0)
			return &keys[i];
	}
	return NULL;
}

/* What the keys say together. */
static void
check_rate(struct reading *r, const config_setting_t *at, const struct earn_rule *rule)
{
	if (rule->partner == 0)
		complain(r, at, "a rate names its partner");
	if (config_setting_get_member(at, "rate") == NULL)
		complain(r, at, "rate is missing");
	if (rule->store == 0 && rule->store_group == 0 && rule->category_to == 0 &&
	    rule->tender == 0 && rule->from_day == INT32_MIN && rule->until_day == INT32_MAX &&
	    rule->weekdays == WEEKDAYS_ALL && rule->from_minute == 0 &&
	    rule->until_minute == MINUTES_PER_DAY)
		complain(r, at, "the partner's own rate is set by `rule add`; here stand "
				"exceptions to it: name a store, category, tender or time");
}

static void
check_campaign(struct reading *r, const config_setting_t *at, const struct earn_rule *rule)
{
	const bool has_rate = config_setting_get_member(at, "rate") != NULL;
	const bool has_multiplier = config_setting_get_member(at, "multiplier") != NULL;
	const bool has_points = config_setting_get_member(at, "points") != NULL;

	if (rule->number == 0)
		complain(r, at, "a campaign has a number");
	if (!has_rate && !has_multiplier && !has_points)
		complain(r, at, "say what it gives: rate, multiplier or points");
	if (has_multiplier && (has_rate || has_points))
		complain(r, at, "a multiplier stands alone: no rate, no points beside it");
	if (has_multiplier && (rule->rate_num <= rule->rate_den || rule->rate_num > 1000000))
		complain(r, at, "a multiplier is above 1, its numbers at most 1000000");
	if (rule->sponsor != 0 && rule->sponsor_count > 0)
		complain(r, at, "one sponsor or several: sponsor stands alone");
	if (rule->usable_at != USABLE_ANYWHERE && rule->days == 0)
		complain(r, at, "usable_at is for limited points: say days, too");
	for (uint32_t i = 0; i < r->file->rule_count; i++) {
		if (rule->number != 0 && r->file->rules[i].rule.number == rule->number)
			complain(r, at, "number %u is that of the campaign in line %u",
				 rule->number, r->file->rules[i].line);
	}
}

/* Of two rates for the same, valid on the same day, nobody would know which is meant. */
static void
check_exchange(struct reading *r, const config_setting_t *at, const struct earn_rule *rule)
{
	if (rule->partner == 0)
		complain(r, at, "an exchange names its partner");
	if ((rule->flags & EARN_RULE_EXCHANGE) == 0)
		complain(r, at, "direction is missing");
	if (config_setting_get_member(at, "rate") == NULL)
		complain(r, at, "rate is missing");
	else if (rule->rate_num == 0)
		complain(r, at, "an exchange gives something: its rate is above 0");
	for (uint32_t i = 0; i < r->file->rule_count; i++) {
		const struct earn_rule *other = &r->file->rules[i].rule;

		if (other->partner == rule->partner && other->flags == rule->flags &&
		    other->from_day <= rule->until_day && rule->from_day <= other->until_day)
			complain(r, at, "partner %u has a rate for these days in line %u",
				 rule->partner, r->file->rules[i].line);
	}
}

static void
check_together(struct reading *r, const config_setting_t *at, const struct part *part,
	       const struct earn_rule *rule)
{
	if (rule->from_day > rule->until_day)
		complain(r, at, "it ends before it begins");
	if (part->of == R)
		check_rate(r, at, rule);
	else if (part->of == C)
		check_campaign(r, at, rule);
	else
		check_exchange(r, at, rule);
}

static void
read_rule(struct reading *r, const config_setting_t *at, const struct part *part)
{
	struct earn_rule rule = {
		.position = r->file->rule_count,
		.flags = part->flags,
		.from_day = INT32_MIN,
		.until_day = INT32_MAX,
		.until_minute = MINUTES_PER_DAY,
		.weekdays = WEEKDAYS_ALL,
		.member_points = LIMIT_NONE,
		.member_day_points = LIMIT_NONE,
		.rate_den = 1,
	};

	if (!config_setting_is_group(at)) {
		complain(r, at, "%s is written { key = value; ... }", part->article);
		return;
	}
	for (int i = 0; i < config_setting_length(at); i++) {
		const config_setting_t *setting = config_setting_get_elem(at, (unsigned)i);
		const char *name = config_setting_name(setting);
		const struct key *key = find_key(name, part->of);

		if (key == NULL)
			complain(r, setting, "%.40s: no key of %s", name, part->article);
		else if (!read_value(setting, key, &rule) && key->high > 0)
			complain(r, setting, "%s: wanted: %s, %lld to %lld", name, key->shown.form,
				 (long long)key->low, (long long)key->high);
		else if (!read_value(setting, key, &rule))
			complain(r, setting, "%s: wanted: %s", name, key->shown.form);
	}
	check_together(r, at, part, &rule);
	r->file->rules[r->file->rule_count++] = (struct programme_rule){
		.rule = rule,
		.line = config_setting_source_line(at),
	};
}

static void
read_rules(struct reading *r, const config_setting_t *list, const struct part *part)
{
	const int count = list == NULL ? 0 : config_setting_length(list);

	if (list != NULL && !config_setting_is_list(list)) {
		complain(r, list, "%s is a list: ( { ... }, { ... } )", config_setting_name(list));
		return;
	}
	for (int i = 0; i < count; i++) {
		if (r->file->rule_count == PROGRAMME_RULES_MAX) {
			complain(r, list, "more than %d rates, campaigns and exchanges",
				 PROGRAMME_RULES_MAX);
			return;
		}
		read_rule(r, config_setting_get_elem(list, (unsigned)i), part);
	}
}

/* { number = 1; stores = [ 11, 12 ]; } */
static void
read_group(struct reading *r, const config_setting_t *at)
{
	const config_setting_t *stores =
		config_setting_is_group(at) ? config_setting_get_member(at, "stores") : NULL;
	int64_t group = 0, store;

	if (stores == NULL || !config_setting_is_aggregate(stores) ||
	    !read_integer(config_setting_get_member(at, "number"), 1, STORE_GROUP_MAX, &group)) {
		complain(r, at, "a group of stores is { number = 1 to %u; stores = [ 11, 12 ]; }",
			 STORE_GROUP_MAX);
		return;
	}
	for (int i = 0; i < config_setting_length(at); i++) {
		const char *name = config_setting_name(config_setting_get_elem(at, (unsigned)i));

		if (strcmp(name, "number") != 0 && strcmp(name, "stores") != 0 &&
		    strcmp(name, "name") != 0)
			complain(r, at, "%.40s: no key of a group of stores", name);
	}
	for (int i = 0; i < config_setting_length(stores); i++) {
		if (!read_integer(config_setting_get_elem(stores, (unsigned)i), 1, INT32_MAX,
				  &store)) {
			complain(r, stores, "stores are numbers");
		} else if (r->file->grouped_count == PROGRAMME_GROUPED_MAX) {
			complain(r, stores, "more than %d stores in groups", PROGRAMME_GROUPED_MAX);
			return;
		} else {
			r->file->grouped[r->file->grouped_count++] = (struct programme_grouped){
				(uint32_t)store, (uint32_t)group,
				config_setting_source_line(stores)
			};
		}
	}
}

static void
read_groups(struct reading *r, const config_setting_t *list)
{
	if (list == NULL)
		return;
	if (!config_setting_is_list(list)) {
		complain(r, list, "store_groups is a list: ( { ... }, { ... } )");
		return;
	}
	for (int i = 0; i < config_setting_length(list); i++)
		read_group(r, config_setting_get_elem(list, (unsigned)i));
}

/* A group that a rule names has stores. */
static void
check_groups(struct reading *r)
{
	for (uint32_t i = 0; i < r->file->rule_count; i++) {
		const struct programme_rule *rule = &r->file->rules[i];
		bool is_there = rule->rule.store_group == 0;

		for (uint32_t k = 0; !is_there && k < r->file->grouped_count; k++)
			is_there = r->file->grouped[k].group == rule->rule.store_group;
		if (!is_there) {
			char text[TEXT_BYTES];

			snprintf(text, sizeof(text), "store_group: no store is in group %u",
				 rule->rule.store_group);
			r->on_error(r->context, rule->line, text);
			r->error_count++;
		}
	}
}

static void
read_root(struct reading *r, const config_setting_t *root)
{
	for (int i = 0; i < config_setting_length(root); i++) {
		const config_setting_t *setting = config_setting_get_elem(root, (unsigned)i);
		const char *name = config_setting_name(setting);
		bool is_known = strcmp(name, "store_groups") == 0;

		for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++)
			is_known |= strcmp(name, parts[k].list) == 0;
		if (!is_known)
			complain(r, setting,
				 "%.40s: a programme has store_groups, rates, campaigns, exchanges",
				 name);
	}
	read_groups(r, config_setting_get_member(root, "store_groups"));
	for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++)
		read_rules(r, config_setting_get_member(root, parts[k].list), &parts[k]);
	check_groups(r);
}

enum tg_status
programme_file_read(const char *path, programme_error_fn *on_error, void *context,
		    struct programme_file *ret_file)
{
	struct programme_file file = {
		.rules = calloc(PROGRAMME_RULES_MAX, sizeof(*file.rules)),
		.grouped = calloc(PROGRAMME_GROUPED_MAX, sizeof(*file.grouped)),
	};
	struct reading r = { .file = &file, .on_error = on_error, .context = context };
	config_t config;

	if (file.rules == NULL || file.grouped == NULL) {
		programme_file_deinit(&file);
		return TG_NO_MEMORY;
	}
	config_init(&config);
	if (config_read_file(&config, path) != CONFIG_TRUE) {
		on_error(context,
			 config_error_type(&config) == CONFIG_ERR_PARSE ?
				 (unsigned)config_error_line(&config) :
				 0,
			 config_error_text(&config));
		r.error_count++;
	} else {
		read_root(&r, config_root_setting(&config));
	}
	config_destroy(&config);
	if (r.error_count > 0) {
		programme_file_deinit(&file);
		return TG_CONFIG;
	}
	*ret_file = file;
	return TG_OK;
}

void
programme_file_deinit(struct programme_file *file)
{
	free(file->rules);
	free(file->grouped);
	*file = (struct programme_file){ 0 };
}

uint64_t
programme_store_groups(const struct programme_file *file, uint32_t store)
{
	uint64_t groups = 0;

	for (uint32_t i = 0; i < file->grouped_count; i++) {
		if (file->grouped[i].store == store)
			groups |= UINT64_C(1) << (file->grouped[i].group - 1);
	}
	return groups;
}
