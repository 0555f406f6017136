#!/usr/bin/env python3
"""funding.py - what partners may issue and what they pay for it, from the till to the statement.

Each case has a server of its own, all one MariaDB; in its statements the journal and MariaDB agree.
"""
import re
import sys

from keeping import Tool
from scrape import scrape
from server import DAY_MS, await_true
from statements import date_of, end_day, settle_daily
from world import await_sink, expect, expect_equal, run_with_database

DEBT_CYCLES = 2
PRICES = 'issue_price_micro=1100000 redeem_price_micro=900000 overdraft_points=none'
PROMOTION = b"""
campaigns = (
    { number = 7; name = "three"; partner = 1; rate = "1/100";
      sponsors = ( { partner = 1; share = 3; }, { partner = 2; share = 2; },
                   { partner = 3; share = 2; } ); }
);
"""


def settings(case):
    return {'programme': {'traced': 'issuers_pay' in case.__name__, 'debt_cycles': DEBT_CYCLES}}


def earn(world, partner, member, base, status='OK', **figures):
    request = world.request('EARN', member=member, amount=base * 100)
    expect(request.send(world.till(partner * 100 + 1)), status, **figures)
    return request


def burn(world, partner, member, points, status='OK'):
    request = world.request('BURN', member=member, points=points)
    expect(request.send(world.till(partner * 100 + 1)), status)
    return request


def refund(world, partner, earned, points, status='OK', **figures):
    request = world.request('REFUND', reason=3, amount=points * 100, **earned.named())
    expect(request.send(world.till(partner * 100 + 1)), status, **figures)


def funding(world, partner):
    """State, cover and what is left to issue, as the console shows them."""
    for line in world.server.console.do('show funding'):
        found = re.match(r' *%d +(?:before|after) +(\w+(?: stop)?) +(-?\d+) +\S+ +(\S+)' % partner,
                         line)
        if found:
            return found.group(1), int(found.group(2)), found.group(3)
    raise AssertionError('partner %d has no terms' % partner)


def await_gauges(world, low, stopped):
    await_true(lambda: [scrape(world.server)['tallygate_partners_' + name,]
                        for name in ('cover_low', 'stopped')] == [low, stopped],
               'the gauges: %d low, %d stopped' % (low, stopped))


def items(world, partner, cycle):
    """A statement's points and amounts by item, or by item and other party."""
    told = Tool(world).do('statement', partner, '--cycle', cycle)
    expect_equal(Tool(world).do('statement', partner, '--cycle', cycle, '--in-database'), told)
    found = {}
    for line in told['lines']:
        key = (line['item'], line['other']) if line['item'] in ('owes', 'due') else line['item']
        points, amount = found.get(key, (0, 0))
        found[key] = points + line['points'], amount + line['amount']
    return found


def a_prepaid_partner_is_warned_then_stopped_until_it_buys(world):
    console, member = world.server.console, world.member()
    settle_daily(world)
    console.do('partner terms 1 prepaid=yes issue_price_micro=900000 overdraft_points=20'
               ' alert_points=50', 'partner fund 1 100 first block')
    await_gauges(world, 0, 0)
    earn(world, 1, member, 60)
    expect_equal(funding(world, 1), ('good', 40, '60'))
    earn(world, 1, member, 10)
    expect_equal(funding(world, 1), ('low', 30, '50'))
    await_gauges(world, 1, 0)
    earn(world, 1, member, 45)
    expect_equal(funding(world, 1), ('low', -15, '5'))
    earn(world, 1, member, 6, 'NO_COVER')
    expect_equal(funding(world, 1), ('stopped', -15, '5'))
    await_gauges(world, 0, 1)
    burn(world, 1, member, 15)
    earn(world, 2, member, 10)
    console.do('partner fund 1 200 price=950000 second block')
    await_gauges(world, 0, 0)
    earn(world, 1, member, 6)
    expect_equal(funding(world, 1), ('good', 179, '199'))
    end_day(world, 3)
    expect_equal(items(world, 1, 1), {'block': (300, 90 + 190), 'issued': (121, 0),
                                      'redeemed': (15, 0)})
    expect_equal(world.database.query('SELECT partner, cover_points, left_points, open_blocks'
                                      ' FROM partner_funding'), [['1', '179', '199', '1']])


def a_partner_that_pays_bills_is_stopped_at_its_limit(world):
    member = world.member()
    settle_daily(world)
    world.server.console.do('partner terms 1 issue_price_micro=1100000 issue_fee_micro=100000'
                            ' transaction_fee_micro=2000000 overdraft_points=100')
    earned = earn(world, 1, member, 100)
    earn(world, 1, member, 1, 'NO_COVER')
    refund(world, 1, earned, 30, taken_points=30)
    earn(world, 1, member, 30)
    earn(world, 1, member, 1, 'NO_COVER')
    world.server.console.do('partner fund 1 50 a bill is paid')
    earn(world, 1, member, 50)
    expect_equal(funding(world, 1)[1:], (-100, '0'))
    end_day(world, 3)
    expect_equal(items(world, 1, 1), {'issued': (180, 198), 'issue_fee': (180, 18),
                                      'transaction': (0, 6), 'taken': (30, -33)})
    expect_equal(world.database.query('SELECT amount FROM operator_account WHERE name = "fees"'),
                 [['24']])


def the_kill_switch_stops_burns_alone_and_holds_over_a_restart(world):
    console, member = world.server.console, world.member(100)
    burned = burn(world, 2, member, 10)
    console.do('burn off 2')
    burn(world, 2, member, 10, 'BURN_OFF')
    expect(world.request('HOLD', member=member, points=5).send(world.till(201)), 'BURN_OFF')
    burn(world, 1, member, 10)
    earn(world, 2, member, 10)
    console.do('burn on 2', 'burn off all')
    burn(world, 1, member, 10, 'BURN_OFF')
    world.hang_up()
    expect_equal(world.server.stop(), 0)
    world.server.start()
    for partner in (1, 2):
        burn(world, partner, member, 10, 'BURN_OFF')
    earn(world, 2, member, 10)
    expect(world.request('REVERSE', reason=2, **burned.named()).send(world.till(201)),
           restored_points=10)
    world.server.console.do('burn on all')
    burn(world, 2, member, 10)
    expect_equal(world.available(member), 100)


def three_sponsors_share_a_promotion_to_the_point(world):
    console, member = world.server.console, world.member()
    settle_daily(world)
    console.do('partner terms 1 ' + PRICES, 'partner terms 3 ' + PRICES,
               'partner terms 2 prepaid=yes issue_price_micro=800000 overdraft_points=0',
               'partner fund 2 3 all of its part')
    console.do('programme load ' + world.server.folder.write('programme', PROMOTION))
    # 10 by 3 : 2 : 2 are 4, 2 and 2, rounded down; two left go to Two and Three, furthest behind.
    earned = earn(world, 1, member, 10, points=20)
    expect_equal([funding(world, partner)[1] for partner in (1, 2, 3)], [-14, 0, -3])
    # Two can pay no more: the promotion is left out, the base is not.
    earn(world, 1, member, 10, points=10)
    # Of 10 kept are 5: 3, 1 and 1, as of what is left over One comes first on a tie.
    refund(world, 1, earned, 5, taken_points=10)
    expect_equal([funding(world, partner)[1] for partner in (1, 2, 3)], [-18, 2, -1])
    end_day(world, 3)
    expect_equal([items(world, partner, 1) for partner in (1, 2, 3)],
                 [{'issued': (24, 26), 'taken': (6, -6)},
                  {'block': (3, 2), 'issued': (3, 0), 'taken': (2, 0)},
                  {'issued': (3, 3), 'taken': (2, -2)}])


def _refund_across_partners(world, refunded_at):
    """Earned at 1, spent at 3, refunded: statements of the first day, and of the last."""
    console, member = world.server.console, world.member()
    settle_daily(world)
    console.do('partner change 1 group=1', 'partner change 2 group=1',
               *('partner terms %d %s' % (partner, PRICES) for partner in (1, 2, 3)))
    earned = earn(world, 1, member, 100)
    burn(world, 3, member, 100)
    refund(world, 3, earned, 100, 'UNKNOWN_ORIGINAL')
    refund(world, refunded_at, earned, 100, debt=100)
    earn(world, 2, member, 30, paid_debt=30)
    end_day(world, 3)
    end_day(world, 6)
    # So many cycles of the partner of the refund have closed: what is left is given up.
    written_off = 'SELECT partner, member, points FROM debt_written_off'
    await_true(lambda: world.database.query(written_off) == [[str(refunded_at), str(member), '70']],
               'the rest is written off')
    expect(world.till().call('INQUIRY', member=member), available=0, debt=None)
    end_day(world, 9)
    expect_equal(world.database.query('SELECT name, points FROM operator_account WHERE name IN'
                                      ' ("written off", "members owe") ORDER BY name'),
                 [['members owe', '0'], ['written off', '70']])
    return [[items(world, partner, cycle) for cycle in (1, 2, 3)] for partner in (1, 2, 3)]


def where_all_pay_a_pool_who_takes_a_refund_bears_what_was_spent(world):
    first, second, third = _refund_across_partners(world, 1)
    expect_equal(first, [{'issued': (100, 110), 'taken': (100, -110), 'debt': (100, 110),
                          'debt_paid': (30, -33)}, {}, {'written_off': (70, 0)}])
    expect_equal(second, [{'issued': (30, 33)}, {}, {}])
    expect_equal(third, [{'redeemed': (100, -90)}, {}, {}])


def where_issuers_pay_who_takes_a_refund_bears_what_was_spent(world):
    first, second, third = _refund_across_partners(world, 1)
    expect_equal(first, [{'issued': (100, 0), ('owes', 3): (100, 110), 'taken': (100, 0),
                          'debt': (100, 0), 'debt_paid': (30, 0), ('due', 2): (30, -27)}, {},
                         {'written_off': (70, 0)}])
    expect_equal(second, [{'issued': (30, 0), ('owes', 1): (30, 33)}, {}, {}])
    expect_equal(third, [{'redeemed': (100, 0), ('due', 1): (100, -90)}, {}, {}])


def where_issuers_pay_a_refund_at_another_of_the_group_is_owed_to_the_issuer(world):
    first, second, third = _refund_across_partners(world, 2)
    expect_equal(first, [{'issued': (100, 0), ('owes', 3): (100, 110), 'taken': (100, 0),
                          ('due', 2): (100, -90)}, {}, {}])
    expect_equal(second, [{'debt': (100, 0), ('owes', 1): (100, 110), 'issued': (30, 0),
                           'debt_paid': (30, 0)}, {}, {'written_off': (70, 0)}])
    expect_equal(third, [{'redeemed': (100, 0), ('due', 1): (100, -90)}, {}, {}])


def a_partner_that_leaves_is_paid_back_what_it_did_not_use(world):
    console, member, today = world.server.console, world.member(), world.today()
    settle_daily(world)
    console.do('partner terms 2 prepaid=yes issue_price_micro=800000 overdraft_points=0',
               'partner change 2 joined_day=%s' % date_of(today + 1), 'partner fund 2 500 a block')
    earn(world, 2, member, 100, 'EARN_OFF')
    end_day(world, 3)
    earn(world, 2, member, 100)
    console.do('partner change 2 last_earn_day=%s last_burn_day=%s' % (
        date_of(today + 1), date_of(today + 2)))
    end_day(world, 6)
    earn(world, 2, member, 10, 'EARN_OFF')
    burn(world, 2, member, 40)
    expect_outstanding(world, 60)
    console.do('partner release 2 all it leaves')
    expect_equal(funding(world, 2)[1:], (0, '0'))
    expect_equal(console.ask('partner release 2 1 once more').is_ok, False)
    end_day(world, 9)
    burn(world, 2, member, 10, 'BURN_OFF')
    burn(world, 1, member, 60)
    expect_outstanding(world, 0)
    expect_equal([items(world, 2, cycle) for cycle in (1, 2, 3)],
                 [{'block': (500, 400)}, {'issued': (100, 0)},
                  {'block': (-400, -320), 'redeemed': (40, 0)}])


def expect_outstanding(world, points):
    """Of partner 2, as the console and MariaDB tell it."""
    console = world.server.console
    expect_equal([console.do('show ' + what).facts['outstanding']
                  for what in ('runoff 2', 'winddown')], [str(points)] * 2)
    await_sink(world)
    for view in ('run_off', 'wind_down'):
        expect_equal(world.database.query('SELECT SUM(outstanding_points) FROM %s WHERE issuer = 2'
                                          % view), [[str(points)]])


CASES = [a_prepaid_partner_is_warned_then_stopped_until_it_buys,
         a_partner_that_pays_bills_is_stopped_at_its_limit,
         the_kill_switch_stops_burns_alone_and_holds_over_a_restart,
         three_sponsors_share_a_promotion_to_the_point,
         where_all_pay_a_pool_who_takes_a_refund_bears_what_was_spent,
         where_issuers_pay_who_takes_a_refund_bears_what_was_spent,
         where_issuers_pay_a_refund_at_another_of_the_group_is_owed_to_the_issuer,
         a_partner_that_leaves_is_paid_back_what_it_did_not_use]


def main():
    return run_with_database(CASES, settings)


if __name__ == '__main__':
    sys.exit(main())
