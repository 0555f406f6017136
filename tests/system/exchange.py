#!/usr/bin/env python3
"""exchange.py - a partner's own currency becomes points and points its own currency, over the wire.

What the terminal is told, the journal and MariaDB have alike; so do the statements of the cycle
that it happened in, made by SQL and by tally-journal.  The client knows protocol/PROTOCOL.md only.
"""
import json
import os
import subprocess
import sys
import time

from history import contains, program
from proof import BUSINESS_DATE, OUT_OF_BALANCE, TERMINAL, Item, Proof
from server import BUILD, DAY_MS, SECONDS_MAX, await_true
from world import expect, expect_equal, expect_rows, numbers, run_with_database

IN, OUT = 1, 2
TILL = 101
# A point for 3 own units, on its first day only; 2 own units for a point, from then on.
PROGRAMME = ('exchanges = (\n'
             '  { name = "miles"; partner = 1; direction = "in"; rate = "1/3"; minimum = 30;\n'
             '    until = "%s"; },\n'
             '  { name = "miles"; partner = 1; direction = "out"; rate = "2"; step = 10; } );\n')


def load_rates(world):
    today = time.strftime('%Y-%m-%d', time.gmtime(world.today() * DAY_MS // 1000))
    path = world.server.folder.write('programme', (PROGRAMME % today).encode())
    world.server.console.do('programme load ' + path)


def exchange(world, member, direction, given, **more):
    given = {'own_units': given} if direction == IN else {'points': given}
    return world.request('EXCHANGE', member=member, direction=direction, **{**given, **more})


def quote(world, member, direction, **given):
    return world.till(TILL).call('QUOTE', quoted_operation=numbers('EXCHANGE')[0], member=member,
                                 direction=direction, **given)


# Cases, the first for client.py, too.

def own_currency_is_exchanged_both_ways(world):
    till, member = world.till(TILL), world.member()
    expect(exchange(world, member, IN, 100).send(till), 'EXCHANGE_OFF')
    load_rates(world)
    rate = {'rate_num': 1, 'rate_den': 3}
    expect(quote(world, member, IN, own_units=100), points=33, own_units=99, direction=IN, **rate)
    expect(world.till(TILL).call('QUOTE', quoted_operation=numbers('EXCHANGE')[0], member=member,
                                 direction=IN), 'MISSING_FIELD')
    expect(till.call('QUOTE', quoted_operation=22, member=member, points=1), 'BAD_FIELD')
    come = exchange(world, member, IN, 100, points=33)
    booked = expect(come.send(till), points=33, own_units=99, available=33, replay=None, **rate)
    expect(come.send(till), points=33, own_units=99, available=33, replay=True, **rate)
    expect(come.send(till, own_units=101), 'CONFLICT')
    expect(exchange(world, member, IN, 29).send(till), 'EXCHANGE_STEP')
    expect(exchange(world, member, IN, 90, points=31).send(till), 'RATE_DIFFERS')
    expect(till.call('STATUS', **come.named()), outcome=0, kind=28, state=0, points=33,
           own_units=99, direction=IN, sequence=booked['sequence'], **rate)
    leave = exchange(world, member, OUT, 20)
    expect(leave.send(till), points=20, own_units=40, direction=OUT, available=13)
    expect(exchange(world, member, OUT, 15).send(till), 'EXCHANGE_STEP')
    expect(exchange(world, member, OUT, 20).send(till), 'NO_POINTS')
    expect(world.request('REVERSE', reason=2, **leave.named()).send(till), restored_points=20,
           own_units=40, available=33)
    expect(world.request('REVERSE', reason=1, **come.named()).send(till), taken_points=33,
           own_units=99, available=0)
    expect(world.request('REVERSE', reason=1, **come.named()).send(till), 'ALREADY_REVERSED')
    earn = world.earn(member, 20)
    expect(world.request('BURN', member=member, points=20).send(till))
    expect(world.request('REFUND', reason=3, amount=2000, **earn.named()).send(till), debt=20)
    expect(exchange(world, member, IN, 90).send(till), points=30, paid_debt=20, available=10)
    expect(exchange(world, member, IN, 90).send(world.till(103)), 'FORBIDDEN')
    expect(exchange(world, member, IN, 90).send(world.till(201)), 'EXCHANGE_OFF')


def settled_cycle(world):
    """Close the cycle of today; the statement by SQL and by the journal."""
    world.server.console.do('cycle add 1 period=daily')
    world.step(DAY_MS)
    expect_rows(world)
    await_true(lambda: world.database.query('SELECT 1 FROM statement WHERE partner = 1'),
               'a statement')
    by_sql = world.database.query(
        'SELECT issued_points, redeemed_points, taken_points, restored_points,'
        ' exchanged_in_points, exchanged_out_points FROM statement WHERE partner = 1')[0]
    return [int(points) for points in by_sql]


def statement(world, *words):
    run = subprocess.run(
        [os.path.join(BUILD, 'storage', 'tally-journal'), '-d', world.server.folder.file('data'),
         'statement', '1', '--json', *words], stdout=subprocess.PIPE, timeout=SECONDS_MAX,
        check=True)
    return json.loads(run.stdout.decode('utf-8'))


def the_statement_has_what_was_exchanged(world):
    """The same by SQL and by the journal; what was undone the same day is off it."""
    till, member = world.till(TILL), world.member()
    load_rates(world)
    world.earn(member, 100)
    expect(exchange(world, member, IN, 300).send(till), points=100)
    undone = exchange(world, member, IN, 90)
    expect(undone.send(till), points=30)
    expect(world.request('REVERSE', reason=1, **undone.named()).send(till), own_units=90)
    expect(exchange(world, member, OUT, 50).send(till), own_units=100)
    figures = settled_cycle(world)
    expect_equal(figures, [230, 50, 30, 0, 100, 50])
    world.hang_up()
    world.server.stop()
    made = statement(world)
    sums = {row['item']: row['points'] for row in made['sums']}
    expect_equal([sums[item] for item in ('issued', 'redeemed', 'taken', 'restored',
                                          'exchanged_in', 'exchanged_out')], figures)
    expect_equal(sum(row['amount'] for row in made['sums'] if row['item'].startswith('exch')), 0)
    own = world.database.query('SELECT a.name, SUM(t.points) FROM account_total t JOIN account a'
                               ' ON a.number = t.account WHERE t.unit = 3 AND t.partner = 1'
                               ' GROUP BY a.name ORDER BY a.name')
    expect_equal(own, [['OWN', '-200'], ['OWN_TAKEN', '200']])
    expect_equal(world.server.verify_journal(), [])
    world.server.start()


def the_end_of_a_day_has_exchanges(world):
    """Totals and transactions with the sign of their direction; history shows them, too."""
    till, member = world.till(TILL), world.member()
    load_rates(world)
    items = []
    for direction, given in ((IN, 300), (OUT, 40), (IN, 60)):
        request = exchange(world, member, direction, given)
        items.append(Item(request, expect(request.send(till))))
    expect_rows(world)
    proof = Proof(till, items, day=world.today(), basis=BUSINESS_DATE, scope=TERMINAL)
    found = {row['kind']: (row['count'], row['points'], row['amount'])
             for row in till.call('TOTALS', day=world.today(), basis=BUSINESS_DATE,
                                  scope=TERMINAL)['totals']}
    expect_equal(found[28], (3, 80, 0))
    expect(proof.totals(), result=OUT_OF_BALANCE)
    expect_equal(len(proof.find()), 1)		# the member's enrolment
    page = expect(till.call('HISTORY', member=member))
    expect_equal([(row['kind'], row['points'], row['change']) for row in page['history']
                  if row['kind'] == 28], [(28, 20, 20), (28, -40, -40), (28, 100, 100)])


def the_command_line_exchanges(world):
    world.server.console.do('terminal change 150 rights=all')
    member = world.member()
    load_rates(world)
    word = 'member:%d' % member
    contains(program(world, ('tally', 'tally'), 'quote', word, 'in', '100'), '33')
    contains(program(world, ('tally', 'tally'), 'exchange', word, 'in', '100'), '99')
    contains(program(world, ('tally', 'tally'), 'exchange', word, 'out', '30'), '60')
    expect_equal(world.available(member), 3)


def a_rate_that_has_ended_is_not_valid(world):
    till, member = world.till(TILL), world.member()
    load_rates(world)
    late = exchange(world, member, IN, 90, late=True)
    world.step(DAY_MS)
    expect(exchange(world, member, IN, 90).send(till), 'NO_RATE')
    expect(late.send(till), points=30)
    expect(exchange(world, member, OUT, 10, late=True,
                    business_time=late.time).send(till), 'CLOCK_OFF')
    expect(exchange(world, member, OUT, 10).send(till), own_units=20)


CASES = [
    own_currency_is_exchanged_both_ways,
    the_statement_has_what_was_exchanged,
    the_end_of_a_day_has_exchanges,
    the_command_line_exchanges,
    a_rate_that_has_ended_is_not_valid,
]


def main():
    return run_with_database(CASES)


if __name__ == '__main__':
    sys.exit(main())
