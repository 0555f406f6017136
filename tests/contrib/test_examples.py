"""test_examples.py - the tills of contrib/examples, each in its language, against a real gateway.

Prints TAP.  A till whose language or packages are not installed is skipped.
"""
import os
import shutil
import subprocess
import sys

SOURCE = os.environ.get('top_srcdir') or os.path.join(os.path.dirname(__file__), '..', '..')
BUILD = os.environ.get('top_builddir') or SOURCE
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'system'))

# pylint: disable=wrong-import-position
from server import Failed, SECONDS_MAX, die_with_parent
from world import World, complaints_of, expect_equal
from tap import Tap			# world knows where it is

EXAMPLES = os.path.join(SOURCE, 'contrib', 'examples')
TERMINAL = 101
SAID = ['ENROLL OK available=0', 'EARN OK available=19', 'EARN OK available=19 replay',
        'BURN OK available=10', 'REVERSE OK available=19', 'INQUIRY OK available=19']


def can_run(*command):
    return shutil.which(command[0]) and subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        timeout=SECONDS_MAX, check=False).returncode == 0


NODE = shutil.which('node') or shutil.which('nodejs') or 'node'
PYTHON_PACKAGES = 'import msgpack, OpenSSL, service_identity.pyopenssl'
# Language, what runs the till, what shows that it can be run.
TILLS = [
    ('C', [os.path.join(BUILD, 'contrib', 'examples', 'terminal')], ['true']),
    ('Python', [sys.executable, os.path.join(EXAMPLES, 'terminal.py')],
     [sys.executable, '-c', PYTHON_PACKAGES]),
    ('JavaScript', [NODE, os.path.join(EXAMPLES, 'terminal.js')],
     [NODE, '-e', 'process.exit(parseInt(process.versions.node) < 16 ? 1 : 0)']),
]


def run_till(world, command, card, key=None, ca='ca.pem'):
    """Exit code, and lines of output and of complaint."""
    server = world.server
    key_file = server.folder.write('till.key', key or server.key(TERMINAL))
    run = subprocess.run(
        [*command, 'localhost:%d' % server.tls_port, server.folder.file(ca), str(TERMINAL),
         key_file, card], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL, timeout=SECONDS_MAX, check=False, preexec_fn=die_with_parent)
    return (run.returncode, run.stdout.decode('utf-8').splitlines(),
            run.stderr.decode('utf-8').splitlines())


def does_its_day(world, command):
    card = world.card()
    expect_equal(run_till(world, command, card), (0, SAID, []))
    expect_equal(world.till().call('INQUIRY', identifier_type=1, identifier=card)['available'], 19)


def stops_at_another_key(world, command):
    code, said, complaints = run_till(world, command, world.card(), key=bytes(32))
    expect_equal((code != 0, said), (True, []))
    if not complaints:
        raise AssertionError('it does not say why')


def tells_nothing_to_a_stranger(world, command):
    """The certificate is checked: another authority's does not do."""
    world.server.authority.issue_terminal(999)
    code, said, _ = run_till(world, command, world.card(), ca='terminal999.pem')
    expect_equal((code != 0, said), (True, []))


def main():
    tap = Tap()
    world = None
    try:
        world = World(is_stepped=False)
        for language, command, proof in TILLS:
            for case in (does_its_day, stops_at_another_key, tells_nothing_to_a_stranger):
                name = 'a till in %s %s' % (language, case.__name__.replace('_', ' '))
                if can_run(*proof):
                    tap.result(name, complaints_of(lambda w: case(w, command), world))
                else:
                    tap.skip(name, '%s or its packages are not installed' % language)
    except Failed as error:
        tap.result('the server starts', [error])
    finally:
        if world is not None:
            world.close()
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
