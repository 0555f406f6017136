-- 0002_views.sql - settlement, balances, totals and checks for people, as views.
--
-- Test members and partners are left out of all but the checks and account_balance, which shows them
-- apart.  Sums are DECIMAL(38).  view_comment says what each view and column means.

CREATE OR REPLACE SQL SECURITY INVOKER VIEW settlement_day AS
SELECT t.business_date,
       t.partner,
       p.name,
       CAST(-SUM(IF(a.name = 'ISSUED', t.points, 0)) AS DECIMAL(38, 0)) AS issued_points,
       CAST(SUM(IF(a.name = 'REDEEMED', t.points, 0)) AS DECIMAL(38, 0)) AS redeemed_points,
       CAST(-SUM(IF(a.name IN ('ISSUED', 'REDEEMED'), t.points, 0)) AS DECIMAL(38, 0)) AS net_points,
       CAST(-SUM(IF(a.name = 'DEBT', t.points, 0)) AS DECIMAL(38, 0)) AS debt_points,
       d.business_date IS NOT NULL AS is_final
  FROM account_total t
  JOIN account a ON a.number = t.account AND a.name IN ('ISSUED', 'REDEEMED', 'DEBT')
  LEFT JOIN partner p ON p.partner = t.partner
  LEFT JOIN business_day d ON d.business_date = t.business_date
 WHERE t.unit = 1 AND t.is_test = 0
 GROUP BY t.business_date, t.partner, p.name, d.business_date;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW settlement AS
SELECT t.partner,
       p.name,
       CAST(-SUM(IF(a.name = 'ISSUED', t.points, 0)) AS DECIMAL(38, 0)) AS issued_points,
       CAST(SUM(IF(a.name = 'REDEEMED', t.points, 0)) AS DECIMAL(38, 0)) AS redeemed_points,
       CAST(-SUM(IF(a.name IN ('ISSUED', 'REDEEMED'), t.points, 0)) AS DECIMAL(38, 0)) AS net_points,
       CAST(-SUM(IF(a.name = 'DEBT', t.points, 0)) AS DECIMAL(38, 0)) AS debt_points,
       MIN(t.business_date) AS first_date,
       MAX(t.business_date) AS last_date
  FROM account_total t
  JOIN account a ON a.number = t.account AND a.name IN ('ISSUED', 'REDEEMED', 'DEBT')
  LEFT JOIN partner p ON p.partner = t.partner
 WHERE t.unit = 1 AND t.is_test = 0
 GROUP BY t.partner, p.name;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW account_balance AS
SELECT t.account,
       a.name,
       t.unit,
       t.partner,
       t.is_test,
       CAST(SUM(t.points) AS DECIMAL(38, 0)) AS points,
       CAST(SUM(t.postings) AS DECIMAL(38, 0)) AS postings
  FROM account_total t
  LEFT JOIN account a ON a.number = t.account
 GROUP BY t.account, a.name, t.unit, t.partner, t.is_test;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW conservation_day AS
SELECT t.business_date,
       t.unit,
       CAST(SUM(t.points) AS DECIMAL(38, 0)) AS points,
       CAST(SUM(ABS(t.points)) AS DECIMAL(38, 0)) AS volume
  FROM account_total t
 GROUP BY t.business_date, t.unit;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW partner_day AS
SELECT t.business_date,
       t.partner,
       p.name AS partner_name,
       k.name AS kind,
       t.outcome,
       t.records,
       t.points,
       t.amount,
       t.covered,
       t.returned_money,
       t.taken_points,
       t.restored_points,
       d.business_date IS NOT NULL AS is_final
  FROM partner_total t
  LEFT JOIN partner p ON p.partner = t.partner
  LEFT JOIN record_kind k ON k.number = t.kind
  LEFT JOIN business_day d ON d.business_date = t.business_date;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW terminal_day AS
SELECT e.business_date,
       e.till_day,
       e.partner,
       e.store,
       e.terminal,
       k.name AS kind,
       IF(e.status IN (0, 1), 'done', 'declined') AS outcome,
       COUNT(*) AS records,
       CAST(SUM(IF(k.name IN ('REFUND', 'REVERSE'), COALESCE(e.restored_points - e.taken_points, 0),
                   COALESCE(e.points, 0))) AS DECIMAL(38, 0)) AS points,
       CAST(SUM(COALESCE(e.amount, 0)) AS DECIMAL(38, 0)) AS amount
  FROM entry e
  LEFT JOIN record_kind k ON k.number = e.kind
 WHERE e.terminal IS NOT NULL AND NOT FIND_IN_SET('test', e.flags)
 GROUP BY e.business_date, e.till_day, e.partner, e.store, e.terminal, k.name,
          IF(e.status IN (0, 1), 'done', 'declined');

CREATE OR REPLACE SQL SECURITY INVOKER VIEW transaction_list AS
SELECT e.business_date,
       e.sequence,
       e.booked_at,
       k.name AS kind,
       s.name AS status,
       e.flags,
       e.partner,
       p.name AS partner_name,
       e.store,
       e.terminal,
       e.operator,
       e.member,
       LOWER(HEX(e.transaction_id)) AS transaction_id,
       LOWER(HEX(e.original_id)) AS original_id,
       e.business_time,
       e.amount,
       e.covered,
       e.points,
       e.base_points,
       e.bonus_points,
       e.taken_points,
       e.restored_points,
       e.available_after,
       e.till,
       e.till_day,
       e.receipt
  FROM entry e
  LEFT JOIN record_kind k ON k.number = e.kind
  LEFT JOIN record_status s ON s.number = e.status
  LEFT JOIN partner p ON p.partner = e.partner;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW member_history AS
SELECT e.member,
       e.sequence,
       e.business_date,
       e.booked_at,
       k.name AS kind,
       s.name AS status,
       e.partner,
       e.store,
       e.points,
       (SELECT CAST(COALESCE(SUM(o.points), 0) AS DECIMAL(38, 0))
          FROM posting o
          JOIN account a ON a.number = o.account AND a.name = 'AVAILABLE'
         WHERE o.business_date = e.business_date AND o.sequence = e.sequence) AS available_change,
       e.available_after
  FROM entry e
  LEFT JOIN record_kind k ON k.number = e.kind
  LEFT JOIN record_status s ON s.number = e.status
 WHERE e.member IS NOT NULL;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW check_sequence AS
SELECT c.shard,
       c.next_sequence - 1 AS written_records,
       (SELECT COUNT(*) FROM entry WHERE line = 0) AS found_records,
       (SELECT COALESCE(MAX(sequence), 0) FROM entry) AS highest_sequence
  FROM sink_cursor c;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW check_posting AS
SELECT o.business_date,
       o.sequence,
       o.unit,
       CAST(SUM(o.points) AS DECIMAL(38, 0)) AS points
  FROM posting o
 GROUP BY o.business_date, o.sequence, o.unit
HAVING points <> 0;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW check_row_count AS
SELECT e.business_date,
       CAST(SUM(e.posting_count) AS DECIMAL(38, 0)) AS told_postings,
       (SELECT COUNT(*) FROM posting o WHERE o.business_date = e.business_date) AS found_postings,
       CAST(SUM(e.move_count) AS DECIMAL(38, 0)) AS told_moves,
       (SELECT COUNT(*) FROM lot_move m WHERE m.business_date = e.business_date) AS found_moves,
       CAST(SUM(e.line_count) AS DECIMAL(38, 0)) AS told_lines,
       (SELECT COUNT(*) FROM purchase_line l WHERE l.business_date = e.business_date) AS found_lines
  FROM entry e
 GROUP BY e.business_date
HAVING told_postings <> found_postings OR told_moves <> found_moves OR told_lines <> found_lines;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW check_account_total AS
SELECT u.business_date, u.account, u.unit, u.partner, u.is_test,
       CAST(SUM(u.total_points) AS DECIMAL(38, 0)) AS total_points,
       CAST(SUM(u.posted_points) AS DECIMAL(38, 0)) AS posted_points,
       CAST(SUM(u.total_postings) AS DECIMAL(38, 0)) AS total_postings,
       CAST(SUM(u.posted_postings) AS DECIMAL(38, 0)) AS posted_postings
  FROM (SELECT business_date, account, unit, partner, is_test,
               points AS total_points, 0 AS posted_points,
               postings AS total_postings, 0 AS posted_postings
          FROM account_total
         UNION ALL
        SELECT business_date, account, unit, partner, is_test,
               0, SUM(points), 0, COUNT(*)
          FROM posting
         GROUP BY business_date, account, unit, partner, is_test) u
 GROUP BY u.business_date, u.account, u.unit, u.partner, u.is_test
HAVING total_points <> posted_points OR total_postings <> posted_postings;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW check_partner_total AS
SELECT u.business_date, u.partner, u.kind, u.outcome,
       CAST(SUM(u.total_records) AS DECIMAL(38, 0)) AS total_records,
       CAST(SUM(u.entry_records) AS DECIMAL(38, 0)) AS entry_records,
       CAST(SUM(u.total_points) AS DECIMAL(38, 0)) AS total_points,
       CAST(SUM(u.entry_points) AS DECIMAL(38, 0)) AS entry_points,
       CAST(SUM(u.total_amount) AS DECIMAL(38, 0)) AS total_amount,
       CAST(SUM(u.entry_amount) AS DECIMAL(38, 0)) AS entry_amount
  FROM (SELECT business_date, partner, kind, CAST(outcome AS CHAR) AS outcome,
               records AS total_records, 0 AS entry_records,
               points AS total_points, 0 AS entry_points,
               amount AS total_amount, 0 AS entry_amount
          FROM partner_total
         UNION ALL
        SELECT e.business_date, COALESCE(e.partner, 0), e.kind,
               IF(e.status IN (0, 1), 'done', 'declined'),
               0, COUNT(*), 0,
               SUM(IF(k.name IN ('REFUND', 'REVERSE'),
                      COALESCE(e.restored_points - e.taken_points, 0), COALESCE(e.points, 0))),
               0, SUM(COALESCE(e.amount, 0))
          FROM entry e
          LEFT JOIN record_kind k ON k.number = e.kind
         WHERE NOT FIND_IN_SET('test', e.flags)
         GROUP BY e.business_date, COALESCE(e.partner, 0), e.kind,
                  IF(e.status IN (0, 1), 'done', 'declined')) u
 GROUP BY u.business_date, u.partner, u.kind, u.outcome
HAVING total_records <> entry_records OR total_points <> entry_points
    OR total_amount <> entry_amount;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW obligation AS
SELECT c.business_date,
       c.partner AS issuer,
       c.other AS redeemer,
       c.records,
       c.points
  FROM clearing c
 WHERE c.item = 'owes';

CREATE OR REPLACE SQL SECURITY INVOKER VIEW settlement_net AS
SELECT c.last_date,
       s.partner,
       p.name,
       s.cycle,
       s.net_amount,
       s.carried_amount,
       s.payable_amount,
       t.state
  FROM statement s
  JOIN closed_cycle c ON c.partner = s.partner AND c.cycle = s.cycle
  LEFT JOIN partner p ON p.partner = s.partner
  LEFT JOIN statement_state t ON t.partner = s.partner AND t.cycle = s.cycle;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW check_clearing AS
SELECT u.business_date,
       u.partner,
       u.account,
       CAST(SUM(u.cleared_points) AS DECIMAL(38, 0)) AS cleared_points,
       CAST(SUM(u.posted_points) AS DECIMAL(38, 0)) AS posted_points
  FROM (SELECT c.business_date, c.partner,
               CASE WHEN c.item IN ('issued', 'taken') THEN 5
                    WHEN c.item IN ('redeemed', 'restored') THEN 6 ELSE 4 END AS account,
               IF(c.item IN ('issued', 'restored', 'debt'), -c.points, c.points) AS cleared_points,
               0 AS posted_points
          FROM clearing c
         WHERE c.item IN ('issued', 'taken', 'redeemed', 'restored', 'debt', 'debt_paid')
         UNION ALL
        SELECT t.business_date, t.partner, t.account, 0, t.points
          FROM account_total t
          JOIN clearing_day d ON d.business_date = t.business_date
         WHERE t.account IN (4, 5, 6) AND t.unit = 1 AND t.is_test = 0) u
 GROUP BY u.business_date, u.partner, u.account
HAVING cleared_points <> posted_points;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW check_statement AS
SELECT s.partner,
       s.cycle,
       s.net_amount,
       CAST(s.opening_amount + COALESCE(SUM(l.amount), 0) AS DECIMAL(38, 0)) AS summed_amount
  FROM statement s
  LEFT JOIN statement_line l ON l.partner = s.partner AND l.cycle = s.cycle
 GROUP BY s.partner, s.cycle, s.net_amount, s.opening_amount, s.carried_amount, s.payable_amount
HAVING s.net_amount <> summed_amount OR s.net_amount <> s.carried_amount + s.payable_amount
 UNION ALL
SELECT c.partner, c.cycle, NULL, NULL
  FROM closed_cycle c
  LEFT JOIN statement s ON s.partner = c.partner AND s.cycle = c.cycle
 WHERE s.partner IS NULL;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW check_all AS
SELECT 'check_sequence' AS name,
       (SELECT COUNT(*) FROM check_sequence
         WHERE written_records <> found_records OR written_records <> highest_sequence) AS findings
 UNION ALL SELECT 'check_posting', (SELECT COUNT(*) FROM check_posting)
 UNION ALL SELECT 'check_row_count', (SELECT COUNT(*) FROM check_row_count)
 UNION ALL SELECT 'check_account_total', (SELECT COUNT(*) FROM check_account_total)
 UNION ALL SELECT 'check_partner_total', (SELECT COUNT(*) FROM check_partner_total)
 UNION ALL SELECT 'check_clearing', (SELECT COUNT(*) FROM check_clearing)
 UNION ALL SELECT 'check_statement', (SELECT COUNT(*) FROM check_statement)
 UNION ALL SELECT 'conservation_day', (SELECT COUNT(*) FROM conservation_day WHERE points <> 0);

REPLACE INTO view_comment (view_name, column_name, text) VALUES
('settlement_day', '', 'what each partner issued and redeemed on a business date, without tests'),
('settlement_day', 'business_date', 'business date'),
('settlement_day', 'partner', 'number of the partner'),
('settlement_day', 'name', 'name of the partner; NULL: not set'),
('settlement_day', 'issued_points', 'points put into the world, less those taken back'),
('settlement_day', 'redeemed_points', 'points that came back, less those restored'),
('settlement_day', 'net_points', 'issued less redeemed: positive when the partner owes'),
('settlement_day', 'debt_points', 'points that members came to owe after refunds here, less those paid'),
('settlement_day', 'is_final', '1: the day is cut off, nothing will change; 0: not yet'),
('settlement', '', 'what each partner issued and redeemed over all days, without tests'),
('settlement', 'partner', 'number of the partner'),
('settlement', 'name', 'name of the partner; NULL: not set'),
('settlement', 'issued_points', 'points put into the world, less those taken back'),
('settlement', 'redeemed_points', 'points that came back, less those restored'),
('settlement', 'net_points', 'issued less redeemed: positive when the partner owes'),
('settlement', 'debt_points', 'points that members owe after refunds here'),
('settlement', 'first_date', 'first business date with postings'),
('settlement', 'last_date', 'last business date with postings'),
('account_balance', '', 'balance of each account'),
('account_balance', 'account', 'number of the account'),
('account_balance', 'name', 'name of the account'),
('account_balance', 'unit', 'what is counted: 1 points, 2 cover'),
('account_balance', 'partner', 'whose account; 0: the account is not per partner'),
('account_balance', 'is_test', '1: of test members; 0: of all others'),
('account_balance', 'points', 'signed balance, points'),
('account_balance', 'postings', 'number of postings'),
('conservation_day', '', 'sum over all accounts of a day: always zero, tests included'),
('conservation_day', 'business_date', 'business date'),
('conservation_day', 'unit', 'what is counted: 1 points, 2 cover'),
('conservation_day', 'points', 'sum over all accounts, must be 0'),
('conservation_day', 'volume', 'sum of what accounts changed by, signs dropped'),
('partner_day', '', 'counts and sums of each partner by kind, with names, without tests'),
('partner_day', 'business_date', 'business date'),
('partner_day', 'partner', 'number of the partner; 0: gateway or operator'),
('partner_day', 'partner_name', 'name of the partner; NULL: not set'),
('partner_day', 'kind', 'name of the kind of record'),
('partner_day', 'outcome', 'done or declined'),
('partner_day', 'records', 'number of records'),
('partner_day', 'points', 'sum of points granted, burned or held; of refunds and reversals: restored less taken'),
('partner_day', 'amount', 'sum of amounts, minor units'),
('partner_day', 'covered', 'sum of what points paid for, minor units'),
('partner_day', 'returned_money', 'sum of money given back, minor units'),
('partner_day', 'taken_points', 'sum of earned points taken back'),
('partner_day', 'restored_points', 'sum of burned points given back'),
('partner_day', 'is_final', '1: the day is cut off, nothing will change; 0: not yet'),
('terminal_day', '', 'counts and sums of each terminal by kind and till''s day, without tests'),
('terminal_day', 'business_date', 'business date'),
('terminal_day', 'till_day', 'the till''s own business day; NULL: not told'),
('terminal_day', 'partner', 'number of the partner'),
('terminal_day', 'store', 'number of the store; NULL: none'),
('terminal_day', 'terminal', 'number of the terminal'),
('terminal_day', 'kind', 'name of the kind of record'),
('terminal_day', 'outcome', 'done or declined'),
('terminal_day', 'records', 'number of records'),
('terminal_day', 'points', 'sum of points granted, burned or held; of refunds and reversals: restored less taken'),
('terminal_day', 'amount', 'sum of amounts, minor units'),
('transaction_list', '', 'entries with names, and ids in hexadecimal'),
('transaction_list', 'business_date', 'business date'),
('transaction_list', 'sequence', 'number of the record'),
('transaction_list', 'booked_at', 'when it was booked, UTC'),
('transaction_list', 'kind', 'name of the kind of record'),
('transaction_list', 'status', 'name of the outcome; OK is success'),
('transaction_list', 'flags', 'as in entry'),
('transaction_list', 'partner', 'partner that asked'),
('transaction_list', 'partner_name', 'name of the partner; NULL: not set'),
('transaction_list', 'store', 'store for which was asked; NULL: none'),
('transaction_list', 'terminal', 'terminal that asked'),
('transaction_list', 'operator', 'operator that asked'),
('transaction_list', 'member', 'member reference'),
('transaction_list', 'transaction_id', 'transaction id, hexadecimal'),
('transaction_list', 'original_id', 'transaction id of the original, hexadecimal'),
('transaction_list', 'business_time', 'when it happened by the clock of the till, UTC'),
('transaction_list', 'amount', 'amount, minor units'),
('transaction_list', 'covered', 'part of it that points paid for, minor units'),
('transaction_list', 'points', 'points asked for or granted'),
('transaction_list', 'base_points', 'points of the base rate'),
('transaction_list', 'bonus_points', 'points of the bonus'),
('transaction_list', 'taken_points', 'earned points taken back'),
('transaction_list', 'restored_points', 'burned points given back'),
('transaction_list', 'available_after', 'available points of the member afterwards'),
('transaction_list', 'till', 'number of the till'),
('transaction_list', 'till_day', 'the till''s own business day'),
('transaction_list', 'receipt', 'receipt number'),
('member_history', '', 'why a member has the points it has: select by member, order by sequence'),
('member_history', 'member', 'member reference'),
('member_history', 'sequence', 'number of the record'),
('member_history', 'business_date', 'business date'),
('member_history', 'booked_at', 'when it was booked, UTC'),
('member_history', 'kind', 'name of the kind of record'),
('member_history', 'status', 'name of the outcome; OK is success'),
('member_history', 'partner', 'partner that asked'),
('member_history', 'store', 'store for which was asked; NULL: none'),
('member_history', 'points', 'points asked for or granted'),
('member_history', 'available_change', 'signed change of the available points'),
('member_history', 'available_after', 'available points afterwards, as the terminal was told'),
('obligation', '', 'issuers owe redeemers for points: who owes whom for how many, by business date'),
('obligation', 'business_date', 'business date'),
('obligation', 'issuer', 'partner that issued the points'),
('obligation', 'redeemer', 'partner that redeemed them; 0: an operator took them'),
('obligation', 'records', 'matched parts of postings'),
('obligation', 'points', 'points; negative: more given back than redeemed'),
('settlement_net', '', 'what is to be paid for each closed cycle, and what has become of it'),
('settlement_net', 'last_date', 'last business date of the cycle'),
('settlement_net', 'partner', 'number of the partner'),
('settlement_net', 'name', 'name of the partner; NULL: not set'),
('settlement_net', 'cycle', 'number of the cycle'),
('settlement_net', 'net_amount', 'minor units; positive: the partner owes'),
('settlement_net', 'carried_amount', 'part of it that is carried over, minor units'),
('settlement_net', 'payable_amount', 'part of it that is to be paid, minor units'),
('settlement_net', 'state', 'closed, acknowledged, disputed or paid'),
('check_clearing', '', 'cleared sums that differ from the account totals of their day: none'),
('check_clearing', 'business_date', 'business date'),
('check_clearing', 'partner', 'number of the partner'),
('check_clearing', 'account', 'number of the account'),
('check_clearing', 'cleared_points', 'points as cleared, signed as the account'),
('check_clearing', 'posted_points', 'points as posted'),
('check_statement', '', 'statements that differ from their lines, or are missing: none'),
('check_statement', 'partner', 'number of the partner'),
('check_statement', 'cycle', 'number of the cycle'),
('check_statement', 'net_amount', 'net of the statement, minor units; NULL: there is no statement'),
('check_statement', 'summed_amount', 'opening and sum of the lines, minor units'),
('check_sequence', '', 'the three numbers are equal: no record is missing or there twice'),
('check_sequence', 'shard', 'number of the ledger'),
('check_sequence', 'written_records', 'records written by what the cursor says'),
('check_sequence', 'found_records', 'records found in entry'),
('check_sequence', 'highest_sequence', 'highest sequence in entry'),
('check_posting', '', 'records whose postings do not sum to zero: none'),
('check_posting', 'business_date', 'business date'),
('check_posting', 'sequence', 'number of the record'),
('check_posting', 'unit', 'what is counted: 1 points, 2 cover'),
('check_posting', 'points', 'sum of the postings'),
('check_row_count', '', 'days on which rows that entries tell of are missing: none'),
('check_row_count', 'business_date', 'business date'),
('check_row_count', 'told_postings', 'postings that entries tell of'),
('check_row_count', 'found_postings', 'rows of posting'),
('check_row_count', 'told_moves', 'moves that entries tell of'),
('check_row_count', 'found_moves', 'rows of lot_move'),
('check_row_count', 'told_lines', 'receipt lines that entries tell of'),
('check_row_count', 'found_lines', 'rows of purchase_line'),
('check_account_total', '', 'totals of accounts that differ from their postings: none'),
('check_account_total', 'business_date', 'business date'),
('check_account_total', 'account', 'number of the account'),
('check_account_total', 'unit', 'what is counted: 1 points, 2 cover'),
('check_account_total', 'partner', 'whose account; 0: not per partner'),
('check_account_total', 'is_test', '1: of test members; 0: of all others'),
('check_account_total', 'total_points', 'points of account_total'),
('check_account_total', 'posted_points', 'sum of posting'),
('check_account_total', 'total_postings', 'postings of account_total'),
('check_account_total', 'posted_postings', 'rows of posting'),
('check_partner_total', '', 'totals of partners that differ from their entries: none'),
('check_partner_total', 'business_date', 'business date'),
('check_partner_total', 'partner', 'number of the partner; 0: gateway or operator'),
('check_partner_total', 'kind', 'number of the kind of record'),
('check_partner_total', 'outcome', 'done or declined'),
('check_partner_total', 'total_records', 'records of partner_total'),
('check_partner_total', 'entry_records', 'rows of entry'),
('check_partner_total', 'total_points', 'points of partner_total'),
('check_partner_total', 'entry_points', 'sum over entry'),
('check_partner_total', 'total_amount', 'amount of partner_total, minor units'),
('check_partner_total', 'entry_amount', 'sum over entry, minor units'),
('check_all', '', 'all checks at once; reads every row, so run it on a replica or at night'),
('check_all', 'name', 'name of the check, which is the view with the findings'),
('check_all', 'findings', 'number of findings, must be 0');
