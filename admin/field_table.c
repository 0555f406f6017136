/*
 * field_table.c - the fields of partners, rules, stores, terminals and cycles.
 */
#include "admin/field.h"

#include "protocol/message.h"

#define POINTS_MAX TG_AMOUNT_MAX
#define NUMBER_MAX INT64_C(2147483647)
#define MEMBER_BYTES(type, member) sizeof(((struct type *)0)->member)

/*
 * Columns of a row: name, struct, member, bounds, word and its value, default, help.  A member's
 * type tells its sign: (type)-1 is below 0 only where it has one.
 */
#define INT_FIELD(name, type, member, low, high, word, value, fallback, help) \
	{ name, FIELD_INT, offsetof(struct type, member), MEMBER_BYTES(type, member), \
	  (__typeof__(((struct type *)0)->member))-1 < 1, low, high, word, value, fallback, help }
#define LIMIT_FIELD(member, help) \
	INT_FIELD(#member, partner_config, member, 0, POINTS_MAX, "none", LIMIT_NONE, "none", help)
#define FLAG_FIELD(name, type, bit, help) \
	{ name, FIELD_FLAG, offsetof(struct type, flags), sizeof(uint32_t), false, bit, 0, \
	  NULL, 0, "no", help }
#define OTHER_FIELD(name, kind, type, member, high, fallback, help) \
	{ name, kind, offsetof(struct type, member), MEMBER_BYTES(type, member), false, 0, high, \
	  NULL, 0, fallback, help }

/* clang-format off */
static const struct field partner_fields[] = {
	INT_FIELD("number", partner_config, number, 1, NUMBER_MAX, NULL, 0, NULL,
		  "the partner's number"),
	OTHER_FIELD("name", FIELD_NAME, partner_config, name, 0, "", "its name, for people"),
	INT_FIELD("group", partner_config, group, 0, UINT32_MAX, NULL, 0, "0",
		  "partners of one group take each other's refunds; 0: of none"),
	FLAG_FIELD("blocked", partner_config, PARTNER_BLOCKED, "all its terminals are refused"),
	FLAG_FIELD("test", partner_config, PARTNER_TEST,
		   "meets test members only, and is kept out of totals"),
	FLAG_FIELD("earn_off", partner_config, PARTNER_EARN_OFF, "it issues no points"),
	FLAG_FIELD("burn_off", partner_config, PARTNER_BURN_OFF, "it takes no points"),
	FLAG_FIELD("base_gross", partner_config, PARTNER_BASE_GROSS,
		   "what points paid for earns too"),
	FLAG_FIELD("refund_pro_rata", partner_config, PARTNER_REFUND_PRO_RATA,
		   "refunds give money and points back in proportion; else money first"),
	FLAG_FIELD("return_no_burn", partner_config, PARTNER_RETURN_NO_BURN,
		   "burned points are not given back for returned goods"),
	FLAG_FIELD("return_loses_expired", partner_config, PARTNER_RETURN_LOSES_EXPIRED,
		   "points past their day are lost when goods come back; else dated anew"),
	FLAG_FIELD("carry_day", partner_config, PARTNER_CARRY_DAY,
		   "fractions of a member's base points add up within a day"),
	FLAG_FIELD("carry_month", partner_config, PARTNER_CARRY_MONTH,
		   "... within a month; not both"),
	INT_FIELD("pending_days", partner_config, pending_days, 0, 3650,
		  "confirmed", PENDING_UNTIL_CONFIRMED, "0",
		  "days until earned points become available; confirmed: when confirmed"),
	INT_FIELD("return_days", partner_config, return_days, 0, 36500, "always", INT32_MAX,
		  "always", "burned points come back within these days"),
	INT_FIELD("restored_days", partner_config, restored_days, 0, 36500, NULL, 0, "30",
		  "new life of restored points that are past their last day, days"),
	INT_FIELD("burn_minimum_points", partner_config, burn_minimum_points, 0, POINTS_MAX,
		  NULL, 0, "0", "smallest burn"),
	INT_FIELD("burn_step_points", partner_config, burn_step_points, 0, POINTS_MAX, NULL, 0,
		  "0", "a burn is a multiple of this; 0: any"),
	LIMIT_FIELD(earn_transaction_points, "most that one transaction earns"),
	LIMIT_FIELD(burn_transaction_points, "most that one transaction burns"),
	LIMIT_FIELD(terminal_day_earn_points, "most that a terminal earns in a day"),
	LIMIT_FIELD(terminal_day_burn_points, "most that a terminal burns in a day"),
	LIMIT_FIELD(bonus_member_day_points, "most bonus that a member earns here in a day"),
	OTHER_FIELD("joined_day", FIELD_DAY, partner_config, joined_day, 0, "none",
		    "first business date on which it issues and takes points"),
	OTHER_FIELD("last_earn_day", FIELD_DAY, partner_config, last_earn_day, 0, "none",
		    "last business date on which it issues points"),
	OTHER_FIELD("last_burn_day", FIELD_DAY, partner_config, last_burn_day, 0, "none",
		    "last business date on which it takes points; only with a last_earn_day"),
};

#define MICRO_MAX INT64_C(1000000000000)
#define MICRO_FIELD(member, help) \
	INT_FIELD(#member, funding_config, member, 0, MICRO_MAX, NULL, 0, "0", help)

static const struct field funding_fields[] = {
	INT_FIELD("partner", funding_config, partner, 1, NUMBER_MAX, NULL, 0, NULL,
		  "whose terms they are"),
	FLAG_FIELD("prepaid", funding_config, FUNDING_PREPAID,
		   "its points are bought ahead in blocks; else it pays bills"),
	MICRO_FIELD(issue_price_micro,
		    "it pays for a point that it issues, millionths of a minor unit of money"),
	MICRO_FIELD(redeem_price_micro, "it is paid for a point burned at it, millionths"),
	MICRO_FIELD(issue_fee_micro, "operator's fee for a point issued, millionths"),
	MICRO_FIELD(redeem_fee_micro, "operator's fee for a point burned at it, millionths"),
	MICRO_FIELD(transaction_fee_micro,
		    "operator's fee for an earn, burn or capture, millionths"),
	INT_FIELD("month_fee_micro", funding_config, month_fee_micro, 0,
		  MICRO_MAX * MICRO_PER_MINOR, NULL, 0, "0",
		  "operator's fee for a month, millionths"),
	INT_FIELD("overdraft_points", funding_config, overdraft_points, 0, POINTS_MAX, "none",
		  LIMIT_NONE, "0",
		  "how far below zero its cover may fall: who pays bills has its limit here; "
		  "none: no stop"),
	INT_FIELD("alert_points", funding_config, alert_points, 0, POINTS_MAX, NULL, 0, "0",
		  "soft alert when no more than these are left to issue; 0: none"),
};

static const struct field rule_fields[] = {
	INT_FIELD("partner", rule_config, partner, 1, NUMBER_MAX, NULL, 0, NULL,
		  "whose purchases earn so"),
	OTHER_FIELD("base", FIELD_RATIO, rule_config, base_num, POINTS_MAX, "1/100",
		    "points for each minor unit of money, rounded down"),
	OTHER_FIELD("bonus", FIELD_RATIO, rule_config, bonus_num, POINTS_MAX, "0/1",
		    "bonus points for each minor unit of money, rounded down on their own"),
	INT_FIELD("bonus_threshold_amount", rule_config, bonus_threshold_amount, 0, POINTS_MAX,
		  NULL, 0, "0", "smallest amount that earns the bonus, minor units of money"),
	INT_FIELD("bonus_fixed_points", rule_config, bonus_fixed_points, 0, POINTS_MAX, NULL, 0,
		  "0", "points of the bonus whatever the amount"),
	INT_FIELD("bonus_sponsor", rule_config, bonus_sponsor, 0, NUMBER_MAX, NULL, 0, "0",
		  "partner that issues the bonus; 0: the partner itself"),
	INT_FIELD("bonus_days", rule_config, bonus_days, 0, 36525, NULL, 0, "0",
		  "life of the bonus as limited points, days; 0: regular points"),
	OTHER_FIELD("bonus_usable_at", FIELD_PLACE, rule_config, bonus_usable_at, 0, "anywhere",
		    "where the bonus can be spent"),
};

static const struct field store_fields[] = {
	INT_FIELD("number", store_config, number, 1, NUMBER_MAX, NULL, 0, NULL,
		  "the store's number"),
	INT_FIELD("partner", store_config, partner, 1, NUMBER_MAX, NULL, 0, NULL,
		  "whose store it is"),
	OTHER_FIELD("name", FIELD_NAME, store_config, name, 0, "", "its name, for people"),
	FLAG_FIELD("blocked", store_config, STORE_BLOCKED, "all its terminals are refused"),
};

static const struct field terminal_fields[] = {
	INT_FIELD("number", terminal_config, number, 1, UINT32_MAX, NULL, 0, NULL,
		  "the terminal's number"),
	INT_FIELD("partner", terminal_config, partner, 1, NUMBER_MAX, NULL, 0, NULL,
		  "whose terminal it is"),
	INT_FIELD("store", terminal_config, store, 0, NUMBER_MAX, NULL, 0, "0",
		  "where it stands; 0: a partner's system, in no store"),
	OTHER_FIELD("name", FIELD_NAME, terminal_config, name, 0, "", "its name, for people"),
	OTHER_FIELD("rights", FIELD_RIGHTS, terminal_config, rights, 0,
		    "enroll+inquiry+earn+burn+refund+reverse", "what it may do"),
	FLAG_FIELD("blocked", terminal_config, TERMINAL_BLOCKED, "it is refused"),
	FLAG_FIELD("test", terminal_config, TERMINAL_TEST,
		   "of a test partner; at a live one it meets nobody"),
	INT_FIELD("generation", terminal_config, key_generation, 1, UINT16_MAX, NULL, 0, "1",
		  "generation of its key"),
	INT_FIELD("generation_old", terminal_config, key_generation_old, 0, UINT16_MAX, NULL, 0,
		  "0", "generation that is accepted besides; 0: none"),
	INT_FIELD("old_until", terminal_config, old_key_until_utc_ms, 0, TG_TIME_MS_MAX, NULL, 0,
		  "0", "when that ends, ms since 1970; 0: not by itself"),
};

static const struct field cycle_fields[] = {
	INT_FIELD("partner", cycle_config, partner, 1, NUMBER_MAX, NULL, 0, NULL,
		  "who is settled so"),
	{ "period", FIELD_CHOICE, offsetof(struct cycle_config, period), sizeof(uint32_t), false, 0,
	  0, "daily|weekly|monthly", 0, NULL, "how long a cycle is" },
	INT_FIELD("ends_on", cycle_config, ends_on, 0, 31, NULL, 0, "0",
		  "weekly: 1 Monday to 7 Sunday; monthly: the day, or the month's last; daily: 0"),
	INT_FIELD("calendar", cycle_config, calendar, 0, NUMBER_MAX, NULL, 0, "0",
		  "no cycle ends on this calendar's holidays, but on the next day that is none"),
	FLAG_FIELD("saturday_rests", cycle_config, CYCLE_SATURDAY_RESTS,
		   "Saturdays are as holidays"),
	FLAG_FIELD("sunday_rests", cycle_config, CYCLE_SUNDAY_RESTS, "Sundays are as holidays"),
	INT_FIELD("minimum_amount", cycle_config, minimum_amount, 0, POINTS_MAX, NULL, 0, "0",
		  "less than this, either way, is carried over to the next cycle, minor units"),
};
/* clang-format on */

#define FIELD_SET(noun, fields, type) \
	{ noun, fields, sizeof(fields) / sizeof(fields[0]), sizeof(struct type) }

const struct field_set partner_field_set = FIELD_SET("partner", partner_fields, partner_config);
const struct field_set funding_field_set = FIELD_SET("funding", funding_fields, funding_config);
const struct field_set rule_field_set = FIELD_SET("rule", rule_fields, rule_config);
const struct field_set store_field_set = FIELD_SET("store", store_fields, store_config);
const struct field_set terminal_field_set = FIELD_SET("terminal", terminal_fields, terminal_config);
const struct field_set cycle_field_set = FIELD_SET("cycle", cycle_fields, cycle_config);

_Static_assert(sizeof(partner_fields) / sizeof(partner_fields[0]) <= FIELDS_MAX,
	       "a mask of fields is a uint32_t");
_Static_assert(offsetof(struct rule_config, base_den) ==
		       offsetof(struct rule_config, base_num) + sizeof(int64_t),
	       "a ratio is two int64_t, one after the other");
_Static_assert(offsetof(struct rule_config, bonus_den) ==
		       offsetof(struct rule_config, bonus_num) + sizeof(int64_t),
	       "a ratio is two int64_t, one after the other");
