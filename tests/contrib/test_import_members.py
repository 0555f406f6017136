"""test_import_members.py - tally-import against a real gateway: members, balances, comparisons.

Prints TAP.  `test_import_members.py full` imports a million members and tells how long that takes.
"""
import csv
import datetime
import itertools
import os
import random
import signal
import subprocess
import sys
import time

SOURCE = os.environ.get('top_srcdir') or os.path.join(os.path.dirname(__file__), '..', '..')
BUILD = os.environ.get('top_builddir') or SOURCE
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'system'))

# pylint: disable=wrong-import-position
from server import HOST, INSTANCE, SECONDS_MAX, await_true, die_with_parent
from world import World, expect, expect_equal, run

IS_FULL = 'full' in sys.argv[1:]
MEMBERS = 1000000 if IS_FULL else 5000
DONE, REFUSED, USAGE, BAD_FILE, UNFINISHED, UNREACHED = 0, 1, 2, 3, 5, 6
PARTNERS = itertools.count(901)
TODAY = datetime.date(2026, 3, 2)


class Import:
    """The program with its files, and a partner and terminal for opening balances."""

    def __init__(self, world, name, rule='base=1/1', rights='all'):
        self.world = world
        self.path = world.server.folder.file(name)
        self.partner = next(PARTNERS)
        self.seconds = 0
        world.server.console.do('partner add %d' % self.partner,
                                'rule add %d %s' % (self.partner, rule),
                                'terminal add %d partner=%d rights=%s' % (
                                    self.partner, self.partner, rights))

    def write(self, octets):
        with open(self.path, 'wb') as file:
            file.write(octets if isinstance(octets, bytes) else octets.encode('utf-8'))
        return self

    def start(self, *words):
        server = self.world.server
        key = server.folder.file('master')
        return subprocess.Popen(
            [os.path.join(BUILD, 'contrib', 'import', 'tally-import'), '--host', HOST, '--port',
             str(server.plain_port), '--plain', '--terminal', str(self.partner), '--master-key',
             key, '--instance', INSTANCE, '--timeout', '60', '--config', '/dev/null', *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            preexec_fn=die_with_parent)

    def run(self, command, *more, ends=DONE):
        """Run to the end, which must be that one; what it printed."""
        began = time.monotonic()
        process = self.start(*more, command, self.path)
        output = process.communicate(timeout=10 * SECONDS_MAX)[0].decode('utf-8')
        self.seconds = time.monotonic() - began
        if process.returncode != ends:
            raise AssertionError('ended with %d, not %d:\n%s' % (process.returncode, ends, output))
        return output

    def rows(self, kind):
        """Rows of one of its files; None: there is none."""
        path = '%s.%s.csv' % (self.path, kind)
        if not os.path.exists(path):
            return None
        with open(path, encoding='utf-8', newline='') as file:
            return list(csv.DictReader(file))


def contains(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError('%r is not in\n%s' % (part, text))


def look(world, kind, identifier):
    return expect(world.till(201).call('INQUIRY', identifier_type=kind, identifier=identifier))


def members_come_with_identifiers_and_balances(world):
    cards = [world.card() for _ in range(4)]
    people = Import(world, 'old').write(
        '\ufeffCardNo;Name;Mobile;Club;App;Points;Gone\r\n'
        '%s;"Doe; Jane";+491;K1;a1;120;no\r\n%s;;;;;0;\r\n;;+493;;;7;\r\n'
        '%s;;;K4;;1000000;no\r\n%s;left;;;;55;yes\r\n' % tuple(cards))
    options = ['--delimiter', ';', '--map',
               'card=CardNo,phone=Mobile,type:9=Club,app=App,balance=Points,skip=Gone']
    contains(people.run('check', *options),
             'file: lines 5, bad 0, left out 1, identifiers 8, points 1000127')
    output = people.run('import', *options)
    contains(output, 'members 4, further identifiers 2, balances 3, rows refused 0',
             'points: file 1000127, booked 1000127, refused 0, unexplained 0', 'totals agree')
    for kind, identifier in ((1, cards[0]), (2, '+491'), (9, 'K1'), (3, 'a1')):
        expect_equal(look(world, kind, identifier)['available'], 120)
    expect_equal(look(world, 9, 'K4')['available'], 1000000)
    expect(world.till(201).call('INQUIRY', identifier_type=1, identifier=cards[3]),
           'UNKNOWN_MEMBER')
    contains(people.run('compare', *options), 'compared 4', 'different 0', 'difference 0')
    sequence = world.server.console.do('show accounts').facts
    expect_equal(people.run('import', *options).split('members 4')[1],
                 output.split('members 4')[1])
    expect_equal(world.server.console.do('show accounts').facts, sequence)
    expect_equal(sequence['sum'], '0')


def a_refused_row_gets_no_points(world):
    taken, free = world.card(), world.card()
    expect(world.request('ENROLL', identifier_type=1, identifier=taken).send(world.till(201)))
    people = Import(world, 'refused').write('card,phone,balance\n%s,+4977,500\n%s,+4978,20\n'
                                            % (taken, free))
    contains(people.run('import', ends=REFUSED), 'members 1', 'balances 1, rows refused 1',
             'points: file 520, booked 20, refused 500, unexplained 0', 'totals agree')
    expect_equal([(row['line'], row['identifier'], row['operation'], row['status'])
                  for row in people.rows('refused')], [('2', taken, 'ENROLL', 'IDENTIFIER_TAKEN')])
    expect_equal(look(world, 1, taken)['available'], 0)
    contains(people.run('compare', ends=REFUSED),
             'line 2: %s: file 500, ledger 0: balance' % taken)


def balances_keep_their_last_day(world):
    cards = [world.card() for _ in range(4)]
    taken = world.card()
    expect(world.request('ENROLL', identifier_type=1, identifier=taken).send(world.till(201)))
    day = TODAY + datetime.timedelta(days=304)
    text = 'card,balance,expires\n' + ''.join('%s,%d,%s\n' % row for row in (
        (cards[0], 100, ''), (cards[1], 200, day), (cards[2], 300, '2027-06-30'),
        (cards[3], 0, day), (taken, 999, day)))
    people = Import(world, 'days').write(text)
    contains(people.run('import', '--expires', str(day), ends=BAD_FILE), 'import the members first')
    contains(people.run('import', ends=REFUSED), '3 balances have a last day', 'points: file 100,')
    limited = Import(world, 'days', rule='base=0/1 bonus=1/1 bonus_days=304')
    contains(limited.run('import', '--expires', str(day), ends=REFUSED), 'balances 1,',
             'points: file 1199, booked 200, refused 999, unexplained 0')
    found = look(world, 1, cards[1])
    expect_equal((found['available'], found['expires_points']), (200, 200))
    expect_equal(datetime.date(1970, 1, 1) + datetime.timedelta(days=found['expires_day']), day)
    expect_equal(look(world, 1, taken)['available'], 0)
    people.run('compare', ends=REFUSED)
    expect_equal([row['line'] for row in people.rows('differences')], ['4', '6'])


def a_rule_that_is_not_one_to_one_is_found_before_points_are_given(world):
    card = world.card()
    people = Import(world, 'rule', rule='base=1/100').write('card,balance\n%s,1000\n' % card)
    contains(people.run('import', ends=UNFINISHED), 'gives 10 points for a balance of 1000')
    expect_equal(look(world, 1, card)['available'], 0)


BAD_FILES = [
    (b'', 'is empty'),
    (b'name,balance\n', 'is an identifier'),
    (b'card,balance,balance\n', 'column balance stands twice'),
    (b'card,balance\n1,x\n', 'line 2, column balance: "x" is no whole number'),
    (b'card,balance\n1,-5\n', 'line 2, column balance: "-5" is no whole number'),
    (b'card,balance\n1,1.5\n', 'line 2, column balance: "1.5" is no whole number'),
    (b'card,balance\n,5\n', 'line 2: has no identifier'),
    (b'card,balance\n1\n', 'line 2: has fewer cells'),
    (b'card,balance\n1,2,3\n', 'line 2: has more cells'),
    (b'card,balance\n"1,2\n', 'line 2: has a quote'),
    (b'card,balance\n1\x00,2\n', 'line 2, column card: is no clean UTF-8'),
    (b'card,balance\n' + b'1' * 65 + b',2\n', 'line 2, column card: has more than 64 bytes'),
    (b'card,expires\n1,2026-02-30\n', 'line 2, column expires: "2026-02-30" is no day'),
    (b'card,skip\n1,maybe\n', 'line 2, column skip: "maybe" is neither'),
    (b'card,balance\r\n1,2\r\n2,2\r\n1,3\r\n', 'line 4: identifier "1" stands in line 2 already'),
    (b'card,phone\n1,2\n2,2\n', 'line 3: identifier "2" stands in line 2 already'),
]


def bad_files_are_refused_by_line_and_column(world):
    people = Import(world, 'bad')
    before = world.server.console.do('show accounts').facts
    for octets, complaint in BAD_FILES:
        people.write(octets)
        contains(people.run('check', ends=BAD_FILE), complaint)
        contains(people.run('import', ends=BAD_FILE), complaint)
    people.write(b'card,balance\n1,2\n')
    contains(people.run('check', '--map', 'balance=Points', ends=BAD_FILE), 'no column "Points"')
    contains(people.run('check', '--map', 'color=card', ends=BAD_FILE), '--map: "color" is not')
    for words in (('dance', people.path), ('import',), ('check', people.path, people.path)):
        process = people.start(*words)
        process.communicate(timeout=SECONDS_MAX)
        expect_equal(process.returncode, USAGE)
    poor = Import(world, 'bad', rights='inquiry+earn')
    contains(poor.run('import', ends=UNREACHED), 'lacks the right')
    expect_equal(world.server.console.do('show accounts').facts['sum'], before['sum'])
    expect_equal(people.rows('refused'), None)


def the_example_is_good(world):
    with open(os.path.join(SOURCE, 'contrib', 'examples', 'members.csv'), 'rb') as file:
        people = Import(world, 'example').write(file.read())
    contains(people.run('check'), 'lines 5, bad 0, left out 1, identifiers 7, points 122005')


def many_members_are_imported_once_though_it_is_killed(world):
    chance = random.Random(7)
    balances = [chance.randrange(0, 5000) for _ in range(MEMBERS)]
    people = Import(world, 'many').write('card,phone,balance\n' + ''.join(
        'M%09d,+%010d,%d\n' % (i, i, balance) for i, balance in enumerate(balances)))
    if not IS_FULL:
        for _ in range(5):
            process = people.start('--quiet', 'import', people.path)
            pause = time.monotonic() + chance.random() * 0.3
            await_true(lambda: process.poll() is not None or time.monotonic() > pause, 'a moment')
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=SECONDS_MAX)
    output = people.run('import', '--quiet')
    given = sum(1 for balance in balances if balance)
    contains(output, 'members %d, further identifiers 0, balances %d, rows refused 0'
             % (MEMBERS, given), 'points: file %d, booked %d, refused 0, unexplained 0'
             % (sum(balances), sum(balances)), 'totals agree')
    import_seconds = people.seconds
    compared = people.run('compare', '--quiet')
    contains(compared, 'compared %d' % MEMBERS, 'different 0', 'difference 0')
    if IS_FULL:
        print('# ' + '\n# '.join((output + compared).splitlines()))
        print('# import %.1f s, compare %.1f s' % (import_seconds, people.seconds))


CASES = [members_come_with_identifiers_and_balances, a_refused_row_gets_no_points,
         balances_keep_their_last_day,
         a_rule_that_is_not_one_to_one_is_found_before_points_are_given,
         bad_files_are_refused_by_line_and_column, the_example_is_good,
         many_members_are_imported_once_though_it_is_killed]


def make_world():
    rows = {'members_max': 1100000, 'identifiers_max': 2200000, 'transactions_max': 2200000}
    return World(settings={'ledger': rows} if IS_FULL else None)


if __name__ == '__main__':
    sys.exit(run(CASES, make_world))
