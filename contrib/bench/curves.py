"""curves.py - cost as the work grows: connections, batches, offered load.  No goal but: no cliff.

A cliff is a step at which the rate falls to less than half of the step before.
"""
from report import Goal, number, table

CONNECTIONS = [10, 30, 100, 300, 1000, 3000, 10000, 18000]
BATCHES = [1, 10, 100, 1000, 8190]
OFFERED_SHARES = [0.1, 0.25, 0.5, 0.75, 0.9, 1.1]
STEEPEST = 0.5              # of the rate of the step before


class Curve:
    """Points (x, what bench-load told) of each system."""
    is_disk_bound = False

    def run(self, bench):
        """(lines, goals, figures)."""
        figures = {}
        for system in self.systems:
            if system in bench.options.without:
                continue
            figures[system] = []
            for x, told in self.points(bench, system):
                figures[system].append({'x': x, **told})
                bench.say(f'  {self.name}: {system} at {number(x)}: {told["per_second"]:,.0f}/s')
        lines = table(['', self.axis, 'done/s', 'p50 ms', 'p99 ms'],
                      [[system if at == 0 else '', point['x'], point['per_second'],
                        point['p50_us'] / 1000, point['p99_us'] / 1000]
                       for system, points in figures.items() for at, point in enumerate(points)])
        own = [point['per_second'] for point in figures.get('tallygate', [])]
        steepest = min((after / before for before, after in zip(own, own[1:])), default=1)
        return lines, [Goal('least rate of a step / of the step before', steepest,
                            least=STEEPEST)], figures


    def points(self, bench, system):
        for x, arguments in self.steps(bench, system):
            yield x, bench.load(bench.shared(system), [
                '--seconds', str(bench.options.seconds), '--warm-up', '1', *arguments])


class Connections(Curve):
    name, title = 'connections', 'earn, plain, depth 1, by connections'
    axis, systems = 'connections', ['echo', 'tallygate', 'redis']

    def steps(self, bench, system):
        return [(count, ['--connections', str(count)]) for count in CONNECTIONS]


class Batches(Curve):
    name, title = 'batches', 'earns in batches on 4 connections, by batch'
    axis, systems = 'batch', ['tallygate', 'redis', 'tarantool']

    def steps(self, bench, system):
        most = 1000 if system != 'tallygate' else max(BATCHES)
        return [(size, ['--connections', '4', '--batch', str(size)]) for size in BATCHES
                if size <= most]


class Offered(Curve):
    """Open loop: what comes is not slowed down by what is answered."""
    name, title = 'offered', 'earn, 1,000 plain connections, by offered load'
    axis, systems = 'offered/s', ['echo', 'tallygate', 'redis']

    def steps(self, bench, system):
        reached = bench.load(bench.shared(system), ['--seconds', '2', '--warm-up', '1'])
        rates = [int(reached['per_second'] * share) for share in OFFERED_SHARES]
        return [(rate, ['--depth', '64', '--rate', str(rate)]) for rate in rates]


CASES = [Connections(), Batches(), Offered()]
