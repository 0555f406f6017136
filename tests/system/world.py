"""world.py - what the system tests have in common: a coalition on a private server, and its tills.

Partner 1 has stores 11 and 12, partner 2 store 21, partner 3 store 31; each gives a point for 100
units of money, partner 3 two more as a bonus that is good for a day and there only.  Tills of
partner 1 speak TLS and have a certificate, the others have a key, without TLS.
"""
import itertools
import os
import signal
import sys
import traceback

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))

# pylint: disable-next=wrong-import-position
from server import DAY_MS, Database, Failed, Server, await_true
from tallygate import PAGE, new_id			# pylint: disable=wrong-import-position
from tap import Tap				# pylint: disable=wrong-import-position

RIGHTS = 'enroll+inquiry+earn+burn+refund+reverse+exchange+value'
COALITION = [
    'partner add 1 name=One',
    'rule add 1 base=1/100',
    'store add 11 partner=1',
    'store add 12 partner=1',
    'terminal add 101 partner=1 store=11 rights=' + RIGHTS,
    'terminal add 102 partner=1 store=12',
    'terminal add 103 partner=1 store=11 rights=inquiry',
    'terminal add 150 partner=1 rights=all',
    'partner add 2 name=Two',
    'rule add 2 base=1/100',
    'store add 21 partner=2',
    'terminal add 201 partner=2 store=21 rights=' + RIGHTS,
    'terminal add 250 partner=2 rights=all',
    'partner add 3 name=Three return_loses_expired=yes bonus_member_day_points=36',
    'rule add 3 base=1/100 bonus=1/50 bonus_days=1 bonus_usable_at=partner:3',
    'store add 31 partner=3',
    'terminal add 301 partner=3 store=31',
]


class Request:
    """A transaction that can be sent any number of times; fields are those of its first sending."""

    def __init__(self, operation, fields):
        self.operation = operation
        self.fields = fields
        self.id = fields['transaction_id']
        self.time = fields['business_time']

    def send(self, connection, **changes):
        return connection.call(self.operation, **{**self.fields, **changes})

    def named(self):
        """How another request names this one, and the member."""
        return {'original': self.id, 'original_time': self.time,
                'member': self.fields.get('member')}


WINDOW_MS = 3 * DAY_MS


def numbers(*names):
    """Status or operation numbers."""
    return [(PAGE.status_named.get(name) or PAGE.operation_named[name]).number for name in names]


def expect(answer, status='OK', **figures):
    """The answer has that status and those fields; None: it has no such field."""
    wrong = ['%s is %r, not %r' % (name, answer.get(name), figure)
             for name, figure in figures.items() if answer.get(name) != figure]
    if answer.status != status:
        wrong.append('%s, not %s' % (answer.status, status))
    if wrong:
        raise AssertionError('%s\nin %r' % ('\n'.join(wrong), answer))
    return answer


def expect_equal(found, wanted):
    if found != wanted:
        raise AssertionError('%r\nis not\n%r' % (found, wanted))


def expect_within(limit, measure, tries=5):
    """measure() takes less than limit, in seconds, at least once; the least.

    A machine that is busy with other things adds to any of them.
    """
    found = []
    while len(found) < tries and (not found or min(found) >= limit):
        found.append(measure())
    if min(found) >= limit:
        raise AssertionError('%r s, and not once less than %r' % (found, limit))
    return min(found)


class World:
    """The server, its coalition, and open sessions."""

    def __init__(self, **options):
        """options: those of Server."""
        self.server = Server(**options)
        self.database = options.get('database')
        self._sessions = {}
        self._cards = itertools.count(490000000001)
        try:
            self.server.start()
            self.server.console.do(*COALITION)
            self._settle()
        except BaseException:
            self.server.close()
            raise

    def _settle(self):
        """What falls due by itself is done, so that records come by what a case does alone."""
        clock = self.server.settings['clock']
        if clock:
            self.server.console.do('clock step %d' % clock['start_utc_ms'])

    def till(self, number=101):
        """A session of a terminal, opened when first asked for."""
        if number not in self._sessions:
            self._sessions[number] = self.server.open(number, is_tls=number < 200)
        return self._sessions[number]

    def hang_up(self):
        """Close all sessions."""
        for session in self._sessions.values():
            session.close()
        self._sessions = {}

    def now(self):
        return self.till().call('PING')['server_time']

    def today(self):
        return self.now() // DAY_MS

    def step(self, milliseconds):
        """Move the clock; returns the time it has then."""
        now = self.now() + milliseconds
        self.server.console.do('clock step %d' % now)
        return now

    def card(self):
        return str(next(self._cards))

    def request(self, operation, **fields):
        return Request(operation, {'transaction_id': new_id(), 'business_time': self.now(),
                                   **fields})

    def member(self, points=0):
        """A new member with points of partner 1; its reference."""
        enroll = self.request('ENROLL', identifier_type=1, identifier=self.card())
        member = expect(enroll.send(self.till()))['member']
        if points:
            self.earn(member, points)
        return member

    def earn(self, member, points):
        """Earn at till 101; the request."""
        earn = self.request('EARN', member=member, amount=points * 100)
        expect(earn.send(self.till()), points=points)
        return earn

    def available(self, member, till=101):
        return expect(self.till(till).call('INQUIRY', member=member))['available']

    def close(self):
        self.hang_up()
        self.server.close()


def durable(world):
    """The last record that is on disk."""
    return world.server.console.do('show journal').figure('durable sequence')


def await_sink(world):
    """Until MariaDB has all that is on disk now; the last record of it."""
    last = durable(world)
    await_true(lambda: world.server.console.do('show sink').figure('next sequence', 0) > last,
               'MariaDB has record %d' % last)
    return last


def expect_rows(world, tills=None):
    """MariaDB has every record, each once, and says what terminals are told.

    tills: by member those that may ask for it, where it is not 101.
    """
    database, last, rows = world.database, None, None
    # What falls due by itself is booked in between, at any time.
    while durable(world) != last:
        last = await_sink(world)
        rows = database.query('SELECT COUNT(*), MIN(sequence), MAX(sequence) FROM entry')
    expect_equal(rows, [[str(last), '1', str(last)]])
    findings = {name: count for name, count in database.query('SELECT * FROM check_all')
                if count != '0'}
    expect_equal(findings, {})
    for member, available in database.query('SELECT member, available_points FROM member'):
        expect_equal(world.available(int(member), (tills or {}).get(int(member), 101)),
                     int(available))


def complaints_of(case, world):
    """Run case(world)."""
    try:
        case(world)
    except Exception:		# pylint: disable=broad-except
        return [traceback.format_exc()]
    return []


def title(case):
    """The name of a case's function is what it claims."""
    return case.__name__.replace('_', ' ')


def run_case(tap, case, make_world):
    """One case with a world of its own."""
    world = None
    try:
        world = make_world()
        complaints = complaints_of(case, world)
        if complaints:
            complaints += world.server.process.log().splitlines()[-40:]
        tap.result(title(case), complaints)
    except Failed as error:
        tap.result(title(case), [error])
    finally:
        if world is not None:
            world.close()


def run_together(tap, cases, make_world=World):
    """All cases, with one world."""
    world = None
    try:
        world = make_world()
        for case in cases:
            complaints = complaints_of(case, world)
            if complaints:
                world.hang_up()
            tap.result(title(case), complaints)
        if not tap.is_ok:
            print('# the end of the log:\n# ' + '\n# '.join(
                world.server.process.log().splitlines()[-40:]))
    except Failed as error:
        tap.result('the server starts', [error])
    finally:
        if world is not None:
            world.close()


def run(cases, make_world=World):
    """The same; the exit status."""
    tap = Tap()
    run_together(tap, cases, make_world)
    return tap.end()


def run_with_database(cases, settings=None):
    """
    Each case with a server of its own, and empty tables on one MariaDB; the exit status.  settings:
    of the server, or a function that gives them for a case.  Words of the command line are the
    names of the cases that are wanted.
    """
    tap = Tap()
    wanted = [word for word in sys.argv[1:] if word != 'full']
    cases = [case for case in cases if not wanted or case.__name__ in wanted]
    if Database.missing():
        for case in cases:
            tap.skip(title(case), Database.missing())
        return tap.end()
    database = Database()
    try:
        database.start()
        for case in cases:
            database.query('DROP DATABASE IF EXISTS tallygate; CREATE DATABASE tallygate'
                           ' CHARACTER SET utf8mb4', 'mysql')
            own = settings(case) if callable(settings) else settings
            run_case(tap, case, lambda own=own: World(database=database, settings=own))
            # What a case did to MariaDB is no concern of the next one.
            if database.process.has_ended():
                database.start()
            database.process.signal(signal.SIGCONT)
    finally:
        database.close()
    return tap.end()
