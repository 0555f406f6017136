"""campaigns.py - what the programme file adds to a purchase: from its load to the budget's end.

The first case is client.py's, too; the others have operators, and run alone.
"""
import os
import re
import subprocess
import sys
import time

from desk import Desk
from server import BUILD, SECONDS_MAX
from world import expect, expect_equal, numbers, run

HOUR_MS = 3600000
BUDGET_REFUSAL = 3
PROGRAMME = b"""
campaigns = (
    { number = 7; name = "double"; partner = 1; multiplier = "2"; budget = 30; },
    { number = 8; name = "500 over 500.00"; partner = 1; threshold = 50000; points = 500;
      sponsor = 2; }
);
"""


def parts(answer):
    return [(row['campaign'], row['sponsor'], row['points'], row['refusal'])
            for row in answer.get('components') or []]


def a_campaign_is_told_apart(world):
    """The programme file's part of a bonus, in an earn, its quote and its status."""
    path = world.server.folder.write(
        'programme', b'campaigns = ( { number = 7; partner = 2; points = 5; sponsor = 1; } );\n')
    world.server.console.do('programme load ' + path)
    till, member = world.till(201), world.member()
    earn = {'member': member, 'amount': 1000}
    request = world.request('EARN', **earn)
    for answer in (till.call('QUOTE', quoted_operation=numbers('EARN')[0], **earn),
                   request.send(till), till.call('STATUS', **request.named())):
        expect(answer)
        expect_equal(parts(answer), [(7, 1, 5, 0)])


def earn(world, member, amount):
    return world.request('EARN', member=member, amount=amount)


def refund(world, request, amount):
    return expect(world.request('REFUND', amount=amount, **request.named()).send(world.till()))


def budget(desk):
    """Points given out of budget 30, and what is left of it."""
    row = re.search(r'^ *30 +\d+ +(\d+) +(\d+) +(\d+) ',
                    '\n'.join(desk.server.console.do('show budgets')), re.M)
    return int(row.group(3)), int(row.group(1)) - int(row.group(2)) - int(row.group(3))


def load_for_later(desk, port):
    """The programme is to start in an hour; its budget has a second operator's word."""
    assert port.ask('budget ask 30 250 name=double').startswith('ok record=')
    assert port.ask('budget approve 30').startswith('error SAME_OPERATOR')
    desk.server.console.do('budget approve 30')
    start = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(desk.now() // 1000 + 3600))
    path = desk.server.folder.write('programme', PROGRAMME)
    loaded = port.ask('programme load %s %s' % (path, start))
    assert loaded.startswith('ok rules=2 '), loaded


def a_programme_from_its_load_to_the_end_of_its_budget(desk):
    """Loaded for later, explained by quote and status, refunded in parts, stopped."""
    port, member = desk.caller('admin'), desk.member()
    load_for_later(desk, port)
    before = earn(desk, member, 10000)
    expect_equal(parts(expect(before.send(desk.till()), points=100)), [])
    desk.step(HOUR_MS + 1000)
    quoted = desk.till().call('QUOTE', quoted_operation=numbers('EARN')[0], member=member,
                              amount=10000)
    first = earn(desk, member, 10000)
    for answer in (quoted, first.send(desk.till()),
                   desk.till().call('STATUS', **first.named())):
        expect_equal(parts(expect(answer)), [(7, 1, 100, 0)])
    expect_equal(budget(desk), (100, 150))
    expect_equal(refund(desk, first, 5000)['taken_points'], 100)
    expect_equal(budget(desk), (50, 200))
    large = earn(desk, member, 50000)
    expect_equal(parts(expect(large.send(desk.till()), points=1000)),
                 [(7, 1, 0, BUDGET_REFUSAL), (8, 2, 500, 0)])
    expect_equal(refund(desk, large, 1)['taken_points'], 501)
    assert port.ask('budget stop 30').startswith('ok record=')
    stopped = earn(desk, member, 100)
    expect_equal(parts(expect(stopped.send(desk.till()), points=1)),
                 [(7, 1, 0, BUDGET_REFUSAL)])
    assert port.ask('budget resume 30').startswith('ok record=')
    expect_equal(refund(desk, first, 5000)['taken_points'], 100)
    expect_equal(budget(desk), (0, 250))
    expect_equal(refund(desk, before, 10000)['taken_points'], 100)
    port.close()


def the_rate_that_counts_is_named(desk):
    """By its place in the file: in a quote, an earn and its status, and to an operator."""
    path = desk.server.folder.write('programme', b"""
rates = ( { partner = 1; category = [ 900, 999 ]; rate = "0"; },
          { partner = 1; store = 11; rate = "1/50"; } );
campaigns = ( { number = 7; partner = 1; multiplier = "2"; },
              { number = 8; partner = 1; points = 5; } );
""")
    desk.server.console.do('programme load ' + path)
    member = desk.member()
    quoted = desk.till().call('QUOTE', quoted_operation=numbers('EARN')[0], member=member,
                              amount=10000)
    first = earn(desk, member, 10000)
    told = expect(first.send(desk.till()), base_points=200)
    for answer in (quoted, told, desk.till().call('STATUS', **first.named())):
        expect_equal([(row['campaign'], row['rate'], row['points'])
                      for row in expect(answer)['components']],
                     [(0, 2, 200), (7, 2, 200), (8, 0, 5)])
    shown = [' '.join(row.split())
             for row in desk.server.console.do('record %d' % told['sequence'])]
    for row in ('base 2 1 10000 +200 0', 'campaign 7 2 1 10000 +200 0',
                'campaign 8 1 10000 +5 0'):
        assert row in shown, shown


def a_birthday_is_told_to_an_operator(desk):
    """The campaign for it fits on that day, until it is forgotten."""
    path = desk.server.folder.write(
        'programme', b'campaigns = ( { number = 9; partner = 1; birthday = true; points = 50; } );')
    desk.server.console.do('programme load ' + path)
    member, given = desk.member(), [(9, 1, 50, 0)]
    today = time.strftime('%m-%d', time.gmtime(desk.now() // 1000))
    expect_equal(parts(expect(earn(desk, member, 100).send(desk.till()))), [])
    told = desk.server.console.do('birthday %d %s by letter' % (member, today)).facts
    shown = [' '.join(row.split())
             for row in desk.server.console.do('record ' + told['record'])]
    assert 'birthday ' + today in shown, shown
    expect_equal(parts(expect(earn(desk, member, 100).send(desk.till()))), given)
    desk.server.console.do('birthday %d none' % member)
    expect_equal(parts(expect(earn(desk, member, 100).send(desk.till()))), [])


def groups_of_stores_do_not_change_before_their_programme(desk):
    """A load for later leaves alone who is in a group that counts now, or is refused."""
    def load(group, stores, *when):
        groups = ', '.join('{ number = %d; stores = [ %d ]; }' % item for item in stores.items())
        path = desk.server.folder.write('programme', (
            'store_groups = ( %s );\ncampaigns = ( { number = 9; store_group = %d; points = 5; } );'
            '\n' % (groups, group)).encode())
        return port.ask(' '.join(('programme load', path, *when)))

    port, member = desk.caller('admin'), desk.member()
    assert load(1, {1: 11}).startswith('ok rules=1 stores=1 '), port.last
    start = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(desk.now() // 1000 + 3600))
    assert load(1, {1: 21}, start).startswith('error store 11 would '), port.last
    assert load(2, {2: 21}, start).startswith('error store 11 would '), port.last
    assert load(2, {1: 11, 2: 21}, start).startswith('ok rules=1 stores=1 '), port.last
    expect(earn(desk, member, 100).send(desk.till()), points=6)
    expect(earn(desk, member, 100).send(desk.till(201)), points=1)
    desk.step(HOUR_MS + 1000)
    expect(earn(desk, member, 100).send(desk.till()), points=1)
    expect(earn(desk, member, 100).send(desk.till(201)), points=6)
    assert load(1, {1: 21}).startswith('ok rules=1 stores=2 '), port.last
    port.close()


def a_file_is_checked_before_it_is_loaded(desk):
    """What is wrong is told by line, by the daemon's option and by the console alike."""
    def check(octets):
        path = desk.server.folder.write('checked', octets)
        run_of = subprocess.run([os.path.join(BUILD, 'gateway', 'tallygated'),
                                 '--check-programme', path], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=SECONDS_MAX, check=False)
        return run_of.returncode, run_of.stdout.decode().replace(path, 'FILE').splitlines()

    expect_equal(check(PROGRAMME), (0, ['FILE: ok, 2 rates, campaigns and exchanges']))
    wrong = (b'campaigns = (\n'
             b'  { number = 7; partner = 1; },\n'
             b'  { number = 8; points = 5; weekday = [ "mon" ]; },\n'
             b'  { number = 9; points = 5; hours = "25:00-26:00"; }\n'
             b');\n')
    code, lines = check(wrong)
    expect_equal(code, 1)
    expect_equal([line.split(': ', 1)[0] for line in lines], ['FILE:2', 'FILE:3', 'FILE:4'])
    port = desk.caller('admin')
    expect_equal(port.ask('programme load ' + desk.server.folder.write('programme', wrong)),
                 'error nothing loaded')
    expect_equal(re.findall(r'line (\d+: [^\r]*)', ''.join(port.last)),
                 [line.split(':', 1)[1] for line in lines])
    port.close()


if __name__ == '__main__':
    sys.exit(run([a_campaign_is_told_apart, a_programme_from_its_load_to_the_end_of_its_budget,
                  the_rate_that_counts_is_named, a_birthday_is_told_to_an_operator,
                  groups_of_stores_do_not_change_before_their_programme,
                  a_file_is_checked_before_it_is_loaded], Desk))
