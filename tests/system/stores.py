#!/usr/bin/env python3
"""stores.py - many stores in one file: imported, imported again, exported, while tills go on.

Takes the number of stores, by default few; `stores.py 850000` is the size of a large coalition.
"""
import os
import sys
import threading
import time

from server import Console, await_true
from tallygate import new_id
from world import Tap, World, expect, expect_equal, run_case

COUNT = 20000
PARTNERS = 500
FIRST = 100000
CONSOLE_SECONDS_MAX = 10.0


class Chain(World):
    """A world with room for all stores, and many partners."""

    def __init__(self, count):
        super().__init__(settings={'ledger': {'stores_max': count + 100,
                                              'partners_max': PARTNERS + 100},
                                   'journal': {'segment_bytes': 64 << 20,
                                               'batch_bytes': 2 << 20}})
        self.count = count
        self.path = self.server.folder.file('stores.csv')

    def write(self, changes=None):
        """A file of all stores; changes: other lines, by number of the row from 0."""
        with open(self.path, 'w', encoding='utf-8') as file:
            file.write('number,partner,name,blocked\n')
            for row in range(self.count):
                file.write((changes or {}).get(row) or '%d,%d,Store %d of the chain,no\n' % (
                    FIRST + row, 1 + row % 3, row))


class Watch(threading.Thread):
    """Does something again and again; how long each took."""

    def __init__(self, act):
        super().__init__(daemon=True)
        self.act = act
        self.seconds = []
        self.failure = None
        self._is_over = threading.Event()

    def run(self):
        try:
            while not self._is_over.wait(0.005):
                began = time.monotonic()
                self.act()
                self.seconds.append(time.monotonic() - began)
        except Exception as error:	# pylint: disable=broad-except
            self.failure = error

    def stop(self):
        """p99 and the longest, ms."""
        self._is_over.set()
        self.join(60)
        if self.failure is not None:
            raise self.failure
        ordered = sorted(self.seconds)
        return (ordered[int(len(ordered) * 0.99)] * 1000, ordered[-1] * 1000)


def resident_bytes(world, figure='resident'):
    return world.server.console.do('show memory').figure(figure)


def many_stores_come_in_and_go_out(world):
    member = world.member()
    till = world.server.open(201)
    business_time = world.now()
    beside = Console(world.server.folder.file('data', 'console.sock'))
    world.write()
    tills = Watch(lambda: expect(till.call(
        'EARN', transaction_id=new_id(), business_time=business_time, member=member, amount=100)))
    operators = Watch(lambda: beside.do('store change 11 name=Eleven'))
    before = resident_bytes(world)
    tills.start()
    operators.start()
    began = time.monotonic()
    reply = world.server.console.do('import stores ' + world.path)
    took = time.monotonic() - began
    till_ms, console_ms = tills.stop(), operators.stop()
    expect_equal(reply.end, 'ok added=%d changed=0 same=0' % world.count)
    print('# import of %d stores: %.1f s; a till beside it: p99 %.1f ms, at most %.1f ms; a change '
          'at the console: p99 %.1f ms, at most %.1f ms; memory +%d MB, at most +%d MB' % (
              world.count, took, *till_ms, *console_ms,
              *((resident_bytes(world, figure) - before) / 1000000
                for figure in ('resident', 'resident at most'))))
    assert console_ms[1] < CONSOLE_SECONDS_MAX * 1000, console_ms
    # A line a second tells how far it is.
    assert took < 3 or any(' of %d' % world.count in line for line in reply), reply
    last = world.server.console.do('show journal').figure('durable sequence')
    began = time.monotonic()
    reply = world.server.console.do('import stores ' + world.path)
    print('# the same again: %.1f s' % (time.monotonic() - began))
    expect_equal(reply.end, 'ok added=0 changed=0 same=%d' % world.count)
    expect_equal(world.server.console.do('show journal').figure('durable sequence'), last)
    out = world.server.folder.file('out.csv')
    began = time.monotonic()
    reply = world.server.console.do('export stores ' + out)
    print('# export: %.1f s' % (time.monotonic() - began))
    expect_equal(int(reply.facts['rows']), world.count + 4)
    with open(out, encoding='utf-8') as file:
        rows = file.read().splitlines()
    assert '%d,1,Store 0 of the chain,no' % FIRST in rows, rows[:9]
    reply = world.server.console.do('import stores ' + out)
    expect_equal(reply.end, 'ok added=0 changed=0 same=%d' % (world.count + 4))


def a_bad_line_is_named_and_nothing_is_set(world):
    bad = world.count // 2
    world.write({bad: '%d,99,No such partner,no\n' % (FIRST + bad), bad + 7: 'x,1,No number,no\n'})
    last = world.server.console.do('show journal').figure('durable sequence')
    reply = world.server.console.ask('import stores ' + world.path)
    expect_equal(reply.end, 'error nothing imported, errors: 1')
    assert any(line.startswith('line %d, column number' % (bad + 9)) for line in reply), reply
    world.write({bad: '%d,99,No such partner,no\n' % (FIRST + bad)})
    reply = world.server.console.ask('import stores ' + world.path)
    assert 'line %d: partner not known' % (bad + 2) in reply, reply
    expect_equal(world.server.console.do('show journal').figure('durable sequence'), last)
    expect_equal(world.server.console.ask('store show %d' % FIRST).is_ok, False)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    tap = Tap()
    for case in (many_stores_come_in_and_go_out, a_bad_line_is_named_and_nothing_is_set):
        run_case(tap, case, lambda: Chain(count))
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
