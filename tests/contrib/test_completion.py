#!/usr/bin/env python3
"""test_completion.py - the tabulator in bash: options, commands, files, as the programs tell them.

bash runs the completion as it does for a person: with the words, and the place in them.
"""
import os
import re
import subprocess
import sys
import tempfile

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
sys.path[1:1] = [TESTS, os.path.join(TESTS, 'system')]

from server import Server			# pylint: disable=wrong-import-position
from tap import Tap				# pylint: disable=wrong-import-position

SOURCE = os.environ.get('top_srcdir') or os.path.join(TESTS, '..')
BUILD = os.path.abspath(os.environ.get('top_builddir') or SOURCE)
SCRIPT = os.path.join(BUILD, 'contrib/completion/tally')
SECONDS_MAX = 60
# What readline makes of a line: words, and "=" and ":" between them.
DRIVER = r'''
set -u
. "$1"; shift
compopt() { :; }
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_tallygate "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
'''


def programs():
    """Every program that is installed: its name and where it was built."""
    found = {}
    for folder in ('admin', 'contrib', 'gateway', 'storage'):
        with open(os.path.join(SOURCE, folder, 'local.mk'), encoding='utf-8') as file:
            for path in re.findall(r'^s?bin_PROGRAMS \+= %D%/(\S+)$', file.read(), re.M):
                found[os.path.basename(path)] = os.path.join(BUILD, folder, path)
    return found


PROGRAMS = programs()


def complete(*words, folder='.'):
    """What the tabulator offers; the first word is a program's name."""
    run = subprocess.run(['bash', '-c', DRIVER, 'bash', SCRIPT, PROGRAMS[words[0]], *words[1:]],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder,
                         timeout=SECONDS_MAX, check=False)
    if run.returncode or run.stderr:
        raise AssertionError('%s: %s' % (' '.join(words), run.stderr.decode('utf-8', 'replace')))
    return sorted(filter(None, run.stdout.decode('utf-8').split('\n')))


def expect(found, wanted):
    if found != wanted:
        raise AssertionError('%r\nis not\n%r' % (found, wanted))


def every_program_is_completed():
    run = subprocess.run(['bash', '-c', '. "$1" && complete -p', 'bash', SCRIPT], check=True,
                         stdout=subprocess.PIPE, timeout=SECONDS_MAX)
    found = re.findall(r'-F _tallygate (\S+)', run.stdout.decode('utf-8'))
    expect(sorted(found), sorted(PROGRAMS))


def every_option_is_offered():
    for name, path in PROGRAMS.items():
        text = subprocess.run([path, '--help'], stdout=subprocess.PIPE, check=True,
                              timeout=SECONDS_MAX).stdout.decode('utf-8')
        wanted = set(re.findall(r'^ +(?:-\w, )?(--[a-z-]+)', text, re.M))
        expect('--help' in wanted, True)
        expect(set(complete(name, '--')), wanted)
    expect(complete('tallygated', '--con'), ['--config'])
    expect('-c' in complete('tallygated', '-'), True)


def commands_are_offered_where_one_is_due():
    expect(complete('tally', 're'), ['refund', 'release', 'reverse'])
    expect(complete('tally', '--plain', '--port', '7411', 'in'), ['inquiry'])
    expect(complete('tally', '--port', '=', '7411', 'in'), ['inquiry'])
    expect(complete('tally-schema', 'd'), ['document'])
    expect(complete('tally-passwd', 're'), ['remove'])
    expect(complete('tally-settle', '--port', 'in'), [])	# a port is nothing that is known
    expect(complete('tally-import', ''), ['check', 'compare', 'import'])


def words_of_a_command_are_offered():
    expect(complete('tally', 'quote', '00002', ''), ['burn', 'earn', 'in', 'out'])
    expect(complete('tally-passwd', 'add', 'eve', 'o'), ['operator'])
    expect(complete('tally', 'earn', ''), [])


def files_are_offered_where_one_is_due():
    with tempfile.TemporaryDirectory(prefix='tg-completion-') as folder:
        os.mkdir(os.path.join(folder, 'day'))
        with open(os.path.join(folder, 'day.csv'), 'w', encoding='utf-8'):
            pass
        expect(complete('tallygated', '--config', 'd', folder=folder), ['day', 'day.csv'])
        expect(complete('tallygated', '-c', 'd', folder=folder), ['day', 'day.csv'])
        expect(complete('tally-settle', 'check', 'd', folder=folder), ['day', 'day.csv'])
        expect(complete('tally', '--ca', '=', folder=folder), ['day', 'day.csv'])
        expect(complete('tally-journal', '-d', '', folder=folder), ['day'])


def the_console_tells_its_commands():
    server = Server()
    try:
        server.start()
        path = server.folder.file('data', 'console.sock')
        expect(complete('tally-console', '--socket', path, 'show', 'st'), ['stats', 'stores'])
        expect(complete('tally-console', '-s', path, 'shu'), ['shutdown'])
    finally:
        server.close()
    expect(complete('tally-console', '--socket', path, 'show', ''), [])


CASES = [every_program_is_completed, every_option_is_offered,
         commands_are_offered_where_one_is_due, words_of_a_command_are_offered,
         files_are_offered_where_one_is_due, the_console_tells_its_commands]


def main():
    tap = Tap()
    for case in CASES:
        complaints = []
        try:
            case()
        except AssertionError as error:
            complaints = [error]
        tap.result(case.__name__.replace('_', ' '), complaints)
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
