"""statements.py - what partners get: statements in every form, out of the journal and of MariaDB.

Issuers pay redeemers here.  Each case has a server of its own, all one MariaDB.
"""
import csv
import datetime
import hashlib
import io
import re
import sys

from keeping import Tool
from server import DAY_MS, await_true
from world import expect, expect_equal, run_with_database

PARTNERS = (1, 2, 3)
TILLS = {1: 101, 2: 201, 3: 301}
AMOUNTS = ('opening', 'net', 'carried', 'payable')
DAY_NONE = -2 ** 31
SETTINGS = {'programme': {'traced': True}}


def date_of(day):
    """'2026-03-02' of days since 1970."""
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()


def day_of(text):
    """The other way; none is DAY_NONE."""
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days if text else \
        DAY_NONE


def earn(world, partner, member, points):
    expect(world.request('EARN', member=member, amount=points * 100)
           .send(world.till(TILLS[partner])))


def burn(world, partner, member, points):
    expect(world.request('BURN', member=member, points=points, covered=points,
                         amount=points * 10).send(world.till(TILLS[partner])))


def trade(world, times=1):
    """Points go round: of each partner some are burned at the next, more at some than others."""
    member = world.member()
    for partner, points in ((1, 500), (2, 300), (3, 200)):
        earn(world, partner, member, points * times)
    for partner, points in ((2, 350), (3, 400), (1, 150)):
        burn(world, partner, member, points * times)


def settle_daily(world, **more):
    for partner in PARTNERS:
        world.server.console.do('cycle add %d period=daily %s' % (partner, more.get(
            'partner_%d' % partner, '')))


def end_day(world, statements):
    """The day ends; until MariaDB has so many statements in all."""
    world.step(DAY_MS)
    last = world.server.console.do('show journal').figure('durable sequence')
    await_true(lambda: world.server.console.do('show sink').figure('next sequence', 0) > last,
               'MariaDB has record %d' % last)
    await_true(lambda: int(world.database.query('SELECT COUNT(*) FROM statement')[0][0])
               >= statements, '%d statements are in MariaDB' % statements)
    expect_equal([row for row in world.database.query('SELECT * FROM check_all')
                  if row[1] != '0'], [])


def printed(tool, partner, cycle, *more):
    """A statement as JSON, CSV and HTML; out of the journal, or as `more` says."""
    words = ['statement', str(partner), '--cycle', str(cycle), *more]
    forms = [tool.do(*words)]
    for form in ('--csv', '--html'):
        code, output, complaint = tool.ask(*words, form)
        expect_equal((code, complaint), (0, ''))
        forms.append(output)
    return forms


def expect_csv(text, told):
    rows = list(csv.DictReader(io.StringIO(text)))
    expect_equal({(row['partner'], row['cycle']) for row in rows},
                 {(str(told['partner']), str(told['cycle']))})
    for name in AMOUNTS:
        expect_equal([row['amount'] for row in rows if row['row'] == name],
                     [str(told[name + '_amount'])])
    expect_equal([{name: row[name] for name in told['lines'][0]} for row in rows
                  if row['row'] == 'line'],
                 [{name: str(value) for name, value in line.items()} for line in told['lines']])
    expect_equal([[row['item'], int(row['points']), int(row['amount'])] for row in rows
                  if row['row'] == 'sum'],
                 [[one['item'], one['points'], one['amount']] for one in told['sums']])
    expect_equal([row['item'] for row in rows if row['row'] == 'digest'], [told['digest']])


def expect_html(text, told):
    expect_equal(re.findall(r'https?:|src=|<link|<script', text), [])
    lines = [re.split(r'<td[^>]*>', line)[1:] for line in text.splitlines()
             if re.match(r'<tr><td>[0-9]*-?', line)]
    expect_equal(lines, [[line['business_date'], line['item'], str(line['other'] or ''),
                          str(line['records']), str(line['points']), str(line['amount'])]
                         for line in told['lines']])
    found = [int(number) for number in re.findall(r'<tr class=sum>.*<td>(-?\d+)', text)]
    expect_equal(found, [told['opening_amount'], told['net_amount'], told['carried_amount'],
                         abs(told['payable_amount'])])
    sums = re.findall(r'<tr><td class=text>(\w+)<td class=text>[^<]*<td>(-?\d+)<td>(-?\d+)', text)
    expect_equal([list(row) for row in sums],
                 [[one['item'], str(one['points']), str(one['amount'])] for one in told['sums']
                  if one['points'] or one['amount']])
    expect_equal(re.findall(r'<code>([0-9a-f]{64})</code>', text), [told['digest']])


def expect_table(database, told):
    """The rows that MariaDB made are what is told."""
    where = 'WHERE partner = %d AND cycle = %d' % (told['partner'], told['cycle'])
    expect_equal(database.query('SELECT business_date, item, other, terms, records, points, amount'
                                ' FROM statement_line ' + where +
                                ' ORDER BY business_date, item + 0, other, terms'),
                 [[str(line[name]) for name in ('business_date', 'item', 'other', 'terms',
                                                'records', 'points', 'amount')]
                  for line in told['lines']])
    expect_equal(database.query('SELECT opening_amount, net_amount, carried_amount, payable_amount'
                                ' FROM statement ' + where),
                 [[str(told[name + '_amount']) for name in AMOUNTS]])
    expect_equal(told['opening_amount'] + sum(line['amount'] for line in told['lines']),
                 told['net_amount'])


def next_digest(before, told):
    """As anyone can make it of a statement in JSON, behind that of the one before."""
    head = ','.join(str(value) for value in (
        told['partner'], told['cycle'], day_of(told['first_date']), day_of(told['last_date']),
        told['closed_sequence'], *[told[name + '_amount'] for name in AMOUNTS]))
    lines = [','.join(str(value) for value in (
        day_of(line['business_date']), line['item'], line['other'], line['terms'],
        line['records'], line['points'], line['amount'])) for line in told['lines']]
    return hashlib.sha256(before + ''.join(line + '\n' for line in [head, *lines])
                          .encode('ascii')).digest()


def expect_entries(tool, database, told):
    """What the lines are sums of: records that there are."""
    code, output, complaint = tool.ask('statement', str(told['partner']), '--cycle',
                                       str(told['cycle']), '--entries')
    expect_equal((code, complaint), (0, ''))
    sums, sequences = {}, set()
    for row in csv.DictReader(io.StringIO(output)):
        expect_equal((row['partner'], row['cycle']), (str(told['partner']), str(told['cycle'])))
        key = (row['business_date'], row['item'], int(row['other']), int(row['terms']))
        count, points = sums.get(key, (0, 0))
        sums[key] = (count + 1, points + int(row['points']))
        sequences.add(row['sequence'])
    expect_equal(sums, {(line['business_date'], line['item'], line['other'], line['terms']):
                        (line['records'], line['points']) for line in told['lines']})
    expect_equal(database.query('SELECT COUNT(*) FROM entry WHERE sequence IN (%s)'
                                % ','.join(sequences or ['0'])), [[str(len(sequences))]])


def a_statement_says_the_same_in_every_form(world):
    settle_daily(world)
    tool = Tool(world)
    digests = {partner: bytes(32) for partner in PARTNERS}
    for cycle in (1, 2):
        trade(world, cycle)
        end_day(world, len(PARTNERS) * cycle)
        for partner in PARTNERS:
            forms = printed(tool, partner, cycle)
            expect_equal(printed(tool, partner, cycle, '--in-database'), forms)
            told, text, page = forms
            expect_csv(text, told)
            expect_html(page, told)
            expect_table(world.database, told)
            expect_entries(tool, world.database, told)
            digests[partner] = next_digest(digests[partner], told)
            expect_equal(told['digest'], digests[partner].hex())
    for cycle in (1, 2):
        expect_entries(tool, world.database, tool.do('statement', 3, '--cycle', cycle))
    tool.refuse(['statement', '1', '--entries', '--in-database'])
    tool.refuse(['statement', '1', '--cycle', '9'])
    tool.refuse(['statement', '9'])


def what_each_owes_each_is_settled_with_fewer_payments(world):
    settle_daily(world)
    date = date_of(world.today())
    trade(world)
    trade(world, 3)
    end_day(world, len(PARTNERS))
    told = Tool(world).do('netting', date)
    expect_equal(Tool(world).do('netting', date, '--in-database'), told)
    expect_equal([[str(one['issuer']), str(one['redeemer']), str(one['points'])]
                  for one in told['obligations']],
                 world.database.query('SELECT issuer, redeemer, SUM(points) FROM obligation'
                                      ' GROUP BY issuer, redeemer ORDER BY issuer, redeemer'))
    left = {one['partner']: one['amount'] for one in told['balances']}
    expect_equal((sum(left.values()), told['operator_amount']), (0, 0))
    for partner in PARTNERS:
        expect_equal(sum(one['amount'] * ((one['issuer'] == partner) -
                                          (one['redeemer'] == partner))
                         for one in told['obligations']), left.get(partner, 0))
    expect_equal(told['payments_count'], len(told['payments']))
    expect_equal(len(told['payments']) < len(left) < len(told['obligations']), True)
    for payment in told['payments']:
        expect_equal(payment['amount'] > 0, True)
        left[payment['from']] -= payment['amount']
        left[payment['to']] += payment['amount']
    expect_equal(set(left.values()), {0})


def little_is_carried_over_and_what_is_wrong_corrected_later(world):
    settle_daily(world, partner_2='minimum_amount=1000000')
    tool, console, database = Tool(world), world.server.console, world.database
    trade(world)
    end_day(world, len(PARTNERS))
    first = [printed(tool, partner, 1) for partner in PARTNERS]
    expect_equal([(told['net_amount'] != 0, told['carried_amount'] == told['net_amount'],
                   told['payable_amount']) for told, _, _ in first][1], (True, True, 0))
    console.do('statement set disputed 1 1 too much', 'statement set acknowledged 1 1',
               'statement set paid 1 1 by bank', 'statement set acknowledged 3 1',
               'item add 1 2 +700 the price was wrong')
    expect_equal(console.ask('statement set disputed 1 1 again').is_ok, False)
    end_day(world, 2 * len(PARTNERS))
    expect_equal(database.query('SELECT partner, state FROM statement_state WHERE cycle = 1'
                                ' ORDER BY partner'), [['1', 'paid'], ['2', 'closed'],
                                               ['3', 'acknowledged']])
    expect_equal([printed(tool, partner, 1) for partner in PARTNERS], first)
    expect_equal([printed(tool, partner, 1, '--in-database') for partner in PARTNERS], first)
    second = [tool.do('statement', partner, '--cycle', '2') for partner in PARTNERS]
    expect_equal([told['opening_amount'] for told in second],
                 [told['carried_amount'] for told, _, _ in first])
    expect_equal([[(line['other'], line['amount']) for line in told['lines']
                   if line['item'] == 'correction'] for told in second],
                 [[(2, 700)], [(1, -700)], []])


def no_cycle_ends_on_a_holiday(world):
    world.server.console.do('calendar add 1 ' + date_of(world.today()))
    settle_daily(world, partner_2='calendar=1')
    first = world.today()
    trade(world)
    end_day(world, len(PARTNERS) - 1)
    end_day(world, 2 * len(PARTNERS) - 1)
    expect_equal(world.database.query('SELECT partner, cycle, last_date FROM closed_cycle'
                                      ' ORDER BY partner, cycle'),
                 [[str(partner), str(cycle), date_of(first + days)]
                  for partner, cycle, days in ((1, 1, 0), (1, 2, 1), (2, 1, 1), (3, 1, 0),
                                               (3, 2, 1))])


CASES = [a_statement_says_the_same_in_every_form,
         what_each_owes_each_is_settled_with_fewer_payments,
         little_is_carried_over_and_what_is_wrong_corrected_later, no_cycle_ends_on_a_holiday]


def main():
    return run_with_database(CASES, SETTINGS)


if __name__ == '__main__':
    sys.exit(main())
