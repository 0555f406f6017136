"""test_examples.py - the tills of contrib/examples, each in its language, against a real gateway.

Prints TAP.  A till whose language or packages are not installed is skipped.
"""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import tills

sys.path.insert(0, os.path.join(tills.SOURCE, 'tests', 'system'))
from server import Failed, die_with_parent
from world import World, complaints_of, expect_equal
from tap import Tap			# world knows where it is

TERMINAL = 101


def run_till(world, command, card, key=None, ca='ca.pem'):
    """Exit code, and lines of output and of complaint."""
    server = world.server
    key_file = server.folder.write('till.key', key or server.key(TERMINAL))
    return tills.run(command, server.tls_port, server.folder.file(ca), TERMINAL, key_file, card,
                     preexec_fn=die_with_parent)


def does_its_day(world, command):
    card = world.card()
    expect_equal(run_till(world, command, card), (0, tills.SAID, []))
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
        with tempfile.TemporaryDirectory(prefix='test_examples.') as folder:
            tills.get_node_packages(folder)
            for language, command, proof in tills.TILLS:
                for case in (does_its_day, stops_at_another_key, tells_nothing_to_a_stranger):
                    name = 'a till in %s %s' % (language, case.__name__.replace('_', ' '))
                    if tills.does(*proof):
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
