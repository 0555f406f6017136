#!/usr/bin/env python3
"""soak.py - trade, churn, repetitions and restarts of everything, for as long as asked.

    tests/system/soak.py            10 s, as `make check` runs it
    tests/system/soak.py 2h         the same for two hours

Tills trade over TLS and without; a fifth of what they send they send again.  Others only come and
go.  Meanwhile the gateway is stopped or killed, and MariaDB stopped, again and again.  In each life
of the gateway memory may grow by what records need and no more, files and threads not at all; in
the end each till has what it was told, and MariaDB every record once.
"""
import os
import random
import re
import sys
import time

from server import HOST, Database, Failed, await_true, die_with_parent
from tallygate import Connection, Distrust, Unanswered, new_id, terminal_key
import server as server_module
from world import Tap, World, complaints_of, expect, expect_equal, expect_rows

SECONDS = 10
UNITS = {'s': 1, 'm': 60, 'h': 3600}
TRADERS = 3
CHURNERS = 2
LIVES = 4			# of the gateway, in a short run
LIFE_SECONDS = 120		# in a long one
SAMPLE_SECONDS = 0.5
# What a transaction may keep in memory, and what may come for other reasons.
RECORD_BYTES = 600
ROOM_BYTES = 24 << 20
FILES_MORE = 6
WARM_SHARE = 3			# of a life, the first part is not compared


def seconds_in(text):
    number, unit = re.fullmatch(r'(\d+)([smh]?)', text).groups()
    return int(number) * UNITS[unit or 's']


class Place:
    """Where the gateway is now, told from process to process by a file."""

    def __init__(self, world):
        self._path = world.server.folder.file('place')
        self._end_path = world.server.folder.file('end')

    def tell(self, server):
        with open(self._path + '.new', 'w', encoding='ascii') as file:
            file.write('%d %d' % (server.plain_port, server.tls_port))
        os.replace(self._path + '.new', self._path)

    def ports(self):
        with open(self._path, encoding='ascii') as file:
            return [int(word) for word in file.read().split()]

    def end(self):
        with open(self._end_path, 'w', encoding='ascii'):
            pass

    def is_over(self):
        return os.path.exists(self._end_path)


class Worker:
    """A process that trades, or comes and goes, until it is told to end."""

    def __init__(self, place, number, authority, work):
        self.place, self.number, self.authority = place, number, authority
        self.draw = random.Random(number)
        self._session = None
        self.figures = {'sent': 0, 'again': 0, 'opened': 0}
        out, into = os.pipe()
        self.out = os.fdopen(out, 'r')
        self.pid = os.fork()
        if self.pid == 0:
            die_with_parent()
            code = 1
            try:
                work(self)
                os.write(into, ' '.join('%s=%d' % item for item in
                                        self.figures.items()).encode())
                code = 0
            except Exception as error:		# pylint: disable=broad-except
                os.write(into, repr(error).encode())
            os._exit(code)
        os.close(into)

    def session(self):
        """An open session, whatever it takes."""
        while self._session is None:
            try:
                plain_port, tls_port = self.place.ports()
                is_tls = self.draw.random() < 0.5
                context = self.authority.context(self.number) if is_tls else None
                session = Connection(HOST, tls_port if is_tls else plain_port, context, seconds=20)
                session.hello()
                if is_tls:
                    answer = session.auth_by_certificate(self.number)
                else:
                    answer = session.auth_by_key(self.number, 1, terminal_key(
                        server_module.MASTER_KEY, server_module.INSTANCE, self.number, 1))
                if answer.status == 'OK':
                    self._session = session
                    self.figures['opened'] += 1
                else:
                    session.close()
            except (OSError, Unanswered, Distrust, KeyError, TypeError):
                time.sleep(0.05)
        return self._session

    def hang_up(self):
        if self._session is not None:
            self._session.close()
            self._session = None

    def transact(self, operation, **fields):
        """The answer, however often it must be asked for."""
        fields = {'transaction_id': new_id(), 'business_time': int(time.time() * 1000), **fields}
        while True:
            try:
                answer = self.session().call(operation, **fields)
            except (OSError, Unanswered, Distrust):
                self.hang_up()
                continue
            if answer.status not in ('BUSY', 'SHUTTING_DOWN'):
                break
            time.sleep(0.02)
        self.figures['sent'] += 1
        if self.draw.random() < 0.2:
            try:
                again = self.session().call(operation, **fields)
                if again.status not in ('BUSY', 'SHUTTING_DOWN'):
                    expect_equal((again.status, again.get('sequence')),
                                 (answer.status, answer.get('sequence')))
                    self.figures['again'] += 1
            except (OSError, Unanswered, Distrust):
                self.hang_up()
        return answer


def trade(worker):
    """Members of its own, so that it knows what each must have."""
    points = {}
    while not worker.place.is_over():
        if len(points) < 50 or worker.draw.random() < 0.02:
            enroll = expect(worker.transact('ENROLL', identifier_type=1, identifier='%d%012d' % (
                worker.number, len(points))))
            points[enroll['member']] = 0
        member = worker.draw.choice(list(points))
        if points[member] > 10 and worker.draw.random() < 0.3:
            expect(worker.transact('BURN', member=member, points=7))
            points[member] -= 7
        else:
            expect(worker.transact('EARN', member=member, amount=500))
            points[member] += 5
        if worker.draw.random() < 0.01:
            worker.hang_up()
    for member, wanted in points.items():
        while True:
            try:
                answer = worker.session().call('INQUIRY', member=member)
                break
            except (OSError, Unanswered, Distrust):
                worker.hang_up()
        expect(answer, available=wanted)


def come_and_go(worker):
    while not worker.place.is_over():
        worker.session()
        if worker.draw.random() < 0.5:
            try:
                worker.session().call('PING')
            except (OSError, Unanswered):
                pass
        worker.hang_up()


def sample(server):
    """Memory, files and threads of the gateway, and its records so far.

    AddressSanitizer keeps what is freed, to find its use: memory says nothing then, and is 0.
    """
    pid = server.process.pid
    with open('/proc/%d/maps' % pid, encoding='utf-8') as file:
        keeps_all = 'libasan' in file.read()
    with open('/proc/%d/status' % pid, encoding='ascii') as file:
        status = dict(line.split(':', 1) for line in file)
    return {'bytes': 0 if keeps_all else int(status['VmRSS'].split()[0]) * 1024,
            'threads': int(status['Threads']),
            'files': len(os.listdir('/proc/%d/fd' % pid)),
            'records': server.console.do('show journal').figure('durable sequence')}


class Life:
    """What the gateway took in one life."""

    def __init__(self):
        self.samples = []

    def complaints(self):
        if len(self.samples) < 2 * WARM_SHARE:
            return []
        first = self.samples[len(self.samples) // WARM_SHARE]
        last = self.samples[-1]
        room = ROOM_BYTES + RECORD_BYTES * (last['records'] - first['records'])
        wrong = []
        if last['bytes'] - first['bytes'] > room:
            wrong.append('memory grew by %d KiB with %d records' % (
                (last['bytes'] - first['bytes']) >> 10, last['records'] - first['records']))
        if last['threads'] != first['threads']:
            wrong.append('%d threads, then %d' % (first['threads'], last['threads']))
        if last['files'] > first['files'] + FILES_MORE + TRADERS + CHURNERS:
            wrong.append('%d files, then %d' % (first['files'], last['files']))
        return wrong


def live(world, place, life_seconds, number):
    """One life; MariaDB is away for a part of each second one."""
    life = Life()
    until = time.monotonic() + life_seconds
    is_away = False
    while time.monotonic() < until:
        left = until - time.monotonic()
        if number % 2 and not is_away and left < life_seconds * 2 / 3:
            world.database.stop()
            is_away = True
        if is_away is True and left < life_seconds / 3:
            world.database.start()
            is_away = None
        life.samples.append(sample(world.server))
        time.sleep(SAMPLE_SECONDS)
    if is_away:
        world.database.start()
    return life


def start_again(world, place, number):
    if number % 2:
        world.server.kill()
    else:
        expect_equal(world.server.stop(), 0)
    world.server.start()
    place.tell(world.server)


def soak(world, seconds, told):
    """told: figures for people."""
    place = Place(world)
    place.tell(world.server)
    for number in range(1000, 1000 + TRADERS + CHURNERS):
        world.server.console.do('terminal add %d partner=1 store=11' % number)
        world.server.authority.issue_terminal(number)
    workers = [Worker(place, 1000 + i, world.server.authority,
                      trade if i < TRADERS else come_and_go) for i in range(TRADERS + CHURNERS)]
    life_seconds = min(LIFE_SECONDS, seconds / LIVES)
    until = time.monotonic() + seconds
    wrong, lives, peak = [], 0, 0
    while time.monotonic() < until:
        if lives:
            start_again(world, place, lives)
        life = live(world, place, life_seconds, lives)
        lives += 1
        wrong += ['life %d: %s' % (lives, text) for text in life.complaints()]
        peak = max([peak] + [one['bytes'] for one in life.samples])
        if lives % 10 == 0:
            print('# life %d: %s' % (lives, life.samples[-1]), flush=True)
    place.end()
    figures = {}
    for worker in workers:
        said = worker.out.read()
        if os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1]) != 0:
            wrong.append('worker %d: %s' % (worker.number, said))
        for name, count in re.findall(r'(\w+)=(\d+)', said):
            figures[name] = figures.get(name, 0) + int(count)
    told.append('%d lives, %s; %d MiB at most' % (lives, ', '.join(
        '%d %s' % (count, name) for name, count in sorted(figures.items())), peak >> 20))
    expect_equal(wrong, [])
    expect_rows(world)
    world.hang_up()
    expect_equal(world.server.stop(), 0)
    expect_equal(world.server.verify_journal(), [])


def main():
    tap = Tap()
    seconds = seconds_in(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    missing = Database.missing()
    if missing:
        tap.skip('it goes on and on', missing)
        return tap.end()
    database, told = Database(), []
    world = None
    try:
        database.start()
        world = World(is_stepped=False, database=database,
                      settings={'limits': {'auth_failures': 1000000}})
        complaints = complaints_of(lambda world: soak(world, seconds, told), world)
        for line in told:
            print('# ' + line)
        if complaints:
            complaints += world.server.process.log().splitlines()[-20:]
        tap.result('trade, churn and restarts leave books, memory, files and threads in order',
                   complaints)
    except Failed as error:
        tap.result('it starts', [error])
    finally:
        if world is not None:
            world.close()
        database.close()
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
