#!/usr/bin/env python3
"""saturated.py - operators are answered while terminals are told BUSY.

The ledger's queue is small, and tally-load keeps far more requests in flight than it holds, so it
is full throughout; that it was is read off the gateway's own counts of BUSY.
"""
import csv
import os
import signal
import subprocess
import sys
import time

from desk import Desk
from scrape import scrape
from server import BUILD, HOST, SECONDS_MAX, await_true
from world import Tap, expect_equal, run_together

LOAD_SECONDS = 600		# at most; it is ended when enough was seen
ROUNDS = 10
ANSWER_SECONDS_MAX = 10.0
TERMINALS = range(1101, 1141)
# What needs nobody, and what asks the ledger itself, which the queue keeps a place for.
LINES = ('show stats', 'show sessions', 'show limits', 'show threads', 'show accounts',
         'partner show 1', 'member {member}', 'adjust {member} +1 patience')


def busy_count(server):
    return sum(value for (name, *labels), value in scrape(server).items()
               if name == 'tallygate_answers_total' and labels[-1:] == ['BUSY'])


def start_load(desk):
    """tally-load with far more in flight than the queue holds."""
    server = desk.server
    server.console.do(*('terminal add %d partner=1 store=11 rights=all' % number
                        for number in TERMINALS))
    with open(server.folder.file('terminals.csv'), 'w', newline='', encoding='ascii') as file:
        csv.writer(file).writerows([['number', 'partner', 'store', 'rights']] +
                                   [[number, 1, 11, 'all'] for number in TERMINALS])
    return subprocess.Popen(
        [os.path.join(BUILD, 'contrib/load/tally-load'), '--plain', '--host', HOST, '--port',
         str(server.plain_port), '--terminals', server.folder.file('terminals.csv'),
         '--master-key', server.folder.file('master'), '--quiet', '--json',
         '--connections', str(len(TERMINALS)), '--members', '200', '--depth', '32', '--seconds',
         str(LOAD_SECONDS)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL)


def ask_all(callers, member):
    """Say every line in every session; how long each took."""
    times = {}
    for line in LINES:
        for caller in callers:
            began = time.monotonic()
            end = caller.ask(line.replace('{member}', str(member)))
            times[line] = max(times.get(line, 0), time.monotonic() - began)
            assert end.startswith('ok'), (line, end)
    return times


def operators_are_answered_while_terminals_are_told_busy(desk):
    server = desk.server
    member, slowest, full = desk.member(), {}, []
    callers = [desk.caller('operator'), desk.caller('admin')]
    load = start_load(desk)
    try:
        await_true(lambda: busy_count(server) > 0, 'a full queue')
        while len(full) < ROUNDS and load.poll() is None:
            before = busy_count(server)
            times = ask_all(callers, member)
            told = busy_count(server) - before
            if told > 0:		# members are enrolled with less in flight
                full.append(told)
                slowest = {line: max(slowest.get(line, 0), times[line]) for line in LINES}
    finally:
        load.send_signal(signal.SIGTERM)
        output = load.communicate(timeout=SECONDS_MAX)[0]
    expect_equal((load.returncode, output if load.returncode else b''), (0, b''))
    print('# in %d rounds %d requests were told BUSY' % (len(full), sum(full)))
    for line, took in slowest.items():
        print('# %s: at most %.0f ms' % (line, took * 1000))
    expect_equal(len(full), ROUNDS)
    assert max(slowest.values()) < ANSWER_SECONDS_MAX, slowest
    for caller in callers:
        caller.close()


def main():
    tap = Tap()
    run_together(tap, [operators_are_answered_while_terminals_are_told_busy], lambda: Desk(
        is_stepped=False, settings={'queue': {'requests': 64, 'reserved': 8}}))
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
