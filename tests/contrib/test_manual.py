"""test_manual.py - every option that a client's help lists is in its manual page.

Runs the built programs with --help; prints TAP.
"""
import os
import re
import subprocess
import sys

SOURCE = os.environ.get('top_srcdir') or os.path.join(os.path.dirname(__file__), '..', '..')
BUILD = os.environ.get('top_builddir') or SOURCE
sys.path.insert(0, os.path.join(SOURCE, 'tests'))

from tap import Tap                     # pylint: disable=wrong-import-position

PROGRAMS = [('contrib/load/tally-load', 'contrib/load/tally-load.1.scd'),
            ('contrib/tally/tally', 'contrib/tally/tally.1.scd')]


def options(text):
    """The long options that a text names."""
    return set(re.findall(r'(?<![\w-])--([a-z][a-z-]*[a-z])', text))


def main():
    tap = Tap()
    for program, page in PROGRAMS:
        run = subprocess.run([os.path.join(BUILD, program), '--help'], stdout=subprocess.PIPE,
                             timeout=60, check=True)
        listed = options(run.stdout.decode('utf-8'))
        with open(os.path.join(SOURCE, page), encoding='utf-8') as file:
            described = options(file.read())
        tap.result('%s has every option of %s' % (page, program),
                   ['--%s is not there' % name for name in sorted(listed - described)] +
                   ['there is no --%s' % name for name in sorted(described - listed)] +
                   ([] if listed else ['no options at all']))
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
