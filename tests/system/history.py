"""history.py - a member's and a partner's entries, paged out of MariaDB over the wire.

Pages together are what the journal has, the lag is told, and MariaDB may be down or stand still:
then whoever asks for a page is told so, and nobody else notices.  The client knows
protocol/PROTOCOL.md only.
"""
import csv
import json
import os
import signal
import subprocess
import sys
import time

from scrape import scrape
from server import BUILD, DAY_MS, HOST, INSTANCE, SECONDS_MAX, await_true
from tallygate import PAGE, SEEN
from world import expect, expect_equal, expect_rows, numbers, run_with_database

RETRY_AFTER_MS = 100
TIMEOUT_MS = 10000
PAGES = 4
ROWS_MAX = 90
OTHERS_SECONDS_MAX = 10


def pages_of(connection, operation, bound, **fields):
    """All pages: their entries in one list, and the last answer."""
    entries, last = [], None
    while True:
        answer = expect(connection.call(operation, **fields))
        page = answer.get('history', [])
        entries += page
        if not answer.get('more'):
            return entries, answer
        expect_equal(len(page) in (fields.get('rows_wanted', ROWS_MAX),), True)
        if last is not None and page[0]['sequence'] == last:
            raise AssertionError('a page again')
        last = page[0]['sequence']
        fields[bound] = page[-1]['sequence']


def history(connection, member, **fields):
    return pages_of(connection, 'HISTORY', 'before', member=member, **fields)


def entries_of_day(connection, day, **fields):
    return pages_of(connection, 'ENTRIES', 'after', day=day, **fields)


def journal_records(server):
    """What tally-journal says of the records; only while no server runs."""
    run = subprocess.run([os.path.join(BUILD, 'storage', 'tally-journal'), '-d',
                          server.folder.file('data'), 'dump'], stdout=subprocess.PIPE,
                         timeout=SECONDS_MAX, check=True)
    return [json.loads(line) for line in run.stdout.decode('utf-8').splitlines()]


def journal_sequences(records, partner, member=None, date=None):
    return sorted(record['sequence'] for record in records
                  if record.get('partner') == partner and 'transaction_id' in record
                  and record['kind'] != 'REOPEN'
                  and (member is None or record.get('member') == member)
                  and (date is None or record['business_date'] == date))


def sequences(entries):
    return [entry['sequence'] for entry in entries]


def shop(world, count):
    """A member with so many earns at partner 1, some burns and declines, and some at partner 2."""
    member = world.member()
    for i in range(count):
        till = world.till(101 + i % 2)
        expect(world.request('EARN', member=member, amount=1000 + i, receipt='%d-%d' % (member, i),
                             till=4).send(till), points=10 + i // 100)
        if i % 10 == 0:
            expect(world.request('BURN', member=member, points=5, covered=5).send(till))
            expect(world.request('BURN', member=member, points=100000).send(till), 'NO_POINTS')
            expect(world.request('EARN', member=member, amount=500).send(world.till(201)))
    earn = world.request('EARN', member=member, amount=700)
    expect(earn.send(world.till()))
    expect(world.request('REVERSE', reason=2, **earn.named()).send(world.till()), taken_points=7)
    return member


def iso(day):
    return time.strftime('%Y-%m-%d', time.gmtime(day * DAY_MS // 1000))


def totals_of(entries):
    """Counts and sums as TOTALS has them."""
    sums = {}
    for entry in entries:
        key = (entry['kind'], entry['status'] not in (0, 1))
        count, points, amount = sums.get(key, (0, 0, 0))
        sums[key] = (count + 1, points + entry['points'], amount + entry['amount'])
    return sums


def totals_told(connection, day):
    answer = expect(connection.call('TOTALS', day=day, basis=1, scope=3))
    return {(row['kind'], row['is_declined']): (row['count'], row['points'], row['amount'])
            for row in answer.get('totals', [])}


# With MariaDB there.

def pages_together_are_what_the_journal_has(world):
    member = shop(world, 120)
    other = shop(world, 10)
    expect_rows(world)
    by_rows = {rows: history(world.till(), member, rows_wanted=rows) for rows in (1, 37, ROWS_MAX)}
    entries, answer = by_rows[ROWS_MAX]
    expect(answer, member=member, lag_records=0, lag=0,
           held_sequence=world.server.console.do('show journal').figure('durable sequence'))
    for rows, (found, _) in by_rows.items():
        expect_equal((rows, found), (rows, entries))
    expect_equal(sequences(entries), sorted(sequences(entries), reverse=True))
    partner_2, _ = history(world.till(201), member)
    day, _ = entries_of_day(world.till(150), world.today())
    world.hang_up()
    expect_equal(world.server.stop(), 0)
    records = journal_records(world.server)
    expect_equal(sequences(entries)[::-1], journal_sequences(records, 1, member))
    expect_equal(sequences(partner_2)[::-1], journal_sequences(records, 2, member))
    expect_equal(sequences(day), journal_sequences(records, 1, date=iso(day[0]['date'])))
    expect_equal(len(entries) >= 100 and len(day) > len(entries), True)
    expect_equal({entry['member'] for entry in day}, {member, other})
    world.server.start()


def an_entry_tells_what_it_is_about(world):
    member = world.member()
    earn = world.request('EARN', member=member, amount=5000, covered=200, receipt='R1', till=7,
                         till_day=world.today() - 1)
    expect(earn.send(world.till()), points=48)
    burn = world.request('BURN', member=member, points=8)
    expect(burn.send(world.till(102)))
    hold = world.request('HOLD', member=member, points=10)
    booked = expect(hold.send(world.till()))
    refund = world.request('REFUND', amount=1000, **earn.named())
    taken = expect(refund.send(world.till()))['taken_points']
    expect_rows(world)
    entries, _ = history(world.till(), member)
    kinds = numbers('REFUND', 'HOLD', 'BURN', 'EARN', 'ENROLL')
    expect_equal([entry['kind'] for entry in entries], kinds)
    expect_equal(entries[3], {
        'sequence': entries[3]['sequence'], 'date': world.today(), 'booked_at': earn.time,
        'kind': kinds[3], 'status': 0, 'member': member, 'store': 11, 'terminal': 101,
        'id': earn.id, 'time': earn.time, 'original': b'', 'till': 7,
        'till_day': world.today() - 1, 'receipt': 'R1', 'amount': 5000, 'covered': 200,
        'points': 48, 'change': 48, 'is_test': False})
    expect_equal((entries[2]['points'], entries[2]['change'], entries[2]['terminal']), (8, -8, 102))
    expect_equal((entries[1]['points'], entries[1]['change'], entries[1]['sequence']),
                 (10, 0, booked['sequence']))
    expect_equal((entries[0]['points'], entries[0]['change'], entries[0]['original']),
                 (-taken, -taken, earn.id))
    last = expect(world.till().call('INQUIRY', member=member, entries_wanted=20))['entries']
    expect_equal([(row['sequence'], row['points']) for row in last],
                 [(entry['sequence'], entry['change']) for entry in entries])


def a_partner_sees_its_own_entries_only(world):
    member = shop(world, 5)
    expect_rows(world)
    day = world.today()
    one, _ = entries_of_day(world.till(150), day)
    two, _ = entries_of_day(world.till(250), day)
    expect_equal(set(sequences(one)) & set(sequences(two)), set())
    expect_equal({entry['terminal'] for entry in two}, {201})
    expect_equal({entry['store'] for entry in one}, {11, 12})
    expect(world.till(101).call('ENTRIES', day=day), 'FORBIDDEN', history=None)
    expect_equal(len(history(world.till(301), member)[0]), 0)
    acting = expect(world.till(150).call('HISTORY', member=member, store=12))
    expect_equal(len(acting['history']) > 5, True)
    expect(world.till(150).call('HISTORY', member=member, store=21), 'UNKNOWN_STORE')
    expect(world.till().call('HISTORY', member=member + 1), 'UNKNOWN_MEMBER', history=None)
    expect(world.till().call('HISTORY', member=member, rows_wanted=91), 'BAD_FIELD')


def a_closed_day_is_complete_and_equals_its_totals(world):
    shop(world, 100)
    day = world.today()
    system = world.till(150)
    expect_rows(world)
    open_entries, answer = entries_of_day(system, day)
    expect(answer, complete=None, business_date=day)
    expect_equal(totals_of(open_entries), totals_told(system, day))
    shop(world, 3)
    world.step(DAY_MS)
    await_true(lambda: expect(system.call('PING'))['business_date'] == day + 1, 'the next day')
    shop(world, 3)
    expect_rows(world)
    entries, answer = entries_of_day(system, day, rows_wanted=41)
    expect(answer, complete=True, business_date=day + 1)
    expect_equal(totals_of(entries), totals_told(system, day))
    expect_equal(entries[:len(open_entries)], open_entries)
    rest, _ = entries_of_day(system, day, after=open_entries[-1]['sequence'])
    expect_equal(open_entries + rest, entries)
    next_day, answer = entries_of_day(system, day + 1)
    expect(answer, complete=None)
    expect_equal(totals_of(next_day), totals_told(system, day + 1))
    expect(system.call('ENTRIES', day=day - 1), history=None, more=None, complete=None)


def the_lag_is_told(world):
    """Locked tables: they can be read, but the last records are not there."""
    member = world.member()
    world.earn(member, 10)
    expect_rows(world)
    before = expect(world.till().call('HISTORY', member=member))
    with world.database.session() as session:
        session.do('FLUSH TABLES WITH READ LOCK')
        for _ in range(3):
            world.earn(member, 10)
        world.step(5000)
        # How long the first waits is known when the sink has seen it.
        await_true(lambda: world.server.console.do('show sink').figure('lag in time', 0) == 5000,
                   'the sink has seen what it cannot write')
        behind = expect(world.till().call('HISTORY', member=member), lag_records=4,
                        held_sequence=before['held_sequence'], history=before['history'])
        expect_equal(behind['lag'], 5000)
    expect_rows(world)
    expect_equal(len(expect(world.till().call('HISTORY', member=member), lag_records=0)['history']),
                 5)


# The programs.

DONE, DIFFERS, BAD_FILE, UNFINISHED, UNREACHED = 0, 1, 3, 5, 6


def program(world, name, *words, terminal=150, ends=DONE, timeout=60):
    """Run a client of contrib to an end, which must be that one; what it printed."""
    server = world.server
    run = subprocess.run(
        [os.path.join(BUILD, 'contrib', *name), '--host', HOST, '--port', str(server.plain_port),
         '--plain', '--terminal', str(terminal), '--master-key',
         server.folder.file('master'), '--instance', INSTANCE, '--timeout', str(timeout),
         '--config', '/dev/null', *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, timeout=SECONDS_MAX, check=False)
    output = run.stdout.decode('utf-8')
    if run.returncode != ends:
        raise AssertionError('ended with %d, not %d:\n%s' % (run.returncode, ends, output))
    return output


def fetch(world, day, path, **more):
    return program(world, ('settle', 'tally-settle'), 'entries', iso(day), path, **more)


def contains(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError('%r is not in\n%s' % (part, text))


def csv_rows(path):
    with open(path, encoding='utf-8', newline='') as file:
        return list(csv.DictReader(line for line in file if not line.startswith('#')))


def expect_csv(path, entries):
    """The file says what the entries do."""
    rows = csv_rows(path)
    expect_equal([int(row['sequence']) for row in rows], sequences(entries))
    for row, entry in zip(rows, entries):
        ids = ['%s@%d' % (entry['id'].hex(), entry['time']), entry['original'].hex()]
        expect_equal([row['transaction'], row['original']], ids)
        expect_equal(
            [row['business_date'], row['operation'], row['outcome'], row['receipt']],
            [iso(entry['date']), PAGE.operation_numbered[entry['kind']].name,
             PAGE.status_numbered[entry['status']].name, entry['receipt']])
        for name in ('member', 'store', 'terminal', 'till', 'amount', 'covered', 'points',
                     'change'):
            expect_equal((name, int(row[name] or 0)), (name, entry[name]))


def a_day_is_fetched_as_csv_and_gone_on_with(world):
    shop(world, 100)
    expect_rows(world)
    day = world.today()
    path = world.server.folder.file('entries.csv')
    contains(fetch(world, day, path, ends=UNFINISHED), 'the day is not over', 'known before 0')
    count = len(csv_rows(path))
    with open(path, 'rb') as file:
        octets = file.read()
    with open(path, 'wb') as file:
        file.write(octets[:len(octets) // 2])		# as a kill would leave it
    shop(world, 20)
    world.step(DAY_MS)
    await_true(lambda: world.till().call('PING')['business_date'] == day + 1, 'the next day')
    shop(world, 1)
    expect_rows(world)
    output = fetch(world, day, path)
    contains(output, 'complete: totals agree', 'behind by 0 records')
    expect_equal(0 < int(output.split('known before ')[1].split(',')[0]) < count, True)
    entries, _ = entries_of_day(world.till(150), day)
    expect_csv(path, entries)
    contains(fetch(world, day, path), 'known before %d' % len(entries), 'complete: totals agree')
    contains(fetch(world, day + 1, path, ends=BAD_FILE), 'another day')
    contains(fetch(world, day, path, terminal=250, ends=BAD_FILE), 'another day or partner')
    contains(fetch(world, day, path + '.till', terminal=201, ends=UNREACHED), 'not for a till')
    two = path + '.two'
    fetch(world, day, two, terminal=250)
    expect_csv(two, entries_of_day(world.till(250), day)[0])
    with open(path, 'a', encoding='utf-8') as file:
        file.write(octets.decode('utf-8').splitlines()[2] + '\n')
    contains(fetch(world, day, path, ends=BAD_FILE), 'not a line of entries')


def a_lagging_day_is_said_to_be_so(world):
    shop(world, 10)
    expect_rows(world)
    day = world.today()
    path = world.server.folder.file('entries.csv')
    with world.database.session() as session:
        session.do('FLUSH TABLES WITH READ LOCK')
        shop(world, 5)
        world.step(DAY_MS)
        await_true(lambda: world.till().call('PING')['business_date'] == day + 1, 'the next day')
        contains(fetch(world, day, path, ends=UNFINISHED), 'lagging', 'DIFFERS')
    world.database.stop()
    contains(fetch(world, day, path, ends=UNFINISHED, timeout=5), 'settlement database')
    world.database.start()
    expect_rows(world)
    contains(fetch(world, day, path), 'complete: totals agree')
    expect_csv(path, entries_of_day(world.till(150), day)[0])


def a_person_pages_with_the_command_line(world):
    member = shop(world, 100)
    expect_rows(world)
    name = 'member:%d' % member
    tally = ('tally', 'tally')
    entries, _ = history(world.till(201), member)
    first = json.loads(program(world, tally, 'history', name, '--rows', '4', '--json',
                               terminal=201))
    expect_equal((first['status'], first['more'], first['lag_records']), ('OK', True, 0))
    rest = json.loads(program(world, tally, 'history', name, '--before',
                              str(first['history'][-1]['sequence']), '--json', terminal=201))
    expect_equal(rest.get('more'), None)
    found = first['history'] + rest['history']
    expect_equal([(row['sequence'], row['id'], row['change']) for row in found],
                 [(entry['sequence'], entry['id'].hex(), entry['change']) for entry in entries])
    contains(program(world, tally, 'history', name), 'lag records       0', 'receipt',
             'NO_POINTS', 'more              yes')
    day = json.loads(program(world, tally, 'entries', '--rows', '3', '--after', '1', '--json'))
    expect_equal(len(day['history']), 3)
    program(world, tally, 'entries', terminal=201, ends=3)
    program(world, tally, 'history', name, '--after', '1', ends=2)


def refused(answer, status='DATABASE'):
    """Not now, and when to come again."""
    expect(answer, status, history=None, held_sequence=None)
    expect_equal(answer.is_again, True)
    if status == 'DATABASE':
        expect_equal(RETRY_AFTER_MS <= answer['retry_after'] <= 2 * RETRY_AFTER_MS, True)


def a_mariadb_that_is_down_stops_nothing_else(world):
    member = world.member(points=5)
    expect_rows(world)
    entries, _ = history(world.till(), member)
    world.database.stop()
    refused(world.till().call('HISTORY', member=member))
    refused(world.till(150).call('ENTRIES', day=world.today()))
    world.earn(member, 7)
    expect_equal(world.available(member), 12)
    world.database.start()
    await_true(lambda: world.till().call('HISTORY', member=member).status == 'OK', 'pages again')
    expect_rows(world)
    expect_equal(history(world.till(), member)[0][1:], entries)
    expect_equal(scrape(world.server)['tallygate_history_pages_total', 'failed'] >= 2, True)


def a_mariadb_that_stands_still_holds_up_nobody(world):
    """Beyond so many pages that wait BUSY is told; the ledger's answers do not wait at all."""
    member = world.member(points=5)
    expect_rows(world)
    expect(world.till().call('HISTORY', member=member))
    world.database.process.signal(signal.SIGSTOP)
    sessions = [world.server.open(number) for number in (201, 301)]
    asked = [(session, session.send('HISTORY', member=member)) for session in sessions
             for _ in range(PAGES // 2)]
    await_true(lambda: world.server.console.do('show sink').figure('pages waiting') == PAGES,
               'they wait')
    for session in sessions + [world.till()]:
        refused(session.call('HISTORY', member=member), 'BUSY')
    begun = time.monotonic()
    for _ in range(20):
        world.earn(member, 1)
    if time.monotonic() - begun > OTHERS_SECONDS_MAX:
        raise AssertionError('others waited')
    for session, number in asked:
        refused(session.answer(number))
    for session in sessions:
        session.close()
    world.database.process.signal(signal.SIGCONT)
    await_true(lambda: world.till().call('HISTORY', member=member).status == 'OK', 'pages again')
    expect_equal(world.available(member), 25)
    expect_rows(world)


def a_gateway_without_pages_says_so(world):
    expect(world.till().call('HISTORY', member=world.member()), 'UNKNOWN_OPERATION')
    expect(world.till(150).call('ENTRIES', day=world.today()), 'UNKNOWN_OPERATION')


def answers_have_the_fields_that_the_page_lists(world):
    """After all other cases; the lag and the end of a day are told there."""
    expect(world.till().call('PING'))
    for name in ('HISTORY', 'ENTRIES'):
        operation = PAGE.operation_named[name]
        expect_equal(SEEN[name] - {'FIELD', 'RETRY_AFTER'}, operation.answer - {'SANDBOX'})


CASES = [
    pages_together_are_what_the_journal_has,
    an_entry_tells_what_it_is_about,
    a_partner_sees_its_own_entries_only,
    a_closed_day_is_complete_and_equals_its_totals,
    the_lag_is_told,
    a_day_is_fetched_as_csv_and_gone_on_with,
    a_lagging_day_is_said_to_be_so,
    a_person_pages_with_the_command_line,
    a_mariadb_that_is_down_stops_nothing_else,
    a_mariadb_that_stands_still_holds_up_nobody,
    a_gateway_without_pages_says_so,
    answers_have_the_fields_that_the_page_lists,
]


def settings_for(case):
    return {'originals': {'timeout_ms': TIMEOUT_MS},
            'history': {'retry_after_ms': RETRY_AFTER_MS, 'pages': PAGES,
                        'enabled': case is not a_gateway_without_pages_says_so}}


def main():
    return run_with_database(CASES, settings_for)


if __name__ == '__main__':
    sys.exit(main())
