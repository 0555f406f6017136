"""compare.py - the gateway beside the alternatives: the same work, in turns."""
import statistics

from report import Goal, median, number, table


class Row:
    """One load on one system."""

    def __init__(self, system, *arguments, label=None, tls=False):
        self.system = system
        self.label = label or system
        self.arguments = [str(argument) for argument in arguments]
        self.tls = tls


def many(system, connections, depth, **more):
    return Row(system, '--connections', connections, '--depth', depth, **more)


def batches(system, connections, batch, depth=1, **more):
    return Row(system, '--connections', connections, '--batch', batch, '--depth', depth, **more)


class Comparison:
    """Rows that are compared, and what their ratios must reach: (row, by row, at least)."""
    is_disk_bound = True    # runs with each --sync-us

    def __init__(self, name, title, rows, goals):
        self.name, self.title, self.rows, self.goals = name, title, rows, goals

    def measure(self, bench, row):
        server = bench.shared(row.system)
        arguments = ['--seconds', str(bench.options.seconds), '--warm-up',
                     str(bench.options.warm_up), *row.arguments]
        if row.tls:
            arguments += ['--ca', bench.keys('server.pem')]
            if row.system.startswith('tallygate'):
                arguments += ['--port', server.tls_port]
        before, of_threads = server.cpu_seconds(), server.cpu_seconds_of_threads()
        result = bench.load(server, arguments)
        # The server's time over warm-up and measurement, for what was done in both.
        done = result['per_second'] * (bench.options.seconds + bench.options.warm_up)
        result['cpu_us'] = (server.cpu_seconds() - before) * 1e6 / max(done, 1)
        result['cpu_us_of_threads'] = {
            name: (seconds - of_threads.get(name, 0)) * 1e6 / max(done, 1)
            for name, seconds in server.cpu_seconds_of_threads().items()}
        return result

    @staticmethod
    def of_threads(results):
        """What each thread of the server took for one earn, where it is worth telling."""
        names = {name for result in results for name in result['cpu_us_of_threads']}
        each = {name: statistics.median(result['cpu_us_of_threads'].get(name, 0)
                                        for result in results) for name in sorted(names)}
        return ', '.join(f'{name} {number(us)}' for name, us in each.items() if us >= 0.05)

    def run(self, bench):
        """(lines, goals, figures)."""
        rows = [row for row in self.rows if row.system not in bench.options.without]
        turns = {row.label: [] for row in rows}
        for turn in range(bench.options.turns):
            for row in rows[turn % len(rows):] + rows[:turn % len(rows)]:
                result = self.measure(bench, row)
                turns[row.label].append(result)
                bench.say(f'  {self.name} turn {turn + 1}: {row.label}: '
                          f'{result["per_second"]:,.0f}/s p50 {result["p50_us"] / 1000:.2f} '
                          f'p99 {result["p99_us"] / 1000:.2f} ms')
        lines = table(['', 'done/s', 'p50 ms', 'p99 ms', 'server us each'],
                      [[label, median(results, 'per_second'), median(results, 'p50_us') / 1000,
                        median(results, 'p99_us') / 1000, median(results, 'cpu_us')]
                       for label, results in turns.items()])
        for label, results in turns.items():
            if label.startswith('tallygate'):
                lines.append(f'  {label}, us each by thread: ' + self.of_threads(results))
        refused = sum(result['refused'] for results in turns.values() for result in results)
        if refused:
            lines.append(f'  refused: {refused}')
        # The median of the ratios, turn by turn: what else the machine did fell on both.
        goals = [Goal(f'{row} / {other}', statistics.median(
            one['per_second'] / two['per_second']
            for one, two in zip(turns[row], turns[other])), least)
                 for row, other, least in self.goals if row in turns and other in turns]
        return lines, goals, turns


CASES = [
    Comparison('earn', 'earn, 1,000 plain connections, depth 1',
               [many('echo', 1000, 1), many('tallygate', 1000, 1), many('redis', 1000, 1),
                many('tarantool', 1000, 1), many('mariadb', 128, 1)],
               [('tallygate', 'echo', 0.75), ('tallygate', 'redis', 3),
                ('tallygate', 'tarantool', 3)]),
    Comparison('depth', 'earn, 1,000 plain connections, depth 16',
               [many('echo', 1000, 16), many('tallygate', 1000, 16), many('redis', 1000, 16),
                many('tarantool', 1000, 16)],
               [('tallygate', 'redis', 4), ('tallygate', 'tarantool', 4)]),
    Comparison('batch', 'batches of 8,190 earns; of each alternative its best form',
               [many('echo', 1000, 1), batches('tallygate', 16, 8190),
                batches('redis', 4, 1000), many('redis', 50, 256, label='redis, pipeline'),
                batches('tarantool', 4, 1000), batches('mariadb', 1, 8190)],
               [('tallygate', 'redis', 3), ('tallygate', 'redis, pipeline', 3),
                ('tallygate', 'tarantool', 3), ('tallygate', 'mariadb', 3)]),
    Comparison('threads', 'earn, plain: the ledger step on its own thread, or on the I/O thread',
               [many('echo', 1000, 1), many('tallygate', 1000, 1),
                many('tallygate-inline', 1000, 1),
                many('tallygate', 1000, 16, label='tallygate, depth 16'),
                many('tallygate-inline', 1000, 16, label='tallygate-inline, depth 16'),
                batches('tallygate', 16, 8190, label='tallygate, batches'),
                batches('tallygate-inline', 16, 8190, label='tallygate-inline, batches')],
               [('tallygate', 'tallygate-inline', 0.95),
                ('tallygate, depth 16', 'tallygate-inline, depth 16', 1),
                ('tallygate, batches', 'tallygate-inline, batches', 1)]),
    Comparison('tls', 'earn, 1,000 connections with TLS 1.3, depth 1',
               [many('tls-echo', 1000, 1, tls=True), many('tallygate', 1000, 1, tls=True),
                many('redis', 1000, 1)],
               [('tallygate', 'tls-echo', 0.75), ('tallygate', 'redis', 1)]),
]
