"""test_settle.py - tally-settle against a real gateway: each line is booked once, whatever happens.

Prints TAP.  `test_settle.py full` kills it at 50 lines instead of a few.
"""
import csv
import itertools
import os
import random
import signal
import subprocess
import sys

SOURCE = os.environ.get('top_srcdir') or os.path.join(os.path.dirname(__file__), '..', '..')
BUILD = os.environ.get('top_builddir') or SOURCE
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'system'))

# pylint: disable=wrong-import-position
from server import (HOST, INSTANCE, SECONDS_MAX, Failed, await_true, die_with_parent,
                    free_port)
from world import World, expect, expect_equal, run

KILLS, LINES = (50, 20000) if 'full' in sys.argv[1:] else (4, 6000)
TERMINALS = itertools.count(260)
DONE, REFUSED, USAGE, BAD_FILE, UNFINISHED, UNREACHED = 0, 1, 2, 3, 5, 6
TIME = '2026-03-02T09:%02d:%02dZ'


class Settle:
    """The program with its files in the server's folder, and a terminal of partner 2."""

    def __init__(self, world, name, terminal=None):
        self.world = world
        self.path = world.server.folder.file(name)
        self.output = ''
        self.terminal = terminal or next(TERMINALS)
        if terminal is None:
            world.server.console.do('terminal add %d partner=2 rights=all' % self.terminal)

    def write(self, octets):
        with open(self.path, 'wb') as file:
            file.write(octets if isinstance(octets, bytes) else octets.encode('utf-8'))
        return self

    def start(self, *words, timeout=60, stderr=subprocess.STDOUT):
        server = self.world.server
        key = server.folder.file('master')
        return subprocess.Popen(
            [os.path.join(BUILD, 'contrib', 'settle', 'tally-settle'), '--host', HOST, '--port',
             str(server.plain_port), '--plain', '--terminal', str(self.terminal),
             '--master-key', key, '--instance', INSTANCE, '--timeout', str(timeout),
             '--config', '/dev/null', *words],
            stdout=subprocess.PIPE, stderr=stderr, stdin=subprocess.DEVNULL,
            preexec_fn=die_with_parent)

    def run(self, *words, ends=DONE, timeout=60):
        """Run to the end, which must be that one; what it printed."""
        process = self.start(*words, timeout=timeout)
        self.output = process.communicate(timeout=SECONDS_MAX)[0].decode('utf-8')
        if process.returncode != ends:
            raise AssertionError('ended with %d, not %d:\n%s' %
                                 (process.returncode, ends, self.output))
        return self.output

    def upload(self, ends=DONE, more=(), timeout=60):
        return self.run('upload', self.path, *more, ends=ends, timeout=timeout)

    def rows(self, kind='result'):
        """Rows of one of its files; None: there is none."""
        path = '%s.%s.csv' % (self.path, kind)
        if not os.path.exists(path):
            return None
        with open(path, encoding='utf-8', newline='') as file:
            return list(csv.DictReader(line for line in file if not line.startswith('#')))

    def text(self, kind):
        with open('%s.%s.csv' % (self.path, kind), 'rb') as file:
            return file.read()


def contains(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError('%r is not in\n%s' % (part, text))


def members(world, count):
    """Cards of new members."""
    cards = [world.card() for _ in range(count)]
    for card in cards:
        expect(world.request('ENROLL', identifier_type=1, identifier=card).send(world.till(201)))
    return cards


def points_of(world, card):
    return expect(world.till(201).call('INQUIRY', identifier_type=1, identifier=card))['available']


def a_file_of_everything_is_booked_line_by_line(world, name='everything'):
    card = world.card()
    settle = Settle(world, name).write(
        'operation,time,member,amount,points,original,receipt,till,till_day,store,new_identifier,'
        'reason\r\n'
        'enroll,2026-03-02T09:00:00Z,%(card)s,,,,,,,,phone:+49%(card)s,\r\n'
        '# the first purchase\r\n'
        'earn,2026-03-02T10:00:01+01:00,%(card)s,50000,,,"R,%(card)s",4,2026-03-02,21,,\r\n'
        '\r\n'
        'burn,2026-03-02 10:00:02Z,phone:+49%(card)s,,100,,,,,,,\r\n'
        'burn,1772445600000,%(card)s,,999999,,,,,,,\r\n'
        'refund,2026-03-02T10:00:03.5Z,%(card)s,10000,,line:4,,,,,,returned\r\n'
        'hold,2026-03-02T10:00:04Z,%(card)s,,50,,,,,,,\r\n'
        'capture,2026-03-02T10:00:05Z,%(card)s,,20,line:9,,,,,,\r\n'
        'earn,2026-03-02T10:00:06Z,nobody,100,,,,,,,,\r\n' % {'card': card})
    output = settle.upload(REFUSED)
    contains(output, 'accepted 6, refused 2, without outcome 0', 'quarantined 2')
    expect_equal([(row['line'], row['outcome']) for row in settle.rows()], [
        ('2', 'OK'), ('4', 'OK'), ('6', 'OK'), ('7', 'NO_POINTS'), ('8', 'OK'), ('9', 'OK'),
        ('10', 'OK'), ('11', 'UNKNOWN_MEMBER')])
    expect_equal(points_of(world, card), 500 - 100 - 100 - 20)
    quarantine = settle.text('quarantine').split(b'\r\n')
    expect_equal([line.split(b',')[0] for line in quarantine],
                 [b'operation', b'burn', b'earn', b''])
    expect_equal(quarantine[1].split(b',')[1], b'1772445600000')
    settle.run('totals', settle.path + '.result.csv')
    contains(settle.output, 'totals agree')
    figures = list(csv.DictReader(settle.run('figures', '2026-03-02').splitlines()))
    mine = [row for row in figures if row['operation'] == 'CAPTURE']
    expect_equal([(row['declined'], int(row['points']) % 20) for row in mine], [('', 0)])
    contains(settle.run('figures', 'today', ends=USAGE), 'is no day')
    return settle


def the_same_file_again_changes_nothing(world):
    settle = a_file_of_everything_is_booked_line_by_line(world, 'again')
    sequence = world.server.console.do('show accounts').facts
    before = settle.text('result')
    contains(settle.upload(REFUSED), 'sent 0 in', 'known before 8')
    expect_equal(settle.text('result'), before)
    os.unlink(settle.path + '.result.csv')
    settle.upload(REFUSED)
    expect_equal([row['outcome'] for row in settle.rows()],
                 ['OK', 'OK', 'OK', 'NO_POINTS', 'OK', 'OK', 'OK', 'UNKNOWN_MEMBER'])
    expect_equal({row['replay'] for row in settle.rows()[:-1]}, {'yes'})
    settle.run('totals', settle.path + '.result.csv')
    expect_equal(world.server.console.do('show accounts').facts, sequence)


def a_corrected_quarantine_can_be_sent(world):
    card, other = members(world, 2)
    settle = Settle(world, 'orders').write(
        'time,operation,member,amount,original\n' +
        (TIME % (1, 1)) + ',earn,%s,1000,\n' % card +
        (TIME % (1, 2)) + ',earn,%s9,2000,\n' % other +
        (TIME % (1, 3)) + ',refund,%s,500,line:2' % other)
    settle.upload(REFUSED)
    expect_equal([row['outcome'] for row in settle.rows()],
                 ['OK', 'UNKNOWN_MEMBER', 'OTHER_MEMBER'])
    second = Settle(world, 'orders2', settle.terminal).write(
        settle.text('quarantine').decode().replace(other + '9', other).replace(
            'refund,' + other, 'refund,' + card))
    contains(settle.text('quarantine').decode(), '@1772442061000')
    second.upload()
    expect_equal([row['outcome'] for row in second.rows()], ['OK', 'OK'])
    expect_equal(second.rows('quarantine'), None)
    expect_equal((points_of(world, card), points_of(world, other)), (5, 20))
    results = [settle.path + '.result.csv', second.path + '.result.csv']
    for result in results:
        contains(settle.run('totals', result, ends=REFUSED), 'DIFFERS', 'totals differ')
    contains(settle.run('totals', *results), 'totals agree')


def a_reference_makes_a_line_the_same_in_every_file(world):
    card, = members(world, 1)
    head = 'reference,time,operation,member,amount\n'
    line = 'A-%d,' + TIME % (2, 0) + ',earn,' + card + ',%d\n'
    Settle(world, 'first').write(head + line % (1, 100) + line % (2, 200)).upload()
    settle = Settle(world, 'second').write(head + line % (2, 200) + line % (3, 400))
    settle.upload()
    expect_equal([row['replay'] for row in settle.rows()], ['yes', ''])
    settle = Settle(world, 'third').write(head + line % (1, 101))
    settle.upload(REFUSED)
    expect_equal([row['outcome'] for row in settle.rows()], ['CONFLICT'])
    expect_equal(points_of(world, card), 7)
    settle.write(head + line % (9, 100) + line % (8, 100) + line % (9, 100))
    settle.run('check', settle.path, ends=BAD_FILE)
    contains(settle.output, 'line 4, column reference: stands in line 2 already')


GOOD = b'operation,time,member,amount\n'
EARN = b'earn,2026-03-02T10:00:00Z,123,100\n'
BAD_FILES = [
    (b'', 'is empty'),
    (b'\n\n# nothing\n', 'is empty'),
    (b'operation,member,amount\nearn,1,1\n', ':1: column "time" is missing'),
    (b'time,member\n', ':1: column "operation" is missing'),
    (b'operation,time,color\n', ':1: there is no column "color"'),
    (b'operation,time,time\n', ':1: column time stands twice'),
    (b'operation,time,\n', ':1: column 3 has no name'),
    (b'operation,"time\n', ':1: the line of column names has a quote'),
    (GOOD + EARN + b'earn,2026-03-02T10:00:00Z,123\n', 'line 3: has fewer cells'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,123,1,1\n', 'line 2: has more cells'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,"123,1\n', 'line 2: has a quote'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,12"3,1\n', 'line 2: has a quote'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,1\x0023,1\n', 'line 2, column member: is no clean UTF-8'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,\xff,1\n', 'line 2, column member: is no clean UTF-8'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,' + b'1' * 65 + b',1\n', 'an identifier has 1 to 64'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,' + b'1' * 300 + b',1\n', 'column member: is too long'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,' + b'1' * 70000 + b',1\n', 'line 2: is too long'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,shop:1,1\n', 'column member: "shop:1": before the colon'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,1,1.5\n', 'column amount: "1.5" is no whole number'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,1,-1\n', 'column amount: "-1" is no whole number'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,1,1000000000001\n', 'column amount: "1000000000001"'),
    (GOOD + b'earn,2026-03-02T10:00:00,1,1\n', 'column time: "2026-03-02T10:00:00" is no time'),
    (GOOD + b'earn,2026-02-30T10:00:00Z,1,1\n', 'column time: '),
    (GOOD + b'earn,,1,1\n', 'line 2, column time: EARN needs it'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,,1\n', 'line 2, column member: EARN needs it'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,1,\n', 'line 2, column amount: EARN needs it'),
    (GOOD + b',2026-03-02T10:00:00Z,1,1\n', 'line 2, column operation: is missing'),
    (GOOD + b'inquiry,2026-03-02T10:00:00Z,1,1\n', 'column operation: "inquiry" is no operation'),
    (GOOD + b'enroll,2026-03-02T10:00:00Z,1,1\n', 'column amount: ENROLL has no such field'),
    (b'operation,time,member,amount,original\nrefund,2026-03-02T10:00:00Z,1,1,line:2\n',
     'column original: "line:2" is no earlier line'),
    (b'operation,time,member,amount,original\nrefund,2026-03-02T10:00:00Z,1,1,12@34\n',
     'column original: "12@34": a transaction is'),
    (GOOD + b'earn,2026-03-02T10:00:00Z,1\r2,1\n', 'line 2: has a line end in it'),
]


def bad_files_are_refused_by_line_and_column(world):
    settle = Settle(world, 'bad')
    before = world.server.console.do('show accounts').facts
    for octets, complaint in BAD_FILES:
        settle.write(octets)
        contains(settle.upload(BAD_FILE), complaint)
    expect_equal(settle.rows(), None)
    settle.write(GOOD + b'earn,x,1,1\n' * 30)
    output = settle.run('check', settle.path, ends=BAD_FILE)
    contains(output, 'line 21, column time', '... all of them are in', '30 bad lines')
    expect_equal([row['line'] for row in settle.rows('bad')], [str(i) for i in range(2, 32)])
    contains(settle.run('check', settle.path + '.no', ends=BAD_FILE), 'No such file')
    contains(settle.run('check', world.server.folder.path, ends=BAD_FILE), 'not a file')
    expect_equal(world.server.console.do('show accounts').facts, before)


def good_lines_go_without_the_bad_ones_on_demand(world):
    card, = members(world, 1)
    settle = Settle(world, 'mixed').write(
        '\ufeffoperation;time;member;amount\r\nearn;%s;"%s";100\r\nearn;never;1;1\r\n'
        % (TIME % (3, 0), card))
    settle.upload(BAD_FILE, more=['--delimiter', ';'])
    settle.upload(REFUSED, more=['--delimiter', ';', '--skip-bad'])
    expect_equal([row['line'] for row in settle.rows('bad')], ['3'])
    expect_equal(settle.text('quarantine').split(b'\r\n')[1], b'earn;never;1;1')
    expect_equal(points_of(world, card), 1)


def what_stands_in_the_way_is_said(world):
    card, = members(world, 1)
    settle = Settle(world, 'way').write('operation,time,member,amount\nearn,%s,%s,100\n'
                                        % (TIME % (4, 0), card))
    contains(settle.upload(UNREACHED, more=['--terminal', '201']), 'lacks the right "batch"')
    contains(settle.upload(UNREACHED, more=['--port', '1'], timeout=1), 'onnect')
    settle.upload()
    settle.write('operation,time,member,amount\nearn,%s,%s,200\n' % (TIME % (4, 0), card))
    contains(settle.upload(BAD_FILE), 'results of another file')
    for words in ((), ('upload',), ('check',), ('dance', 'x'), ('upload', 'a', 'b'),
                  ('upload', settle.path, '--delimiter', ',,')):
        settle.run(*words, ends=USAGE)
    expect_equal(points_of(world, card), 1)


def the_example_is_good(world):
    with open(os.path.join(SOURCE, 'contrib', 'examples', 'transactions.csv'), 'rb') as file:
        settle = Settle(world, 'example').write(file.read())
    contains(settle.run('check', settle.path), 'lines 5, bad 0')


def a_terminal_sees_a_bar(world):
    card, = members(world, 1)
    settle = Settle(world, 'bar').write('operation,time,member,amount\n' + ''.join(
        'earn,%s,%s,100\n' % (TIME % (7, i % 60), card) for i in range(9000)))
    ours, theirs = os.openpty()
    process = settle.start('upload', settle.path, stderr=theirs)
    os.close(theirs)
    shown = b''
    try:
        while True:		# at once: what a terminal does not take holds up who writes to it
            shown += os.read(ours, 65536)
    except OSError:		# the other end is closed
        os.close(ours)
    contains(process.communicate(timeout=SECONDS_MAX)[0].decode('utf-8'), 'accepted 9000')
    contains(shown.decode('utf-8'), '\rsending [##############################] 100%  9000 of 9000')


def killed_at_any_line_it_goes_on(world):
    """Kill it again and again, with and without its memory; the totals are exact in the end."""
    chance = random.Random(20261122)
    cards = members(world, 20)
    amounts = [100 * chance.randrange(1, 1000) for _ in range(LINES)]
    settle = Settle(world, 'large').write('operation,time,member,amount\n' + ''.join(
        'earn,%s,%s,%d\n' % (TIME % (5, i % 60), cards[i % 20], amount)
        for i, amount in enumerate(amounts)))
    result = settle.path + '.result.csv'
    kills = 0
    for turn in range(10 * KILLS):
        if kills == KILLS:
            break
        line = chance.randrange(1, LINES)
        bytes_least = line * 90
        process = settle.start('upload', settle.path, '--quiet')
        await_true(lambda: process.poll() is not None or
                   (os.path.exists(result) and os.path.getsize(result) >= bytes_least)
                   or chance.random() < 0.01, 'lines being sent')
        process.send_signal(signal.SIGKILL)
        if process.wait(SECONDS_MAX) == -signal.SIGKILL:
            kills += 1
        process.stdout.close()
        if not os.path.exists(result):
            continue			# it was killed before it had sent anything
        if turn % 3 == 0:
            os.unlink(result)
        elif turn % 3 == 1:
            with open(result, 'r+b') as file:	# a torn line, as a power cut leaves it
                file.truncate(max(0, os.path.getsize(result) - chance.randrange(1, 200)))
    expect_equal(kills, KILLS)
    settle.upload()
    expect_equal(sorted(int(row['line']) for row in settle.rows()), list(range(2, LINES + 2)))
    for i, card in enumerate(cards):
        expect_equal(points_of(world, card), sum(amounts[i::20]) // 100)
    contains(settle.run('totals', result), 'EARN', 'totals agree')


def the_gateway_may_be_killed_meanwhile(world):
    cards = members(world, 5)
    settle = Settle(world, 'meanwhile').write('operation,time,member,amount\n' + ''.join(
        'earn,%s,%s,100\n' % (TIME % (6, i % 60), cards[i % 5]) for i in range(LINES)))
    result = settle.path + '.result.csv'
    world.hang_up()
    expect_equal(world.server.stop(), 0)
    world.server.settings['listen']['plain'] = ['%s:%d' % (HOST, free_port())]
    world.server.start()
    process = settle.start('upload', settle.path, '--quiet')
    await_true(lambda: process.poll() is not None or
               (os.path.exists(result) and os.path.getsize(result) > 1000), 'a result')
    world.server.kill()
    world.server.start()
    output = process.communicate(timeout=SECONDS_MAX)[0].decode('utf-8')
    if process.returncode != DONE:
        raise Failed(output)
    for card in cards:
        expect_equal(points_of(world, card), LINES // 5)


CASES = [a_file_of_everything_is_booked_line_by_line, the_same_file_again_changes_nothing,
         a_corrected_quarantine_can_be_sent, a_reference_makes_a_line_the_same_in_every_file,
         bad_files_are_refused_by_line_and_column, good_lines_go_without_the_bad_ones_on_demand,
         what_stands_in_the_way_is_said, the_example_is_good, a_terminal_sees_a_bar,
         killed_at_any_line_it_goes_on,
         the_gateway_may_be_killed_meanwhile]


if __name__ == '__main__':
    sys.exit(run(CASES))
