"""scale.py - the gateway with a whole coalition in memory, beside one with a million members.

`--case scale` alone runs it: with seventy million members it takes an hour and 24 GiB.  States are
made by tests/gateway/populate, which decides and applies every record as a gateway does.
`--case members` is the curve from a thousand members up to those of `--scale`.
"""
import statistics
import subprocess
import time

from alone import running
from curves import Curve
from report import Goal, table
from servers import Tallygate

LEAST = 1000
SMALL = 1000000
LOAD_SECONDS = 4
SNAPSHOTS = 3


class Coalition(Tallygate):
    """A gateway whose data directory is populated first."""

    def __init__(self, bench, members, partners, stores, terminals, transactions):
        # Of some tables a twentieth is kept for what must not fail.
        tables = {'members_max': members + 1000000, 'identifiers_max': members * 3 // 2 + 1000000,
                  'lots_max': members * 2 * 20 // 19 + 2000000, 'stores_max': stores + 1000,
                  'terminals_max': terminals + 1000, 'totals_max': 4 * terminals + 1000000,
                  'transactions_max': max(transactions, 11000000) + 20000000}
        super().__init__(bench, {'ledger': tables})
        self.counts = [members, partners, stores, terminals, transactions]
        self.members = members
        self.seconds_to_start = 0

    def make_terminals(self):
        """They come from populate."""

    def start(self):
        self.prepare()
        with open(self.file('terminals.csv'), 'w', encoding='utf-8') as terminals:
            subprocess.run([self.bench.built('tests/gateway/populate'), self.file('conf'),
                            *[str(count) for count in self.counts]], stdout=terminals, check=True)
        begun = time.monotonic()
        self.launch()
        self.seconds_to_start = time.monotonic() - begun
        # What was made ends yesterday, which the gateway notices a moment after its start.
        self.await_that(lambda: self.console('clock', 'accept', 'yes') is not None)

    def earn(self, *arguments):
        return self.bench.load(self, ['--members', str(self.members), '--seconds',
                                      str(LOAD_SECONDS), '--warm-up', '1', *arguments])


def as_t_card(bench, members):
    """As seventy million have it: 850,000 stores, 1 million terminals, 30 million in the window."""
    return Coalition(bench, members, 170, max(members * 85 // 7000, 100),
                     max(members // 70, 200), members * 3 // 7)


class Members(Curve):
    name, title = 'members', 'earn, 1,000 plain connections, depth 1, by members in memory'
    axis, systems = 'members', ['tallygate']

    def points(self, bench, system):
        counts = [LEAST]
        while counts[-1] < bench.options.scale:
            counts.append(min(counts[-1] * 10, bench.options.scale))
        for count in counts:
            with running(as_t_card(bench, count)) as server:
                turns = [server.earn('--connections', '1000')
                         for _ in range(bench.options.turns)]
                yield count, sorted(turns, key=lambda told: told['per_second'])[len(turns) // 2]


class Scale:
    name = 'scale'
    title = 'a coalition in memory, beside one of a million members'
    is_disk_bound = False

    def run(self, bench):
        """(lines, goals, figures)."""
        large = as_t_card(bench, bench.options.scale)
        small = Coalition(bench, SMALL, 170, 10000, 15000, SMALL * 3 // 7)
        with running(large):
            resident = large.memory_bytes()
            # First, and alone: every turn afterwards adds what terminals did meanwhile.
            pause_ms, peak = self.snapshots(bench, large)
            with running(small):
                return self.measure(bench, large, small, resident, pause_ms, peak)

    def measure(self, bench, large, small, resident, pause_ms, peak):
        kinds = {'depth 1': ['--connections', '1000'],
                 'batches': ['--connections', '16', '--batch', '8190']}
        turns = {kind: [] for kind in kinds}
        for turn in range(bench.options.turns):
            for kind, arguments in kinds.items():
                pair = [server.earn(*arguments)['per_second'] for server in (large, small)]
                turns[kind].append(pair)
                bench.say(f'  scale turn {turn + 1}: {kind}: {pair[0]:,.0f} and {pair[1]:,.0f}/s')
        ratios = {kind: statistics.median(one / two for one, two in pairs)
                  for kind, pairs in turns.items()}
        rows = [[f'{server.members:,} members', server.seconds_to_start,
                 *[statistics.median(pair[at] for pair in turns[kind]) for kind in kinds]]
                for at, server in enumerate((large, small))]
        lines = table(['', 'seconds to start', 'depth 1, done/s', 'batches, done/s'], rows)
        lines += [f'  {resident / large.members:,.0f} bytes a member, all in; '
                  f'{resident / 2**30:.1f} GiB',
                  f'  longest pause for a snapshot: {pause_ms:.2f} ms']
        return lines, [Goal('depth 1, large / small', ratios['depth 1'], least=0.7),
                       Goal('batches, large / small', ratios['batches'], least=0.5),
                       Goal('seconds to start', large.seconds_to_start, most=60),
                       Goal('longest pause with snapshots, ms', pause_ms, most=10),
                       Goal('memory during a snapshot / after it', peak, most=1.05)], {
                           'turns': turns, 'resident': resident, 'pause_ms': pause_ms,
                           'peak': peak}

    @staticmethod
    def snapshots(bench, server):
        """
        Longest pause in ms for snapshots under load, and most memory during one over that after
        it: what terminals did meanwhile is in both.
        """
        ratios = []
        for _ in range(SNAPSHOTS):
            made, peak = server.console_process('snapshot'), 0
            while made.poll() is None:
                told = server.earn('--connections', '1000')
                peak = max(peak, server.memory_bytes())
                bench.say(f'  snapshot: {told["per_second"]:,.0f}/s, '
                          f'p99 {told["p99_us"] / 1000:,.1f} ms, {peak / 2**30:.2f} GiB')
            if made.returncode != 0:
                raise RuntimeError('no snapshot: ' + made.stderr.read().decode().strip())
            ratios.append(peak / server.memory_bytes())
        return server.figure('snapshots', 'longest pause for one') / 1000, max(ratios)


CASES = [Scale(), Members()]
