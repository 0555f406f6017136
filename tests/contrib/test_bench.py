"""test_bench.py - contrib/load/bench.py measures a real gateway, and leaves nothing behind.

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
    return subprocess.run([sys.executable, os.path.join(SOURCE, 'contrib/load/bench.py'),
                           '--build', os.path.abspath(BUILD), '--directory', folder] + list(more),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=SECONDS_MAX, check=False)


def wrong_figures(turn):
    """What cannot be so in the figures of a turn."""
    in_order = ['p50_ms', 'p99_ms', 'p99.9_ms', 'p99.99_ms', 'max_ms']
    latencies = [turn[name] for name in in_order]
    if not turn['rate'] > 0 or not turn['answered'] > 0:
        yield 'nothing was answered'
    if latencies != sorted(latencies) or not latencies[0] > 0:
        yield 'percentiles are not in order: %s' % latencies
    if turn['busy'] != 0 or turn['lost'] != 0:
        yield '%d were BUSY and %d lost' % (turn['busy'], turn['lost'])
    if not 0 < turn['sync_p50_ms'] <= turn['sync_p99_ms']:
        yield 'the disk was not measured'


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix='test_bench.') as folder:
        figures = os.path.join(folder, 'figures.json')
        run = bench(folder, '--turns', '1', '--seconds', '1', '--connections', '8', '--members',
                    '20', '--depths', '1,4', '--json', figures)
        printed = run.stdout.decode('utf-8')
        tap.result('bench.py ends well', [] if run.returncode == 0 else printed.splitlines())
        turns = []
        if os.path.exists(figures):
            with open(figures, encoding='utf-8') as file:
                turns = json.load(file)['turns']
        tap.result('each transport and depth has its turn',
                   [] if [(turn['transport'], turn['depth']) for turn in turns] ==
                   [('plain', 1), ('tls', 1), ('plain', 4), ('tls', 4)] else printed.splitlines())
        tap.result('figures are what they can be',
                   [text for turn in turns for text in wrong_figures(turn)])
        tap.result('its folder is gone', [name for name in os.listdir(folder)
                                          if name != 'figures.json'])
        run = bench(folder, '--build', folder)
        tap.result('a build that is not there is told',
                   [] if run.returncode != 0 and b'is not built' in run.stdout else
                   [run.stdout.decode('utf-8')])
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
