"""closing.py - what closing the partners' cycles costs those who authorise meanwhile."""
import statistics
import time

from alone import Alone, end_of, enrolled, running
from report import Goal, table
from servers import MariaDB, Tallygate

PARTNERS = 6                # of the example coalition
RATE = 5000                 # earns a second
EARLIER = 10**12            # members and sequences of the days that are put into MariaDB
SECONDS_TO_CLOSE = 600
SECONDS_ALONE = 1           # until the connections of the load are open

# Of five records four are earns, by members far apart; then the first of them burns 10 points.
DAY = """
INSERT INTO entry (business_date, sequence, line, kind, status, flags, booked_at, partner, member,
                   posting_count, move_count, line_count, component_count)
SELECT '{date}', {first} + seq, 0, IF(seq % 5 = 0, 21, 20), 0, '', '{date} 12:00:00',
       1 + seq % {partners},
       {first} + ((seq - 1) DIV 5 * 7919 + (seq - 1) % 5 % 4 * 123457) % 1000000, 2, 0, 0, 0
  FROM seq_1_to_{entries};
INSERT INTO posting SELECT '{date}', {first} + seq, 1, IF(seq % 5 = 0, 6, 5), 1,
       1 + seq % {partners}, IF(seq % 5 = 0, 10, -10 - CAST(seq % 50 AS SIGNED)), 0
  FROM seq_1_to_{entries};
INSERT INTO posting SELECT '{date}', {first} + seq, 2, 1, 1, 0,
       IF(seq % 5 = 0, -10, 10 + CAST(seq % 50 AS SIGNED)), 0 FROM seq_1_to_{entries};
"""


class Closing(Alone):
    """
    Each turn first without a close, then beside one.  What there is to close is a day that is put
    into MariaDB, as large as wanted, of which nothing was summed before: more work at once than a
    day leaves that came by the sink.
    """
    name = 'closing'
    title = f'{RATE:,} earns/s, 500 plain connections, beside the close of every cycle in MariaDB'
    is_disk_bound = False

    def run(self, bench):
        with running(MariaDB(bench)) as mariadb:
            if mariadb.query('CREATE DATABASE tallygate') is None:
                raise RuntimeError('mariadb refuses a database')
            settings = {'sink': {'enabled': True}, 'programme': {'traced': True},
                        'mariadb': {'socket': mariadb.port, 'user': 'root'}}
            with running(Tallygate(bench, settings)) as server:
                return self.measure(bench, server, mariadb)

    def measure(self, bench, server, mariadb):
        entries = bench.options.entries
        for partner in range(1, PARTNERS + 1):
            ask(server, 'cycle', 'add', str(partner), 'period=daily')
        enrolled(bench, server, members=10000)
        dates = [f'1990-01-{turn + 1:02d}' for turn in range(bench.options.turns)]
        for at, date in enumerate(dates):
            say(mariadb, DAY.format(date=date, first=EARLIER * (at + 1), entries=entries,
                                    partners=PARTNERS))
        turns = []
        for date in dates:
            turns.append({'alone': self.earn(bench, server, lambda: 0)['latency'],
                          'beside': self.earn(bench, server,
                                              lambda date=date: close(server, mariadb, date))})
            turn = turns[-1]
            turn['closed_in_seconds'] = turn['beside']['seconds_more']
            turn['beside'] = turn['beside']['latency']
            bench.say(f'  closing turn {len(turns)}: p99 {turn["alone"]["p99_ms"]} and '
                      f'{turn["beside"]["p99_ms"]} ms, closed in '
                      f'{turn["closed_in_seconds"]:.1f} s')
        return self.report(turns, entries)

    @staticmethod
    def earn(bench, server, meanwhile):
        """Load for the seconds of a turn, and what meanwhile() returns, begun a second later."""
        beside = server.tally_load('--connections', 500, '--members', 10000, '--no-enroll',
                                   '--mix', 'earn=1', '--rate', RATE, '--seconds',
                                   bench.options.seconds + SECONDS_ALONE)
        time.sleep(SECONDS_ALONE)
        seconds = meanwhile()
        told = end_of(beside)
        return {**told, 'seconds_more': seconds}

    @staticmethod
    def report(turns, entries):
        rows = [[label, statistics.median(turn[label]['p50_ms'] for turn in turns),
                 statistics.median(turn[label]['p99_ms'] for turn in turns)]
                for label in ('alone', 'beside')]
        ratio = statistics.median(turn['beside']['p99_ms'] / turn['alone']['p99_ms']
                                  for turn in turns)
        seconds = statistics.median(turn['closed_in_seconds'] for turn in turns)
        return (table(['', 'p50 ms', 'p99 ms'], rows)
                + [f'  {entries:,} entries closed in {seconds:.1f} s'],
                [Goal('p99 beside / alone, turn by turn', ratio, most=2)], turns)


def ask(server, *words):
    if server.console(*words) is None:
        raise RuntimeError(f'{" ".join(words)} is refused')


def say(mariadb, sql):
    if mariadb.query('USE tallygate; ' + sql) is None:
        raise RuntimeError('mariadb refuses a statement')


def close(server, mariadb, date):
    """Let the day before end, and with it all that is open.  Seconds until statements are there."""
    say(mariadb, f"INSERT INTO business_day VALUES ('{date}', '{date}' + INTERVAL 1 DAY, 1,"
                 f" '{date}')")
    begun = time.monotonic()
    ask(server, 'cutover', 'yes')
    while time.monotonic() < begun + SECONDS_TO_CLOSE:
        if mariadb.query('SELECT 1 FROM tallygate.clearing_day WHERE is_whole = 1 AND'
                         f" business_date = '{date}'"):
            return time.monotonic() - begun
        time.sleep(0.5)
    raise RuntimeError(f'{date} is not closed')


CASES = [Closing()]
