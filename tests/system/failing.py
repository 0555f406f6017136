#!/usr/bin/env python3
"""failing.py - the k-th call of a kind fails in a running gateway, once and from then on.

  failing.py [full] [KIND ...]

The gateway is the real one; a shim (failing_calls.c) lets its calls fail.  A script of requests is
said over and over, each time with a later call failing, until a round gets through without; full
tries each of the first fifty, then further and further ones, others with each FAILING_SEED, and
memory, too; the short form a few.  Whatever the gateway does then - it refuses, hangs up, ends - it
must not lie: when it is up again, each request is said once more, and what was acknowledged is
known with the same outcome, what was not is booked now or was before, nothing twice, and nothing
that the books do not account for.
"""
import mmap
import os
import random
import signal
import struct
import sys
import time

import server
from server import BUILD, Failed, Server
from tallygate import Distrust, PAGE, Unanswered, new_id
from world import COALITION, Tap, complaints_of, expect, expect_equal

# In the order of enum kind in failing_calls.c, with the errno of a call that fails.
KINDS = {'open': 24, 'read': 5, 'write': 5, 'short': 28, 'sync': 5, 'rename': 5, 'truncate': 28,
         'mmap': 12, 'malloc': 12, 'ssl': 5}
CONTROL = '<4I3Q'
CONTROL_BYTES = struct.calcsize(CONTROL)
TILL, TLS_TILL = 201, 101
CALLS_MAX = 200000
SECONDS = 20
# How a process may end that met an error that it cannot go on with.  A signal is never right, but
# for SIGABRT: an assertion of a library that was given no memory.
CRASHES = {-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL}
TROUBLES = (OSError, Unanswered, Distrust, Failed)


class Control:
    """What the shim looks at."""

    def __init__(self, path):
        with open(path, 'wb') as file:
            file.write(bytes(CONTROL_BYTES))
        with open(path, 'r+b') as file:
            self._map = mmap.mmap(file.fileno(), CONTROL_BYTES)

    def arm(self, kind, at, is_sticky):
        self.disarm()
        number = 1 + list(KINDS).index(kind)
        struct.pack_into(CONTROL, self._map, 0, 0, int(is_sticky), KINDS[kind], 0, at, 0, 0)
        struct.pack_into('<I', self._map, 0, number)

    def disarm(self):
        struct.pack_into('<I', self._map, 0, 0)

    def told(self):
        """Calls and failures since it was armed."""
        return struct.unpack_from(CONTROL, self._map)[5:]


class Script:
    """What a till does with one card, and what came of it."""

    def __init__(self, bench):
        self.bench = bench
        card = str(next(bench.cards))
        who = {'identifier_type': 1, 'identifier': card}
        self.requests = []
        self.answers = {}			# by index
        self._add('ENROLL', **who)
        earn = self._add('EARN', amount=50000, **who)
        burn = self._add('BURN', points=100, covered=100, amount=20000, **who)
        hold = self._add('HOLD', points=50, **who)
        self._add('CAPTURE', points=30, original=hold['transaction_id'],
                  original_time=hold['business_time'], **who)
        self._add('REFUND', amount=1000, original=earn['transaction_id'],
                  original_time=earn['business_time'],
                  original_burn=burn['transaction_id'], **who)
        self._add('BURN', points=10 ** 6, **who)
        self._add('EARN', amount=900, **who)

    def _add(self, operation, **fields):
        fields = {'transaction_id': new_id(), 'business_time': self.bench.now(), **fields}
        self.requests.append((operation, fields))
        return fields

    def say(self, till):
        """As far as it goes; whether to the end."""
        try:
            with self.bench.server.open(till, is_tls=till == TLS_TILL) as session:
                session.seconds = SECONDS
                for i, (operation, fields) in enumerate(self.requests):
                    answer = session.call(operation, **fields)
                    if not PAGE.status_named[answer.status].is_recorded:
                        return False	# to be said again, before what builds on it
                    self.answers[i] = answer
                return len(self.answers) == len(self.requests)
        except TROUBLES:
            return False

    def expect_kept(self, till, available):
        """Everything is said again.  available: what the member must have in the end."""
        said = []
        with self.bench.server.open(till, is_tls=till == TLS_TILL) as session:
            for i, (operation, fields) in enumerate(self.requests):
                answer = session.call(operation, repeat=True, **fields)
                said.append('%s: %r' % (operation, answer))
                if i in self.answers:
                    before = self.answers[i]
                    expect_equal((answer.status, dict(answer)),
                                 (before.status, dict(before, replay=True)))
                elif not PAGE.status_named[answer.status].is_recorded:
                    raise AssertionError('\n'.join(said + ['before: %r' % self.answers]))
            answer = expect(session.call('INQUIRY', **{
                name: self.requests[0][1][name] for name in ('identifier_type', 'identifier')}))
            if available is not None:
                expect_equal(answer['available'], available)
            return answer['available']


class Bench:
    """A gateway under the shim, and the scripts that were said to it."""

    def __init__(self, is_full):
        self.is_full = is_full
        self.kind = None			# of calls that fail now
        self.failures = self.rounds = self.ends = self.restarts = 0
        self.most = (0, None)		# failures in one round, and which that was
        self.random = random.Random(os.environ.get('FAILING_SEED', '1'))
        self.cards = iter(range(490000000001, 490009999999))
        self.server = Server(is_stepped=False, settings={'gateway': {'drain_ms': 1000}})
        self.control = Control(self.server.folder.file('control'))
        shim = os.path.join(BUILD, 'tests', 'system', '.libs', 'failing_calls.so')
        if not os.path.exists(shim):
            raise Failed('%s is not built' % shim)
        folder = self.server.folder.file('data')
        control = self.server.folder.file('control')
        self.server.prepare = lambda: os.environ.update(
            LD_PRELOAD=shim, FAILING_CONTROL=control, FAILING_FOLDER=folder)
        self.server.start()
        self.server.console.do(*COALITION)
        sound = Script(self)
        assert sound.say(TILL)
        self.available = sound.expect_kept(TILL, None)

    @staticmethod
    def now():
        return int(time.time() * 1000)

    def is_up(self):
        return not self.server.process.has_ended()

    def revive(self):
        """See that it runs and serves, whatever became of it."""
        if self.is_up():
            try:
                self.server.console.do('show journal')
                if self.kind == 'malloc' or self.server.fetch('/readyz')[0] == 200:
                    return
            except TROUBLES:
                pass
            self.server.stop()
        self.check_end(self.server.await_end())
        self.restarts += 1
        self.server.start()

    def count(self, failures, *what):
        self.rounds += 1
        self.failures += failures
        if failures > self.most[0]:
            self.most = (failures, what)

    def check_end(self, code):
        self.ends += 1
        if code in CRASHES:
            raise AssertionError('it was ended by signal %d' % -code)

    def other_things(self):
        """What else opens files or takes memory: operators, pages, a snapshot, a reload."""
        try:
            self.server.console.do('show journal', 'show partners', 'snapshot')
            # libevent 2.1 follows a NULL when it has no memory for a request of its evhttp.
            if self.kind != 'malloc':
                self.server.fetch('/metrics')
            self.server.process.signal(signal.SIGHUP)
        except TROUBLES:
            pass

    def steps(self):
        """Which calls are to fail, until told that one did not come to pass."""
        at = 1
        while at < CALLS_MAX:
            yield at
            at += 1 + (self.random.randrange(1 + at // 50) if self.is_full else
                       self.random.randrange(2) + at * 2)

    def close(self):
        self.server.close()


def round_of(bench, kind, at, is_sticky, till):
    """Whether the call was reached."""
    script = Script(bench)
    bench.control.arm(kind, at, is_sticky)
    is_done = script.say(till)
    if is_done:
        bench.other_things()
    failures = bench.control.told()[1]
    bench.control.disarm()
    bench.count(failures, kind, at, is_sticky)
    bench.revive()
    script.expect_kept(till, bench.available)
    return failures > 0


def each_call_at_work(bench, kind):
    till = TLS_TILL if kind == 'ssl' else TILL
    for is_sticky in (False, True):
        for at in bench.steps():
            if not round_of(bench, kind, at, is_sticky, till):
                break


def each_call_of_a_start(bench, kind):
    """It starts, or says why not and ends; nothing is lost by that."""
    script = Script(bench)
    assert script.say(TILL)
    for is_sticky in (False, True):
        for at in bench.steps():
            if bench.is_up():
                bench.check_end(bench.server.stop())
            bench.control.arm(kind, at, is_sticky)
            try:
                bench.server.start()
            except Failed:
                bench.check_end(bench.server.await_end())
            failures = bench.control.told()[1]
            bench.control.disarm()
            bench.count(failures, kind, at, is_sticky)
            if failures == 0:
                break
    if not bench.is_up():
        bench.server.start()
    bench.revive()
    script.expect_kept(TILL, bench.available)


def main():
    words = sys.argv[1:]
    tap = Tap()
    bench = None
    # Libraries do not always look whether they were given memory: that is for the long form.
    kinds = [word for word in words if word in KINDS] or [
        kind for kind in KINDS if kind != 'malloc' or 'full' in words]
    server.SECONDS_MAX = 60
    try:
        bench = Bench('full' in words)
        for bench.kind in kinds:
            kind = bench.kind
            for case in (each_call_at_work, each_call_of_a_start):
                if kind == 'ssl' and case is each_call_of_a_start:
                    continue
                complaints = complaints_of(lambda b, case=case, kind=kind: case(b, kind), bench)
                tap.result('%s fails: %s' % (kind, case.__name__.replace('_', ' ')), complaints)
                bench.control.disarm()
                if complaints:
                    print('# ' + '\n# '.join(bench.server.process.log().splitlines()[-40:]))
                    if not bench.is_up():		# judged already
                        bench.server.await_end()
                        bench.server.start()
        bench.check_end(bench.server.stop())
        tap.result('the journal is sound in the end', bench.server.verify_journal())
        print('# %d calls made to fail in %d rounds, %d ends, %d restarts; %d in the round %r' % (
            bench.failures, bench.rounds, bench.ends, bench.restarts, *bench.most))
    except Failed as error:
        tap.result('the gateway runs under the shim', [error])
    finally:
        if bench is not None:
            bench.close()
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
