"""alone.py - what only the gateway is asked for: mixes, latency, connections, overload, MariaDB.

The load is tally-load's, or bench-load's where no request may be sent again.
"""
import contextlib
import json
import statistics
import time

from report import Goal, fsync_us, median, table
from servers import MariaDB, Tallygate

MIX = 'earn=60,inquiry=20,burn=15,capture=5'
REACH_SECONDS = 4           # to find the rate that can be reached
EXIT_LEFT_OPEN = 1          # tally-load: requests were left without an answer


@contextlib.contextmanager
def running(server):
    try:
        server.start()
        yield server
    finally:
        server.stop()


def end_of(process):
    """What tally-load tells of its run."""
    printed, _ = process.communicate(timeout=3600)
    if process.returncode not in (0, EXIT_LEFT_OPEN):
        raise RuntimeError(f'tally-load ended with {process.returncode}')
    return json.loads(printed)


def load(server, *arguments, **more):
    told = end_of(server.tally_load(*arguments, **more))
    told['per_second'] = told['answered'] / max(told['seconds'], 1e-9)
    return told


def enrolled(bench, server, *more, members=None, earns=1):
    """Enrol members who earn so many times on average, so that the load has nothing else in it."""
    count = members or bench.members
    load(server, '--connections', 200, '--depth', 16, '--members', count, '--mix', 'earn=1',
         '--requests', earns * count, *more)


class Alone:
    """A case with the gateway alone."""
    is_disk_bound = True    # runs with each --sync-us
    settings = None

    def run(self, bench):
        """(lines, goals, figures)."""
        with running(Tallygate(bench, self.settings)) as server:
            return self.measure(bench, server)


class Mix(Alone):
    name, title = 'mix', 'mix of ' + MIX + ' and 5 % duplicates, 1,000 plain connections, depth 1'

    def measure(self, bench, server):
        loads = {'earn only': ['--mix', 'earn=1'], 'mix': ['--mix', MIX, '--duplicates', 5]}
        turns = {label: [] for label in loads}
        enrolled(bench, server)
        for turn in range(bench.options.turns):
            for label in sorted(loads, reverse=turn % 2 == 1):
                before = server.cpu_seconds()
                told = load(server, '--connections', 1000, '--members', bench.members,
                            '--no-enroll', '--seconds', bench.options.seconds, *loads[label])
                told['cpu_us'] = (server.cpu_seconds() - before) * 1e6 / max(told['answered'], 1)
                turns[label].append(told)
                bench.say(f'  mix turn {turn + 1}: {label}: {told["per_second"]:,.0f}/s')
        lines = table(['', 'answered/s', 'p50 ms', 'p99 ms', 'server us each'],
                      [[label, median(results, 'per_second'),
                        statistics.median(one['latency']['p50_ms'] for one in results),
                        statistics.median(one['latency']['p99_ms'] for one in results),
                        median(results, 'cpu_us')] for label, results in turns.items()])
        ratio = statistics.median(mix['per_second'] / earn['per_second']
                                  for mix, earn in zip(turns['mix'], turns['earn only']))
        return lines, [Goal('mix / earn only', ratio, least=0.9)], turns


class Sink(Alone):
    """The rate of the whole product: what MariaDB takes while terminals are served."""
    name, title = 'sink', 'earn, 1,000 plain connections, with the sink and MariaDB on these cores'
    is_disk_bound = False

    def run(self, bench):
        with running(MariaDB(bench)) as mariadb:
            if mariadb.query('CREATE DATABASE tallygate') is None:
                raise RuntimeError('mariadb refuses a database')
            settings = {'sink': {'enabled': True},
                        'mariadb': {'socket': mariadb.port, 'user': 'root'}}
            with running(Tallygate(bench, settings)) as server:
                return self.measure(bench, server, mariadb)

    def measure(self, bench, server, mariadb):
        def entries():
            return int(mariadb.query('SELECT COUNT(*) FROM tallygate.entry'))

        def await_sink():
            """Every record has its entry."""
            records = server.figure('journal', 'durable sequence')
            while entries() < records:
                time.sleep(0.2)
            return records

        enrolled(bench, server)
        base = await_sink()
        seconds = bench.options.seconds * bench.options.turns
        begun = time.monotonic()
        told = load(server, '--connections', 1000, '--members', bench.members, '--no-enroll',
                    '--seconds', seconds, '--mix', 'earn=1')
        taken = entries() - base
        await_sink()
        whole = told['answered'] / (time.monotonic() - begun)
        figures = {'answered_per_second': told['per_second'],
                   'taken_per_second': taken / told['seconds'], 'sustained_per_second': whole,
                   'latency': told['latency']}
        return table(['', 'per second', 'p99 ms'],
                     [['answered, for %d s' % seconds, told['per_second'],
                       told['latency']['p99_ms']],
                      ['in MariaDB meanwhile', figures['taken_per_second'], ''],
                      ['sustained: until all is in MariaDB', whole, '']]), [], figures


class Latency(Alone):
    name = 'latency'
    title = 'latency at half of the reachable rate, open loop, 1,000 plain connections'

    def measure(self, bench, server):
        enrolled(bench, server)
        common = ['--connections', 1000, '--members', bench.members, '--no-enroll', '--mix',
                  'earn=1']
        turns = []
        for turn in range(bench.options.turns):
            reached = load(server, *common, '--seconds', REACH_SECONDS)['per_second']
            disk = fsync_us(bench.folder)
            told = load(server, *common, '--seconds', bench.options.seconds * 2, '--rate',
                        reached / 2)
            turns.append({'reached': reached, 'rate': reached / 2,
                          'fsync_p99_ms': (disk['p99'] + bench.sync_us) / 1000,
                          **told['latency']})
            bench.say(f'  latency turn {turn + 1}: {turns[-1]}')
        sync = median(turns, 'fsync_p99_ms')
        lines = table(['', 'rate/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'fsync p99 ms'],
                      [['half', median(turns, 'rate'), median(turns, 'p50_ms'),
                        median(turns, 'p99_ms'), median(turns, 'p99.9_ms'), sync]])
        goals = [Goal(f'{name} less fsync p99, ms', statistics.median(
            turn[name + '_ms'] - turn['fsync_p99_ms'] for turn in turns), most=bound)
                 for name, bound in (('p50', 1), ('p99', 5), ('p99.9', 20))]
        return lines, goals, turns


class Redemptions(Alone):
    """Burns over TLS at the pace of 200,000 an hour, then ten times that, beside earns."""
    name, title = 'redemptions', 'burns over TLS beside 5,000 earns/s over TLS'
    hour = 200000 / 3600

    def measure(self, bench, server):
        seconds = max(bench.options.seconds * bench.options.turns, 10)
        enrolled(bench, server, members=10000)
        enrolled(bench, server, '--card-prefix', '8', '--amount-max', 10000000, members=10000,
                 earns=5)
        rows, goals, figures = [], [], {}
        for times in (1, 10):
            beside = server.tally_load('--connections', 500, '--members', 10000, '--no-enroll',
                                       '--mix', 'earn=1', '--rate', 5000, '--seconds', seconds + 4,
                                       tls=True)
            time.sleep(2)
            told = load(server, '--connections', 200, '--members', 10000, '--no-enroll',
                        '--card-prefix', '8', '--mix', 'burn=1', '--rate', times * self.hour,
                        '--seconds', seconds, tls=True)
            end_of(beside)
            statuses = told['operations']['BURN']['statuses']
            figures[f'{times} x'] = told
            rows.append([f'{times * 200000:,} an hour', told['answered'],
                         statuses.get('OK', 0), told['latency']['p50_ms'],
                         told['latency']['p99_ms'], told['latency']['max_ms']])
            goals.append(Goal(f'slowest of {times * 200000:,} an hour, ms',
                              told['latency']['max_ms'], most=300))
        return (table(['', 'burns', 'of these OK', 'p50 ms', 'p99 ms', 'slowest ms'], rows), goals,
                figures)


class Flight(Alone):
    name, title = 'flight', '10,000 plain connections with 10 requests in flight on each'

    def measure(self, bench, server):
        enrolled(bench, server)
        told = load(server, '--connections', 10000, '--depth', 10, '--members', bench.members,
                    '--no-enroll', '--mix', 'earn=1', '--seconds',
                    max(bench.options.seconds * bench.options.turns, 5))
        return (table(['', 'answered/s', 'p50 ms', 'p99 ms', 'lost', 'BUSY'],
                      [['earn', told['per_second'], told['latency']['p50_ms'],
                        told['latency']['p99_ms'], told['lost'], told['busy']]]),
                [Goal('lost', told['lost'], most=0)], told)


class Idle(Alone):
    """What an idle TLS connection takes, and what thousands of them do to those that work."""
    name, title = 'idle', '18,000 TLS connections that do nothing, beside 200 that earn'
    is_disk_bound = False
    count = 18000
    settings = {'deadlines': {'idle_ms': 3600000}, 'limits': {'handshakes': 20000}}

    def measure(self, bench, server):
        def working():
            return load(server, '--connections', 200, '--members', 1000, '--no-enroll', '--mix',
                        'earn=1', '--rate', 2000, '--seconds', seconds, tls=True)

        seconds = max(bench.options.seconds * 2, 10)
        enrolled(bench, server, members=1000)
        alone = working()
        before = server.memory_bytes()
        idlers = server.tally_load('--connections', self.count, '--idle', seconds + 60,
                                   '--members', 1000, '--no-enroll', '--connect-rate', 600,
                                   tls=True)
        await_connections(server, self.count)
        bytes_each = (server.memory_bytes() - before) / self.count
        beside = working()
        idlers.terminate()
        idlers.communicate()
        ratio = beside['latency']['p99_ms'] / alone['latency']['p99_ms']
        return (table(['', 'p50 ms', 'p99 ms'],
                      [[label, told['latency']['p50_ms'], told['latency']['p99_ms']]
                       for label, told in (('alone', alone), ('beside the idle', beside))])
                + [f'  {bytes_each:,.0f} bytes of the process each'],
                [Goal('KiB each', bytes_each / 1024, most=18),
                 Goal('p99 beside / alone', ratio, most=2)],
                {'bytes_each': bytes_each, 'alone': alone, 'beside': beside})


def await_connections(server, count, seconds=120):
    """Until the gateway serves so many, past their handshakes."""
    deadline = time.monotonic() + seconds
    while server.figure('stats', 'connections') - server.figure('stats', 'handshakes') < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f'fewer than {count} connections came about')
        time.sleep(0.5)
    time.sleep(2)       # the last of them authenticate


class Handshakes(Alone):
    name, title = 'handshakes', '10,000 TLS handshakes at once, clients on one core'
    settings = {'deadlines': {'handshake_ms': 60000}}

    def measure(self, bench, server):
        enrolled(bench, server, members=1000)
        old = server.tally_load('--connections', 200, '--members', 1000, '--no-enroll', '--mix',
                                'earn=1', '--rate', 1000, '--seconds', 40, tls=True)
        time.sleep(2)
        begun = time.monotonic()
        storm = load(server, '--connections', 10000, '--idle', 1, '--connect-seconds', 60,
                     '--members', 1000, '--no-enroll', tls=True, prefix=['taskset', '-c', '0'])
        seconds = time.monotonic() - begun - 1
        told = end_of(old)
        return (table(['', 'done', 'seconds', 'p50 ms', 'p99 ms'],
                      [['handshakes', storm['connect']['count'], seconds,
                        storm['connect']['p50_ms'], storm['connect']['p99_ms']],
                       ['old connections', told['answered'], told['seconds'],
                        told['latency']['p50_ms'], told['latency']['p99_ms']]]),
                [Goal('seconds until all were done', seconds, most=60),
                 Goal('p99 of old connections, ms', told['latency']['p99_ms'], most=20)],
                {'storm': storm, 'old': told})


class Overload(Alone):
    """Three times what is admitted, open loop; what is shed was never journalled."""
    name, title = 'overload', 'admission limited to 50,000/s, 150,000/s offered, open loop'
    is_disk_bound = False
    limit = 50000

    def measure(self, bench, server):
        seconds = 300 if not bench.options.quick else 20
        server.enroll()
        if server.console('set', 'limits.requests_per_second', str(self.limit)) is None:
            raise RuntimeError('the limit cannot be set')
        before = server.figure('journal', 'durable sequence')
        told = bench.load(server, ['--connections', '1000', '--depth', '64', '--rate',
                                   str(3 * self.limit), '--seconds', str(seconds), '--warm-up',
                                   '0'])
        journalled = server.figure('journal', 'durable sequence') - before
        after = bench.load(server, ['--connections', '1000', '--depth', '64', '--rate',
                                    str(self.limit // 2), '--seconds', '5', '--warm-up', '0'])
        return (table(['', 'done/s', 'refused', 'p50 ms', 'p99 ms', 'journalled'],
                      [['overload', told['per_second'], told['refused'], told['p50_us'] / 1000,
                        told['p99_us'] / 1000, journalled],
                       ['the 5 s after, at half', after['per_second'], after['refused'],
                        after['p50_us'] / 1000, after['p99_us'] / 1000, '']]),
                [Goal('goodput / limit', told['per_second'] / self.limit, least=0.9),
                 # What was read at the end and answered when nobody waited is in the journal, too.
                 Goal('journalled / done', journalled / max(told['done'], 1), most=1.01),
                 Goal('refused in the 5 s after', after['refused'], most=0)],
                {'overload': told, 'after': after, 'journalled': journalled})


class Drain(Alone):
    """One partner is taken out of service and back; the others' load is a process of its own."""
    name, title = 'drain', 'a partner drained beside 2,000 earns/s of the others, plain'
    is_disk_bound = False

    def measure(self, bench, server):
        with open(server.file('terminals.csv'), encoding='utf-8') as file:
            head, *rows = file.read().splitlines()
        for name, is_drained in (('one', True), ('others', False)):
            chosen = [row for row in rows if (row.split(',')[2] == '1') == is_drained]
            with open(server.file(name), 'w', encoding='utf-8') as file:
                file.write('\n'.join([head, *chosen]) + '\n')
        enrolled(bench, server, members=2000)
        common = ['--members', 2000, '--no-enroll', '--mix', 'earn=1']
        turns = {'served': [], 'drained': []}
        for _ in range(max(bench.options.turns, 3)):
            for label, results in turns.items():
                one = server.tally_load('--connections', 100, '--rate', 500, '--seconds', 7,
                                        *common, terminals='one')
                time.sleep(1)
                others = server.tally_load('--connections', 500, '--rate', 2000, '--seconds', 5,
                                           *common, terminals='others')
                time.sleep(1.5)
                for command in ('drain', 'resume') if label == 'drained' else ():
                    if server.console(command, 'partner', '1') is None:
                        raise RuntimeError(f'{command} is refused')
                    time.sleep(1)
                results.append(end_of(others))
                one.terminate()
                one.communicate()
        p99 = {label: [told['latency']['p99_ms'] for told in results]
               for label, results in turns.items()}
        lost = sum(told['lost'] for told in turns['drained'])
        ratio = statistics.median(one / two for one, two in zip(p99['drained'], p99['served']))
        rows = [[label, statistics.median(values)] for label, values in p99.items()]
        return (table(['the others', 'p99 ms'], rows),
                [Goal('p99 drained / served, turn by turn', ratio, most=1.25),
                 Goal('lost by the others', lost, most=0)], turns)


CASES = [Drain(), Mix(), Sink(), Latency(), Redemptions(), Flight(), Idle(), Handshakes(),
         Overload()]
