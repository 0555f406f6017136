"""backlog.py - what MariaDB's side bears: rows with nothing beside them, and what it missed.

`--case backlog` alone runs the second: with ten million members and twenty million earns behind it
takes half an hour and some 20 GB of disk.
"""
import re
import statistics
import subprocess
import time

from alone import enrolled, load, running
from report import Goal, table
from servers import MariaDB, Tallygate

ROWS_RECORDS = 300000
ROWS_BATCH = 4500
ROWS_MEMBERS = 10**7
ROWS_SPLIT = 1000           # batches of so many go by two connections, as the sink's own default
SERVED_PER_SECOND = 20000
WINDOW_SECONDS = 10


class Archive(MariaDB):
    """As contrib/examples/mariadb.cnf says: with room for what ten million members and a month's
    entries touch at random."""
    buffer_pool = '5G'
    redo_log = '4G'
    options = ('--innodb-adaptive-hash-index=ON',)


class Rows:
    """The sink alone, over records that are made: all tables with all indexes."""
    name = 'rows'
    title = f'earns of {ROWS_MEMBERS:,} members into MariaDB, nothing beside them'
    is_disk_bound = False

    def run(self, bench):
        """(lines, goals, figures)."""
        turns = [self.turn(bench) for _ in range(bench.options.turns)]
        written = statistics.median(turns)
        return (table(['', 'records/s'], [['written', written]]),
                [Goal('written per second', written, least=60000)], {'per_second': turns})

    @staticmethod
    def turn(bench):
        run = subprocess.run([bench.built('tests/storage/bench_sink'), str(ROWS_RECORDS),
                              str(ROWS_BATCH), str(ROWS_MEMBERS), str(ROWS_SPLIT),
                              *Archive.options],
                             stdout=subprocess.PIPE, timeout=600, check=True)
        return float(re.search(rb'records_per_s=(\d+)', run.stdout).group(1))


class Backlog:
    """MariaDB was away: is what it missed written while more comes, and who notices?"""
    name = 'backlog'
    title = 'earns at 20,000/s while the sink writes what MariaDB missed'
    is_disk_bound = False

    def run(self, bench):
        """(lines, goals, figures)."""
        members = bench.options.scale // 7
        settings = {'sink': {'enabled': True, 'batch_records': 4500},
                    'ledger': {'members_max': members + 1000, 'identifiers_max': members + 1000}}
        with running(Archive(bench)) as mariadb:
            if mariadb.query('CREATE DATABASE tallygate') is None:
                raise RuntimeError('mariadb refuses a database')
            settings['mariadb'] = {'socket': mariadb.port, 'user': 'root'}
            with running(Tallygate(bench, settings)) as server:
                return self.measure(bench, server, mariadb, members)

    def measure(self, bench, server, mariadb, members):
        begun = time.monotonic()
        enrolled(bench, server, members=members, earns=0)
        self.await_sink(server)
        bench.say(f'  backlog: {members:,} members in MariaDB after '
                  f'{time.monotonic() - begun:,.0f} s')
        alone = [self.serve(bench, server, members) for _ in range(bench.options.turns)]
        self.await_sink(server)
        mariadb.stop()
        load(server, '--connections', 1000, '--depth', 16, '--members', members, '--no-enroll',
             '--mix', 'earn=1', '--requests', 2 * members)
        behind = server.figure('sink', 'lag')
        mariadb.launch()
        begun, caught, before = time.monotonic(), [], server.figure('sink', 'lag')
        while server.figure('sink', 'lag') > SERVED_PER_SECOND * 2:
            caught.append(self.serve(bench, server, members))
        seconds = time.monotonic() - begun
        served = WINDOW_SECONDS * SERVED_PER_SECOND * len(caught)
        written = before + served - server.figure('sink', 'lag')
        p99 = [statistics.median(turns) for turns in (alone, caught or alone)]
        figures = {'members': members, 'behind': behind, 'seconds': seconds,
                   'written_per_second': written / seconds, 'alone_p99_ms': alone,
                   'caught_p99_ms': caught}
        return (table(['', 'records', 'seconds', 'written/s', 'p99 ms', 'p99 without ms'],
                      [['caught up', behind, seconds, written / seconds, p99[1], p99[0]]]),
                [Goal('written / served', written / max(served, 1), least=1),
                 Goal('p99 meanwhile / without', p99[1] / p99[0], most=2)], figures)

    @staticmethod
    def await_sink(server):
        while server.figure('sink', 'lag') > 0:
            time.sleep(0.2)

    @staticmethod
    def serve(bench, server, members):
        """p99 in ms of a window at the stated rate."""
        told = load(server, '--connections', 1000, '--members', members, '--no-enroll', '--mix',
                    'earn=1', '--rate', SERVED_PER_SECOND, '--seconds', WINDOW_SECONDS)
        bench.say(f'  backlog: {server.figure("sink", "lag"):,} behind, '
                  f'p99 {told["latency"]["p99_ms"]} ms')
        return told['latency']['p99_ms']


CASES = [Rows()]
NAMED = [Backlog()]
