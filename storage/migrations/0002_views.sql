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
                   IF(FIND_IN_SET('out', e.flags), -1, 1) * COALESCE(e.points, 0))) AS DECIMAL(38, 0)) AS points,
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

CREATE OR REPLACE SQL SECURITY INVOKER VIEW partner_funding AS
SELECT t.partner,
       p.name,
       FIND_IN_SET('prepaid', t.flags) > 0 AS is_prepaid,
       t.version AS terms_version,
       CAST(COALESCE(a.cover_points, 0) AS DECIMAL(38, 0)) AS cover_points,
       CAST(COALESCE(a.used_points, 0) AS DECIMAL(38, 0)) AS used_points,
       CAST(COALESCE(a.sold_points, 0) AS DECIMAL(38, 0)) AS sold_points,
       t.overdraft_points,
       CAST(GREATEST(COALESCE(a.cover_points, 0) + t.overdraft_points, 0) AS DECIMAL(38, 0)) AS left_points,
       t.alert_points,
       (SELECT COUNT(*) FROM partner_block b
         WHERE b.partner = t.partner AND b.bought_points > b.used_points + b.released_points) AS open_blocks
  FROM partner_terms t
  LEFT JOIN partner p ON p.partner = t.partner
  LEFT JOIN (SELECT o.partner,
                    SUM(IF(c.name = 'COVER', o.points, 0)) AS cover_points,
                    SUM(IF(c.name = 'COVER_USED', o.points, 0)) AS used_points,
                    -SUM(IF(c.name = 'COVER_SOLD', o.points, 0)) AS sold_points
               FROM account_total o
               JOIN account c ON c.number = o.account
              WHERE o.unit = 2
              GROUP BY o.partner) a ON a.partner = t.partner
 WHERE t.version = (SELECT MAX(n.version) FROM partner_terms n WHERE n.partner = t.partner);

CREATE OR REPLACE SQL SECURITY INVOKER VIEW partner_terms_span AS
SELECT t.partner,
       t.version,
       t.last_sequence + 1 AS from_sequence,
       (SELECT MIN(n.last_sequence) FROM partner_terms n
         WHERE n.partner = t.partner AND n.version > t.version) AS until_sequence,
       t.issue_price_micro,
       t.redeem_price_micro,
       t.issue_fee_micro,
       t.redeem_fee_micro,
       t.transaction_fee_micro,
       t.month_fee_micro
  FROM partner_terms t;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW partner_fee_day AS
SELECT u.business_date,
       u.partner,
       u.terms_version,
       CAST(SUM(u.issued_points) AS DECIMAL(38, 0)) AS issued_points,
       CAST(SUM(u.redeemed_points) AS DECIMAL(38, 0)) AS redeemed_points,
       CAST(SUM(u.transactions) AS DECIMAL(38, 0)) AS transactions,
       CAST(SUM(u.issued_points * u.issue_price_micro) AS DECIMAL(38, 0)) AS issue_price_micro,
       CAST(SUM(u.redeemed_points * u.redeem_price_micro) AS DECIMAL(38, 0)) AS redeem_price_micro,
       CAST(SUM(u.issued_points * u.issue_fee_micro + u.redeemed_points * u.redeem_fee_micro
                + u.transactions * u.transaction_fee_micro) AS DECIMAL(38, 0)) AS fee_micro
  FROM (SELECT o.business_date, o.partner, t.version AS terms_version,
               CAST(IF(a.name = 'ISSUED', -o.points, 0) AS DECIMAL(38, 0)) AS issued_points,
               CAST(IF(a.name = 'REDEEMED', o.points, 0) AS DECIMAL(38, 0)) AS redeemed_points,
               0 AS transactions,
               t.issue_price_micro, t.redeem_price_micro,
               t.issue_fee_micro, t.redeem_fee_micro, t.transaction_fee_micro
          FROM posting o
          JOIN account a ON a.number = o.account AND a.name IN ('ISSUED', 'REDEEMED')
          JOIN partner_terms_span t ON t.partner = o.partner AND t.from_sequence <= o.sequence
           AND (t.until_sequence IS NULL OR o.sequence <= t.until_sequence)
         WHERE o.is_test = 0
         UNION ALL
        SELECT e.business_date, e.partner, t.version, 0, 0, 1, 0, 0, 0, 0, t.transaction_fee_micro
          FROM entry e
          JOIN sink_cursor w ON e.sequence < w.next_sequence
          JOIN record_kind k ON k.number = e.kind AND k.name IN ('EARN', 'BURN', 'CAPTURE')
          JOIN partner_terms_span t ON t.partner = e.partner AND t.from_sequence <= e.sequence
           AND (t.until_sequence IS NULL OR e.sequence <= t.until_sequence)
         WHERE e.status = 0 AND NOT FIND_IN_SET('test', e.flags)) u
 GROUP BY u.business_date, u.partner, u.terms_version;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW partner_fee_month AS
SELECT CAST(DATE_FORMAT(f.business_date, '%Y-%m-01') AS DATE) AS month,
       f.partner,
       CAST(SUM(f.fee_micro) AS DECIMAL(38, 0)) AS use_fee_micro,
       (SELECT t.month_fee_micro FROM partner_terms t
         WHERE t.partner = f.partner AND t.version = MAX(f.terms_version)) AS month_fee_micro
  FROM partner_fee_day f
 GROUP BY CAST(DATE_FORMAT(f.business_date, '%Y-%m-01') AS DATE), f.partner;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW operator_account AS
SELECT u.name,
       CAST(SUM(u.points) AS DECIMAL(38, 0)) AS points,
       CAST(FLOOR(SUM(u.points) * MAX(p.point_value_num) / MAX(p.point_value_den)) AS DECIMAL(38, 0)) AS amount
  FROM (SELECT 'liability' AS name, CAST(t.points AS DECIMAL(38, 0)) AS points
          FROM account_total t
          JOIN account a ON a.number = t.account AND a.name IN ('AVAILABLE', 'PENDING', 'HELD')
         WHERE t.unit = 1 AND t.is_test = 0
         UNION ALL
        SELECT CASE a.name WHEN 'DEBT' THEN 'members owe' WHEN 'BREAKAGE' THEN 'breakage'
                    WHEN 'WRITTEN_OFF' THEN 'written off' ELSE 'adjustments' END,
               CAST(IF(a.name = 'BREAKAGE', t.points, -t.points) AS DECIMAL(38, 0))
          FROM account_total t
          JOIN account a ON a.number = t.account
           AND a.name IN ('DEBT', 'BREAKAGE', 'WRITTEN_OFF', 'ADJUSTMENTS')
           AND (a.name <> 'ADJUSTMENTS' OR t.partner = 0)
         WHERE t.unit = 1 AND t.is_test = 0) u
 CROSS JOIN programme p
 WHERE p.version = (SELECT MAX(n.version) FROM programme n)
 GROUP BY u.name
 UNION ALL
SELECT 'fees',
       NULL,
       CAST(COALESCE(SUM(s.transaction_amount + s.month_amount + s.issue_fee_amount
                         + s.redeem_fee_amount), 0) AS DECIMAL(38, 0))
  FROM statement s;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW debt_written_off AS
SELECT o.business_date,
       o.partner,
       e.member,
       o.points
  FROM posting o
  JOIN account a ON a.number = o.account AND a.name = 'DEBT'
  JOIN entry e ON e.business_date = o.business_date AND e.sequence = o.sequence AND e.line = 0
  JOIN record_kind k ON k.number = e.kind AND k.name = 'WRITE_OFF'
 WHERE o.is_test = 0;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW point_outstanding AS
SELECT w.member,
       w.sequence,
       w.line,
       w.business_date,
       w.issuer,
       w.points,
       CAST(GREATEST(LEAST(w.points, b.points - w.newer_points), 0) AS DECIMAL(38, 0)) AS outstanding_points
  FROM (SELECT i.member, i.sequence, i.line, i.business_date, i.issuer, i.points,
               COALESCE(SUM(i.points) OVER (PARTITION BY i.member ORDER BY i.sequence DESC, i.line DESC
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS newer_points
          FROM (SELECT e.member, e.sequence, o.line, e.business_date, o.partner AS issuer,
                       -o.points
                       - COALESCE((SELECT SUM(x.points)
                                     FROM entry r
                                     JOIN posting x ON x.business_date = r.business_date
                                      AND x.sequence = r.sequence
                                      AND x.account = o.account AND x.partner = o.partner
                                    WHERE r.member = e.member AND r.status = 0
                                      AND r.sequence > e.sequence
                                      AND r.original_id = e.transaction_id), 0) AS points
                  FROM posting o
                  JOIN account a ON a.number = o.account AND a.name IN ('ISSUED', 'ADJUSTMENTS')
                  JOIN entry e ON e.business_date = o.business_date AND e.sequence = o.sequence
                   AND e.line = 0 AND e.member IS NOT NULL
                 WHERE o.points < 0 AND o.is_test = 0) i) w
  JOIN (SELECT u.member, SUM(u.points) AS points
          FROM (SELECT e.member, o.points
                  FROM posting o
                  JOIN account a ON a.number = o.account AND a.name IN ('AVAILABLE', 'PENDING', 'HELD')
                  JOIN entry e ON e.business_date = o.business_date AND e.sequence = o.sequence
                   AND e.line = 0
                 WHERE o.is_test = 0
                 UNION ALL
                SELECT IF(s.sign > 0, e.member, e.other_member), s.sign * e.points
                  FROM entry e
                  JOIN record_kind k ON k.number = e.kind AND k.name = 'TRANSFER'
                 CROSS JOIN (SELECT 1 AS sign UNION ALL SELECT -1) s
                 WHERE NOT FIND_IN_SET('test', e.flags)) u
         GROUP BY u.member) b ON b.member = w.member;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW point_held AS
SELECT v.member,
       h.issuer,
       CAST(STR_TO_DATE(CONCAT(h.month, '01'), '%Y%m%d') AS DATE) AS issued_month,
       0 AS is_limited,
       h.points
  FROM provenance v
  JOIN JSON_TABLE(v.held, '$[*]' COLUMNS (issuer INT UNSIGNED PATH '$[0]', month INT UNSIGNED PATH '$[1]',
                  points BIGINT PATH '$[2]')) h
 UNION ALL
SELECT v.member,
       h.issuer,
       CAST(STR_TO_DATE(CONCAT(h.month, '01'), '%Y%m%d') AS DATE),
       1,
       h.points
  FROM provenance v
  JOIN JSON_TABLE(v.limited, '$[*]' COLUMNS (issuer INT UNSIGNED PATH '$[0]', month INT UNSIGNED PATH '$[1]',
                  points BIGINT PATH '$[2]')) h;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW run_off AS
SELECT u.issuer,
       p.name,
       u.issued_month,
       CAST(SUM(u.points) AS DECIMAL(38, 0)) AS issued_points,
       CAST(SUM(u.outstanding_points) AS DECIMAL(38, 0)) AS outstanding_points,
       COUNT(DISTINCT IF(u.outstanding_points > 0, u.member, NULL)) AS members
  FROM (SELECT o.member, o.issuer, CAST(DATE_FORMAT(o.business_date, '%Y-%m-01') AS DATE) AS issued_month,
               o.points,
               IF(EXISTS (SELECT 1 FROM provenance), 0, o.outstanding_points) AS outstanding_points
          FROM point_outstanding o
         UNION ALL
        SELECT h.member, h.issuer, h.issued_month, 0, h.points
          FROM point_held h) u
  LEFT JOIN partner p ON p.partner = u.issuer
 GROUP BY u.issuer, p.name, u.issued_month;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW point_departure AS
SELECT i.member,
       i.issuer,
       i.business_date AS issued_date,
       d.business_date AS left_date,
       d.is_expired,
       CAST(LEAST(i.end_points, d.end_points) - GREATEST(i.end_points - i.points, d.end_points - d.points)
            AS DECIMAL(38, 0)) AS points
  FROM (SELECT o.member, o.issuer, o.business_date, o.points,
               SUM(o.points) OVER (PARTITION BY o.member ORDER BY o.sequence, o.line
                   ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS end_points
          FROM point_outstanding o
         WHERE o.points > 0) i
  JOIN (SELECT l.member, l.business_date, l.is_expired, l.points,
               SUM(l.points) OVER (PARTITION BY l.member ORDER BY l.sequence, l.line
                   ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS end_points
          FROM (SELECT e.member, e.sequence, o.line, o.business_date, a.name = 'BREAKAGE' AS is_expired,
                       o.points
                       + COALESCE((SELECT SUM(x.points)
                                     FROM entry r
                                     JOIN posting x ON x.business_date = r.business_date
                                      AND x.sequence = r.sequence AND x.account = o.account
                                    WHERE r.member = e.member AND r.line = 0 AND r.status = 0
                                      AND r.sequence > e.sequence AND x.points < 0
                                      AND e.transaction_id IN (r.original_id, r.original_burn_id)), 0) AS points
                  FROM posting o
                  JOIN account a ON a.number = o.account AND a.name IN ('REDEEMED', 'BREAKAGE')
                  JOIN entry e ON e.business_date = o.business_date AND e.sequence = o.sequence
                   AND e.line = 0 AND e.member IS NOT NULL
                 WHERE o.points > 0 AND o.unit = 1 AND o.is_test = 0) l
         WHERE l.points > 0) d
    ON d.member = i.member AND d.end_points - d.points < i.end_points
   AND i.end_points - i.points < d.end_points;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW breakage_curve AS
SELECT g.age_months,
       g.redeemed_points,
       g.expired_points,
       CAST(1000000 * SUM(g.expired_points) OVER (ORDER BY g.age_months DESC)
            / SUM(g.expired_points + g.redeemed_points) OVER (ORDER BY g.age_months DESC)
            AS DECIMAL(38, 0)) AS expired_share_ppm
  FROM (SELECT GREATEST(PERIOD_DIFF(DATE_FORMAT(p.left_date, '%Y%m'), DATE_FORMAT(p.issued_date, '%Y%m')), 0)
                 AS age_months,
               CAST(SUM(IF(p.is_expired, 0, p.points)) AS DECIMAL(38, 0)) AS redeemed_points,
               CAST(SUM(IF(p.is_expired, p.points, 0)) AS DECIMAL(38, 0)) AS expired_points
          FROM point_departure p
         GROUP BY 1) g;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW liability AS
SELECT r.issuer,
       r.issued_month,
       r.outstanding_points,
       CAST(r.outstanding_points * COALESCE(c.expired_share_ppm, 0) DIV 1000000 AS DECIMAL(38, 0))
         AS expected_breakage_points
  FROM run_off r
 CROSS JOIN (SELECT DATE_FORMAT(MAX(n.business_date), '%Y%m') AS month FROM sink_cursor n) t
  LEFT JOIN (SELECT b.expired_share_ppm,
                    COALESCE(LAG(b.age_months) OVER (ORDER BY b.age_months) + 1, 0) AS from_months,
                    IF(LEAD(b.age_months) OVER (ORDER BY b.age_months) IS NULL, 120000, b.age_months)
                      AS to_months
               FROM breakage_curve b) c
    ON PERIOD_DIFF(t.month, DATE_FORMAT(r.issued_month, '%Y%m')) BETWEEN c.from_months AND c.to_months;

CREATE OR REPLACE SQL SECURITY INVOKER VIEW wind_down AS
SELECT w.issuer,
       w.name,
       w.outstanding_points,
       COALESCE(f.cover_points, 0) AS cover_points,
       FIND_IN_SET('traced', g.flags) > 0 AS is_traced,
       CAST(w.outstanding_points * 1000000 * g.point_value_num / g.point_value_den AS DECIMAL(38, 0)) AS worth_micro,
       CAST(CASE WHEN FIND_IN_SET('traced', g.flags) = 0 OR FIND_IN_SET('prepaid', COALESCE(t.flags, '')) > 0 THEN 0
                 WHEN t.partner IS NULL
                 THEN (w.outstanding_points * g.point_value_num
                       - w.outstanding_points * g.point_value_num % g.point_value_den) / g.point_value_den
                 ELSE (w.outstanding_points * t.issue_price_micro
                       - w.outstanding_points * t.issue_price_micro % 1000000) / 1000000 END
            AS DECIMAL(38, 0)) AS owes_amount
  FROM (SELECT r.issuer, r.name, CAST(SUM(r.outstanding_points) AS DECIMAL(38, 0)) AS outstanding_points
          FROM run_off r
         GROUP BY r.issuer, r.name) w
  LEFT JOIN partner_funding f ON f.partner = w.issuer
  LEFT JOIN partner_terms t ON t.partner = w.issuer
   AND t.version = (SELECT MAX(n.version) FROM partner_terms n WHERE n.partner = w.issuer)
 CROSS JOIN programme g
 WHERE g.version = (SELECT MAX(n.version) FROM programme n);

CREATE OR REPLACE SQL SECURITY INVOKER VIEW check_sequence AS
SELECT w.shard,
       w.next_sequence - 1 AS written_records,
       (SELECT COUNT(*) FROM entry WHERE line = 0 AND sequence < w.next_sequence) AS found_records,
       (SELECT COALESCE(MAX(sequence), 0) FROM entry
         WHERE sequence < w.next_sequence OR sequence >= w.beyond_sequence) AS highest_sequence
  FROM (SELECT c.shard, c.next_sequence,
               GREATEST(c.next_sequence,
                        COALESCE((SELECT a.next_sequence FROM entry_ahead a
                                   WHERE a.shard = c.shard
                                     AND a.first_sequence = c.next_sequence), 0))
                 AS beyond_sequence
          FROM sink_cursor c) w;

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
       (SELECT COUNT(*) FROM purchase_line l WHERE l.business_date = e.business_date) AS found_lines,
       CAST(SUM(e.component_count) AS DECIMAL(38, 0)) AS told_components,
       (SELECT COUNT(*) FROM component c WHERE c.business_date = e.business_date) AS found_components
  FROM entry e
  JOIN sink_cursor w ON e.sequence < w.next_sequence
 GROUP BY e.business_date
HAVING told_postings <> found_postings OR told_moves <> found_moves OR told_lines <> found_lines
    OR told_components <> found_components;

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
                      COALESCE(e.restored_points - e.taken_points, 0),
                      IF(FIND_IN_SET('out', e.flags), -1, 1) * COALESCE(e.points, 0))),
               0, SUM(COALESCE(e.amount, 0))
          FROM entry e
          JOIN sink_cursor w ON e.sequence < w.next_sequence
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
 WHERE c.item = 'owes'
 UNION ALL
SELECT c.business_date, 0, c.partner, c.records, c.points
  FROM clearing c
 WHERE c.item = 'due' AND c.other = 0;

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
          JOIN clearing_day d ON d.business_date = c.business_date AND d.is_whole = 1
         WHERE c.item IN ('issued', 'taken', 'redeemed', 'restored', 'debt', 'debt_paid',
                          'written_off')
         UNION ALL
        SELECT t.business_date, t.partner, t.account, 0, t.points
          FROM account_total t
          JOIN clearing_day d ON d.business_date = t.business_date AND d.is_whole = 1
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
('obligation', 'issuer', 'partner that issued the points; 0: an operator gave them'),
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
('partner_funding', '', 'what partners with funding terms may still issue'),
('partner_funding', 'partner', 'number of the partner'),
('partner_funding', 'name', 'name of the partner; NULL: not set'),
('partner_funding', 'is_prepaid', '1: points are bought ahead in blocks; 0: bills are paid'),
('partner_funding', 'terms_version', 'version of its terms in force'),
('partner_funding', 'cover_points', 'bought or paid for, less what it issued, points; below 0: overdrawn'),
('partner_funding', 'used_points', 'issued out of its cover, less what was taken back, points'),
('partner_funding', 'sold_points', 'bought or paid for, less what was released, points'),
('partner_funding', 'overdraft_points', 'how far below zero its cover may fall, points; NULL: no stop'),
('partner_funding', 'left_points', 'what it may still issue, points; NULL: no stop'),
('partner_funding', 'alert_points', 'soft alert: no more than these are left, points; 0: none'),
('partner_funding', 'open_blocks', 'blocks with points left'),
('partner_terms_span', '', 'terms of partners with the records that they hold for'),
('partner_terms_span', 'partner', 'number of the partner'),
('partner_terms_span', 'version', 'version of its terms'),
('partner_terms_span', 'from_sequence', 'first record that they hold for'),
('partner_terms_span', 'until_sequence', 'last record that they hold for; NULL: in force'),
('partner_terms_span', 'issue_price_micro', 'as in partner_terms'),
('partner_terms_span', 'redeem_price_micro', 'as in partner_terms'),
('partner_terms_span', 'issue_fee_micro', 'as in partner_terms'),
('partner_terms_span', 'redeem_fee_micro', 'as in partner_terms'),
('partner_terms_span', 'transaction_fee_micro', 'as in partner_terms'),
('partner_terms_span', 'month_fee_micro', 'as in partner_terms'),
('partner_fee_day', '', 'prices and fees of each partner and business date, exact, by the terms of each record, without tests'),
('partner_fee_day', 'business_date', 'business date'),
('partner_fee_day', 'partner', 'number of the partner'),
('partner_fee_day', 'terms_version', 'version of the terms that held'),
('partner_fee_day', 'issued_points', 'points issued, less those taken back'),
('partner_fee_day', 'redeemed_points', 'points burned at it, less those restored'),
('partner_fee_day', 'transactions', 'earns, burns and captures done'),
('partner_fee_day', 'issue_price_micro', 'price of the points issued, millionths of a minor unit; a prepaid partner paid it before'),
('partner_fee_day', 'redeem_price_micro', 'price of the points burned at it, millionths of a minor unit'),
('partner_fee_day', 'fee_micro', 'fees for points and transactions, millionths of a minor unit'),
('partner_fee_month', '', 'fees of each partner and month in which it was active, exact'),
('partner_fee_month', 'month', 'first day of the month'),
('partner_fee_month', 'partner', 'number of the partner'),
('partner_fee_month', 'use_fee_micro', 'fees for points and transactions, millionths of a minor unit'),
('partner_fee_month', 'month_fee_micro', 'fee of the month, by its last terms, millionths of a minor unit'),
('operator_account', '', 'what the operator owes and has gained: liability, breakage, adjustments, debts, write-offs, fees; without tests'),
('operator_account', 'name', 'liability: members can spend; members owe; breakage: expired; written off; adjustments: given on its own account, less taken; fees: of all statements'),
('operator_account', 'points', 'points; NULL: it is money'),
('operator_account', 'amount', 'their worth by the programme, rounded down, or the fees; minor units'),
('debt_written_off', '', 'debts of members that were given up, without tests'),
('debt_written_off', 'business_date', 'when, business date'),
('debt_written_off', 'partner', 'partner where the refund was made that caused it'),
('debt_written_off', 'member', 'member reference'),
('debt_written_off', 'points', 'points given up'),
('point_outstanding', '', 'issues of points with what of each is outstanding: first in, first out for each member; reads every posting'),
('point_outstanding', 'member', 'member reference'),
('point_outstanding', 'sequence', 'number of the record that issued'),
('point_outstanding', 'line', 'number of the posting in its record'),
('point_outstanding', 'business_date', 'business date of the issue'),
('point_outstanding', 'issuer', 'partner that issued; 0: the operator, by an adjustment'),
('point_outstanding', 'points', 'points issued, less those that refunds of it took back'),
('point_outstanding', 'outstanding_points', 'of these not yet spent nor expired'),
('point_held', '', 'whose points members have, by what statements are made of: as of the last cleared record, where issuers pay redeemers; else none'),
('point_held', 'member', 'member reference'),
('point_held', 'issuer', 'partner that issued; 0: the operator'),
('point_held', 'issued_month', 'first day of the month of issue'),
('point_held', 'is_limited', '1: limited points; 0: regular ones'),
('point_held', 'points', 'points'),
('run_off', '', 'outstanding points by issuer and month of issue, without tests; where issuers pay redeemers and days are cleared by point_held, as statements; else by point_outstanding, an account of age: an issuer has paid the pool already'),
('run_off', 'issuer', 'partner that issued; 0: the operator, by adjustments'),
('run_off', 'name', 'name of the partner; NULL: not set'),
('run_off', 'issued_month', 'first day of the month of issue'),
('run_off', 'issued_points', 'points issued in it, less those taken back'),
('run_off', 'outstanding_points', 'points not yet spent nor expired; by point_held a refund takes its issuer''s youngest, so a month can have more than it issued'),
('run_off', 'members', 'members that have any of them'),
('wind_down', '', 'what each partner would owe if all outstanding points were burned'),
('wind_down', 'issuer', 'partner that issued; 0: the operator, by adjustments'),
('wind_down', 'name', 'name of the partner; NULL: not set'),
('wind_down', 'outstanding_points', 'points outstanding of its issues'),
('wind_down', 'cover_points', 'cover that it has not used: to be released, points'),
('wind_down', 'is_traced', '1: issuers pay redeemers; 0: the pool does, for which issuers have paid'),
('wind_down', 'worth_micro', 'worth of the outstanding points by the programme, millionths of a minor unit'),
('wind_down', 'owes_amount', 'what its statement would say if others redeemed all of them: by its own price, nothing where it is prepaid or all pay a pool; minor units, rounded down'),
('point_departure', '', 'when points left members, and when they had been issued: first in, first out for each member; without tests; reads every posting'),
('point_departure', 'member', 'member reference'),
('point_departure', 'issuer', 'partner that issued; 0: the operator, by an adjustment'),
('point_departure', 'issued_date', 'business date of the issue'),
('point_departure', 'left_date', 'business date on which they were burned or expired'),
('point_departure', 'is_expired', '1: they expired; 0: they were burned, and not given back'),
('point_departure', 'points', 'points'),
('breakage_curve', '', 'of the points that left members, by their age then, how many expired'),
('breakage_curve', 'age_months', 'months from the month of issue to the month in which they left'),
('breakage_curve', 'redeemed_points', 'points burned at that age, less those given back'),
('breakage_curve', 'expired_points', 'points expired at that age'),
('breakage_curve', 'expired_share_ppm', 'share of expired points among all that left at that age or a higher one: what is to be expected of points so old, millionths'),
('liability', '', 'outstanding points by issuer and month of issue, and how many of them expire if it goes on as until now'),
('liability', 'issuer', 'partner that issued; 0: the operator, by adjustments'),
('liability', 'issued_month', 'first day of the month of issue'),
('liability', 'outstanding_points', 'points not yet spent nor expired'),
('liability', 'expected_breakage_points', 'of these, times the share of breakage_curve for their age, rounded down'),
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
('check_row_count', 'told_components', 'parts by the rulebook that entries tell of'),
('check_row_count', 'found_components', 'rows of component'),
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
