"""test_bench.py - contrib/bench/run measures a real gateway, and leaves nothing behind.

Prints TAP.
"""
import json
import os
import subprocess
import sys
import tempfile

SOURCE = os.environ.get('top_srcdir') or os.path.join(os.path.dirname(__file__), '..', '..')
BUILD = os.environ.get('top_builddir') or SOURCE
sys.path.insert(0, os.path.join(SOURCE, 'tests'))

from tap import Tap                     # pylint: disable=wrong-import-position

SECONDS_MAX = 300


def bench(folder, *more):
    return subprocess.run([sys.executable, os.path.join(SOURCE, 'contrib/bench/run'),
                           '--build', os.path.abspath(BUILD), '--directory', folder, *more],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=SECONDS_MAX, check=False)


def wrong_figures(turn):
    """What cannot be so in the figures of a turn."""
    latencies = [turn['latency'][name + '_ms'] for name in ('p50', 'p99', 'p99.9', 'p99.99', 'max')]
    if not turn['per_second'] > 0 or not turn['answered'] > 0 or not turn['cpu_us'] > 0:
        yield 'nothing was answered'
    if latencies != sorted(latencies) or not latencies[0] > 0:
        yield 'percentiles are not in order: %s' % latencies
    # A machine that stands still for a moment makes some BUSY.
    if turn['busy'] > turn['answered'] // 2 or turn['lost'] != 0:
        yield '%d were BUSY and %d lost' % (turn['busy'], turn['lost'])


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix='test_bench.') as folder:
        output = os.path.join(folder, 'figures.json')
        run = bench(folder, '--case', 'mix', '--quick', '--turns', '1', '--seconds', '1',
                    '--members', '200', '--output', output)
        printed = run.stdout.decode('utf-8')
        tap.result('a case ends well', [] if run.returncode == 0 else printed.splitlines())
        figures = {'machine': {'fsync_us': {'p50': 0, 'p99': 0}}, 'cases': []}
        if os.path.exists(output):
            with open(output, encoding='utf-8') as file:
                figures = json.load(file)
        tap.result('each load has its turn, the goal its verdict',
                   [] if [(case['name'], sorted(case['figures']), len(case['goals']))
                          for case in figures['cases']] == [('mix', ['earn only', 'mix'], 1)]
                   else printed.splitlines())
        tap.result('figures are what they can be',
                   [text for case in figures['cases'] for turns in case['figures'].values()
                    for turn in turns for text in wrong_figures(turn)])
        disk = figures['machine']['fsync_us']
        tap.result('the disk is measured', [] if 0 < disk['p50'] <= disk['p99'] else [disk])
        tap.result('its folder is gone', [name for name in os.listdir(folder)
                                          if name != 'figures.json'])
        run = bench(folder, '--build', folder)
        tap.result('a build that is not there is told',
                   [] if run.returncode != 0 and b'is not built' in run.stdout else
                   [run.stdout.decode('utf-8')])
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
