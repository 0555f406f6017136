#!/usr/bin/env python3
"""stored_value.py - stored value over the wire: topped up, paid with, given back, settled.

What the terminal is told, the journal and MariaDB have alike; so do the statements of the cycle
that it happened in, made by SQL and by tally-journal.  The client knows protocol/PROTOCOL.md only.
"""
import sys

from exchange import statement
from history import contains, program
from server import DAY_MS, Database, await_true
from world import Tap, World, expect, expect_equal, expect_rows, run_case, title

TILL, OTHER_TILL = 101, 201


def top_up(world, member, amount, **more):
    return world.request('TOP_UP', member=member, amount=amount, **more)


def pay(world, member, amount, **more):
    return world.request('PAY', member=member, amount=amount, **more)


# Cases, the first for client.py, too.

def stored_value_is_topped_up_and_paid_with(world):
    till, member = world.till(TILL), world.member()
    expect(till.call('INQUIRY', member=member), value=None)
    come = top_up(world, member, 20000)
    booked = expect(come.send(till), value=20000, value_change=20000, available=0, replay=None)
    expect(come.send(till), value=20000, value_change=20000, replay=True)
    expect(come.send(till, amount=20001), 'CONFLICT')
    expect(top_up(world, member, 80001).send(till), 'VALUE_CAP')
    expect(top_up(world, member, 0).send(till), 'BAD_FIELD')
    expect(pay(world, member, 20001).send(till), 'NO_VALUE')
    leave = pay(world, member, 15000)
    expect(leave.send(world.till(OTHER_TILL)), value=5000, value_change=-15000)
    expect(till.call('INQUIRY', member=member), value=5000)
    expect(till.call('STATUS', **come.named()), outcome=0, kind=50, state=0, value=20000,
           sequence=booked['sequence'])
    expect(world.request('REFUND', reason=3, amount=5001, **come.named()).send(till), 'NO_VALUE')
    expect(world.request('REFUND', reason=3, amount=1000, **come.named()).send(till), value=4000,
           value_change=-1000, money_returned=1000)
    expect(world.request('REFUND', reason=3, amount=6000, **leave.named()).send(
        world.till(OTHER_TILL)), value=10000, value_change=6000, money_returned=None)
    expect(pay(world, member, 1).send(world.till(103)), 'FORBIDDEN')
    undone = pay(world, member, 10000)
    expect(undone.send(till), value=0)
    expect(world.request('REVERSE', reason=1, **undone.named()).send(till), value=10000,
           value_change=10000)
    back = top_up(world, member, 500)
    expect(back.send(till), value=10500)
    expect(world.request('REVERSE', reason=2, **back.named()).send(till), value=10000,
           money_returned=500)
    _hold_and_capture(world, member)


def _hold_and_capture(world, member):
    till = world.till(TILL)
    held = world.request('HOLD', member=member, points=0, value_held=4000)
    expect(held.send(till), value=6000, value_change=-4000, held=None)
    capture = world.request('CAPTURE', points=0, value_held=4001, **held.named())
    expect(capture.send(till), 'HOLD_EXCEEDED')
    capture = world.request('CAPTURE', points=0, value_held=3000, **held.named())
    expect(capture.send(till), value=7000, value_change=1000)
    expect(world.request('REFUND', reason=3, amount=3000, **capture.named()).send(till),
           value=10000, value_change=3000)
    held = world.request('HOLD', member=member, points=0, value_held=10001)
    expect(held.send(till), 'NO_VALUE')
    held = world.request('HOLD', member=member, points=0, value_held=10000)
    expect(held.send(till), value=0, value_change=-10000)
    expect(world.request('RELEASE', **held.named()).send(till), value=10000, value_change=10000)


def an_operator_registers_and_freezes(world):
    till, member = world.till(TILL), world.member()
    world.server.console.do('value register %d showed a passport' % member)
    expect(top_up(world, member, 500000).send(till), value=500000)
    expect(top_up(world, member, 1).send(till), 'VALUE_CAP')
    world.server.console.do('value freeze %d lost' % member)
    contains('\n'.join(world.server.console.do('member %d' % member)), 'registered, frozen')
    expect(pay(world, member, 1).send(till), 'VALUE_FROZEN')
    world.server.console.do('value free %d' % member)
    expect(pay(world, member, 1).send(till), value=499999)
    expect_rows(world)
    expect_equal(world.database.query('SELECT member, amount, is_registered, is_frozen'
                                      ' FROM stored_value'),
                 [[str(member), '499999', '1', '0']])


def the_statements_say_who_owes_the_money(world):
    """The same by SQL and by the journal; what was given back is off it."""
    member = world.member()
    come = top_up(world, member, 20000)
    expect(come.send(world.till(TILL)), value=20000)
    expect(world.request('REFUND', reason=3, amount=500, **come.named()).send(world.till(TILL)),
           value=19500)
    expect(pay(world, member, 8000).send(world.till(OTHER_TILL)), value=11500)
    for partner in (1, 2):
        world.server.console.do('cycle add %d period=daily' % partner)
    world.step(DAY_MS)
    expect_rows(world)
    await_true(lambda: len(world.database.query('SELECT 1 FROM statement')) == 2, 'statements')
    expect_equal(world.database.query(
        'SELECT topped_up_points, topped_up_amount, paid_value_points, paid_value_amount,'
        ' net_amount FROM statement ORDER BY partner'),
        [['19500', '19500', '0', '0', '19500'], ['0', '0', '8000', '-8000', '-8000']])
    world.hang_up()
    world.server.stop()
    made = statement(world)
    sums = {row['item']: row['amount'] for row in made['sums']}
    expect_equal([sums['topped_up'], sums['paid_value']], [19500, 0])
    expect_equal(world.database.query('SELECT SUM(points) FROM account_total WHERE unit = 4'),
                 [['0']])
    expect_equal(world.server.verify_journal(), [])
    world.server.start()


def the_command_line_tops_up_and_pays(world):
    world.server.console.do('terminal change 150 rights=all')
    member = world.member()
    word = 'member:%d' % member
    contains(program(world, ('tally', 'tally'), 'topup', word, '500'), '500')
    contains(program(world, ('tally', 'tally'), 'pay', word, '200'), '300')


CASES = [
    stored_value_is_topped_up_and_paid_with,
    an_operator_registers_and_freezes,
    the_statements_say_who_owes_the_money,
    the_command_line_tops_up_and_pays,
]


def main():
    tap = Tap()
    if Database.missing():
        for case in CASES:
            tap.skip(title(case), Database.missing())
        return tap.end()
    database = Database()
    try:
        database.start()
        for case in CASES:
            database.query('DROP DATABASE IF EXISTS tallygate; CREATE DATABASE tallygate'
                           ' CHARACTER SET utf8mb4', 'mysql')
            run_case(tap, case, lambda: World(database=database))
    finally:
        database.close()
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
