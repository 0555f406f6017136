#!/usr/bin/python3
"""month.py - a worked month over the real gateway: what happens is trade.txt, what it must come to
are pooled.txt and traced.txt, worked out by hand.

The tables are first shown to add up by themselves.  Then the month is played twice, once for each
model of funding, and MariaDB's statements, those of tally-journal and its netting are compared with
the tables.
"""
import json
import os
import subprocess
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'system'))

# pylint: disable=wrong-import-position
from server import BUILD, DAY_MS, SECONDS_MAX, Database, Failed, Server, await_true
from tables import Shadow, Tables, day_text, read_trade, utc_ms
from tallygate import new_id
from world import Request, Tap, expect, expect_equal
# pylint: enable=wrong-import-position

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMME = {'window_s': 259200, 'debt_days': 20}
FIRST_UTC_MS = utc_ms('2026-03-02', '08:00')
LAST_DAY = '2026-04-06'
RETURNED, VOIDED, DISPUTE_AMOUNT = 3, 2, 3
DIRECTIONS = {'in': 1, 'out': 2}


class Month:
    """A gateway with the coalition of setup.txt, and what was done there."""

    def __init__(self, database, is_traced):
        self.database = database
        self.server = Server(database=database, settings={
            'programme': {**PROGRAMME, 'traced': is_traced},
            'clock': {'source': 'stepped', 'start_utc_ms': FIRST_UTC_MS}})
        self.members, self.requests, self.sequences = {}, {}, {}
        self._sessions = {}
        self.now = FIRST_UTC_MS
        try:
            self.server.start()
            with open(os.path.join(HERE, 'setup.txt'), encoding='utf-8') as file:
                self.server.console.do(*(line.strip() for line in file
                                         if line.strip() and not line.startswith('#')))
        except BaseException:
            self.close()
            raise

    def till(self, number):
        if number not in self._sessions:
            self._sessions[number] = self.server.open(number, is_tls=True)
        return self._sessions[number]

    def hang_up(self):
        for session in self._sessions.values():
            session.close()
        self._sessions = {}

    def close(self):
        self.hang_up()
        self.server.close()

    def step(self, now):
        """Move the clock, with a stop at every midnight between."""
        while self.now // DAY_MS < now // DAY_MS:
            self.now = (self.now // DAY_MS + 1) * DAY_MS
            self._set_clock()
            day = day_text(self.now // DAY_MS)
            await_true(self._is_swept, 'the end of the sweep of ' + day, pause=0.1)
        if now > self.now:
            self.now = now
            self._set_clock()

    def _set_clock(self):
        self.server.console.do('clock step %d' % self.now)

    def _is_swept(self):
        """After a cut-off that is the last record; then nothing more comes by itself."""
        date = expect(self.till(101).call('PING'))['business_date']
        last = self.server.console.do('show journal').figure('durable sequence')
        record = self.server.console.do('record %d' % last)
        return date == self.now // DAY_MS and record.figure('sweep phase', 1) == 0

    def await_sink(self):
        last = self.server.console.do('show journal').figure('durable sequence')
        await_true(lambda: self.server.console.do('show sink').figure('next sequence', 0) > last,
                   'MariaDB has record %d' % last)

    # What rows say.

    def enroll(self, name, number):
        enroll = Request('ENROLL', {'transaction_id': new_id(), 'business_time': self.now,
                                    'identifier_type': 1, 'identifier': '49%011d' % number})
        self.members[name] = expect(enroll.send(self.till(101)))['member']

    def play(self, row):
        """Do what a row says, and look at the answer."""
        self.step(row.utc_ms)
        if row.what == 'console':
            self.server.console.do(row.command.format(folder=HERE, **self.members))
        elif row.what == 'uphold':
            self.server.console.do('dispute decide uphold %d %d as agreed' % (
                self.sequences[row.of], row.amount))
        else:
            self._send(row)

    def _send(self, row):
        request = self.requests[row.number] = self._request(row)
        till = self.till(row.till)
        if row.is_late:
            self.await_sink()		# MariaDB need not have it, but the day before is whole then
        answer = request.send(till, **({'late': True} if row.is_late else {}))
        while answer.status == 'ORIGINAL_ARCHIVED':
            self.await_sink()
            answer = request.send(till)
        expect(answer, row.status)
        self.sequences[row.number] = answer.get('sequence')
        if row.status == 'OK':
            self._judge(row, answer)

    def _request(self, row):
        fields = {'transaction_id': new_id(), 'business_time': row.happened or self.now}
        original = self.requests.get(row.of)
        if original is not None:
            fields.update(original=original.id, original_time=original.time)
        if row.what == 'dispute':
            del fields['transaction_id'], fields['business_time']
            return _Question('DISPUTE', {**fields, 'dispute_reason': DISPUTE_AMOUNT,
                                         'amount': row.amount})
        fields['member'] = self.members[row.who]
        if row.what in DIRECTIONS:
            given = row.covered or (row.amount if row.what == 'in' else row.points)
            return Request('EXCHANGE', {**fields, 'direction': DIRECTIONS[row.what],
                                        'own_units' if row.what == 'in' else 'points': given})
        for name in ('amount', 'covered'):
            if getattr(row, name):
                fields[name] = getattr(row, name)
        if row.what == 'burn':
            fields['points'] = row.points
        if row.what in ('refund', 'reverse'):
            fields['reason'] = RETURNED if row.what == 'refund' else VOIDED
        return Request(row.what.upper(), fields)

    @staticmethod
    def _judge(row, answer):
        if row.what == 'earn':
            expect(answer, points=row.points, paid_debt=row.back or None)
        elif row.what == 'refund':
            expect(answer, taken_points=row.points or None, restored_points=row.back or None)
        elif row.what == 'reverse':
            expect(answer, restored_points=row.back or None, taken_points=row.points or None)
        elif row.what in DIRECTIONS:
            expect(answer, points=row.points, own_units=row.amount, paid_debt=row.back or None)


class _Question(Request):
    """Not a transaction."""

    def __init__(self, operation, fields):		# pylint: disable=super-init-not-called
        self.operation, self.fields = operation, fields
        self.id = self.time = None


# What came of it.

LINES = ('SELECT partner, cycle, business_date, item, other, terms, records, points, amount'
         ' FROM statement_line')
# Earns that do not name the version of the rulebook that held when they happened.
MISJUDGED = ('SELECT e.sequence, e.rulebook_version FROM entry e WHERE e.kind = 20 AND e.status = 0'
             ' AND NOT e.rulebook_version <=> (SELECT MAX(r.version) FROM rulebook r'
             ' WHERE r.starts_at <='
             ' IF(FIND_IN_SET("late", e.flags), e.business_time, e.booked_at))')
HEADS = ('SELECT partner, cycle, COALESCE(first_date, "-"), last_date, opening_amount, net_amount,'
         ' carried_amount, payable_amount FROM statement JOIN closed_cycle USING (partner, cycle)')


def tool(month, *words):
    """What tally-journal prints, as JSON."""
    run = subprocess.run(
        [os.path.join(BUILD, 'storage', 'tally-journal'), '-d', month.server.folder.file('data'),
         '--socket', month.database.folder.file('socket'), '--user', 'root', '--json', '--all',
         *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS_MAX, check=False)
    if run.returncode:
        raise AssertionError('%r: %s' % (words, run.stderr.decode('utf-8')))
    return json.loads(run.stdout.decode('utf-8'))


def differences(what, found, wanted):
    """Lines of two sorted tables that only one of them has."""
    found, wanted = sorted(map(str, found)), sorted(map(str, wanted))
    return (['%s: is not in the tables: %s' % (what, line)
             for line in found if line not in wanted]
            + ['%s: only in the tables: %s' % (what, line)
               for line in wanted if line not in found])


def by_statement(rows):
    """Rows by partner and cycle; two texts, then numbers."""
    found = {}
    for row in rows:
        found.setdefault((int(row[0]), int(row[1])), []).append(
            (row[2], row[3], *(int(cell) for cell in row[4:])))
    return found


def statement_complaints(month, wanted, lines, heads):
    """One statement, in MariaDB and by tally-journal."""
    key = (wanted.partner, wanted.cycle)
    what = 'partner %d cycle %d' % key
    words = ('statement', str(wanted.partner), '--cycle', str(wanted.cycle))
    journal = tool(month, *words)
    told = [(line['business_date'], line['item'], line['other'], line['terms'], line['records'],
             line['points'], line['amount']) for line in journal['lines']]
    return (differences(what, lines.get(key, []), wanted.lines)
            + differences(what, heads.get(key, []), [wanted.head])
            + differences(what + ' by tally-journal', told, wanted.lines)
            + ([] if journal == tool(month, *words, '--in-database')
               else [what + ': journal and MariaDB differ']))


def netting_complaints(month, netting):
    what = 'netting of ' + netting.date
    journal = tool(month, 'netting', netting.date)
    database = tool(month, 'netting', netting.date, '--in-database')
    balances = [(row['partner'], row['amount']) for row in journal['balances']]
    payments = [(row['from'], row['to'], row['amount']) for row in journal['payments']]
    return (differences(what, balances, netting.balances)
            + differences(what, payments, netting.payments)
            + ([] if journal == database else [what + ': journal and MariaDB differ'])
            + ([] if sum(amount for _, amount in balances) == 0 else [what + ': sum is not 0']))


SHADOW_SUMS = ('earns', 'declines', 'issued_points', 'redeemed_points', 'members_points',
               'debt_points')
SHADOW_PARTNER = ('partner', 'issued', 'redeemed', 'pays', 'issued_new', 'redeemed_new', 'pays_new')


def shadow_complaints(month, shadow):
    """The end of the month once more under shadow.conf."""
    told = tool(month, 'shadow', '--programme', os.path.join(HERE, 'shadow.conf'), '--since',
                shadow.since)
    found = [(side, tuple(told[side][name] for name in SHADOW_SUMS)) for side in shadow.sums]
    partners = [tuple(row[name] for name in SHADOW_PARTNER) for row in told['partners']]
    return (differences('shadow', found, shadow.sums.items())
            + differences('shadow, partners', partners, shadow.partners)
            + ['left out: %r' % row for row in told['left_out']])


def play(database, is_traced, statements):
    """The month up to its end, that many statements in MariaDB."""
    month = Month(database, is_traced)
    try:
        rows = read_trade(HERE)
        for number, name in enumerate(sorted({row.who for row in rows if row.who})):
            month.enroll(name, number)
        for row in rows:
            month.play(row)
        month.step(utc_ms(LAST_DAY, '10:00'))
        await_true(lambda: int(database.query('SELECT COUNT(*) FROM statement')[0][0])
                   >= statements, '%d statements' % statements)
        month.await_sink()
    except BaseException:
        print('# ' + '\n# '.join(month.server.process.log().splitlines()[-20:]))
        month.close()
        raise
    return month


def judge(tap, month, tables, name):
    """Each of the tables against what came of the month."""
    lines = by_statement(month.database.query(LINES))
    heads = by_statement(month.database.query(HEADS))
    for statement in tables.statements:
        tap.result('%s: partner %d cycle %d' % (name, statement.partner, statement.cycle),
                   statement_complaints(month, statement, lines, heads))
    expect_equal(sorted(heads), sorted((s.partner, s.cycle) for s in tables.statements))
    for netting in tables.nettings:
        tap.result('%s: netting of %s' % (name, netting.date), netting_complaints(month, netting))
    obligations = [tuple(map(int, row)) for row in month.database.query(
        'SELECT issuer, redeemer, SUM(points) FROM obligation GROUP BY issuer, redeemer')]
    tap.result(name + ': who owes whom for how many points',
               differences('obligations', obligations, tables.obligations))
    covers = [tuple(map(int, row)) for row in month.database.query(
        'SELECT partner, cover_points FROM partner_funding WHERE is_prepaid')]
    tap.result(name + ': what prepaid partners may still issue',
               differences('cover', covers, tables.covers))
    owns = [tuple(map(int, row)) for row in month.database.query(
        'SELECT partner, points FROM account_balance WHERE name = "OWN" AND points <> 0')]
    tap.result(name + ': what exchanges made of own units', differences('own', owns, tables.owns))
    balances = [(who, expect(month.till(101).call('INQUIRY', member=member)).get('available', 0))
                for who, member in month.members.items()]
    tap.result(name + ': what members have', differences('members', balances, tables.members))
    tap.result(name + ': what another programme would have made of the end',
               shadow_complaints(month, Shadow(HERE)))
    tap.result(name + ': every earn names the rulebook that it was judged by',
               differences('earns', month.database.query(MISJUDGED), [])
               + differences('versions', month.database.query(
                   'SELECT DISTINCT COALESCE(rulebook_version, 0) FROM entry WHERE kind = 20'),
                             [['0'], ['1'], ['2']]))
    findings = month.database.query('SELECT name FROM check_all WHERE findings <> 0')
    tap.result(name + ': every check of the schema finds nothing',
               [row[0] for row in findings])


def main():
    tap = Tap()
    tables = {name: Tables(HERE, name) for name in ('pooled', 'traced')}
    for name, table in tables.items():
        tap.result(name + ': the tables add up', table.complaints())
    tap.result('shadow: the table adds up', Shadow(HERE).complaints())
    if Database.missing():
        tap.skip('the month', Database.missing())
        return tap.end()
    database = Database()
    try:
        database.start()
        for name, table in tables.items():
            database.query('DROP DATABASE IF EXISTS tallygate; CREATE DATABASE tallygate'
                           ' CHARACTER SET utf8mb4', 'mysql')
            month = play(database, name == 'traced', len(table.statements))
            try:
                judge(tap, month, table, name)
            finally:
                month.close()
    except Failed as error:
        tap.result('the month is played', [error])
    finally:
        database.close()
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
