"""test_queue.py - a till with a queue against a gateway that goes and comes: nothing lost or twice.

Prints TAP.  `test_queue.py full` kills more often.
"""
import fcntl
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time

SOURCE = os.environ.get('top_srcdir') or os.path.join(os.path.dirname(__file__), '..', '..')
BUILD = os.environ.get('top_builddir') or SOURCE
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'system'))

# pylint: disable=wrong-import-position
from server import HOST, INSTANCE, SECONDS_MAX, die_with_parent
from world import World, expect, expect_equal, run

REQUESTS, KILLS = (2000, 40) if 'full' in sys.argv[1:] else (200, 6)
TERMINAL = 201
DONE, DECLINED, LATER, UNREACHED, STORED = 0, 1, 4, 6, 7


class Till:
    """tally with a queue, as terminal 201."""

    def __init__(self, world, name):
        self.world = world
        self.queue = world.server.folder.file(name)
        self.hosts = None		# instead of the gateway's
        self._gone = socket.socket()	# bound, so that nobody else will listen there
        self._gone.bind((HOST, 0))
        self.said = ''

    def start(self, *words, timeout=30):
        server = self.world.server
        where = self.hosts or '%s:%d' % (HOST, server.plain_port)
        return subprocess.Popen(
            [os.path.join(BUILD, 'contrib', 'tally', 'tally'), '--host', where, '--plain',
             '--terminal', str(TERMINAL), '--master-key', server.folder.file('master'),
             '--instance', INSTANCE, '--config', '/dev/null', '--queue', self.queue,
             '--timeout', str(timeout), '--quiet', *words], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=die_with_parent)

    def run(self, *words, ends=DONE, timeout=30):
        """Run to the end, which must be that one; what it printed."""
        process = self.start(*words, timeout=timeout)
        said, complaints = process.communicate(timeout=SECONDS_MAX)
        self.said = said.decode('utf-8')
        if process.returncode != ends:
            raise AssertionError('%r ended with %d, not %d:\n%s%s' % (
                words, process.returncode, ends, self.said, complaints.decode('utf-8')))
        return self.said

    def earn(self, member, amount, *more, ends=STORED):
        return json.loads(self.run('earn', 'member:%d' % member, str(amount), '--json', *more,
                                   ends=ends))

    def dead_host(self):
        """Where nobody listens."""
        return '%s:%d' % self._gone.getsockname()

    def counts(self):
        """How many wait, and how many are aside."""
        last = self.run('queue').splitlines()[-1].split()
        return int(last[0]), int(last[-2])


def restart(world):
    world.hang_up()
    world.server.start()


def take_down(world):
    world.hang_up()
    world.server.kill()


def a_sale_is_answered_at_once_when_the_gateway_is_there(world):
    till, member = Till(world, 'at-once'), world.member()
    answer = till.earn(member, 1000, ends=DONE)
    expect_equal((answer['status'], answer['points'], answer.get('replay')), ('OK', 10, None))
    again = till.earn(member, 1000, '--id', answer['transaction'], ends=DONE)
    expect_equal(again['replay'], True)
    expect_equal(till.counts(), (0, 0))
    expect_equal(world.available(member), 10)


def sales_without_a_gateway_arrive_when_it_is_back(world):
    till, member = Till(world, 'outage'), world.member(50)
    take_down(world)
    answer = till.earn(member, 1000)
    expect_equal((answer['status'], answer['is_known']), ('STORED', False))
    till.earn(member, 2000)
    till.run('reverse', 'member:%d' % member, answer['transaction'], ends=STORED)
    till.run('burn', 'member:%d' % member, '10', ends=UNREACHED)
    expect_equal(till.counts(), (3, 0))
    till.run('queue', 'send', ends=UNREACHED, timeout=1)
    restart(world)
    lines = till.run('queue', 'send').splitlines()
    expect_equal([line.split()[1] for line in lines], ['EARN', 'EARN', 'REVERSE'])
    expect_equal(till.counts(), (0, 0))
    expect_equal(world.available(member), 70)
    entries = world.till(TERMINAL).call('INQUIRY', member=member, entries_wanted=9)['entries']
    expect_equal([entry['points'] for entry in entries], [-10, 20, 10])


def what_waits_goes_before_the_next_sale(world):
    till, member = Till(world, 'before'), world.member()
    take_down(world)
    for amount in (1000, 2000):
        till.earn(member, amount)
    restart(world)
    answer = till.earn(member, 3000, ends=DONE)
    expect_equal((answer['points'], answer['available']), (30, 60))
    expect_equal(till.counts(), (0, 0))


def a_burn_takes_the_queue_along(world):
    till, member = Till(world, 'along'), world.member()
    take_down(world)
    till.earn(member, 3000)
    restart(world)
    till.run('burn', 'member:%d' % member, '30')
    expect_equal((till.counts(), world.available(member)), ((0, 0), 0))


def what_is_refused_for_good_stands_aside_for_people(world):
    till, member = Till(world, 'aside'), world.member()
    today = time.strftime('%Y-%m-%d', time.gmtime())
    receipt = ('--receipt', 'R1', '--till', '1', '--till-day', today)
    till.earn(member, 1000, *receipt, ends=DONE)
    take_down(world)
    till.earn(member, 5000, *receipt)
    till.earn(member, 2000)
    restart(world)
    till.run('queue', 'send')
    expect_equal((till.counts(), world.available(member)), ((0, 1), 30))
    row = till.run('queue').splitlines()[0].split()
    expect_equal(row[-2:], ['aside', 'RECEIPT_USED'])
    till.run('queue', 'retry', row[0])
    expect_equal(till.counts(), (1, 0))
    till.run('queue', 'send')
    till.run('queue', 'drop', row[0])
    expect_equal(till.counts(), (0, 0))


def an_unknown_card_waits_and_the_others_pass(world):
    till, member, card = Till(world, 'unknown'), world.member(), world.card()
    till.run('earn', card, '1000', ends=STORED)
    till.earn(member, 2000, ends=DONE)
    expect_equal((till.counts(), world.available(member)), ((1, 0), 20))
    enroll = world.request('ENROLL', identifier_type=1, identifier=card)
    found = expect(enroll.send(world.till()))['member']
    till.run('queue', 'send')
    expect_equal((till.counts(), world.available(found)), ((0, 0), 10))


def the_operator_sees_how_deep_the_queue_is(world):
    till = Till(world, 'depth')
    till.run('earn', world.card(), '1000', ends=STORED)
    till.run('ping')
    expect_equal(terminals(world, 'queue=1'), [TERMINAL])
    fresh = Till(world, 'empty')
    fresh.run('ping')
    expect_equal(terminals(world, 'queue=1'), [])
    expect_equal(terminals(world, 'queue=0'), [TERMINAL])


def terminals(world, wish):
    """Those that the console shows, with so many requests waiting or more."""
    cells = [line.split() for line in world.server.console.do('show terminals ' + wish)]
    return [int(row[0]) for row in cells if row and row[0].isdigit() and len(row) > 3]


def a_queue_in_use_is_waited_for_by_those_that_need_it(world):
    till, member = Till(world, 'in-use'), world.member()
    till.run('queue')
    with open(till.queue, 'rb') as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        till.run('inquiry', 'member:%d' % member)
        till.run('earn', 'member:%d' % member, '1000', ends=LATER, timeout=1)
        waiting = till.start('earn', 'member:%d' % member, '2000')
        time.sleep(0.2)
        expect_equal(waiting.poll(), None)
    waiting.communicate(timeout=SECONDS_MAX)
    expect_equal((waiting.returncode, world.available(member)), (DONE, 20))


def a_dead_gateway_in_the_list_is_passed_over(world):
    till, member = Till(world, 'hosts'), world.member()
    till.hosts = '%s,%s:%d' % (till.dead_host(), HOST, world.server.plain_port)
    expect_equal(till.earn(member, 1000, ends=DONE)['points'], 10)


def fill(till, member, count):
    """Store so many earns of a point, quickly: nobody listens where they would go."""
    till.hosts = till.dead_host()
    for _ in range(count):
        till.earn(member, 100)
    till.hosts = None
    expect_equal(till.counts(), (count, 0))


def a_till_that_is_killed_while_it_sends_loses_and_doubles_nothing(world):
    till, member = Till(world, 'killed'), world.member()
    fill(till, member, REQUESTS)
    for _ in range(KILLS):
        process = till.start('queue', 'send')
        time.sleep(random.uniform(0.005, 0.08))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    till.run('queue', 'send')
    expect_equal((till.counts(), world.available(member)), ((0, 0), REQUESTS))


def a_gateway_that_is_killed_while_it_is_sent_to_loses_and_doubles_nothing(world):
    till, member = Till(world, 'gateway'), world.member()
    fill(till, member, REQUESTS)
    for _ in range(KILLS):
        process = till.start('queue', 'send', timeout=1)
        time.sleep(random.uniform(0.02, 0.1))
        take_down(world)
        process.communicate(timeout=SECONDS_MAX)
        restart(world)
    till.run('queue', 'send', timeout=60)
    expect_equal((till.counts(), world.available(member)), ((0, 0), REQUESTS))


CASES = [
    a_sale_is_answered_at_once_when_the_gateway_is_there,
    sales_without_a_gateway_arrive_when_it_is_back,
    what_waits_goes_before_the_next_sale,
    a_burn_takes_the_queue_along,
    what_is_refused_for_good_stands_aside_for_people,
    an_unknown_card_waits_and_the_others_pass,
    the_operator_sees_how_deep_the_queue_is,
    a_queue_in_use_is_waited_for_by_those_that_need_it,
    a_dead_gateway_in_the_list_is_passed_over,
    a_till_that_is_killed_while_it_sends_loses_and_doubles_nothing,
    a_gateway_that_is_killed_while_it_is_sent_to_loses_and_doubles_nothing,
]

if __name__ == '__main__':
    sys.exit(run(CASES, lambda: World(is_stepped=False)))
