"""restart.py - the server is killed, stopped, reloaded and started again, and nothing is lost.

The client knows protocol/PROTOCOL.md only.  Each case has a server of its own.
"""
import signal
import sys
import time

from server import Database, Process, await_true
from tallygate import PAGE, new_id
from till import Till
from world import Tap, World, expect, expect_equal, expect_rows, run_case, title

EXIT_IN_USE = 75
ROUNDS_MAX = 20


class Outcomes:
    """Requests with the answers that they had, to be had again after a restart."""

    def __init__(self, world):
        self.world = world
        self.sent = []			# (request, number of the till, answer)
        self.members = []

    def send(self, request, till=101):
        answer = request.send(self.world.till(till))
        self.sent.append((request, till, answer))
        return request

    def do_a_bit_of_everything(self):
        world = self.world
        for _ in range(3):
            enroll = world.request('ENROLL', identifier_type=1, identifier=world.card())
            member = self.send(enroll) and self.sent[-1][2]['member']
            self.members.append(member)
            earn = self.send(world.request('EARN', member=member, amount=50000, receipt='r',
                                           till=member, till_day=world.today()))
            self.send(world.request('EARN', member=member, amount=500), till=301)
            burn = self.send(world.request('BURN', member=member, points=100, covered=100,
                                           amount=20000))
            self.send(world.request('BURN', member=member, points=10 ** 6))
            hold = self.send(world.request('HOLD', member=member, points=50))
            self.send(world.request('CAPTURE', points=30, **hold.named()))
            self.send(world.request('HOLD', member=member, points=20, hold_seconds=86400))
            self.send(world.request('REFUND', amount=1000, original_burn=burn.id,
                                    **earn.named()))
            self.send(world.request('REVERSE', reason=2, **self.send(
                world.request('EARN', member=member, amount=900), till=201).named()), till=201)
            self.send(world.request('REVERSE', reason=1, member=member, original=new_id(),
                                    original_time=world.now()))
            self.send(world.request('LINK', member=member, new_type=2, new_identifier=enroll.id
                                    .hex()))

    def look(self):
        """What each member has."""
        return [dict(expect(self.world.till().call('INQUIRY', member=member, entries_wanted=20)))
                for member in self.members]

    def expect_again(self):
        for request, till, answer in self.sent:
            again = request.send(self.world.till(till), repeat=True)
            is_recorded = PAGE.status_named[answer.status].is_recorded
            expect_equal((again.status, dict(again)),
                         (answer.status, dict(answer, replay=True) if is_recorded
                          else dict(answer)))


def restart(world):
    """Start again on the same data."""
    world.hang_up()
    world.server.start()


def a_killed_server_knows_every_outcome(world):
    outcomes = Outcomes(world)
    outcomes.do_a_bit_of_everything()
    before = outcomes.look()
    for _ in range(3):
        world.server.kill()
        restart(world)
        expect_equal(outcomes.look(), before)
        outcomes.expect_again()
    outcomes.do_a_bit_of_everything()
    expect_equal(world.server.stop(), 0)
    expect_equal(world.server.verify_journal(), [])


def a_stopped_server_knows_every_outcome(world):
    outcomes = Outcomes(world)
    outcomes.do_a_bit_of_everything()
    before = outcomes.look()
    world.server.console.do('snapshot')
    for _ in range(2):
        expect_equal(world.server.stop(), 0)
        expect_equal(world.server.verify_journal(), [])
        restart(world)
        expect_equal(outcomes.look(), before)
        outcomes.expect_again()


def a_till_loses_nothing_when_the_server_is_killed(world):
    members = [world.member() for _ in range(4)]
    path = world.server.folder.file('till')
    for answered in (0, 1, 40, 199):
        before = [world.available(member) for member in members]
        till = Till(path, lambda: world.server.open(102))
        now = world.now()
        for i in range(200):
            till.keep('EARN', member=members[i % 4], amount=100 * (1 + i % 3), business_time=now)
        with world.server.open(102) as session:
            numbers = [session.send(operation, **fields) for operation, fields, _ in till.requests]
            for number in numbers[:answered]:
                expect(session.answer(number))
            world.server.kill()
        restart(world)
        till = Till(path, lambda: world.server.open(102))
        expect_equal(len(till.requests), 200)
        answers = till.settle()
        till.drop_connection()
        expect_equal({answer.status for answer in answers.values()}, {'OK'})
        again = sum(1 for answer in answers.values() if answer.get('replay'))
        if again < answered:
            raise AssertionError('%d answered, %d known' % (answered, again))
        expect_equal(Till(path, None).requests, [])
        expect_equal([world.available(member) - have for member, have in zip(members, before)],
                     [sum(1 + i % 3 for i in range(m, 200, 4)) for m in range(4)])


def sigterm_is_announced_and_everything_read_is_answered(world):
    members = [world.member() for _ in range(5)]
    sessions = [world.server.open(number) for number in (101, 102, 150)]
    sessions.append(world.server.open(102, is_tls=True))
    sent = []
    for i in range(30):
        for session in sessions:
            earn = world.request('EARN', member=members[i % 5], amount=100)
            sent.append((session, session.send('EARN', **earn.fields), earn))
    for session, number, _ in sent[:len(sessions)]:
        expect(session.answer(number))
    world.server.process.signal(signal.SIGTERM)
    booked = len(sessions)
    for session, number, _ in sent[len(sessions):]:
        answer = session.answer(number)
        if answer.status != 'SHUTTING_DOWN':
            expect(answer)
            booked += 1
    for session in sessions + [world.till()]:
        notice = session.await_notice()
        expect_equal(notice['outcome'], PAGE.status_named['SHUTTING_DOWN'].number)
        expect_equal(500 <= notice['retry_after'] <= 550, True)
        session.await_close()
        session.close()
    expect_equal(world.server.await_end(), 0)
    restart(world)
    expect_equal(sum(world.available(member) for member in members), booked)
    for _, _, earn in sent:
        expect(earn.send(world.till(), repeat=True), points=1)
    expect_equal([world.available(member) for member in members], [24] * 5)


def the_console_can_stop_the_server(world):
    member = world.member(points=7)
    expect_equal(world.server.console.ask('shutdown').is_ok, False)
    world.server.console.do('shutdown yes')
    expect_equal(world.till().await_notice()['outcome'],
                 PAGE.status_named['SHUTTING_DOWN'].number)
    world.hang_up()
    expect_equal(world.server.await_end(), 0)
    restart(world)
    expect_equal(world.available(member), 7)


def a_second_server_on_the_same_data_is_refused(world):
    """Whether the first is at work or stands still: it may go on at any moment."""
    member = world.member(points=7)
    first = world.server.process
    for is_stopped in (False, True):
        if is_stopped:
            first.signal(signal.SIGSTOP)
            await_true(first.is_stopped, 'a standstill')
        second = Process(world.server.command(), world.server.folder.file('second.log'))
        expect_equal(second.wait(), EXIT_IN_USE)
        expect_equal(' event=listening' in second.log(), False)
    first.signal(signal.SIGCONT)
    expect_equal(world.available(member), 7)
    world.earn(member, 1)
    world.server.console.do('show stats')


def sighup_reads_certificates_and_limits_again(world):
    server, session = world.server, world.till()
    before = _certificate(world)
    server.authority.issue_server()
    server.settings['limits'] = {'in_flight': 5}
    server.settings['gateway']['instance'] = 'other'
    server.reload()
    if _certificate(world) == before:
        raise AssertionError('the certificate is the old one')
    expect(session.call('PING'))
    with server.connect() as connection:
        expect(connection.hello(), in_flight_max=5, instance='test')
    with server.open(101) as connection:
        answers = connection.pipeline([('PING', {})] * 100)
        expect_equal({answer.status for answer in answers}, {'OK'})


def _certificate(world):
    with world.server.connect(world.server.authority.context()) as connection:
        expect(connection.hello())
        return connection._socket.getpeercert(binary_form=True)


def a_bad_configuration_is_not_taken_up(world):
    server = world.server
    server.settings['limits'] = {'in_flight': 0}
    server.reload()
    with server.connect() as connection:
        expect(connection.hello(), in_flight_max=32)
    with open(server.folder.file('tallygate.conf'), 'w', encoding='utf-8') as file:
        file.write('limits: {')
    server.reload_file()
    expect(world.till().call('PING'))


def a_busy_server_books_everything_in_the_end(world):
    server, members = world.server, [world.member(points=10) for _ in range(10)]
    server.settings['limits'] = {'partner_in_flight': 3}
    server.settings['queue']['retry_after_ms'] = 1
    server.reload()
    till = Till(server.folder.file('till'), lambda: server.open(102))
    now, rounds = world.now(), 0
    # A till that is slower than the gateway has one answer before it sends the next request.
    while rounds < ROUNDS_MAX and server.console.do('show stats').figure('answered busy') == 0:
        for member in members * 5:
            hold = till.keep('HOLD', member=member, points=1, business_time=now)
            till.keep('RELEASE', member=member, original=hold, original_time=now,
                      business_time=now)
            till.keep('EARN', member=member, amount=100, business_time=now)
        answers = till.settle()
        expect_equal({answer.status for answer in answers.values()}, {'OK'})
        rounds += 1
    till.drop_connection()
    expect_equal([world.available(member) for member in members], [10 + 5 * rounds] * 10)
    stats = server.console.do('show stats')
    expect_equal(stats.figure('answered busy') > 0, True)
    for what in ('answer', 'wait in queue', 'journal batch', 'turn of i/o'):
        bounds = [stats.figure(f'{what} p{share} below') for share in ('50', '99', '99.9')]
        assert bounds[0] > 0 and bounds == sorted(bounds), (what, bounds)


def the_clock_of_the_system_is_told_and_kept(world):
    with world.server.connect() as connection:
        before = time.time()
        answer = expect(connection.hello(), stepped_clock=None)
    expect_equal(before - 5 < answer['server_time'] / 1000 < time.time() + 5, True)
    member = world.member(points=10)
    burn = world.request('BURN', member=member, points=3)
    expect(burn.send(world.till()), available=7)
    world.server.kill()
    restart(world)
    expect(burn.send(world.till()), available=7, replay=True)
    expect(world.request('BURN', member=member, points=3).send(world.till()), available=4)


# MariaDB.

def stores_notice_nothing_of_a_mariadb_that_is_down(world):
    outcomes = Outcomes(world)
    outcomes.do_a_bit_of_everything()
    console = world.server.console
    expect_equal(console.do('show sink').figure('records written'), 0)
    world.database.start()
    expect_rows(world)
    world.database.process.kill()
    outcomes.do_a_bit_of_everything()
    world.database.start()
    outcomes.expect_again()
    expect_rows(world)
    world.server.kill()
    restart(world)
    outcomes.do_a_bit_of_everything()
    expect_rows(world)
    world.database.stop()
    outcomes.do_a_bit_of_everything()
    expect_equal(world.server.stop(), 0)
    world.database.start()
    restart(world)
    outcomes.expect_again()
    expect_rows(world)


CASES = [
    a_killed_server_knows_every_outcome,
    a_stopped_server_knows_every_outcome,
    a_till_loses_nothing_when_the_server_is_killed,
    sigterm_is_announced_and_everything_read_is_answered,
    the_console_can_stop_the_server,
    a_second_server_on_the_same_data_is_refused,
    sighup_reads_certificates_and_limits_again,
    a_bad_configuration_is_not_taken_up,
    a_busy_server_books_everything_in_the_end,
]


def main():
    tap = Tap()
    for case in CASES:
        run_case(tap, case, World)
    run_case(tap, the_clock_of_the_system_is_told_and_kept, lambda: World(is_stepped=False))
    case = stores_notice_nothing_of_a_mariadb_that_is_down
    if Database.missing():
        tap.skip(title(case), Database.missing())
        return tap.end()
    database = Database()
    try:
        database.start()
        database.stop()
        run_case(tap, case, lambda: World(database=database))
    finally:
        database.close()
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
