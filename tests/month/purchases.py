#!/usr/bin/python3
"""purchases.py - the real history of purchases, spread over six partners, replayed at a multiple of
its own pace, settled.

    purchases.py [full] [pooled] [traced] [--speed N]

The short form takes a part of the first five weeks, `full` all 69,659 purchases, first in the one
model, then in the other, unless one is named.  N: days go so many times as fast.  A point is worth
the same to all and there are no fees.  So where issuers pay redeemers, the nets of all statements
sum to zero by themselves; where all pay a pool, to what members have and what has expired.
"""
import argparse
import os
import random
import re
import subprocess
import sys
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'system'))

# pylint: disable=wrong-import-position
from month import tool
from server import (BUILD, DAY_MS, HOST, MASTER_KEY, SOURCE, Database, Failed, Server,
                    await_true)
from tables import day_text, utc_ms
from world import Tap, expect, expect_equal
# pylint: enable=wrong-import-position

HISTORY = os.path.join(SOURCE, '..', 'shared', 'data', 'cdnow_master.txt')
PARTNERS = 6
START_MS = utc_ms('1996-12-31', '10:00')
# Short: purchases before that day, of each so many-th customer; days so many times as fast.
SHORT = {'until': '19970205', 'each': 11, 'speed': 600000, 'members': 60}
FULL = {'until': '99991231', 'each': 1, 'speed': 400000, 'members': 1000}
SECONDS_OF_REPLAY = 3600
CYCLES = ('weekly ends_on=1', 'weekly ends_on=5', 'monthly ends_on=31', 'daily',
          'weekly ends_on=7 minimum_amount=5000', 'monthly ends_on=15')


def select(form, path):
    """Write the purchases that are taken, and tell their number and last day."""
    count, last = 0, ''
    with open(HISTORY, encoding='ascii') as source, open(path, 'w', encoding='ascii') as file:
        for line in source:
            customer, day = line.split()[:2]
            if int(customer) % form['each'] == 0 and day < form['until']:
                file.write(line)
                count, last = count + 1, max(last, day)
    return count, '%s-%s-%s' % (last[:4], last[4:6], last[6:])


class Coalition:
    """Six partners with two tills each."""

    def __init__(self, database, is_traced):
        self.database = database
        self.server = Server(database=database, settings={
            'programme': {'traced': is_traced, 'debt_days': 60, 'expiry_months': 4},
            'clock': {'source': 'stepped', 'start_utc_ms': START_MS},
            'journal': {'segment_bytes': 16 << 20}, 'sink': {'pause_ms': 10}})
        try:
            self.server.start()
            self._found()
        except BaseException:
            self.server.close()
            raise
        self.seconds = 0

    def _found(self):
        terminals = ['number,store,partner']
        console = self.server.console
        for partner in range(1, PARTNERS + 1):
            console.do('partner add %d name=P%d' % (partner, partner),
                       'rule add %d base=1/%d bonus=1/200 bonus_threshold_amount=3000 bonus_days=%d'
                       % (partner, 40 * partner, 20 if partner == 2 else 0),
                       'store add %d partner=%d' % (10 * partner, partner),
                       'cycle add %d period=%s' % (partner, CYCLES[partner - 1]))
            for number in (100 * partner + 1, 100 * partner + 2):
                console.do('terminal add %d partner=%d store=%d rights=all' % (
                    number, partner, 10 * partner))
                terminals.append('%d,%d,%d' % (number, 10 * partner, partner))
        self.server.folder.write('terminals.csv', ('\n'.join(terminals) + '\n').encode())
        self.server.folder.write('master.key', MASTER_KEY)

    def replay(self, history, speed):
        """All purchases, on their days; what tally-load told."""
        folder = self.server.folder
        step = "'%s' -s '%s' clock step %%t >'%s'" % (
            os.path.join(BUILD, 'admin', 'tally-console'), folder.file('data', 'console.sock'),
            folder.file('step'))
        begun = time.monotonic()
        run = subprocess.run(
            [os.path.join(BUILD, 'contrib', 'load', 'tally-load'), '--plain', '--host', HOST,
             '--port', str(self.server.plain_port), '--terminals', folder.file('terminals.csv'),
             '--master-key', folder.file('master.key'), '--connections', str(2 * PARTNERS),
             '--history', history, '--speed', str(speed), '--seed', '7', '--day-command', step],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            timeout=SECONDS_OF_REPLAY, check=False)
        self.seconds = time.monotonic() - begun
        told = run.stdout.decode('utf-8')
        if run.returncode:
            raise Failed('tally-load ended with %d:\n%s' % (run.returncode, told[-4000:]))
        return told

    def end(self, last_day):
        """On to the middle of the month after the next, day by day: all cycles have closed then."""
        day = utc_ms(last_day, '12:00')
        for _ in range(64):
            day += DAY_MS
            self.server.console.do('clock step %d' % day)
        await_true(lambda: self._is_swept(day // DAY_MS), 'the end of the last sweep')
        await_true(self._is_settled, 'a statement for each cycle', SECONDS_OF_REPLAY)

    def _is_swept(self, date):
        """The last record is that of the sweep of this date."""
        is_there = self.number('SELECT COUNT(*) FROM business_day WHERE next_business_date = "%s"'
                               % day_text(date))
        last = self.server.console.do('show journal').figure('durable sequence')
        return is_there and self.server.console.do('record %d' % last).figure(
            'sweep phase', 1) == 0

    def _is_settled(self):
        last = self.server.console.do('show journal').figure('durable sequence')
        return (self.server.console.do('show sink').figure('next sequence', 0) > last and
                self.number('SELECT COUNT(*) FROM closed_cycle c LEFT JOIN statement s USING'
                            ' (partner, cycle) WHERE s.partner IS NULL') == 0)

    def number(self, sql):
        return int(self.database.query(sql)[0][0])


# What must be true.

def nets_sum_to_zero(coalition, is_traced):
    """By themselves; or to what is outstanding and what has expired, as the accounts have it."""
    # All that happened is in closed cycles, but for points that expired since: they cost nothing.
    expect_equal(coalition.database.query(
        "SELECT item, SUM(points) FROM clearing WHERE item <> 'expired' AND business_date >="
        ' (SELECT MIN(open_first_date) FROM settlement_cycle) GROUP BY item'), [])
    nets = coalition.number('SELECT SUM(net_amount - opening_amount) FROM statement')
    left = 0 if is_traced else coalition.number(
        "SELECT SUM(points) FROM account_balance b JOIN account a ON a.number = b.account"
        " WHERE b.unit = 1 AND a.name IN ('AVAILABLE', 'PENDING', 'HELD', 'BREAKAGE')")
    expect_equal(nets, left)


def statements_are_those_of_the_journal(coalition, _):
    """The digest of the last one stands for all of a partner's."""
    for partner in range(1, PARTNERS + 1):
        journal = tool(coalition, 'statement', str(partner))
        expect_equal(journal, tool(coalition, 'statement', str(partner), '--in-database'))
    for date in coalition.database.query('SELECT MAX(last_date) FROM closed_cycle')[0]:
        journal = tool(coalition, 'netting', date)
        expect_equal(journal, tool(coalition, 'netting', date, '--in-database'))
        expect_equal(sum(row['amount'] for row in journal['balances']), 0)


def each_unit_is_conserved(coalition, _):
    expect_equal(coalition.database.query('SELECT * FROM conservation_day WHERE points <> 0'), [])
    expect_equal(coalition.database.query('SELECT name FROM check_all WHERE findings <> 0'), [])


def explained(coalition, member):
    """Points available; those in the books as the last line says, as rows and lots sum up."""
    reply = coalition.server.console.do('explain member %d' % member)
    rows = [row.split() for row in reply]
    lots = sum(int(row[-1]) for row in rows if row and row[0] in ('regular', 'record')
               and re.fullmatch(r'-?\d+', row[-1]))
    changes = sum(int(row[-5]) for row in rows if row and row[0].isdigit())
    available = int(reply.facts['available'])
    return available, available + int(reply.facts['lapsed']), changes, lots


def explanations_add_up(coalition, members):
    every = sorted(int(row[0]) for row in coalition.database.query('SELECT member FROM member'))
    till = coalition.server.open(101)
    try:
        for member in random.Random(11).sample(every, members):
            told = expect(till.call('INQUIRY', member=member)).get('available', 0)
            available, *booked = explained(coalition, member)
            expect_equal((member, available, booked), (member, told, booked[:1] * 3))
    finally:
        till.close()


def run_form(tap, database, form, model):
    is_traced = model == 'traced'
    database.query('DROP DATABASE IF EXISTS tallygate; CREATE DATABASE tallygate'
                   ' CHARACTER SET utf8mb4', 'mysql')
    coalition = Coalition(database, is_traced)
    try:
        history = coalition.server.folder.file('history')
        count, last_day = select(form, history)
        told = coalition.replay(history, form['speed'])
        print('# asked: %d times their own pace' % form['speed'])
        print('# ' + '\n# '.join(line for line in told.splitlines() if 'pace' in line))
        coalition.end(last_day)
        print('# %s: %d purchases in %.0f s, %d records, %d statements, %d lines' % (
            model, count, coalition.seconds, coalition.number('SELECT COUNT(*) FROM entry'),
            coalition.number('SELECT COUNT(*) FROM statement'),
            coalition.number('SELECT COUNT(*) FROM statement_line')))
        members = min(form['members'], coalition.number('SELECT COUNT(*) FROM member'))
        for name, case, argument in (
                ('nets sum to zero', nets_sum_to_zero, is_traced),
                ("statements are those of the journal", statements_are_those_of_the_journal, None),
                ('each unit is conserved', each_unit_is_conserved, None),
                ('explanations of %d members add up' % members, explanations_add_up, members)):
            judge(tap, '%s: %s' % (model, name), case, coalition, argument)
    finally:
        coalition.server.close()


def judge(tap, name, case, coalition, argument):
    begun = time.monotonic()
    try:
        case(coalition, argument)
        complaints = []
    except (AssertionError, Failed) as error:
        complaints = [error]
    tap.result(name, complaints)
    print('# in %.1f s' % (time.monotonic() - begun))


def read_options():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument('words', nargs='*', metavar='full|pooled|traced')
    parser.add_argument('--speed', type=int)
    options = parser.parse_args()
    if not set(options.words) <= {'full', 'pooled', 'traced'}:
        parser.error('full, pooled and traced are known')
    return options


def main():
    options, tap = read_options(), Tap()
    form = dict(FULL if 'full' in options.words else SHORT)
    form['speed'] = options.speed or form['speed']
    models = [model for model in ('traced', 'pooled') if model in options.words]
    if not models:
        models = ['traced', 'pooled'] if 'full' in options.words else ['traced']
    missing = Database.missing() or (None if os.path.exists(HISTORY) else
                                     'there is no ' + os.path.normpath(HISTORY))
    if missing:
        tap.skip('the history of purchases', missing)
        return tap.end()
    database = Database()
    try:
        database.start()
        for model in models:
            run_form(tap, database, form, model)
    except Failed as error:
        tap.result('the history is replayed', [error])
    finally:
        database.close()
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
