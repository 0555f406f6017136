"""test_quickstart.py - quickstart settles a small history, and tills trade with its gateway.

Prints TAP.
"""
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import tills

sys.path.insert(0, os.path.join(tills.SOURCE, 'tests'))
sys.path.insert(0, os.path.join(tills.SOURCE, 'tests', 'system'))
from tallygate import terminal_key
from tap import Tap

QUICKSTART = os.path.join(tills.SOURCE, 'contrib', 'quickstart')
TERMINAL = 1011
SECONDS_MAX = 300


def quickstart(folder, *more):
    """Exit code and output."""
    done = subprocess.run([QUICKSTART, '--folder', folder, *more], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=SECONDS_MAX,
                          check=False)
    return done.returncode, done.stdout.decode('utf-8')


def complaints_about(folder, command, language, port):
    with open(os.path.join(folder, 'run', 'keys', 'master'), 'rb') as file:
        key = terminal_key(file.read(), 'quickstart', TERMINAL, 1)
    key_file = os.path.join(folder, 'till.key')
    with open(key_file, 'wb') as file:
        file.write(key)
    card = '49' + language.encode('utf-8').hex()[:14]
    outcome = tills.run(command, port, os.path.join(folder, 'run', 'keys', 'ca.pem'), TERMINAL,
                        key_file, card)
    return [] if outcome == (0, tills.SAID, []) else [outcome]


def trade(tap, folder, printed):
    port = re.search(r'connect by TLS to 127\.0\.0\.1:(\d+)', printed).group(1)
    moved = subprocess.run([os.path.join(folder, 'console'), 'clock', 'step',
                            '%d000' % time.time()], stdout=subprocess.PIPE, timeout=SECONDS_MAX,
                           check=False)
    tap.result('its clock is moved to today',
               [] if moved.returncode == 0 else [moved.stdout.decode('utf-8')])
    tills.get_node_packages(folder)
    for language, command, proof in tills.TILLS:
        name = 'a till in %s trades with it' % language
        if tills.does(*proof):
            tap.result(name, complaints_about(folder, command, language, port))
        else:
            tap.skip(name, '%s or its packages are not installed' % language)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix='tg-quick.') as folder:
        code, printed = quickstart(folder, '--build', os.path.abspath(tills.BUILD), '--customers',
                                   '100', '--days', '90', '--connections', '10', '--keep')
        try:
            is_agreed = code == 0 and 'MariaDB agree to the point' in printed
            tap.result('a small history is settled to the point',
                       [] if is_agreed else printed.splitlines())
            if is_agreed:
                trade(tap, folder, printed)
        finally:
            code, printed = quickstart(folder, '--stop')
        tap.result('it is stopped', [] if code == 0 else printed.splitlines())
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
