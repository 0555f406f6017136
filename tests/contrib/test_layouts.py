"""test_layouts.py - tally-settle with files as partners have them, against a real gateway.

Prints TAP.  `test_layouts.py full` kills an upload at 50 lines instead of a few.
"""
import os
import random
import signal
import sys

SOURCE = os.environ.get('top_srcdir') or os.path.join(os.path.dirname(__file__), '..', '..')
sys.path[:0] = [os.path.join(SOURCE, 'tests', 'system'), os.path.join(SOURCE, 'tests', 'contrib')]

# pylint: disable=wrong-import-position
from server import SECONDS_MAX, await_true
from test_settle import (BAD_FILE, DONE, REFUSED, USAGE, Settle, contains, members, points_of)
from world import expect_equal, run

KILLS, LINES = (50, 20000) if 'full' in sys.argv[1:] else (3, 4000)

GERMAN = """
# what the till system of a partner exports
delimiter = ";";
zone = "Europe/Berlin";
columns = (
  { name = "operation"; column = "Art"; words = ( ("V", "earn"), ("R", "refund") ); },
  { name = "time"; column = "Datum"; and_column = "Uhrzeit"; format = "DD.MM.YYYY hh:mm:ss"; },
  { name = "till_day"; column = "Datum"; format = "DD.MM.YYYY"; },
  { name = "member"; column = "Kunde"; prefix = "card:"; drop_zeros = true; },
  { name = "amount"; column = "Betrag"; decimals = 2; decimal_sign = ","; group_sign = ".";
    drop_sign = true; },
  { name = "receipt"; column = "Bon"; },
  { name = "reference"; column = "Beleg"; },
  { name = "original_reference"; column = "Bezug"; },
  { name = "original_time"; column = "Bezug am"; format = "DD.MM.YYYY hh:mm:ss"; },
  { name = "till"; constant = "7"; }
);
"""
GERMAN_HEAD = 'Art;Datum;Uhrzeit;Kunde;Betrag;Bon;Beleg;Bezug;Bezug am;Kassierer\r\n'

FIXED = """
fixed = true;
skip_lines = 1;
record_bytes = [ 1, 1 ];
record = "D";
zone = "+08:00";
columns = (
  { name = "operation"; bytes = [ 2, 2 ]; words = ( ("01", "earn"), ("02", "burn") ); },
  { name = "time"; bytes = [ 4, 14 ]; format = "YYYYMMDDhhmmss"; },
  { name = "member"; bytes = [ 18, 16 ]; },
  { name = "amount"; bytes = [ 34, 10 ]; decimals = 0; },
  { name = "points"; bytes = [ 44, 8 ]; drop_zeros = true; },
  { name = "receipt"; bytes = [ 52, 8 ]; }
);
"""


def fixed_line(kind, second, card, amount='', points='', receipt=''):
    return 'D%s20260302180%03d%-16s%s%s%-8s' % (kind, second, card,
                                               amount and '%010d' % amount or ' ' * 10,
                                               points and '%08d' % points or ' ' * 8, receipt)


def layout(settle, text, name='layout'):
    path = settle.world.server.folder.file(name)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return ['--layout', path]


def columns_of_any_name_are_mapped(world):
    card, = members(world, 1)
    settle = Settle(world, 'mapped').write(
        'Typ,Wann,Karte,Cent,Nummer,Kasse,Tag,Filiale,Notiz,time\n'
        'earn,2026-03-02T09:00:00Z,%s,5000,R1,4,2026-03-02,21,anything,never\n' % card)
    mapped = ['--columns', 'operation=Typ,time=Wann,member=Karte,amount=Cent,receipt=Nummer,'
              'till=Kasse,till_day=Tag,store=Filiale']
    contains(settle.run('check', settle.path, ends=BAD_FILE), 'there is no column "Typ"')
    settle.upload(more=mapped)
    expect_equal(points_of(world, card), 50)
    contains(settle.upload(more=mapped), 'sent 0 in')
    contains(settle.upload(BAD_FILE, more=[mapped[0], mapped[1].replace(',till=Kasse', '')]),
             'results of another file or layout')
    for wrong, why in (('amount', 'is not NAME=COLUMN'), ('a=b,a=c', 'stands twice'),
                       ('=b', 'is not NAME=COLUMN')):
        contains(settle.run('--columns', wrong, 'check', settle.path, ends=USAGE), why)
    contains(settle.run('--columns', mapped[1] + ',till=Kassa', 'check', settle.path, ends=USAGE),
             'stands twice')
    contains(settle.run('--columns', 'operation=Typ,time=When', 'check', settle.path,
                        ends=BAD_FILE), ':1: there is no column "When"')
    contains(settle.run('--columns', mapped[1] + ',colour=Notiz', 'check', settle.path,
                        ends=BAD_FILE), 'there is no column "colour"')


def a_file_of_another_country_is_read_by_its_layout(world):
    """Decimal commas, days first, two columns for a time, summer time, the partner's own words."""
    card, = members(world, 1)
    settle = Settle(world, 'german')
    settle.write(GERMAN_HEAD +
                 'V;02.03.2026;10:00:00;000%s;1.234,50;B1;X-1;;;Anna\r\n' % card +
                 'V;02.03.2026;10:00:01;%s;7;B2;X-2;;;Bernd\r\n' % card +
                 'R;02.03.2026;10:05:00;%s;-1.000,00;B3;X-3;X-1;02.03.2026 10:00:00;\r\n' % card)
    more = layout(settle, GERMAN)
    settle.upload(more=more)
    expect_equal(points_of(world, card), 1234 + 7 - 1000)
    expect_equal([row['transaction'].split('@')[1] for row in settle.rows()],
                 ['1772442000000', '1772442001000', '1772442300000'])
    expect_equal([row['amount'] for row in settle.rows()], ['123450', '700', '100000'])
    os.unlink(settle.path + '.result.csv')
    settle.upload(more=more)
    expect_equal([row['replay'] for row in settle.rows()], ['yes'] * 3)
    contains(settle.upload(BAD_FILE, more=layout(settle, GERMAN.replace('decimals = 2',
                                                                        'decimals = 3'))),
             'results of another file or layout')
    second = Settle(world, 'german2', settle.terminal).write(
        GERMAN_HEAD + 'V;02.03.2026;10:00:02;%s9;1,00;B4;X-4;;;\r\n' % card)
    more = layout(settle, GERMAN)
    second.upload(REFUSED, more=more)
    expect_equal(second.text('quarantine').split(b'\r\n')[0], GERMAN_HEAD.strip().encode())
    third = Settle(world, 'german3', settle.terminal).write(
        second.text('quarantine').replace(card.encode() + b'9', card.encode()))
    third.upload(more=more)
    expect_equal(points_of(world, card), 1234 + 7 - 1000 + 1)


def a_file_of_fixed_columns_is_read_by_its_layout(world):
    card, = members(world, 1)
    settle = Settle(world, 'fixed').write(
        'H20260302 daily file\n' + fixed_line('01', 1, card, 50000, receipt='R1') + '\r\n' +
        fixed_line('02', 2, card, points=120) + '\n\n' +
        fixed_line('01', 3, 'nobody', 100, receipt='R2') + '\nT0003\n')
    more = layout(settle, FIXED)
    contains(settle.upload(REFUSED, more=more), 'accepted 2, refused 1', 'quarantined 1')
    expect_equal([(row['line'], row['outcome']) for row in settle.rows()],
                 [('2', 'OK'), ('3', 'OK'), ('5', 'UNKNOWN_MEMBER')])
    expect_equal(points_of(world, card), 500 - 120)
    expect_equal(settle.rows()[0]['transaction'].split('@')[1], '1772445601000')
    quarantine = settle.text('quarantine').decode()
    expect_equal([line[:1] for line in quarantine.splitlines()], ['H', 'D'])
    second = Settle(world, 'fixed2', settle.terminal).write(
        quarantine.replace('nobody'.ljust(16), card.ljust(16)))
    second.upload(more=more)
    expect_equal(points_of(world, card), 500 - 120 + 1)


BAD_LINES = [
    (1, 'Art', 'X;02.03.2026;10:00:00;1;1,00', 'the layout has no word for "X"'),
    (1, 'Datum', 'V;02-03-2026;10:00:00;1;1,00', 'is not written as "DD.MM.YYYY hh:mm:ss"'),
    (1, 'Datum', 'V;31.02.2026;10:00:00;1;1,00', 'is not written as'),
    (1, 'Datum', 'V;29.03.2026;02:30:00;1;1,00', 'the clocks of Europe/Berlin do not show that'),
    (1, 'Betrag', 'V;02.03.2026;10:00:00;1;1,005', 'is no number with at most 2 decimals'),
    (1, 'Betrag', 'V;02.03.2026;10:00:00;1;1.00', 'is no number with at most 2 decimals'),
    (1, 'Betrag', 'V;02.03.2026;10:00:00;1;1,', 'is no number with at most 2 decimals'),
    (1, 'Betrag', 'V;02.03.2026;10:00:00;1;12.34.567', 'is no number with at most 2 decimals'),
    (1, 'Betrag', 'V;02.03.2026;10:00:00;1;', 'EARN needs it'),
    (1, 'Kunde', 'V;02.03.2026;10:00:00;%s;1,00' % ('1' * 65), 'an identifier has 1 to 64'),
]

BAD_LAYOUTS = [
    ('columns = (', ':1: syntax error'),
    ('', 'there are no columns'),
    ('columns = ();', ':1: columns: is a list of 1 to 64 groups'),
    ('\ncolumns = ( { name = "time"; } );', ':2: a column has either column or constant'),
    ('columns = ( { column = "time"; } );', ':1: a column has a name'),
    ('columns = ( { name = "time"; colum = "a"; } );', ':1: colum: there is no such key'),
    ('columns = ( { name = "time"; bytes = [ 1, 2 ]; } );', 'either column or constant'),
    ('columns = ( { name = "a"; column = "a"; }, { name = "A"; column = "b"; } );',
     'a column of that name stands above'),
    ('fixed = true; columns = ( { name = "time"; bytes = [ 0, 2 ]; } );',
     'is a number from 1 to 65536'),
    ('columns = ( { name = "time"; column = "a"; format = "hh:mm"; } );', 'no form of a day'),
    ('columns = ( { name = "time"; column = "a"; format = "YYYYMMDDss"; } );',
     'no form of a time'),
    ('columns = ( { name = "amount"; column = "a"; decimals = 7; } );', 'from 0 to 6'),
    ('columns = ( { name = "operation"; column = "a"; words = ( "x" ); } );', 'list of pairs'),
    ('zone = "Mars/Olympus"; columns = ( { name = "a"; column = "a"; } );', 'knows no zone'),
    ('zone = "Europe"; columns = ( { name = "a"; column = "a"; } );', 'knows no zone'),
    ('zone = "+9"; columns = ( { name = "a"; column = "a"; } );', 'no zone as in "+09:00"'),
    ('fixed = 1; columns = ( { name = "a"; column = "a"; } );', 'fixed: is true or false'),
    ('fixed = true; record = "D"; columns = ( { name = "a"; bytes = [ 1, 1 ]; } );',
     'go together'),
    ('fixed = true; delimiter = ";"; columns = ( { name = "a"; bytes = [ 1, 1 ]; } );',
     'delimiter: there is no such key'),
    ('delimiter = ";;"; columns = ( { name = "a"; column = "a"; } );', 'is one character'),
]


def mistakes_are_named_by_line_and_column(world):
    settle = Settle(world, 'bad')
    more = layout(settle, GERMAN)
    for line, column, text, why in BAD_LINES:
        settle.write(GERMAN_HEAD + text + ';B;REF;;;\r\n')
        contains(settle.upload(BAD_FILE, more=more), 'line %d, column %s: ' % (line + 1, column),
                 why)
    settle.write('H\n' + fixed_line('01', 1, '1', 100).replace('20260302', '20261302') + '\n' +
                 fixed_line('03', 1, '1', 100) + '\n' + fixed_line('01', 1, '1')[:30] + '\n' +
                 fixed_line('01', 1, '\u00fc', 100) + '\n')
    output = settle.upload(BAD_FILE, more=layout(settle, FIXED))
    contains(output, 'line 2, column time (bytes 4 to 17): ',
             'line 3, column operation (bytes 2 to 3): the layout has no word for "03"',
             'line 4, column amount (bytes 34 to 43): EARN needs it',
             'line 5, column member (bytes 18 to 33): has other characters')
    for text, why in BAD_LAYOUTS:
        contains(settle.run('check', settle.path, *layout(settle, text), ends=USAGE), why)
    contains(settle.run('check', settle.path, '--layout', settle.path + '.no', ends=USAGE),
             'cannot be read')
    contains(settle.run('check', settle.path, '--columns', 'a=b', *layout(settle, FIXED),
                        ends=USAGE), 'give one')
    expect_equal(settle.rows(), None)


def a_file_without_names_is_read_by_numbers(world):
    card, = members(world, 1)
    settle = Settle(world, 'nameless').write('made today\n%s\t2026-03-02 09:00:00Z\t19.80\n' % card)
    more = layout(settle, 'delimiter = "tab"; names = false; skip_lines = 1; columns = ('
                  '{ name = "member"; column = "1"; }, { name = "time"; column = "2"; },'
                  '{ name = "amount"; column = "3"; decimals = 2; },'
                  '{ name = "operation"; constant = "earn"; } );')
    settle.upload(more=more)
    expect_equal(points_of(world, card), 19)


def the_examples_are_good(world):
    examples = os.path.join(SOURCE, 'contrib', 'examples')
    for name in ('fixed', 'csv'):
        with open(os.path.join(examples, 'layout-%s.txt' % name), 'rb') as file:
            settle = Settle(world, 'example').write(file.read())
        contains(settle.run('check', settle.path, '--layout',
                            os.path.join(examples, 'layout-%s.conf' % name)), 'bad 0')


def killed_at_any_line_it_goes_on(world):
    """A file of fixed columns, with and without the memory of the runs before."""
    chance = random.Random(20261123)
    cards = members(world, 10)
    amounts = [100 * chance.randrange(1, 1000) for _ in range(LINES)]
    settle = Settle(world, 'large').write('H\n' + ''.join(
        fixed_line('01', i % 60, cards[i % 10], amount, receipt=str(i)) + '\n'
        for i, amount in enumerate(amounts)) + 'T%d\n' % LINES)
    more = layout(settle, FIXED)
    result = settle.path + '.result.csv'
    kills = 0
    for turn in range(10 * KILLS):
        if kills == KILLS:
            break
        bytes_least = chance.randrange(1, LINES) * 90
        process = settle.start('upload', settle.path, '--quiet', *more)
        await_true(lambda: process.poll() is not None or
                   (os.path.exists(result) and os.path.getsize(result) >= bytes_least)
                   or chance.random() < 0.01, 'lines being sent')
        process.send_signal(signal.SIGKILL)
        kills += process.wait(SECONDS_MAX) == -signal.SIGKILL
        process.stdout.close()
        if turn % 2 == 0 and os.path.exists(result):	# it may have been killed before
            os.unlink(result)
    expect_equal(kills, KILLS)
    settle.run('upload', settle.path, *more, ends=DONE)
    expect_equal(sorted(int(row['line']) for row in settle.rows()), list(range(2, LINES + 2)))
    for i, card in enumerate(cards):
        expect_equal(points_of(world, card), sum(amounts[i::10]) // 100)
    contains(settle.run('totals', result), 'EARN', 'totals agree')


CASES = [columns_of_any_name_are_mapped, a_file_of_another_country_is_read_by_its_layout,
         a_file_of_fixed_columns_is_read_by_its_layout, mistakes_are_named_by_line_and_column,
         a_file_without_names_is_read_by_numbers, the_examples_are_good,
         killed_at_any_line_it_goes_on]


if __name__ == '__main__':
    sys.exit(run(CASES))
