"""keeping.py - what is lost comes back: MariaDB from the journal, the journal from its copies.

tally-journal is run as an operator runs it.  Each case has a server of its own, all one MariaDB.
"""
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time

from server import BUILD, SECONDS_MAX, Database, Failed, Process, await_true
from restart import Outcomes, restart
from tallygate import new_id
from world import Tap, World, expect, expect_equal, expect_rows, run_case, title

REBUILT = 'rebuilt'
EXIT_DATA, EXIT_IO, EXIT_CONFIG = 65, 74, 78
BATCHES, BATCH_ITEMS = 6, 1500


class Tool:
    """tally-journal on the data of a world."""

    def __init__(self, world):
        self.world = world
        self.data = world.server.folder.file('data')

    def command(self, words, database='tallygate', data=None):
        return ([os.path.join(BUILD, 'storage', 'tally-journal'), '-d', data or self.data,
                 '--socket', self.world.database.folder.file('socket'), '--user', 'root',
                 '--database', database] + [str(word) for word in words])

    def ask(self, *words, **where):
        """Exit code, standard output, standard error."""
        run = subprocess.run(self.command(words, **where), stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                             timeout=SECONDS_MAX, check=False)
        return run.returncode, run.stdout.decode('utf-8'), run.stderr.decode('utf-8')

    def do(self, *words, **where):
        """What it prints as JSON; it must succeed."""
        code, output, complaint = self.ask('--json', *words, **where)
        if code:
            raise Failed('%s: exit code %d\n%s%s' % (words, code, output, complaint))
        return json.loads(output)

    def refuse(self, words, code=2, **where):
        """It must end with that code; the complaint."""
        found, output, complaint = self.ask(*words, **where)
        expect_equal((found, output), (code, ''))
        return complaint

    def lines(self, *words):
        code, output, complaint = self.ask(*words)
        if code:
            raise Failed('%s: %s' % (words, complaint))
        return [json.loads(line) for line in output.splitlines()]


def tables(database, name):
    """Every base table with its rows in order, but for the server's own clock and which batches
    were split."""
    found = {}
    for (table,) in database.query(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = '%s'"
            " AND table_type = 'BASE TABLE' AND table_name <> 'entry_ahead'" % name):
        columns = ['HEX(%s)' % column if kind.endswith('binary') else '`%s`' % column
                   for column, kind in database.query(
                       "SELECT column_name, data_type FROM information_schema.columns WHERE"
                       " table_schema = '%s' AND table_name = '%s' AND column_name NOT IN"
                       " ('written_at', 'applied_at') ORDER BY ordinal_position" % (name, table))]
        found[table] = database.query('SELECT %s FROM %s ORDER BY %s' % (
            ', '.join(columns), table, ', '.join(str(i + 1) for i in range(len(columns)))), name)
    return found


def expect_same_tables(database, one, other):
    first, second = tables(database, one), tables(database, other)
    expect_equal(sorted(first), sorted(second))
    for table, rows in first.items():
        if rows != second[table]:
            pairs = [(a, b) for a, b in zip(rows, second[table]) if a != b][:1]
            raise AssertionError('%s: %d rows, %d rows, %r' % (table, len(rows),
                                                               len(second[table]), pairs))
    for table in ('entry', 'posting', 'lot_move', 'member', 'identifier', 'purchase',
                  'partner_total', 'account_total', 'sink_cursor'):
        if not first[table]:
            raise AssertionError('nothing was compared in ' + table)


def fill(world, rounds=1):
    """A bit of everything, over two business dates, with segments in the archive."""
    for _ in range(rounds):
        outcomes = Outcomes(world)
        outcomes.do_a_bit_of_everything()
    member = world.member(points=10)
    earn = world.request('EARN', member=member, amount=5000, lines=[
        ['item', 7, 1000, 3000], ['other', 8, 2000, 2000]])
    expect(earn.send(world.till()))
    world.hang_up()


def create(database, name):
    database.query('DROP DATABASE IF EXISTS %s; CREATE DATABASE %s CHARACTER SET utf8mb4'
                   % (name, name), 'mysql')


def where_the_beginning_is_gone_nothing_is_made_up(world):
    tool, server = Tool(world), world.server
    backup = server.folder.file('backup')
    member = world.member(points=5)
    load = Load(world, member)
    load.start()
    try:
        for answered in (600, 1100, 1200, 1300):
            await_true(lambda: load.answered > answered, 'load')	# pylint: disable=W0640
            server.console.do('snapshot')
    finally:
        load.end()
    world.hang_up()
    expect_rows(world)
    world.hang_up()
    archive = os.path.join(tool.data, 'archive')
    await_true(lambda: os.listdir(archive), 'a segment in the archive')
    tool.do('backup', backup)
    create(world.database, REBUILT)
    tool.do('rebuild', database=REBUILT)
    for name in os.listdir(archive):
        os.unlink(os.path.join(archive, name))
        os.unlink(os.path.join(backup, 'archive', name))
    world.earn(member, 1)
    expect_rows(world)
    world.hang_up()
    report = await_true(lambda: (lambda found: found['records'] and found)(
        tool.do('rebuild', '--resume', database=REBUILT)), 'a record more')
    expect_equal(report['findings'], 0)
    create(world.database, REBUILT)
    complaint = tool.refuse(['rebuild'], 1, database=REBUILT)
    expect_equal(re.match(r'tally-journal: records 1 to \d+ are gone from journal and archive',
                          complaint) is not None, True)
    world.earn(member, 1)
    expect_rows(world)
    lose_disk(world)
    report = tool.do('restore', '--from', backup, '--skip', 1, tool.data)
    expect_equal(report['lost_count'] > 0 and report['snapshot_sequence'] > 0, True)
    complaint = tool.refuse(['restore', '--accept', tool.data], 1)
    expect_equal('are gone from the archive.  Restore a backup of the database of record %d'
                 % report['last_sequence'] in complaint, True)
    expect_refused(world, "waits for the operator's word")
    # Without MariaDB, which is made anew some other way, it can be accepted.
    shutil.rmtree(tool.data)
    tool.do('restore', '--from', backup, '--no-database', '--skip', 1, tool.data)
    tool.do('restore', '--accept', '--no-database', tool.data)
    world.server.settings['sink'] = {'enabled': False}
    server.start()
    expect_equal(world.available(member), 5 + load.answered)


def mirrored(database, **journal):
    """A world whose journal has a mirror."""
    world = World(database=database)
    mirror = world.server.folder.file('mirror')
    os.mkdir(mirror)
    world.server.settings['journal'].update({'mirror_directory': mirror, **journal})
    world.hang_up()
    world.server.kill()
    world.server.start()
    return world


def a_run_with_a_mirror_loses_none(world):
    tool, server = Tool(world), world.server
    backup, mirror = server.folder.file('backup'), server.folder.file('mirror')
    outcomes = Outcomes(world)
    outcomes.do_a_bit_of_everything()
    server.console.do('snapshot')
    world.hang_up()
    tool.do('backup', backup)
    outcomes.do_a_bit_of_everything()
    before = outcomes.look()
    last = durable(world)
    expect_rows(world)

    # The disk is lost, and the mirror is at hand: a start is enough.
    lose_disk(world)
    server.start()
    server.process.await_log(r'event=journal_mirror .*journal completed from the mirror')
    expect_equal(outcomes.look(), before)
    outcomes.expect_again()
    expect_equal(server.console.do('show journal').figure('durable sequence') >= last, True)

    # The same by hand, from the backup and the mirror.
    outcomes.do_a_bit_of_everything()
    before = outcomes.look()
    expect_rows(world)
    last = durable(world)
    lose_disk(world)
    report = tool.do('restore', '--from', backup, '--mirror', mirror, tool.data)
    expect_equal((report['last_sequence'], report['mirror_sequence'], report['lost_count'],
                  report['next_sequence']), (last, last, 0, last + 1))
    tool.do('restore', '--accept', tool.data)
    server.start()
    expect_equal(outcomes.look(), before)
    outcomes.expect_again()
    expect_rows(world)

    # The mirror is lost: it is made anew.
    world.hang_up()
    server.kill()
    shutil.rmtree(mirror)
    expect_refused(world, "is the mirror's disk mounted?", EXIT_IO)
    os.mkdir(mirror)
    server.start()
    server.process.await_log(r'event=journal_mirror .*mirror completed from the journal')
    expect_equal(server.stop(), 0)
    expect_equal(tool.do('verify', data=mirror)['verdict'], 'sound')
    expect_equal(tool.do('verify', data=mirror)['last_sequence'],
                 tool.do('verify')['last_sequence'])


def mirror_metric(world):
    found = re.search(r'^tallygate_journal_mirror_synced (\S+)$',
                      world.server.fetch('/metrics')[2].decode('utf-8'), re.M)
    return found and float(found.group(1))


def a_mirror_that_fails_is_left_alone_if_so_configured(world):
    server = world.server
    member = world.member(points=10)
    expect_equal(mirror_metric(world), 1)
    shutil.rmtree(server.folder.file('mirror'))
    server.console.do('snapshot')
    server.process.await_log(r'level=error event=journal_mirror_lost .*mirror')
    expect_equal(mirror_metric(world), 0)
    world.earn(member, 1)
    expect_equal(world.available(member), 11)
    world.hang_up()
    server.kill()
    server.start()
    server.process.await_log(r'event=journal_mirror .*going on alone')
    expect_equal(mirror_metric(world), 0)
    expect_equal(world.available(member), 11)
    world.earn(member, 1)
    world.hang_up()
    server.kill()
    os.mkdir(server.folder.file('mirror'))
    server.start()
    expect_equal(mirror_metric(world), 1)
    expect_equal(world.available(member), 12)


def an_empty_mariadb_rebuilt_is_what_the_sink_wrote(world):
    tool = Tool(world)
    fill(world, 3)
    world.server.console.do('snapshot')
    restart_often(world, 3)
    expect_rows(world)
    create(world.database, REBUILT)
    report = tool.do('rebuild', database=REBUILT)	# beside the gateway at work
    expect_equal((report['first_sequence'], report['findings']), (1, 0))
    expect_equal(report['records'], report['last_sequence'])
    expect_same_tables(world.database, 'tallygate', REBUILT)
    complaint = tool.refuse(['rebuild'], database=REBUILT)
    expect_equal('not empty: it holds records up to %d' % report['last_sequence'] in complaint,
                 True)
    expect_equal(tool.do('rebuild', '--resume', database=REBUILT)['records'], 0)


def fill_batches(world):
    """More records than a transaction of the sink holds."""
    member, system = world.member(), world.till(150)
    for _ in range(BATCHES):
        answers = system.batch([('EARN', world.request('EARN', member=member, amount=100).fields)
                                for _ in range(BATCH_ITEMS)])
        expect_equal({answer.status for answer in answers}, {'OK'})
    world.hang_up()


def restart_often(world, count):
    for _ in range(count):
        world.hang_up()
        expect_equal(world.server.stop(), 0)
        restart(world)
        fill(world)


def a_rebuilding_that_was_killed_goes_on(world):
    tool = Tool(world)
    for _ in range(8):
        fill(world, 4)
    fill_batches(world)
    expect_rows(world)
    last = int(world.database.query('SELECT next_sequence - 1 FROM sink_cursor')[0][0])
    create(world.database, REBUILT)
    done, pause = 0, 0
    for kills in range(1000):
        pause += 0.02
        words = ['rebuild'] + (['--resume'] if kills else [])
        with subprocess.Popen(tool.command(words, database=REBUILT), stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as process:
            time.sleep(pause)
            process.kill()
            process.wait()
        if not world.database.query("SHOW TABLES LIKE 'sink_cursor'", REBUILT):
            continue
        done = int(world.database.query('SELECT COALESCE(MAX(next_sequence), 1) - 1'
                                        ' FROM sink_cursor', REBUILT)[0][0])
        if 0 < done < last:
            break
        if done:			# it came to its end: once more, and sooner
            create(world.database, REBUILT)
            pause /= 2
    report = tool.do('rebuild', '--resume', database=REBUILT)
    expect_equal((report['first_sequence'], report['last_sequence'], report['findings']),
                 (done + 1, last, 0))
    expect_same_tables(world.database, 'tallygate', REBUILT)


def a_database_of_another_journal_is_not_gone_on_with(world):
    tool = Tool(world)
    fill(world)
    expect_rows(world)
    create(world.database, REBUILT)
    tool.do('rebuild', database=REBUILT)
    world.database.query("UPDATE sink_cursor SET hash = REPEAT('x', 16)", REBUILT)
    complaint = tool.refuse(['rebuild', '--resume'], database=REBUILT)
    expect_equal('was not written from this journal' in complaint, True)
    world.database.query('DELETE FROM sink_cursor', REBUILT)
    complaint = tool.refuse(['rebuild', '--resume'], database=REBUILT)
    expect_equal('is not empty: table ' in complaint, True)


class Load(threading.Thread):
    """A till that earns a point each time for one member, until it is told to end."""

    def __init__(self, world, member):
        super().__init__()
        self.daemon = True
        self.member = member
        self.now = world.now()
        self.session = world.server.open(102)
        self.answered = 0
        self.is_ending = False

    def run(self):
        while not self.is_ending:
            try:
                answer = self.session.call('EARN', transaction_id=new_id(), amount=100,
                                           business_time=self.now, member=self.member)
            except OSError:
                return
            expect(answer, points=1)
            self.answered += 1

    def end(self):
        self.is_ending = True
        self.join(SECONDS_MAX)
        self.session.close()


def start_from(world, directory):
    """The server dies; another one begins on another data directory."""
    world.hang_up()
    world.server.kill()
    world.server.settings['data']['directory'] = directory
    world.server.settings['console'] = {'socket': world.server.folder.file('data',
                                                                           'console.sock')}
    world.server.start()


def segments_below(directory):
    """Of the journal and its archive."""
    return {name.split('.')[0] for _, _, names in os.walk(directory) for name in names
            if '.journal' in name}


def a_backup_of_a_server_at_work_is_sound(world):
    tool, console = Tool(world), world.server.console
    member = world.member(points=5)
    backup = world.server.folder.file('backup')
    load = Load(world, member)
    load.start()
    try:
        for round_ in range(4):
            seen = load.answered
            await_true(lambda: load.answered > seen + 150, 'load')	# pylint: disable=W0640
            console.do('snapshot')
            least, before = load.answered, segments_below(backup)
            report = tool.do('backup', backup)
            expect_equal(report['verdict'], 'sound')
            expect_equal(report['last_sequence'] >= least, True)
            expect_equal(report['snapshot'] > 0, True)
            if round_:
                # The one that was not full, and those begun since: none twice.
                begun = len(segments_below(backup) - before)
                expect_equal(report['segments_copied'] <= 1 + begun, True)
    finally:
        load.end()
    world.hang_up()
    last = console.do('show journal').figure('durable sequence')
    report = await_true(lambda: (lambda found: found['last_sequence'] == last and found)(
        tool.do('backup', backup)), 'the last record in the backup')
    expect_equal(tool.do('backup', backup)['segments_copied'], 0)
    available = world.available(member)
    expect_equal(available, 5 + load.answered)
    start_from(world, backup)
    expect_equal(world.available(member), available)
    world.earn(member, 1)
    expect_equal(world.server.stop(), 0)
    expect_equal(tool.do('verify', data=backup)['verdict'], 'sound')


def a_backup_is_refused_where_it_would_do_harm(world):
    tool = Tool(world)
    fill(world)
    expect_equal('is the data directory itself' in tool.refuse(['backup', tool.data]), True)
    os.symlink(tool.data, world.server.folder.file('link'))
    expect_equal('is the data directory itself' in tool.refuse(
        ['backup', world.server.folder.file('link')]), True)
    complaint = tool.refuse(['backup', tool.data], data=world.server.folder.file('none'))
    expect_equal('process %d' % world.server.process.pid in complaint, True)


def lose_disk(world):
    """The server dies, and its data directory with it; an empty one takes its place."""
    world.hang_up()
    world.server.kill()
    shutil.rmtree(world.server.folder.file('data'))
    os.mkdir(world.server.folder.file('data'), 0o700)


def expect_refused(world, why, code=None):
    """A gateway does not start."""
    process = Process(world.server.command(), world.server.folder.file('refused.log'))
    expect_equal(process.wait(), code or EXIT_CONFIG)
    expect_equal(why in process.log(), True)


def durable(world):
    return world.server.console.do('show journal').figure('durable sequence')


def json_lines(*names):
    with open(os.path.join(*names), encoding='utf-8') as file:
        return [json.loads(line) for line in file]


def what_was_lost_after_the_backup_is_named_and_never_mistaken(world):
    tool, server, database = Tool(world), world.server, world.database
    backup = server.folder.file('backup')
    fill(world)
    server.console.do('snapshot')
    member = world.member(points=100)
    world.hang_up()
    kept = await_true(lambda: (lambda found: found['last_sequence'] == durable(world) and found)(
        tool.do('backup', backup)), 'a backup')['last_sequence']
    world.earn(member, 7)
    burn = world.request('BURN', member=member, points=30)
    expect(burn.send(world.till()), available=77)
    fill(world)
    expect_rows(world)
    lost = durable(world)
    expect_equal(lost > kept + 30, True)
    entries = database.query('SELECT sequence, kind, HEX(transaction_id), points FROM entry'
                             ' WHERE sequence > %d ORDER BY sequence' % kept)
    lose_disk(world)
    expect_refused_start_without_journal(world)

    report = tool.do('restore', '--from', backup, '--skip', 50, tool.data)
    expect_equal((report['last_sequence'], report['database_sequence'], report['lost_count'],
                  report['next_sequence']), (kept, lost, lost - kept, lost + 51))
    missing = json_lines(tool.data, 'restore-missing.jsonl')
    expect_equal([line['sequence'] for line in missing], list(range(kept + 1, lost + 1)))
    expect_equal({line['is_in_mariadb'] for line in missing}, {True})
    expect_equal([line['transaction_id'] for line in missing if line['kind'] == 'BURN'
                  and line['member'] == str(member)], [burn.id.hex()])
    mine = [line for line in json_lines(tool.data, 'restore-members.jsonl')
            if line['member'] == member]
    expect_equal([(line['lost_available'], line['records']) for line in mine], [(-23, 2)])
    expect_equal(report['lost_members'], len(json_lines(tool.data, 'restore-members.jsonl')))

    expect_refused(world, "waits for the operator's word")
    expect_equal('is not empty' in tool.refuse(['restore', '--from', backup, tool.data]), True)
    expect_equal('was asked' in tool.refuse(['restore', '--accept', '--no-database', tool.data]),
                 True)
    tool.do('restore', '--accept', tool.data)
    expect_equal('nothing waits' in tool.refuse(['restore', '--accept', tool.data]), True)
    server.start()
    expect_equal(world.available(member), 100)
    expect(burn.send(world.till()), available=70, replay=None)
    expect_equal(durable(world) > lost + 50, True)
    expect_rows(world)
    expect_equal(database.query('SELECT sequence, kind, HEX(transaction_id), points'
                                ' FROM lost_entry ORDER BY sequence'), entries)
    expect_equal(database.query(
        "SELECT COUNT(*), MIN(e.sequence), MAX(e.sequence) FROM entry e JOIN record_kind k"
        " ON k.number = e.kind WHERE k.name = 'NOTE' AND e.operator = 'restore'"),
                 [[str(lost + 50 - kept), str(kept + 1), str(lost + 50)]])
    fill(world)
    expect_rows(world)
    expect_equal(server.stop(), 0)
    expect_equal(server.verify_journal(), [])


def expect_refused_start_without_journal(world):
    """With MariaDB there, an empty directory is no first start."""
    process = Process(world.server.command(), world.server.folder.file('refused.log'))
    expect_equal(process.wait(), EXIT_DATA)
    shutil.rmtree(world.server.folder.file('data'))


def a_mariadb_behind_the_backup_catches_up(world):
    tool, server, database = Tool(world), world.server, world.database
    backup = server.folder.file('backup')
    fill(world)
    expect_rows(world)
    database.stop()
    member = world.member(points=100)
    world.hang_up()
    kept = await_true(lambda: (lambda found: found['last_sequence'] == durable(world) and found)(
        tool.do('backup', backup)), 'a backup')['last_sequence']
    world.earn(member, 7)
    lose_disk(world)
    complaint = tool.refuse(['restore', '--from', backup, server.folder.file('other')])
    expect_equal('connect' in complaint.lower(), True)
    database.start()
    report = tool.do('restore', '--from', backup, '--skip', 5, tool.data)
    expect_equal((report['last_sequence'], report['lost_count'], report['lost_members'],
                  report['next_sequence']), (kept, 0, 0, kept + 6))
    expect_equal(report['database_sequence'] < kept, True)
    expect_equal(json_lines(tool.data, 'restore-missing.jsonl'), [])
    tool.do('restore', '--accept', tool.data)
    server.start()
    expect_equal(world.available(member), 100)
    expect_rows(world)
    expect_equal(database.query("SHOW TABLES LIKE 'lost\_%'"), [])


def a_restoring_without_mariadb_stops_the_sink_where_it_differs(world):
    tool, server = Tool(world), world.server
    backup = server.folder.file('backup')
    member = world.member(points=100)
    world.hang_up()
    await_true(lambda: tool.do('backup', backup)['last_sequence'] == durable(world), 'a backup')
    world.earn(member, 7)
    expect_rows(world)
    lose_disk(world)
    tool.do('restore', '--from', backup, '--no-database', '--skip', 20, tool.data)
    complaint = tool.refuse(['restore', '--accept', tool.data])
    expect_equal('was not asked' in complaint, True)
    tool.do('restore', '--accept', '--no-database', tool.data)
    server.start()
    server.process.await_log(r'event=sink_stopped .*is not the one that MariaDB was written from')
    expect_equal(world.available(member), 100)


MIRRORED = [
    (a_run_with_a_mirror_loses_none, {}),
    (a_mirror_that_fails_is_left_alone_if_so_configured, {'mirror_failure': 'alone'}),
]

CASES = [
    where_the_beginning_is_gone_nothing_is_made_up,
    what_was_lost_after_the_backup_is_named_and_never_mistaken,
    a_mariadb_behind_the_backup_catches_up,
    a_restoring_without_mariadb_stops_the_sink_where_it_differs,
    a_backup_of_a_server_at_work_is_sound,
    a_backup_is_refused_where_it_would_do_harm,
    an_empty_mariadb_rebuilt_is_what_the_sink_wrote,
    a_rebuilding_that_was_killed_goes_on,
    a_database_of_another_journal_is_not_gone_on_with,
]


def main():
    tap = Tap()
    if Database.missing():
        tap.skip('keeping', Database.missing())
        return tap.end()
    database = Database()
    try:
        database.start()
        wanted = sys.argv[1:]
        for case in CASES:
            if wanted and case.__name__ not in wanted:
                continue
            create(database, 'tallygate')
            run_case(tap, case, lambda: World(database=database))
        for case, journal in MIRRORED:
            if wanted and case.__name__ not in wanted:
                continue
            create(database, 'tallygate')
            run_case(tap, case, functools.partial(mirrored, database, **journal))
    finally:
        database.close()
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
