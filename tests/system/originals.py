"""originals.py - purchases older than the window are returned, voided and asked for.

The gateway has forgotten them and fetches them from MariaDB: when that is there, when it is down,
when it stands still, when it has not been told everything yet, and over a kill of the gateway.
The client knows protocol/PROTOCOL.md only.
"""
import itertools
import re
import signal
import sys
import time

from scrape import scrape
from server import DAY_MS, await_true
from tallygate import PAGE, new_id
from world import expect, expect_equal, expect_rows, numbers, run_with_database

WINDOW_MS = 60000
CLOCK_AHEAD_MS = 600000
RETRY_AFTER_MS = 100
TIMEOUT_MS = 4000		# where MariaDB makes trouble; else as long as it takes
PATIENT_MS = 60000
BONUS_RULE = 'rule add 1 base=1/100 bonus=1/100 bonus_days=30'
STANDING, REVERSED = 0, 1
LAG_SECONDS_MAX = 10


class Purchase:
    """A purchase of 100.00 that points paid 2.50 of, with what surrounds it; 344 points are left.

    `burn` took 200 limited points and 50 regular ones, `void` 10 limited ones of the purchase.
    """

    def __init__(self, world):
        self.world = world
        self.member = world.member()
        self._do('EARN', amount=20000, points=400)
        self.burn = self._do('BURN', points=250, covered=250, amount=10000)
        self.earn = self._do('EARN', amount=10000, covered=250, points=194)
        self.void = self._do('BURN', points=10)
        self.small = self._do('EARN', amount=500, points=10)
        self.buried = world.request('EARN', member=self.member, amount=100)
        expect(world.request('REVERSE', reason=1, **self.buried.named()).send(world.till()),
               'ORIGINAL_UNKNOWN')
        expect_equal(world.available(self.member), 344)

    def _do(self, operation, points, **fields):
        if operation != 'EARN':
            fields['points'] = points
        request = self.world.request(operation, member=self.member, **fields)
        expect(request.send(self.world.till()), points=points)
        return request

    def refund(self, amount):
        return self.world.request('REFUND', amount=amount, original_burn=self.burn.id,
                                  **self.earn.named())

    def reverse(self, request):
        return self.world.request('REVERSE', reason=2, **request.named())

    def status(self, request, till=101):
        return self.world.till(till).call('STATUS', **request.named())


def pass_window(world):
    """Until nothing is remembered of what was done before."""
    rows = r'transactions {2,}(\d+) of'
    world.step(WINDOW_MS + CLOCK_AHEAD_MS + 60000)
    await_true(lambda: re.search(rows, '\n'.join(world.server.console.do('show stats'))).group(1)
               == '0', 'transactions are forgotten')


def restart(world):
    world.hang_up()
    world.server.start()


def refused(answer):
    """Not now, and when to come again."""
    expect(answer, 'ORIGINAL_ARCHIVED', available=None)
    expect_equal(answer.is_again, True)
    expect_equal(RETRY_AFTER_MS <= answer['retry_after'] <= 2 * RETRY_AFTER_MS, True)
    return answer


def until_answered(send):
    """Send, and again as long as MariaDB cannot be asked; the first other answer."""
    return await_true(lambda: [answer for answer in [send()]
                               if answer.status != 'ORIGINAL_ARCHIVED'], 'MariaDB is asked')[0]


def expect_sound(world):
    """What the journal says, what MariaDB says, and what the till is told agree."""
    expect_rows(world)
    expect_equal(world.server.stop(), 0)
    expect_equal(world.server.verify_journal(), [])
    restart(world)
    expect_rows(world)


def sink_figure(world, what):
    return world.server.console.do('show sink').figure(what)


def earn_more(world, bought):
    expect(world.request('EARN', member=bought.member, amount=100).send(world.till()), points=2)


def bonus_rule(world):
    world.server.console.do(BONUS_RULE)


# With MariaDB there.

def an_old_purchase_is_returned_in_parts(world):
    bonus_rule(world)
    bought = Purchase(world)
    last_day = world.till().principal['business_date'] + 30
    pass_window(world)
    status = bought.status(bought.earn)
    expect(status, kind=numbers('EARN')[0], outcome=0, state=STANDING, points=194)
    expect(bought.refund(10001).send(world.till()), 'OVER_REFUND')
    part = bought.refund(9800)
    expect(part.send(world.till()), money_returned=9750, restored_points=50, taken_points=194,
           available=200)
    expect(part.send(world.till()), available=200, replay=True)
    expect(bought.refund(200).send(world.till()), money_returned=None, restored_points=200,
           taken_points=None, available=400)
    expect(bought.refund(1).send(world.till()), 'OVER_REFUND')
    inquiry = expect(world.till().call('INQUIRY', member=bought.member), available=400)
    expect_equal([(row['day'], row['points']) for row in inquiry['expiries']][0],
                 (last_day, 205))
    pass_window(world)
    expect(bought.refund(1).send(world.till()), 'OVER_REFUND')
    expect(bought.status(bought.earn), state=STANDING, taken_points=194)
    expect(bought.status(bought.burn), restored_points=250)
    expect_sound(world)


def old_burns_and_earns_are_voided(world):
    bonus_rule(world)
    bought = Purchase(world)
    pass_window(world)
    expect(bought.reverse(bought.void).send(world.till()), restored_points=10, available=354)
    expect(bought.reverse(bought.small).send(world.till()), taken_points=10, available=344)
    expect(bought.reverse(bought.void).send(world.till()), 'ALREADY_REVERSED')
    expect(bought.status(bought.void), state=REVERSED, points=10)
    pass_window(world)
    expect(bought.status(bought.void), state=REVERSED, restored_points=10)
    expect(bought.reverse(bought.void).send(world.till()), 'ALREADY_REVERSED')
    expect(bought.reverse(bought.small).send(world.till()), 'ALREADY_REVERSED')
    expect_sound(world)


def what_an_old_burn_was_made_of_has_its_own_days(world):
    """Limited points past their day come back for 30 days, or until tomorrow when voided."""
    world.server.console.do('rule add 1 base=1/100 bonus=1/100 bonus_days=2')
    bought = Purchase(world)
    today = world.till().principal['business_date'] + 10
    world.step(10 * DAY_MS)
    pass_window(world)
    expect(bought.refund(10000).send(world.till()), restored_points=250, lost_points=None)
    expect(bought.reverse(bought.void).send(world.till()), restored_points=10)
    inquiry = expect(world.till().call('INQUIRY', member=bought.member))
    days = {row['day']: row['points'] for row in inquiry['expiries']}
    expect_equal((days.get(today + 1), days.get(today + 30)), (10, 200))
    expect_sound(world)


def what_is_not_there_is_unknown(world):
    bonus_rule(world)
    bought = Purchase(world)
    pass_window(world)
    expect(bought.buried.send(world.till()), 'TOO_OLD')
    expect(bought.status(bought.buried), 'UNKNOWN_TRANSACTION')
    expect(bought.reverse(bought.buried).send(world.till()), 'UNKNOWN_ORIGINAL')
    expect(bought.status(bought.earn, till=201), 'UNKNOWN_TRANSACTION')
    expect(bought.reverse(bought.void).send(world.till(201)), 'UNKNOWN_ORIGINAL')
    stranger = world.member()
    expect(bought.reverse(bought.void).send(world.till(), member=stranger), 'OTHER_MEMBER')
    expect_equal(world.available(bought.member), 344)
    expect_equal(sink_figure(world, 'originals unknown') >= 4, True)
    expect_sound(world)


def a_batch_may_name_old_originals(world):
    bonus_rule(world)
    bought = [Purchase(world) for _ in range(3)]
    pass_window(world)
    items = list(itertools.chain.from_iterable(
        (('REFUND', one.refund(9800).fields), ('EARN', world.request(
            'EARN', member=one.member, amount=100).fields),
         ('REVERSE', one.reverse(one.void).fields)) for one in bought))
    answers = world.till(150).batch(items)
    expect_equal([answer.status for answer in answers], ['OK'] * 9)
    expect_equal([world.available(one.member) for one in bought], [212] * 3)
    expect_equal({answer.get('replay') for answer in world.till(150).batch(items)}, {True})
    expect_sound(world)


def an_operator_sees_what_is_old(world):
    bonus_rule(world)
    bought = Purchase(world)
    pass_window(world)
    console = world.server.console
    asked = sink_figure(world, 'originals asked')
    reply = console.do('transaction 1 %s' % bought.void.id.hex())
    expect_equal(reply[0].startswith('BURN: OK'), True)
    expect_equal(console.ask('transaction 1 %s' % new_id().hex()).is_ok, False)
    expect_equal(sink_figure(world, 'originals asked') - asked, 2)
    expect_equal(sink_figure(world, 'originals waiting'), 0)
    told = scrape(world.server)
    expect_equal([told['tallygate_originals_total', outcome]
                  for outcome in ('found', 'unknown', 'lag', 'time', 'queue', 'failed')],
                 [sink_figure(world, 'originals found'), 1, 0, 0, 0, 0])
    expect_equal(told['tallygate_originals_waiting',], 0)
    expect_equal(sink_figure(world, 'originals failed'), 0)


# Without.

def nobody_else_waits_when_mariadb_is_down(world):
    bonus_rule(world)
    bought = Purchase(world)
    pass_window(world)
    expect_rows(world)
    world.database.process.kill()
    part, void = bought.refund(9800), bought.reverse(bought.void)
    refused(part.send(world.till()))
    refused(void.send(world.till(102)))
    refused(bought.status(bought.earn))
    answers = world.till(150).batch([('REFUND', part.fields), ('EARN', world.request(
        'EARN', member=bought.member, amount=100).fields)])
    expect_equal([answer.status for answer in answers], ['ORIGINAL_ARCHIVED', 'OK'])
    expect_equal(world.available(bought.member), 346)
    world.database.start()
    expect(until_answered(lambda: part.send(world.till(), repeat=True)), restored_points=50,
           taken_points=194, available=202, replay=None)
    expect(until_answered(lambda: void.send(world.till(), repeat=True)), available=212)
    expect_equal(sink_figure(world, 'originals refused for lag')
                 + sink_figure(world, 'originals refused for time')
                 + sink_figure(world, 'originals failed') >= 4, True)
    expect_sound(world)


def nobody_else_waits_when_mariadb_stands_still(world):
    bonus_rule(world)
    bought = Purchase(world)
    pass_window(world)
    expect(until_answered(lambda: bought.status(bought.earn)), points=194)
    expect_rows(world)
    world.database.process.signal(signal.SIGSTOP)
    voids = [bought.reverse(bought.void) for _ in range(20)]
    waiting = world.server.open(102, is_tls=True)
    sent = [(waiting.send(void.operation, **void.fields), void) for void in voids]
    begun = time.monotonic()
    for _ in range(20):
        earn_more(world, bought)
    if time.monotonic() - begun > LAG_SECONDS_MAX:
        raise AssertionError('others waited')
    for number, _ in sent:
        refused(waiting.answer(number))
    if time.monotonic() - begun > LAG_SECONDS_MAX + 3 * TIMEOUT_MS / 1000:
        raise AssertionError('refusals took %d s' % (time.monotonic() - begun))
    expect_equal(sink_figure(world, 'originals refused for a full queue') >= 12, True)
    world.database.process.signal(signal.SIGCONT)
    answers = [until_answered(lambda: void.send(waiting)) for void in voids]
    expect_equal([answer.status for answer in answers],
                 ['OK'] + ['ALREADY_REVERSED'] * 19)
    waiting.close()
    expect_equal(world.available(bought.member), 344 + 40 + 10)
    expect_sound(world)


def evidence_waits_for_what_mariadb_was_not_told(world):
    """Locked tables: they can be read, but the last records are not there."""
    bonus_rule(world)
    bought = Purchase(world)
    pass_window(world)
    expect_rows(world)
    with world.database.session() as session:
        session.do('FLUSH TABLES WITH READ LOCK')
        earn_more(world, bought)
        part = bought.refund(9800)
        refused(part.send(world.till()))
        # What had to wait for its turn is refused for time.
        expect_equal(sink_figure(world, 'originals refused for lag') +
                     sink_figure(world, 'originals refused for time'), 1)
    expect(until_answered(lambda: part.send(world.till())), available=202)
    expect_sound(world)


def two_returns_at_once_take_once(world):
    """Both of one old purchase, from two tills, while MariaDB is behind; then it catches up."""
    bonus_rule(world)
    bought = Purchase(world)
    pass_window(world)
    expect_rows(world)
    returns = [bought.refund(10000), bought.refund(10000), bought.reverse(bought.small),
               bought.reverse(bought.small)]
    sessions = [world.till(), world.till(102)] * 2
    with world.database.session() as session:
        session.do('FLUSH TABLES WITH READ LOCK')
        earn_more(world, bought)
        sent = [(till, till.send(request.operation, **request.fields))
                for till, request in zip(sessions, returns)]
        await_true(lambda: sink_figure(world, 'originals waiting') == len(sent), 'they wait')
    statuses = []
    for (till, number), request in zip(sent, returns):
        answer = till.answer(number)
        if answer.status == 'ORIGINAL_ARCHIVED':
            answer = until_answered(lambda till=till, request=request: request.send(till))
        statuses.append(answer.status)
    expect_equal((sorted(statuses[:2]), sorted(statuses[2:])),
                 (['OK', 'OVER_REFUND'], ['ALREADY_REVERSED', 'OK']))
    expect_equal(world.available(bought.member), 344 + 2 + 250 - 194 - 10)
    again = [request.send(till, repeat=True).status
             for (till, _), request in zip(sent, returns)]
    expect_equal(again, statuses)
    expect_sound(world)


def a_kill_in_between_loses_nothing(world):
    bonus_rule(world)
    bought = Purchase(world)
    pass_window(world)
    part, rest, void = bought.refund(9800), bought.refund(200), bought.reverse(bought.void)
    first = expect(part.send(world.till()), available=200)
    world.server.kill()
    restart(world)
    expect_equal(dict(part.send(world.till(), repeat=True)), dict(first, replay=True))
    expect(rest.send(world.till()), restored_points=200, taken_points=None, available=400)
    expect_rows(world)
    world.database.process.signal(signal.SIGSTOP)
    waiting = world.server.open(102)
    waiting.send(void.operation, **void.fields)
    await_true(lambda: sink_figure(world, 'originals waiting') == 1, 'it waits for MariaDB')
    world.server.kill()
    waiting.close()
    world.database.process.signal(signal.SIGCONT)
    restart(world)
    answer = until_answered(lambda: void.send(world.till(), repeat=True))
    expect(answer, restored_points=10, available=410, replay=None)
    expect(void.send(world.till(), repeat=True), available=410, replay=True)
    world.server.kill()
    restart(world)
    expect(rest.send(world.till(), repeat=True), available=400, replay=True)
    expect(bought.refund(1).send(world.till()), 'OVER_REFUND')
    expect_sound(world)


def without_the_lookup_old_originals_stay_away(world):
    bonus_rule(world)
    bought = Purchase(world)
    pass_window(world)
    refused(bought.refund(9800).send(world.till()))
    refused(bought.status(bought.earn))
    expect_equal('originals  off' in re.sub(r' +', '  ', '\n'.join(
        world.server.console.do('show sink'))), True)


def campaigns_of_an_old_purchase_go_back(world):
    path = world.server.folder.write(
        'programme', b'campaigns = ( { number = 7; partner = 1; threshold = 5000; points = 500;'
                     b' sponsor = 2; } );\n')
    world.server.console.do('programme load ' + path)
    earn = world.request('EARN', member=world.member(), amount=10000)
    expect(earn.send(world.till()), points=600)
    expect(world.request('REFUND', amount=4000, **earn.named()).send(world.till()),
           taken_points=40)
    pass_window(world)
    refund = world.request('REFUND', amount=1001, **earn.named())
    expect(until_answered(lambda: refund.send(world.till())), taken_points=511)
    expect(world.request('REFUND', amount=4999, **earn.named()).send(world.till()),
           taken_points=49, available=0)
    expect_sound(world)
    expect_equal(world.database.query('SELECT SUM(IF(e.kind = 20, c.points, -c.points))'
                                      ' FROM component c JOIN entry e USING (sequence)'), [['0']])


PATIENT_CASES = [
    an_old_purchase_is_returned_in_parts,
    campaigns_of_an_old_purchase_go_back,
    old_burns_and_earns_are_voided,
    what_an_old_burn_was_made_of_has_its_own_days,
    what_is_not_there_is_unknown,
    a_batch_may_name_old_originals,
    an_operator_sees_what_is_old,
    two_returns_at_once_take_once,
    a_kill_in_between_loses_nothing,
]
CASES = [
    nobody_else_waits_when_mariadb_is_down,
    nobody_else_waits_when_mariadb_stands_still,
    evidence_waits_for_what_mariadb_was_not_told,
]
CASES_WITHOUT = [without_the_lookup_old_originals_stay_away]


def settings_for(case):
    is_patient = case in PATIENT_CASES
    return {'programme': {'window_s': WINDOW_MS // 1000},
            'gateway': {'ledger_thread': 'inline' if is_patient else 'own'},
            'originals': {'timeout_ms': PATIENT_MS if is_patient else TIMEOUT_MS,
                          'retry_after_ms': RETRY_AFTER_MS, 'requests': 8,
                          'enabled': case not in CASES_WITHOUT}}


def main():
    return run_with_database(PATIENT_CASES + CASES + CASES_WITHOUT, settings_for)


if __name__ == '__main__':
    sys.exit(main())
