"""explain.py - balances explained by record and lot add up, now and at any moment; liability ages.

`explain.py full` takes 1,000 members of a longer history; tests/month/purchases.py the real one.
"""
import random
import re
import sys
import time

from server import DAY_MS, await_true
from world import expect, expect_equal, expect_rows, run_with_database

IS_FULL = 'full' in sys.argv[1:]
MEMBERS, DAYS, EXPLAINED = (1200, 12, 1000) if IS_FULL else (60, 6, 50)
SYSTEMS = {1: 150, 2: 250, 3: 350}
FIGURES = ('available', 'pending', 'held', 'debt')


def iso(utc_ms):
    return time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(utc_ms // 1000)) + \
        '.%03dZ' % (utc_ms % 1000)


class Trade:
    """Random trade of many members at three partners, day after day."""

    def __init__(self, world):
        self.world, self.chance = world, random.Random(20261122)
        world.server.console.do('terminal add 350 partner=3 rights=all',
                                'partner change 2 pending_days=2')
        answers = self.send([(1, 'ENROLL', {'identifier_type': 1, 'identifier': world.card()})
                             for _ in range(MEMBERS)])
        self.members = [expect(answer)['member'] for _, _, answer in answers]
        self.earns = {member: [] for member in self.members}
        self.past = []		# (moment, {member: what a till was told})

    def send(self, wanted):
        """(partner, operation, fields): those with their request and answer."""
        done, now = [], self.world.now()
        for partner in SYSTEMS:
            mine = [(operation, self.world.request(operation, **fields)) for asked, operation,
                    fields in wanted if asked == partner]
            for at in range(0, len(mine), 400):
                part = mine[at:at + 400]
                for _, request in part:
                    request.fields['business_time'] = request.time = now
                answers = self.world.till(SYSTEMS[partner]).batch(
                    [(operation, request.fields) for operation, request in part])
                done += [(partner, request, answer) for (_, request), answer in
                         zip(part, answers)]
        return done

    def wanted(self, member):
        chance, partner = self.chance, self.chance.choice(list(SYSTEMS))
        kind = chance.random()
        if kind < 0.5 or not self.earns[member]:
            return partner, 'EARN', {'member': member, 'amount': chance.randrange(100, 20000)}
        if kind < 0.7:
            return partner, 'BURN', {'member': member, 'points': chance.randrange(1, 90)}
        if kind < 0.8:
            return partner, 'HOLD', {'member': member, 'points': chance.randrange(1, 40),
                                     'hold_seconds': 3000000}
        partner, earn = chance.choice(self.earns[member])
        if kind < 0.9:
            return partner, 'REVERSE', {'reason': 2, **earn.named()}
        return partner, 'REFUND', {'amount': chance.randrange(1, earn.fields['amount'] + 1),
                                   **earn.named()}

    def day(self):
        for partner, request, answer in self.send(
                [self.wanted(self.chance.choice(self.members)) for _ in range(2 * MEMBERS)]):
            if request.operation == 'EARN' and answer.status == 'OK':
                self.earns[request.fields['member']].append((partner, request))
        sample = self.chance.sample(self.members, 10)
        self.past.append((self.world.now(), {member: self.told(member) for member in sample}))
        self.world.step(DAY_MS)

    def told(self, member):
        answer = expect(self.world.till(150).call('INQUIRY', member=member))
        return {name: answer.get(name, 0) for name in FIGURES}


def explained(world, member, *moment):
    """The figures that an explanation ends with; its rows and lots add up to them."""
    reply = world.server.console.do(' '.join(['explain member %d' % member, *moment]))
    figures = {name: int(reply.facts[name]) for name in FIGURES}
    changes = [row.split() for row in reply if re.match(r'\s*\d+\s.*[+-]\d+', row)]
    lots = [int(row.split()[-1]) for row in reply if re.match(r'\s*(regular|record \d+)\s', row)]
    expect_equal(len(changes), int(reply.facts['records']))
    booked = dict(figures, available=figures['available'] + int(reply.facts['lapsed']))
    for at, name in enumerate(FIGURES):
        expect_equal(sum(int(row[len(row) - 5 + at]) for row in changes), booked[name])
    if changes:
        expect_equal(int(changes[-1][-1]), booked['available'])
    expect_equal(sum(lots), booked['available'])
    return figures


def indebted(world):
    """A member whose purchase went back when its points were spent."""
    member = world.member()
    earn = world.earn(member, 50)
    expect(world.request('BURN', member=member, points=40).send(world.till()))
    expect(world.request('REFUND', amount=earn.fields['amount'], **earn.named()).send(
        world.till()), taken_points=50)
    return member


def agreed(trade, member):
    """What is explained is what a till is told: what fell due was booked as the clock moved."""
    figures = explained(trade.world, member)
    expect_equal((member, figures), (member, trade.told(member)))
    return figures


def balances_of_random_members_are_explained(world):
    trade = Trade(world)
    for _ in range(DAYS):
        trade.day()
    members = trade.chance.sample(trade.members, EXPLAINED - 1) + [indebted(world)]
    figures = [agreed(trade, member) for member in members]
    seen = {name: sum(found[name] != 0 for found in figures) for name in FIGURES}
    expect_equal([name for name in FIGURES if seen[name] == 0], [])
    print('# %d members explained; %s' % (len(members), ', '.join(
        '%d with %s' % (seen[name], name) for name in FIGURES)))
    for moment, told in trade.past:
        for member, figures in told.items():
            expect_equal(explained(world, member, iso(moment)), figures)


def moments_are_records_or_times(world):
    console, member = world.server.console, world.member()
    world.earn(member, 10)
    before = world.now()
    world.step(DAY_MS)
    second = world.request('EARN', member=member, amount=700)
    sequence = expect(second.send(world.till()))['sequence']
    expect_equal(explained(world, member, iso(before))['available'], 10)
    expect_equal(explained(world, member, iso(world.now()))['available'], 17)
    expect_equal(explained(world, member, str(sequence - 1))['available'], 10)
    expect_equal(explained(world, member, str(sequence))['available'], 17)
    expect_equal(explained(world, member, '1990-01-01')['available'], 0)
    for word in ('soon', '2026-13-01', '1e9'):
        expect_equal(console.ask('explain member %d %s' % (member, word)).is_ok, False)


def expect_written(world, tills):
    """MariaDB has all, what fell due included, which is booked while it is compared."""
    def is_written():
        try:
            expect_rows(world, tills)
        except AssertionError:
            return False
        return True

    await_true(is_written, 'MariaDB has all')


def months_later(world, months):
    """Day by day, as cut-offs come; to the middle of that month."""
    for _ in range(30 * months):
        world.step(DAY_MS)


def breakage_is_expected_by_age(world):
    """Of 1,000 points with a life of 40 days 600 are burned at once, and 400 expire a month later.

    So of points issued this month two fifths are to expire, of those of last month all.
    """
    console = world.server.console
    console.do('partner add 4 name=Four', 'rule add 4 base=1/1000000 bonus=1/100 bonus_days=40',
               'store add 41 partner=4', 'terminal add 401 partner=4 store=41')
    members = [world.member() for _ in range(10)]

    def earn(member):
        expect(world.request('EARN', member=member, amount=10000).send(world.till(401)),
               points=100)

    months_later(world, 1)
    for member in members:
        earn(member)
    for member in members[:6]:
        expect(world.request('BURN', member=member, points=100).send(world.till(401)))
    given_back = world.request('BURN', member=members[6], points=30)
    expect(given_back.send(world.till(401)))
    expect(world.request('REVERSE', reason=2, **given_back.named()).send(world.till(401)))
    months_later(world, 2)
    expect_written(world, {member: 401 for member in members})
    curve = world.database.query('SELECT age_months, redeemed_points, expired_points,'
                                 ' expired_share_ppm FROM breakage_curve ORDER BY age_months')
    expect_equal([row[1:] for row in curve if row[0] == '0'], [['600', '0', '400000']])
    expect_equal([row[1:] for row in curve if row[0] != '0'], [['0', '400', '1000000']])
    for member in members[:3]:
        earn(member)
    expect_written(world, {member: 401 for member in members})
    expect_equal(world.database.query('SELECT issuer, outstanding_points,'
                                      ' expected_breakage_points FROM liability WHERE'
                                      ' outstanding_points > 0'), [['4', '300', '120']])
    months_later(world, 1)
    expect_written(world, {member: 401 for member in members})
    expect_equal(world.database.query('SELECT outstanding_points, expected_breakage_points FROM'
                                      ' liability WHERE outstanding_points > 0'), [['300', '300']])


CASES = [balances_of_random_members_are_explained, moments_are_records_or_times,
         breakage_is_expected_by_age]


if __name__ == '__main__':
    sys.exit(run_with_database(CASES))
