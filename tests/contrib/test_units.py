#!/usr/bin/env python3
"""test_units.py - systemd takes our units, thinks them safe, and they name what there is."""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
sys.path.insert(1, TESTS)

from tap import Tap				# pylint: disable=wrong-import-position

SOURCE = os.environ.get('top_srcdir') or os.path.join(TESTS, '..')
BUILD = os.path.abspath(os.environ.get('top_builddir') or SOURCE)
UNITS = 'contrib/systemd'
SERVICE = 'tallygated.service'
SOCKET = 'tallygated.socket'
EXPOSURE_MAX = 20			# tenths; systemd calls up to 2.0 fine for a service
SECONDS_MAX = 60


def read(*path):
    with open(os.path.join(*path), encoding='utf-8') as file:
        return file.read()


def run(*command):
    """Complaints, unless it succeeds."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, timeout=SECONDS_MAX, check=False)
    return [] if done.returncode == 0 else [done.stdout.decode('utf-8', 'replace')]


def value(unit, key):
    return re.search(r'^%s=(.*)$' % key, unit, re.M).group(1)


def every_path_is_filled_in(_):
    names = (SERVICE, 'tmpfiles.d/tallygate.conf')
    return ['%s: %s' % (name, left) for name in names
            for left in re.findall(r'@\w+@', read(BUILD, UNITS, name))]


def the_command_line_is_understood(folder):
    """What ExecStart says, with the sample configuration in place of the installed one."""
    command = shlex.split(value(read(folder, SERVICE), 'ExecStart'))
    command[command.index('--config') + 1] = os.path.join(SOURCE, 'contrib/examples/tallygate.conf')
    return run(*command, '--check-config')


def systemd_understands_the_units(folder):
    return run('systemd-analyze', 'verify', '--man=no', os.path.join(folder, SERVICE),
               os.path.join(folder, SOCKET))


def systemd_thinks_the_service_safe(folder):
    return run('systemd-analyze', 'security', '--no-pager', '--offline=true',
               '--threshold=%d' % EXPOSURE_MAX, os.path.join(folder, SERVICE))


def the_end_has_the_time_that_the_configuration_gives(folder):
    """For what happens before it tells how long it takes."""
    wanted_ms = sum(int(figure) for figure in re.findall(
        r'#(?:drain_ms|sink_flush_ms) = (\d+)', read(SOURCE, 'contrib/examples/tallygate.conf')))
    seconds = int(value(read(folder, SERVICE), 'TimeoutStopSec'))
    return [] if seconds * 1000 > wanted_ms > 0 else ['%d s, %d ms' % (seconds, wanted_ms)]


def the_socket_has_a_name_that_the_gateway_takes(folder):
    name = value(read(folder, SOCKET), 'FileDescriptorName')
    return [] if name == 'tls' else [name]


def the_user_exists_who_runs_it(folder):
    user = value(read(folder, SERVICE), 'User')
    text = read(SOURCE, UNITS, 'sysusers.d', 'tallygate.conf')
    return [] if re.search(r'^u %s ' % user, text, re.M) else [user]


CASES = [every_path_is_filled_in, the_command_line_is_understood,
         the_end_has_the_time_that_the_configuration_gives,
         the_socket_has_a_name_that_the_gateway_takes, the_user_exists_who_runs_it]
SYSTEMD_CASES = [systemd_understands_the_units, systemd_thinks_the_service_safe]


def copy_units(folder):
    """As they are installed, but for the program, which is the one that was built."""
    shutil.copy(os.path.join(SOURCE, UNITS, SOCKET), folder)
    text = re.sub(r'(?m)^(ExecStart=)\S+', lambda found: found.group(1) + os.path.join(
        BUILD, 'gateway', 'tallygated'), read(BUILD, UNITS, SERVICE))
    with open(os.path.join(folder, SERVICE), 'w', encoding='utf-8') as file:
        file.write(text)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix='tg-units-') as folder:
        copy_units(folder)
        for case in CASES + SYSTEMD_CASES:
            title = case.__name__.replace('_', ' ')
            if case in SYSTEMD_CASES and shutil.which('systemd-analyze') is None:
                tap.skip(title, 'systemd-analyze is not installed')
            else:
                tap.result(title, case(folder))
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
