-- 0001_tables.sql - the tables of settlement and of the member data centre.
--
-- For all migrations: a statement ends with a semicolon at the end of a line, and may be run again
-- after it was run (IF NOT EXISTS, OR REPLACE), because a server may die between two of them.  An
-- applied file is never changed; what must change is a new file with the next number.
--
-- For all tables: everything here can be built again from the journal and its archive.  Points are
-- whole points of their unit, money is whole minor units of the programme's currency, times are UTC
-- with milliseconds, dates are days of the programme's zone.  NULL means: not told, or not of this
-- kind of record.

CREATE TABLE IF NOT EXISTS schema_migration (
  number INT UNSIGNED NOT NULL COMMENT 'number of the migration file, from 1',
  name VARCHAR(64) NOT NULL COMMENT 'name of the migration file',
  checksum BINARY(16) NOT NULL COMMENT 'XXH3-128 over the bytes of the file, high half first',
  program VARCHAR(64) NOT NULL COMMENT 'program and version that applied it',
  applied_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'when it was applied, clock of the server, UTC',
  PRIMARY KEY (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='migration files that were applied';

CREATE TABLE IF NOT EXISTS view_comment (
  view_name VARCHAR(64) NOT NULL COMMENT 'name of the view',
  column_name VARCHAR(64) NOT NULL COMMENT 'name of the column; empty: the view as a whole',
  text VARCHAR(255) NOT NULL COMMENT 'what it means, with its unit',
  PRIMARY KEY (view_name, column_name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='what views and their columns mean, as comments do for tables';

CREATE TABLE IF NOT EXISTS record_kind (
  number TINYINT UNSIGNED NOT NULL COMMENT 'as in entry.kind',
  name VARCHAR(32) NOT NULL COMMENT 'name of the kind',
  text VARCHAR(255) NOT NULL COMMENT 'what such a record says',
  PRIMARY KEY (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='kinds of records; filled by the program at start';

CREATE TABLE IF NOT EXISTS record_status (
  number SMALLINT UNSIGNED NOT NULL COMMENT 'as in entry.status; 0 is success',
  name VARCHAR(32) NOT NULL COMMENT 'name of the status',
  text VARCHAR(255) NOT NULL COMMENT 'what it means',
  PRIMARY KEY (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='outcomes that records can have; filled by the program at start';

CREATE TABLE IF NOT EXISTS account (
  number TINYINT UNSIGNED NOT NULL COMMENT 'as in posting.account',
  name VARCHAR(32) NOT NULL COMMENT 'name of the account',
  is_per_partner TINYINT UNSIGNED NOT NULL COMMENT '1: kept apart for each partner, 0: not',
  text VARCHAR(255) NOT NULL COMMENT 'whose account and for what',
  PRIMARY KEY (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='accounts of the ledger; filled by the program at start';

CREATE TABLE IF NOT EXISTS sink_cursor (
  shard SMALLINT UNSIGNED NOT NULL COMMENT 'number of the ledger, 0 while there is one',
  epoch BIGINT UNSIGNED NOT NULL COMMENT 'ownership of the journal; a writer with a lower one is refused',
  next_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the first record not yet in these tables',
  hash BINARY(16) NOT NULL COMMENT 'XXH3-128 chained over the bytes of all records written, high half first',
  last_hash BINARY(16) NOT NULL COMMENT 'XXH3-128 of the last record written, high half first',
  booked_at DATETIME(3) NULL COMMENT 'when the last record written was booked, UTC',
  business_date DATE NULL COMMENT 'business date of the last record written',
  written_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3) COMMENT 'when this row last changed, clock of the server, UTC',
  PRIMARY KEY (shard)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='how far the tables are; changes in the same transaction as they do';

CREATE TABLE IF NOT EXISTS entry_ahead (
  shard SMALLINT UNSIGNED NOT NULL COMMENT 'as in sink_cursor',
  epoch BIGINT UNSIGNED NOT NULL COMMENT 'as in sink_cursor',
  first_sequence BIGINT UNSIGNED NOT NULL COMMENT 'first entry of the last batch whose entries had a transaction of their own; where sink_cursor.next_sequence is this, the others were not committed, and the entries will be taken away and written again',
  next_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence after its last entry; 0: there was none in this session of the gateway',
  PRIMARY KEY (shard)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='entries that were committed just before the other rows of their batch';

CREATE TABLE IF NOT EXISTS programme (
  version INT UNSIGNED NOT NULL COMMENT 'counts up with every change, from 1',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that set it',
  flags SET('expires_on_anniversary','burn_off','sandbox','traced') NOT NULL COMMENT 'expires_on_anniversary: the last day is the anniversary, else the day before; burn_off: nobody burns; sandbox: nothing of the instance counts; traced: issuers pay redeemers, else a pool',
  window_ms BIGINT NOT NULL COMMENT 'how long a transaction id is remembered, ms',
  clock_ahead_ms BIGINT NOT NULL COMMENT 'how far a business time may lie in the future, ms',
  burn_clock_ms BIGINT NOT NULL COMMENT 'how far the clock of a burn or hold may be off, ms',
  point_value_num BIGINT NOT NULL COMMENT 'value of a point: numerator, minor units of money',
  point_value_den BIGINT NOT NULL COMMENT 'value of a point: denominator, points',
  expiry_months INT NOT NULL COMMENT 'life of regular points after the last activity, or the end of the vintage, months',
  expiry_shape ENUM('rolling','never','vintage') NOT NULL COMMENT 'how regular points end: from the last activity on; never; by the period in which they were given',
  vintage_months TINYINT UNSIGNED NOT NULL COMMENT 'vintage: length of its periods, months; else 0',
  sweep_month TINYINT UNSIGNED NOT NULL COMMENT 'vintage: they end on the next sweep day only, its month; 0: on any',
  sweep_day TINYINT UNSIGNED NOT NULL COMMENT 'vintage: day of that month; 0: none',
  hold_seconds_default INT NOT NULL COMMENT 'life of a hold that names none, s',
  hold_seconds_max INT NOT NULL COMMENT 'longest life of a hold, s',
  declines_per_terminal_day INT NOT NULL COMMENT 'recorded declines of one terminal in a day, records',
  debt_days INT NOT NULL COMMENT 'age at which debt is written off, days; 0: never',
  debt_cycles INT NOT NULL COMMENT 'closed cycles of the partner that has it after which debt is written off; 0: never',
  member_day_earn_points BIGINT NULL COMMENT 'limit of points earned by a member in a day; NULL: none',
  member_day_burn_points BIGINT NULL COMMENT 'limit of points burned by a member in a day; NULL: none',
  value_registered_max BIGINT NOT NULL COMMENT 'the most of stored value that a member known by name may have, minor units; 0: there is none',
  value_bearer_max BIGINT NOT NULL COMMENT '... and one that is not known by name, minor units',
  value_day_max BIGINT NULL COMMENT 'limit of what a member pays with stored value in a day, minor units; NULL: none',
  PRIMARY KEY (version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='the programme, each version that was in force';

CREATE TABLE IF NOT EXISTS partner (
  partner INT UNSIGNED NOT NULL COMMENT 'number of the partner',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that last set it',
  name VARCHAR(48) NOT NULL COMMENT 'name of the partner',
  group_number INT UNSIGNED NULL COMMENT 'partners of one group take each other''s refunds; NULL: none',
  flags SET('test','blocked','earn_off','burn_off','base_gross','refund_pro_rata','return_no_burn','return_loses_expired','carry_day','carry_month') NOT NULL COMMENT 'test: kept out of totals; what it may do; how it treats refunds',
  pending_days INT NULL COMMENT 'days until earned points are available; NULL: until confirmed',
  return_days INT NULL COMMENT 'days within which burned points come back; NULL: always',
  restored_days INT NOT NULL COMMENT 'new life of restored points past their last day, days',
  burn_minimum_points BIGINT NOT NULL COMMENT 'smallest burn, points; 0: none',
  burn_step_points BIGINT NOT NULL COMMENT 'a burn is a multiple of this, points; 0 or 1: any',
  earn_transaction_points BIGINT NULL COMMENT 'limit of points earned in one transaction; NULL: none',
  burn_transaction_points BIGINT NULL COMMENT 'limit of points burned in one transaction; NULL: none',
  terminal_day_earn_points BIGINT NULL COMMENT 'limit of points earned at one terminal in a day; NULL: none',
  terminal_day_burn_points BIGINT NULL COMMENT 'limit of points burned at one terminal in a day; NULL: none',
  bonus_member_day_points BIGINT NULL COMMENT 'limit of bonus points of a member in a day; NULL: none',
  joined_day DATE NULL COMMENT 'first business date on which it issues and takes points; NULL: no bound',
  last_earn_day DATE NULL COMMENT 'last business date on which it issues points; NULL: no bound',
  last_burn_day DATE NULL COMMENT 'last business date on which it takes points; NULL: no bound',
  PRIMARY KEY (partner)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='partners as last set';

CREATE TABLE IF NOT EXISTS partner_terms (
  partner INT UNSIGNED NOT NULL COMMENT 'whose terms they are',
  version INT UNSIGNED NOT NULL COMMENT 'counts up for each partner, from 1; in force for the records after it, until the next',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that set them',
  flags SET('prepaid') NOT NULL COMMENT 'prepaid: cover is bought in blocks, else raised as bills are paid',
  issue_price_micro BIGINT NOT NULL COMMENT 'the partner pays for a point that it issues, millionths of a minor unit',
  redeem_price_micro BIGINT NOT NULL COMMENT 'the partner is paid for a point burned at it, millionths of a minor unit',
  issue_fee_micro BIGINT NOT NULL COMMENT 'fee for a point issued, millionths of a minor unit',
  redeem_fee_micro BIGINT NOT NULL COMMENT 'fee for a point burned at it, millionths of a minor unit',
  transaction_fee_micro BIGINT NOT NULL COMMENT 'fee for an earn, burn or capture that was done, millionths of a minor unit',
  month_fee_micro BIGINT NOT NULL COMMENT 'fee for a month, millionths of a minor unit',
  overdraft_points BIGINT NULL COMMENT 'how far below zero its cover may fall, points; NULL: it is never stopped',
  alert_points BIGINT NOT NULL COMMENT 'soft alert: no more than these are left to issue, points; 0: none',
  PRIMARY KEY (partner, version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='what partners pay and how much they may issue, each version that was in force';

CREATE TABLE IF NOT EXISTS partner_block (
  block BIGINT UNSIGNED NOT NULL COMMENT 'number of the block: sequence of the record that sold it',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that last used, restored or released of it',
  partner INT UNSIGNED NOT NULL COMMENT 'who bought it',
  bought_date DATE NULL COMMENT 'business date of its sale',
  bought_points BIGINT NULL COMMENT 'points bought',
  price_micro BIGINT NULL COMMENT 'price of a point of it, millionths of a minor unit',
  used_points BIGINT NOT NULL COMMENT 'points issued out of it, less those taken back',
  released_points BIGINT NOT NULL COMMENT 'points paid back to the partner unused',
  PRIMARY KEY (block),
  KEY partner (partner)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='points that partners bought ahead; used oldest first, given back newest first';

CREATE TABLE IF NOT EXISTS rule (
  partner INT UNSIGNED NOT NULL COMMENT 'whose purchases earn by it',
  version INT UNSIGNED NOT NULL COMMENT 'counts up for each partner, from 1; never changed once set',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that set it',
  base_num BIGINT NOT NULL COMMENT 'base rate: numerator, points',
  base_den BIGINT NOT NULL COMMENT 'base rate: denominator, minor units of money',
  bonus_num BIGINT NOT NULL COMMENT 'bonus rate: numerator, points; 0: none',
  bonus_den BIGINT NOT NULL COMMENT 'bonus rate: denominator, minor units of money',
  bonus_threshold_amount BIGINT NOT NULL COMMENT 'base amount from which the bonus is given, minor units',
  bonus_fixed_points BIGINT NOT NULL COMMENT 'points of the bonus besides its rate',
  bonus_sponsor INT UNSIGNED NULL COMMENT 'partner that issues the bonus; NULL: the partner itself',
  bonus_days INT NOT NULL COMMENT 'life of the bonus as limited points, days; 0: regular points',
  bonus_partner INT UNSIGNED NULL COMMENT 'only partner where the bonus can be burned; NULL: no such bound',
  bonus_store INT UNSIGNED NULL COMMENT 'only store where the bonus can be burned; NULL: no such bound',
  PRIMARY KEY (partner, version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='how purchases earn; entry.rule_version names the one applied';

CREATE TABLE IF NOT EXISTS rulebook (
  version INT UNSIGNED NOT NULL COMMENT 'counts up, from 1; never changed once it is there',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that set it',
  rules INT UNSIGNED NOT NULL COMMENT 'how many rules it has in earn_rule, from position 0',
  starts_at DATETIME(3) NOT NULL COMMENT 'from when on it holds, until a later one starts, UTC',
  PRIMARY KEY (version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='versions of the rulebook: rates and campaigns; entry.rulebook_version names the one applied';

CREATE TABLE IF NOT EXISTS earn_rule (
  version INT UNSIGNED NOT NULL COMMENT 'version of the rulebook that it is of',
  position SMALLINT UNSIGNED NOT NULL COMMENT 'place in it, from 0; from rulebook.rules on: left over from a load that broke off, never counted',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that set it',
  number INT UNSIGNED NULL COMMENT 'of the campaign, the same in each version; NULL: a rate',
  name VARCHAR(32) NOT NULL COMMENT 'name, for people',
  flags SET('rate','multiplier','exclusive','first','birthday','exchange_in','exchange_out') NOT NULL COMMENT 'rate: takes the place of the partner''s own; multiplier: rate_num / rate_den multiplies the rate; exclusive: no campaign after it, where it gives; first: for the first purchase only; birthday: on that day only; exchange_in: own currency becomes points at the rate; exchange_out: points become own currency',
  partner INT UNSIGNED NULL COMMENT 'at whose tills; NULL: all',
  store INT UNSIGNED NULL COMMENT 'in this store only; NULL: any',
  store_group INT UNSIGNED NULL COMMENT 'in stores of this group only; NULL: any',
  category_from INT UNSIGNED NULL COMMENT 'only goods of these categories; NULL: any',
  category_to INT UNSIGNED NULL COMMENT 'the last of them, inclusive; NULL: any',
  tender TINYINT UNSIGNED NULL COMMENT 'means of payment, as in entry; NULL: any',
  from_date DATE NULL COMMENT 'first day; NULL: no bound',
  until_date DATE NULL COMMENT 'last day, inclusive; NULL: no bound',
  weekdays SET('mon','tue','wed','thu','fri','sat','sun') NOT NULL COMMENT 'on these days only',
  from_minute SMALLINT UNSIGNED NOT NULL COMMENT 'from this minute of the day on',
  until_minute SMALLINT UNSIGNED NOT NULL COMMENT 'before this minute of the day; below from_minute: over midnight',
  tier TINYINT UNSIGNED NULL COMMENT 'lowest tier of the member; NULL: any',
  tag INT UNSIGNED NULL COMMENT 'tag that the member has; NULL: any',
  sponsor INT UNSIGNED NULL COMMENT 'partner that issues it; NULL: that of the purchase, or several',
  sponsors TINYINT UNSIGNED NOT NULL COMMENT 'joint promotion: the first so many rows in earn_rule_sponsor count; 0: one sponsor',
  life_days INT NOT NULL COMMENT 'life as limited points, days; 0: regular points',
  usable_partner INT UNSIGNED NULL COMMENT 'only partner where they can be burned; NULL: no such bound',
  usable_store INT UNSIGNED NULL COMMENT 'only store where they can be burned; NULL: no such bound',
  budget INT UNSIGNED NULL COMMENT 'budget that it spends; NULL: none',
  member_times INT UNSIGNED NULL COMMENT 'so often for a member; NULL: no cap',
  member_points BIGINT NULL COMMENT 'so many points for a member; NULL: no cap',
  member_day_points BIGINT NULL COMMENT 'so many points for a member on a day; NULL: no cap',
  threshold_amount BIGINT NOT NULL COMMENT 'smallest amount of what fits, minor units',
  rate_num BIGINT NOT NULL COMMENT 'rate, or multiplier: numerator',
  rate_den BIGINT NOT NULL COMMENT 'rate, or multiplier: denominator',
  fixed_points BIGINT NOT NULL COMMENT 'points whatever the amount',
  step INT UNSIGNED NOT NULL COMMENT 'exchange: what is given is a multiple of it; 0: any',
  PRIMARY KEY (version, position),
  KEY number (number, version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='rates and campaigns of each version of the rulebook';

CREATE TABLE IF NOT EXISTS earn_rule_sponsor (
  version INT UNSIGNED NOT NULL COMMENT 'as in earn_rule',
  position SMALLINT UNSIGNED NOT NULL COMMENT 'as in earn_rule',
  line TINYINT UNSIGNED NOT NULL COMMENT 'place among the sponsors, from 1',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that set it',
  partner INT UNSIGNED NOT NULL COMMENT 'number of the sponsor',
  weight INT UNSIGNED NOT NULL COMMENT 'its share is its weight in the sum of all weights',
  PRIMARY KEY (version, position, line)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='who shares the cost of joint promotions';

CREATE TABLE IF NOT EXISTS budget (
  budget INT UNSIGNED NOT NULL COMMENT 'number of the budget',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that last set it or spent of it',
  name VARCHAR(32) NULL COMMENT 'name, for people',
  parent INT UNSIGNED NULL COMMENT 'budget that it gets its points from; 0: the coalition''s own',
  is_stopped TINYINT UNSIGNED NULL COMMENT '1: nothing is given out of it; 0: it is not stopped',
  granted_points BIGINT NULL COMMENT 'points approved, less those released',
  passed_points BIGINT NULL COMMENT 'of these given to other budgets, points',
  asked_points BIGINT NULL COMMENT 'waiting for a second operator, points; 0: none',
  asked_from INT UNSIGNED NULL COMMENT 'budget that is to give them; 0: from above all, or none are asked for',
  asked_by VARCHAR(32) NULL COMMENT 'operator that asked; empty: nobody',
  used_points BIGINT NOT NULL COMMENT 'given by campaigns, less what was taken back, points',
  PRIMARY KEY (budget)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='budgets in points as the last record about each left them';

CREATE TABLE IF NOT EXISTS store (
  store INT UNSIGNED NOT NULL COMMENT 'number of the store',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that last set it',
  partner INT UNSIGNED NOT NULL COMMENT 'whose store it is',
  name VARCHAR(48) NOT NULL COMMENT 'name of the store',
  flags SET('blocked') NOT NULL COMMENT 'blocked: its terminals are refused',
  PRIMARY KEY (store),
  KEY partner (partner)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='stores as last set';

CREATE TABLE IF NOT EXISTS terminal (
  terminal INT UNSIGNED NOT NULL COMMENT 'number of the terminal or of the partner''s system',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that last set it',
  partner INT UNSIGNED NOT NULL COMMENT 'whose terminal it is',
  store INT UNSIGNED NULL COMMENT 'where it stands; NULL: a partner''s system',
  name VARCHAR(48) NOT NULL COMMENT 'name of the terminal',
  flags SET('blocked','test') NOT NULL COMMENT 'blocked: refused; test: kept out of totals',
  key_generation SMALLINT UNSIGNED NOT NULL COMMENT 'generation of its key, from 1',
  key_generation_old SMALLINT UNSIGNED NULL COMMENT 'generation still accepted besides; NULL: none',
  old_key_until DATETIME(3) NULL COMMENT 'when that ends, UTC; NULL: not by itself',
  rights SET('enroll','inquiry','earn','burn','refund','reverse','batch','act_for','exchange','value') NOT NULL COMMENT 'what it may do',
  PRIMARY KEY (terminal),
  KEY partner (partner)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='terminals and partners'' systems as last set; no key is ever stored';

CREATE TABLE IF NOT EXISTS member (
  member BIGINT UNSIGNED NOT NULL COMMENT 'member reference',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that this row shows',
  is_test TINYINT UNSIGNED NOT NULL COMMENT '1: a test member, kept out of totals; 0: not',
  is_blocked TINYINT UNSIGNED NULL COMMENT '1: may neither earn nor burn; 0: may again; NULL: never blocked',
  merged_with BIGINT UNSIGNED NULL COMMENT 'the other member of the same person; 0: parted again; NULL: never merged',
  booked_at DATETIME(3) NOT NULL COMMENT 'when that record was booked, UTC',
  business_date DATE NOT NULL COMMENT 'business date of that record',
  enrolled_at DATETIME(3) NULL COMMENT 'when the member was made, UTC',
  channel TINYINT UNSIGNED NULL COMMENT 'channel by which the member came, as in entry; NULL: not told',
  available_points BIGINT NOT NULL COMMENT 'points that can be burned, at booked_at',
  regular_points BIGINT NOT NULL COMMENT 'part of them that all expire on one day, points',
  regular_last_day DATE NULL COMMENT 'last day of the regular points; 9999-12-31: none; NULL: never earned',
  next_expiry_day DATE NULL COMMENT 'last day of the points that expire next; NULL: none',
  next_expiry_points BIGINT NOT NULL COMMENT 'points that expire then',
  pending_points BIGINT NOT NULL COMMENT 'points not yet available',
  held_points BIGINT NOT NULL COMMENT 'points in open holds',
  debt_points BIGINT NOT NULL COMMENT 'points owed, shown positive',
  PRIMARY KEY (member)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='members as the last record about each left them';

CREATE TABLE IF NOT EXISTS stored_value (
  member BIGINT UNSIGNED NOT NULL COMMENT 'member reference',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that this row shows',
  is_test TINYINT UNSIGNED NOT NULL COMMENT '1: of a test member; 0: not',
  amount BIGINT NOT NULL COMMENT 'money topped up and not yet paid with, minor units',
  is_registered TINYINT UNSIGNED NOT NULL COMMENT '1: of a member known by name, up to the higher cap; 0: of a bearer',
  is_frozen TINYINT UNSIGNED NOT NULL COMMENT '1: nothing is paid with it; 0: not frozen',
  PRIMARY KEY (member)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='stored value of members that ever had any, as the last record about it left it';

CREATE TABLE IF NOT EXISTS identifier (
  member BIGINT UNSIGNED NOT NULL COMMENT 'member reference',
  slot INT UNSIGNED NOT NULL COMMENT 'row in the ledger, used again after an unlink',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that last set it',
  type TINYINT UNSIGNED NOT NULL COMMENT 'type of the identifier: 1 card, 2 phone, 3 app, others configured',
  key_number TINYINT UNSIGNED NOT NULL COMMENT 'which identifier key of the gateway made the hash',
  hash BINARY(16) NOT NULL COMMENT 'keyed hash of the identifier, which is never stored in clear',
  is_linked TINYINT UNSIGNED NOT NULL COMMENT '1: leads to the member; 0: was unlinked',
  PRIMARY KEY (member, slot),
  KEY hash (hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='identifiers that lead, or led, to members';

CREATE TABLE IF NOT EXISTS business_day (
  business_date DATE NOT NULL COMMENT 'a day that was cut off: its totals are final',
  next_business_date DATE NOT NULL COMMENT 'the day that followed',
  closed_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the cut-off',
  closed_at DATETIME(3) NOT NULL COMMENT 'when it was cut off, UTC',
  PRIMARY KEY (business_date)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='business dates that are closed';

CREATE TABLE IF NOT EXISTS settlement_cycle (
  partner INT UNSIGNED NOT NULL COMMENT 'number of the partner',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that last set it',
  period ENUM('daily','weekly','monthly') NOT NULL COMMENT 'how long a cycle is',
  ends_on TINYINT UNSIGNED NOT NULL COMMENT 'weekly: 1 Monday to 7 Sunday; monthly: day, at most the last of the month; daily: 0',
  calendar INT UNSIGNED NULL COMMENT 'no cycle ends on holidays of this calendar; NULL: none',
  flags SET('saturday_rests','sunday_rests') NOT NULL COMMENT 'days of the week that are as holidays',
  minimum_amount BIGINT NOT NULL COMMENT 'less than this, either way, is carried over, minor units',
  open_cycle INT UNSIGNED NOT NULL COMMENT 'number of the open cycle, from 1',
  open_first_date DATE NULL COMMENT 'its first business date; NULL: all that was before',
  open_last_date DATE NOT NULL COMMENT 'its last business date, inclusive',
  PRIMARY KEY (partner)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='how partners are settled, as last set, and their open cycles';

CREATE TABLE IF NOT EXISTS holiday (
  calendar INT UNSIGNED NOT NULL COMMENT 'number of the calendar',
  holiday_date DATE NOT NULL COMMENT 'the day',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that last set it',
  is_rest TINYINT UNSIGNED NOT NULL COMMENT '1: a holiday; 0: no more',
  PRIMARY KEY (calendar, holiday_date)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='holidays, on which no cycle ends';

CREATE TABLE IF NOT EXISTS closed_cycle (
  partner INT UNSIGNED NOT NULL COMMENT 'number of the partner',
  cycle INT UNSIGNED NOT NULL COMMENT 'number of the cycle, counts up for each partner, from 1',
  first_date DATE NULL COMMENT 'first business date; NULL: all that was before',
  last_date DATE NOT NULL COMMENT 'last business date, inclusive',
  closed_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that closed it',
  closed_at DATETIME(3) NOT NULL COMMENT 'when it was closed, UTC',
  is_traced TINYINT UNSIGNED NOT NULL COMMENT '1: issuers pay redeemers; 0: all pay and are paid by a pool',
  issued_num BIGINT NOT NULL COMMENT 'price of a point that the partner issued: numerator, minor units',
  issued_den BIGINT NOT NULL COMMENT 'price of a point that the partner issued: denominator, points',
  redeemed_num BIGINT NOT NULL COMMENT 'price of a point that the partner redeemed: numerator, minor units',
  redeemed_den BIGINT NOT NULL COMMENT 'price of a point that the partner redeemed: denominator, points',
  minimum_amount BIGINT NOT NULL COMMENT 'less than this, either way, is carried over, minor units',
  PRIMARY KEY (partner, cycle),
  KEY last_date (last_date)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='cycles that are closed, and what their statements are made with';

CREATE TABLE IF NOT EXISTS statement_state (
  partner INT UNSIGNED NOT NULL COMMENT 'number of the partner',
  cycle INT UNSIGNED NOT NULL COMMENT 'number of the cycle',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that last set it',
  state ENUM('closed','acknowledged','disputed','paid') NOT NULL COMMENT 'what has become of the statement',
  changed_at DATETIME(3) NOT NULL COMMENT 'when that was said, UTC',
  PRIMARY KEY (partner, cycle)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='what has become of each statement';

CREATE TABLE IF NOT EXISTS settlement_item (
  business_date DATE NOT NULL COMMENT 'business date, by which it belongs to a cycle',
  sequence BIGINT UNSIGNED NOT NULL COMMENT 'as in entry, where operator and note are',
  partner INT UNSIGNED NOT NULL COMMENT 'who owes, with a positive amount',
  other INT UNSIGNED NOT NULL COMMENT 'to whom; 0: the operator',
  amount BIGINT NOT NULL COMMENT 'money, minor units, not 0',
  about BIGINT UNSIGNED NULL COMMENT 'sequence of the record that it corrects; NULL: none',
  points BIGINT NULL COMMENT 'points bought ahead for it, negative: paid back unused; NULL: a correction',
  PRIMARY KEY (business_date, sequence)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='what partners owe besides what they issue and redeem: corrections, points bought ahead';

CREATE TABLE IF NOT EXISTS clearing_day (
  business_date DATE NOT NULL COMMENT 'a day whose postings are summed in clearing',
  next_sequence BIGINT UNSIGNED NOT NULL COMMENT 'records of the day before this one are summed',
  is_whole TINYINT UNSIGNED NOT NULL COMMENT '1: the day has ended, and all of it is summed; 0: the day that is summed as it goes',
  PRIMARY KEY (business_date)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='business dates that are cleared';

CREATE TABLE IF NOT EXISTS clearing (
  business_date DATE NOT NULL COMMENT 'business date',
  partner INT UNSIGNED NOT NULL COMMENT 'number of the partner',
  item ENUM('issued','taken','redeemed','restored','debt','debt_paid','owes','due','expired','correction','written_off','transaction','month','issue_fee','redeem_fee','exchanged_in','exchanged_out','block','adjusted','topped_up','paid_value') NOT NULL COMMENT 'what the points are, see statement',
  other INT UNSIGNED NOT NULL COMMENT 'owes, due: the other party; 0: operator, or none',
  terms INT UNSIGNED NOT NULL COMMENT 'version of the partner''s terms for these records, see partner_terms; 0: none',
  records BIGINT UNSIGNED NOT NULL COMMENT 'postings, or matched parts of them',
  points DECIMAL(38,0) NOT NULL COMMENT 'sum of points',
  PRIMARY KEY (business_date, partner, item, other, terms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='what partners did, summed by business date, without tests';

CREATE TABLE IF NOT EXISTS provenance (
  member BIGINT UNSIGNED NOT NULL COMMENT 'member reference',
  held MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'regular points that the member has, the first is spent next: JSON, each [issuer, month of issue as 202404, points]; issuer 0: an operator',
  limited MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'limited points that the member has, which are spent as the ledger says: JSON, each [issuer, month of issue, points]',
  spent MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what was spent, the oldest first: JSON, each [issuer, redeemer, month of issue, points]; redeemer 0: an operator; 4294967295: expired; 4294967294: lent to another member',
  PRIMARY KEY (member)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='whose points members have and spent, as of the last cleared record, where issuers pay redeemers';

CREATE TABLE IF NOT EXISTS statement (
  partner INT UNSIGNED NOT NULL COMMENT 'number of the partner',
  cycle INT UNSIGNED NOT NULL COMMENT 'number of the cycle',
  opening_amount DECIMAL(38,0) NOT NULL COMMENT 'carried over from the cycle before, minor units; positive: the partner owes',
  issued_points DECIMAL(38,0) NOT NULL COMMENT 'points put into the world',
  issued_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  taken_points DECIMAL(38,0) NOT NULL COMMENT 'of these, taken back by refunds and reversals',
  taken_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  redeemed_points DECIMAL(38,0) NOT NULL COMMENT 'points that came back',
  redeemed_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  restored_points DECIMAL(38,0) NOT NULL COMMENT 'of these, given back to members',
  restored_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  debt_points DECIMAL(38,0) NOT NULL COMMENT 'points taken back that had been spent, owed by members',
  debt_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  debt_paid_points DECIMAL(38,0) NOT NULL COMMENT 'of these, paid since',
  debt_paid_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  owes_points DECIMAL(38,0) NOT NULL COMMENT 'points of the partner that others redeemed',
  owes_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  due_points DECIMAL(38,0) NOT NULL COMMENT 'points of others that the partner redeemed',
  due_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  expired_points DECIMAL(38,0) NOT NULL COMMENT 'points of the partner that expired, known where issuers pay redeemers',
  expired_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  correction_amount DECIMAL(38,0) NOT NULL COMMENT 'items besides points, minor units; positive: the partner owes',
  written_off_points DECIMAL(38,0) NOT NULL COMMENT 'debts of members that were given up',
  written_off_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  transaction_points DECIMAL(38,0) NOT NULL COMMENT '0: its fee goes by records',
  transaction_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  month_points DECIMAL(38,0) NOT NULL COMMENT '0: its fee goes by months',
  month_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  issue_fee_points DECIMAL(38,0) NOT NULL COMMENT 'points issued that cost a fee',
  issue_fee_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  redeem_fee_points DECIMAL(38,0) NOT NULL COMMENT 'points redeemed that cost a fee',
  redeem_fee_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  exchanged_in_points DECIMAL(38,0) NOT NULL COMMENT 'of the points issued, those given for its own currency, less those of exchanges undone',
  exchanged_in_amount DECIMAL(38,0) NOT NULL COMMENT '0: they are among the points issued',
  exchanged_out_points DECIMAL(38,0) NOT NULL COMMENT 'of the points redeemed, those exchanged into its own currency, less those of exchanges undone',
  exchanged_out_amount DECIMAL(38,0) NOT NULL COMMENT '0: they are among the points redeemed',
  block_points DECIMAL(38,0) NOT NULL COMMENT 'points bought ahead, less those paid back unused',
  block_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  adjusted_points DECIMAL(38,0) NOT NULL COMMENT 'points that operators gave for the partner, less those taken',
  adjusted_amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units; positive: the partner owes',
  topped_up_points DECIMAL(38,0) NOT NULL COMMENT 'stored value topped up there, less that given back in money, minor units',
  topped_up_amount DECIMAL(38,0) NOT NULL COMMENT 'the same: the money is owed to the operator, who keeps it',
  paid_value_points DECIMAL(38,0) NOT NULL COMMENT 'paid with stored value there, less that given back to it, minor units',
  paid_value_amount DECIMAL(38,0) NOT NULL COMMENT 'the same, negative: the operator owes it',
  net_amount DECIMAL(38,0) NOT NULL COMMENT 'opening and all amounts, minor units; positive: the partner owes',
  carried_amount DECIMAL(38,0) NOT NULL COMMENT 'part of it that is carried over: all or nothing, minor units',
  payable_amount DECIMAL(38,0) NOT NULL COMMENT 'part of it that is to be paid, minor units; positive: by the partner, negative: to it',
  digest BINARY(32) NOT NULL COMMENT 'SHA-256 over what it says, behind that of the statement before, as tally-journal tells it',
  PRIMARY KEY (partner, cycle)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='one statement for each partner and closed cycle; never changed';

CREATE TABLE IF NOT EXISTS statement_line (
  partner INT UNSIGNED NOT NULL COMMENT 'number of the partner',
  cycle INT UNSIGNED NOT NULL COMMENT 'number of the cycle',
  business_date DATE NOT NULL COMMENT 'business date: its postings of the partner are what the line sums',
  item ENUM('issued','taken','redeemed','restored','debt','debt_paid','owes','due','expired','correction','written_off','transaction','month','issue_fee','redeem_fee','exchanged_in','exchanged_out','block','adjusted','topped_up','paid_value') NOT NULL COMMENT 'what the points are, see statement',
  other INT UNSIGNED NOT NULL COMMENT 'owes, due, correction: the other party; 0: operator, or none',
  terms INT UNSIGNED NOT NULL COMMENT 'version of the partner''s terms that it is reckoned by, see partner_terms; 0: the cycle''s',
  records BIGINT UNSIGNED NOT NULL COMMENT 'postings, or matched parts of them',
  points DECIMAL(38,0) NOT NULL COMMENT 'sum of points',
  amount DECIMAL(38,0) NOT NULL COMMENT 'money for them, minor units, rounded towards zero; positive: the partner owes',
  PRIMARY KEY (partner, cycle, business_date, item, other, terms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='what a statement is made of; never changed';

CREATE TABLE IF NOT EXISTS day_proof (
  sequence BIGINT UNSIGNED NOT NULL COMMENT 'as in entry, where partner and terminal that signed are',
  signed_at DATETIME(3) NOT NULL COMMENT 'when it was booked, UTC',
  scope ENUM('terminal','store','partner') NOT NULL COMMENT 'of what owner is the number',
  owner INT UNSIGNED NOT NULL COMMENT 'number of the terminal, store or partner whose day it is',
  basis ENUM('business_date','till_day') NOT NULL COMMENT 'of which day',
  day DATE NOT NULL COMMENT 'business date, or the till''s own day',
  transactions BIGINT NOT NULL COMMENT 'transactions that the owner has of it',
  digest BINARY(16) NOT NULL COMMENT 'sum of their digests, see protocol/PROTOCOL.md',
  chain BINARY(16) NOT NULL COMMENT 'over the digest and all that the owner signed before',
  PRIMARY KEY (sequence),
  KEY owner (scope, owner, basis, day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='days that were countersigned; the last of a day counts';

CREATE TABLE IF NOT EXISTS proposal (
  proposal BIGINT UNSIGNED NOT NULL COMMENT 'its number: sequence of the record that made it',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that last changed it; approved: that did it',
  state ENUM('open','approved','rejected','expired') NOT NULL COMMENT 'what has become of it',
  proposed_by VARCHAR(32) NOT NULL COMMENT 'operator that proposed it',
  expires_at DATETIME(3) NOT NULL COMMENT 'approved before then or not at all, UTC',
  command VARCHAR(96) NOT NULL COMMENT 'the command, its first 96 bytes; whole in the journal',
  decided_by VARCHAR(32) NULL COMMENT 'operator that approved or rejected it',
  PRIMARY KEY (proposal)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='commands that needed a second operator';

CREATE TABLE IF NOT EXISTS dispute (
  dispute BIGINT UNSIGNED NOT NULL COMMENT 'its number: sequence of the record that opened it',
  last_sequence BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the record that last changed it; a correction is its settlement_item',
  partner INT UNSIGNED NOT NULL COMMENT 'partner that opened it, whose entry it is',
  about BIGINT UNSIGNED NOT NULL COMMENT 'sequence of the entry',
  transaction_id BINARY(16) NOT NULL COMMENT 'of the entry',
  member BIGINT UNSIGNED NULL COMMENT 'member of the entry',
  reason ENUM('duplicate','not_ours','amount','points','not_undone','too_late','fraud','other') NOT NULL COMMENT 'what the partner says is wrong',
  claimed_amount BIGINT NOT NULL COMMENT 'money that it claims, minor units; 0: none',
  state ENUM('open','upheld','rejected') NOT NULL COMMENT 'what has become of it',
  opened_at DATETIME(3) NULL COMMENT 'when it was opened, UTC',
  decided_at DATETIME(3) NULL COMMENT 'when it was decided, UTC',
  decided_by VARCHAR(32) NULL COMMENT 'operator that decided it',
  PRIMARY KEY (dispute),
  KEY partner (partner, state)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='entries that partners say are wrong';

CREATE TABLE IF NOT EXISTS entry (
  business_date DATE NOT NULL COMMENT 'business date, by which is settled; 1000-01-01: before the first one',
  sequence BIGINT UNSIGNED NOT NULL COMMENT 'number of the record, without gaps',
  line SMALLINT UNSIGNED NOT NULL COMMENT '0: the record; other numbers are kept for later',
  kind TINYINT UNSIGNED NOT NULL COMMENT 'what happened: see record_kind',
  status SMALLINT UNSIGNED NOT NULL COMMENT 'outcome, 0 is success: see record_status',
  flags SET('late','repeat','test','capped','tombstone','gross','skip_limited','campaign_capped','parts','past_stop','out','of_value') NOT NULL COMMENT 'late: from store and forward; repeat: sent before; test: kept out of totals; capped: a limit cut the bonus; tombstone: reversal of what was never seen; gross: earned on what points paid for, too; skip_limited: left limited points alone; campaign_capped: a campaign that fits gave nothing; parts: an earn with components; past_stop: a late earn beyond what its issuer may issue; out: an exchange of points into own currency; of_value: a hold or capture of stored value',
  booked_at DATETIME(3) NOT NULL COMMENT 'when it was booked, UTC',
  partner INT UNSIGNED NULL COMMENT 'partner that asked',
  store INT UNSIGNED NULL COMMENT 'store for which was asked; NULL: none',
  terminal INT UNSIGNED NULL COMMENT 'terminal or partner''s system that asked',
  operator VARCHAR(32) NULL COMMENT 'operator that asked, by name',
  origin VARCHAR(48) NULL COMMENT 'whence the operator asked',
  note VARCHAR(96) NULL COMMENT 'reason that the operator gave, or the command',
  is_blocked TINYINT UNSIGNED NULL COMMENT 'blocks: 1 blocked, 0 unblocked the member, or the identifier of blocked_slot',
  blocked_slot INT UNSIGNED NULL COMMENT 'blocks: slot of the identifier, see identifier; NULL: the member itself',
  transaction_id BINARY(16) NULL COMMENT 'transaction id made by the terminal; unique within the partner',
  fingerprint BINARY(16) NULL COMMENT 'hash of the fields of the request, by which a conflict is known',
  business_time DATETIME(3) NULL COMMENT 'when it happened by the clock of the till, UTC',
  member BIGINT UNSIGNED NULL COMMENT 'member reference',
  other_member BIGINT UNSIGNED NULL COMMENT 'member that it is merged with or parted from, or that lends it points',
  amount BIGINT NULL COMMENT 'eligible amount of the purchase, or value returned, minor units',
  covered BIGINT NULL COMMENT 'part of the amount that points paid for, minor units',
  points BIGINT NULL COMMENT 'points asked for; points granted by an earn; points exchanged',
  base_points BIGINT NULL COMMENT 'points of the base rate',
  bonus_points BIGINT NULL COMMENT 'points of the bonus',
  bonus_sponsor INT UNSIGNED NULL COMMENT 'partner that issued the bonus; NULL: the partner itself, or no bonus',
  rule_version INT UNSIGNED NULL COMMENT 'version of the partner''s rule that applied; NULL: none',
  rulebook_version INT UNSIGNED NULL COMMENT 'version of the rulebook that the earn was judged by, whether or not it gave a part; of a refund or reversal that of its earn, where that has parts; NULL: there was none',
  campaign INT UNSIGNED NULL COMMENT 'campaign or touch that led here',
  tender TINYINT UNSIGNED NULL COMMENT 'means of payment: 1 cash, 2 card, 3 wallet, 4 points, others configured',
  channel TINYINT UNSIGNED NULL COMMENT 'channel: 1 store, 2 web, 3 app, 4 phone, 5 card, 6 WeChat, 7 Weibo, 8 Wi-Fi, 9 hotline, others configured',
  reason TINYINT UNSIGNED NULL COMMENT 'reason of a reversal or refund: 1 time-out, 2 voided at the till, 3 goods returned, 4 other',
  till INT UNSIGNED NULL COMMENT 'number of the till within the store',
  till_day DATE NULL COMMENT 'the till''s own business day',
  receipt VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'receipt number',
  original_id BINARY(16) NULL COMMENT 'transaction id of the original that this is about',
  original_time DATETIME(3) NULL COMMENT 'business time of the original as told, UTC',
  original_burn_id BINARY(16) NULL COMMENT 'refund: transaction id of the burn that paid a part',
  hold_deadline DATETIME(3) NULL COMMENT 'until when the hold stays open, UTC',
  captured_points BIGINT NULL COMMENT 'points captured of the hold',
  returned_money BIGINT NULL COMMENT 'money given back, minor units',
  returned_covered BIGINT NULL COMMENT 'part of the returned value that points had paid for, minor units',
  taken_points BIGINT NULL COMMENT 'earned points taken back',
  absorbed_points BIGINT NULL COMMENT 'part of taken_points that had expired before',
  debt_points BIGINT NULL COMMENT 'part of taken_points that became debt',
  restored_points BIGINT NULL COMMENT 'burned points given back',
  restored_regular_points BIGINT NULL COMMENT 'part of restored_points that were regular points',
  lost_points BIGINT NULL COMMENT 'burned points past their last day, not given back',
  paid_debt_points BIGINT NULL COMMENT 'points that paid debt of the member',
  regular_last_day DATE NULL COMMENT 'new last day of the member''s regular points; 9999-12-31: none',
  available_after BIGINT NULL COMMENT 'available points of the member afterwards, as the terminal was told',
  reopened_sequence BIGINT UNSIGNED NULL COMMENT 'sequence of the archived record that was opened again',
  config_number INT UNSIGNED NULL COMMENT 'partner, store or terminal that was set, or version of programme or rule; partner whose cycle or statement it is',
  next_business_date DATE NULL COMMENT 'cut-off: the business date that begins',
  clock DATETIME(3) NULL COMMENT 'time that an operator accepted or stepped to, UTC',
  sweep_day DATE NULL COMMENT 'sweep: points whose last day is this or before have expired',
  forget_count INT UNSIGNED NULL COMMENT 'how many of the oldest transaction ids are no longer remembered',
  posting_count SMALLINT UNSIGNED NOT NULL COMMENT 'number of its rows in posting',
  move_count SMALLINT UNSIGNED NOT NULL COMMENT 'number of its rows in lot_move',
  line_count SMALLINT UNSIGNED NOT NULL COMMENT 'number of its rows in purchase_line',
  component_count TINYINT UNSIGNED NOT NULL COMMENT 'number of its rows in component',
  PRIMARY KEY (business_date, sequence, line),
  KEY transaction_id (transaction_id),
  KEY member (member, sequence),
  KEY partner_day (partner, business_date, sequence)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='every record of the ledger, one row each; while much is written, rows from sink_cursor.next_sequence on may stand here a moment before what belongs to them in other tables'
  PARTITION BY RANGE COLUMNS (business_date) (PARTITION p_rest VALUES LESS THAN (MAXVALUE));

CREATE TABLE IF NOT EXISTS posting (
  business_date DATE NOT NULL COMMENT 'as in entry',
  sequence BIGINT UNSIGNED NOT NULL COMMENT 'as in entry',
  line SMALLINT UNSIGNED NOT NULL COMMENT 'number of the posting in its record, from 1',
  account TINYINT UNSIGNED NOT NULL COMMENT 'see account',
  unit TINYINT UNSIGNED NOT NULL COMMENT 'what is counted: 1 points, 2 cover (points that a partner may issue), 3 the partner''s own currency, 4 stored value (money, minor units)',
  partner INT UNSIGNED NOT NULL COMMENT 'whose account; 0: the account is not per partner',
  points BIGINT NOT NULL COMMENT 'signed; the postings of a record sum to zero for each unit',
  is_test TINYINT UNSIGNED NOT NULL COMMENT '1: of a test member, kept out of totals; 0: not',
  PRIMARY KEY (business_date, sequence, line)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='what each record posted to the accounts'
  PARTITION BY RANGE COLUMNS (business_date) (PARTITION p_rest VALUES LESS THAN (MAXVALUE));

CREATE TABLE IF NOT EXISTS lot_move (
  business_date DATE NOT NULL COMMENT 'as in entry',
  sequence BIGINT UNSIGNED NOT NULL COMMENT 'as in entry',
  line SMALLINT UNSIGNED NOT NULL COMMENT 'number of the move among those of its record that are not of regular points, from 1',
  kind ENUM('regular','lot','pending','debt','portion','cover') NOT NULL COMMENT 'lot: limited points; pending; debt; portion: what a burn or hold took from a lot; cover: what a record took from a partner''s block',
  flags SET('new','gone','of_hold','of_other') NOT NULL COMMENT 'new: begins here; gone: ends here; of_hold: a portion kept with a hold; of_other: lent by the entry''s other member',
  member BIGINT UNSIGNED NULL COMMENT 'member reference',
  slot INT UNSIGNED NOT NULL COMMENT 'row in the ledger, used again after gone',
  points BIGINT NOT NULL COMMENT 'signed change, points',
  lot BIGINT UNSIGNED NULL COMMENT 'new: number of the lot: 256 times the sequence of the record that made it, plus a number in that; cover: number of the block',
  last_day DATE NULL COMMENT 'new, lot or portion: last day of the points; 9999-12-31: none',
  matures_day DATE NULL COMMENT 'new, pending: first day on which the points are available, 9999-12-31 when confirmed; debt: day it arose',
  life_days INT NULL COMMENT 'new, pending: life as limited points once available, days; 0: they become regular',
  partner INT UNSIGNED NULL COMMENT 'lot, pending, portion: issuer of the points, NULL: they were regular ones; new debt: partner that caused it; cover: whose block',
  usable_partner INT UNSIGNED NULL COMMENT 'new: only partner where the points can be burned; NULL: no such bound',
  usable_store INT UNSIGNED NULL COMMENT 'new: only store where the points can be burned; NULL: no such bound',
  lot_flags SMALLINT UNSIGNED NULL COMMENT 'new: flags of the lot, bits',
  campaign INT UNSIGNED NULL COMMENT 'new: campaign that gave the points; NULL: none',
  PRIMARY KEY (business_date, sequence, line)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='what records did to limited points, pending points and debts'
  PARTITION BY RANGE COLUMNS (business_date) (PARTITION p_rest VALUES LESS THAN (MAXVALUE));

CREATE TABLE IF NOT EXISTS purchase (
  business_date DATE NOT NULL COMMENT 'as in entry',
  sequence BIGINT UNSIGNED NOT NULL COMMENT 'as in entry',
  kind TINYINT UNSIGNED NOT NULL COMMENT 'see record_kind: a purchase earns, a return refunds',
  is_test TINYINT UNSIGNED NOT NULL COMMENT '1: of a test member, kept out of totals; 0: not',
  partner INT UNSIGNED NULL COMMENT 'where was bought',
  store INT UNSIGNED NULL COMMENT 'store where was bought; NULL: none',
  terminal INT UNSIGNED NULL COMMENT 'terminal that sent it',
  member BIGINT UNSIGNED NULL COMMENT 'who bought: member reference',
  business_time DATETIME(3) NULL COMMENT 'when was bought, by the clock of the till, UTC',
  till INT UNSIGNED NULL COMMENT 'number of the till within the store',
  till_day DATE NULL COMMENT 'the till''s own business day',
  receipt VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'receipt number',
  amount BIGINT NULL COMMENT 'eligible amount, or value returned, minor units',
  covered BIGINT NULL COMMENT 'part of it that points paid for, minor units',
  points BIGINT NULL COMMENT 'points granted, or asked for',
  tender TINYINT UNSIGNED NULL COMMENT 'means of payment, as in entry',
  channel TINYINT UNSIGNED NULL COMMENT 'channel, as in entry',
  campaign INT UNSIGNED NULL COMMENT 'campaign or touch that led here',
  line_count SMALLINT UNSIGNED NOT NULL COMMENT 'number of its rows in purchase_line',
  lines_amount BIGINT NOT NULL COMMENT 'sum of its lines, minor units',
  PRIMARY KEY (business_date, sequence),
  KEY member (member, sequence)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='receipts that came with their lines, and succeeded'
  PARTITION BY RANGE COLUMNS (business_date) (PARTITION p_rest VALUES LESS THAN (MAXVALUE));

CREATE TABLE IF NOT EXISTS purchase_line (
  business_date DATE NOT NULL COMMENT 'as in entry',
  sequence BIGINT UNSIGNED NOT NULL COMMENT 'as in entry',
  line SMALLINT UNSIGNED NOT NULL COMMENT 'number of the line on the receipt, from 1',
  item VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'item as the till names it',
  category INT UNSIGNED NOT NULL COMMENT 'category as the till names it; 0: none',
  quantity INT UNSIGNED NOT NULL COMMENT 'thousandths of a piece or unit',
  amount BIGINT NOT NULL COMMENT 'money, minor units; negative for a discount',
  PRIMARY KEY (business_date, sequence, line)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='lines of receipts'
  PARTITION BY RANGE COLUMNS (business_date) (PARTITION p_rest VALUES LESS THAN (MAXVALUE));

CREATE TABLE IF NOT EXISTS component (
  business_date DATE NOT NULL COMMENT 'as in entry',
  sequence BIGINT UNSIGNED NOT NULL COMMENT 'as in entry',
  line TINYINT UNSIGNED NOT NULL COMMENT 'number of the part in the earn, from 1; a refund has those of its earn',
  is_test TINYINT UNSIGNED NOT NULL COMMENT '1: of a test member, kept out of totals; 0: not',
  campaign INT UNSIGNED NULL COMMENT 'number of the campaign that gave it; NULL: a part of the base',
  rulebook_version INT UNSIGNED NOT NULL COMMENT 'version of the rulebook that the earn was judged by; 0: there was none',
  position SMALLINT UNSIGNED NULL COMMENT 'the campaign''s rule: earn_rule.position of that version; NULL: a part of the base',
  rate_position SMALLINT UNSIGNED NULL COMMENT 'the rate that counted: earn_rule.position of that version; NULL: the partner''s own rule, or none',
  budget INT UNSIGNED NULL COMMENT 'budget that it spends; NULL: none',
  sponsor INT UNSIGNED NULL COMMENT 'partner that issues it; NULL: several, see earn_rule_sponsor',
  refusal ENUM('member_cap','partner_cap','budget','no_room','no_cover') NULL COMMENT 'why a campaign that fits gave nothing; NULL: it gave',
  amount BIGINT NOT NULL COMMENT 'money that it counts; refund or reversal: that no longer counts, minor units',
  points BIGINT NOT NULL COMMENT 'points given; refund or reversal: taken back',
  carried BIGINT NULL COMMENT 'base of a partner that carries: fraction of a point that it began with, of the rule''s base_den; NULL: it does not',
  carried_date DATE NULL COMMENT 'first day of the period of that',
  PRIMARY KEY (business_date, sequence, line)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='parts of earns by the rulebook, and what refunds took of them'
  PARTITION BY RANGE COLUMNS (business_date) (PARTITION p_rest VALUES LESS THAN (MAXVALUE));

CREATE TABLE IF NOT EXISTS partner_total (
  business_date DATE NOT NULL COMMENT 'business date',
  partner INT UNSIGNED NOT NULL COMMENT 'partner that asked; 0: none, the gateway or an operator',
  kind TINYINT UNSIGNED NOT NULL COMMENT 'see record_kind',
  outcome ENUM('done','declined') NOT NULL COMMENT 'done: status 0 or 1; declined: any other',
  records BIGINT UNSIGNED NOT NULL COMMENT 'number of records',
  points BIGINT NOT NULL COMMENT 'sum of entry.points; of refunds and reversals: restored less taken points; of exchanges: in less out',
  amount BIGINT NOT NULL COMMENT 'sum of entry.amount, minor units',
  covered BIGINT NOT NULL COMMENT 'sum of entry.covered, minor units',
  returned_money BIGINT NOT NULL COMMENT 'sum of entry.returned_money, minor units',
  taken_points BIGINT NOT NULL COMMENT 'sum of entry.taken_points',
  restored_points BIGINT NOT NULL COMMENT 'sum of entry.restored_points',
  PRIMARY KEY (business_date, partner, kind, outcome)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='counts and sums by day, partner and kind, without test members';

CREATE TABLE IF NOT EXISTS account_total (
  business_date DATE NOT NULL COMMENT 'business date',
  account TINYINT UNSIGNED NOT NULL COMMENT 'see account',
  unit TINYINT UNSIGNED NOT NULL COMMENT 'what is counted: 1 points, 2 cover (points that a partner may issue), 3 the partner''s own currency, 4 stored value (money, minor units)',
  partner INT UNSIGNED NOT NULL COMMENT 'whose account; 0: the account is not per partner',
  is_test TINYINT UNSIGNED NOT NULL COMMENT '1: of test members; 0: of all others',
  postings BIGINT UNSIGNED NOT NULL COMMENT 'number of postings',
  points BIGINT NOT NULL COMMENT 'sum of posting.points of the day',
  PRIMARY KEY (business_date, account, unit, partner, is_test)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
  COMMENT='what each account changed by in a day; the sum over days is its balance';
