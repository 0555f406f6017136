#!/usr/bin/env python3
"""test_units.py - systemd takes our units, thinks them safe, and they name what there is."""
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
sys.path[1:1] = [TESTS, os.path.join(TESTS, 'system')]

from server import Server			# pylint: disable=wrong-import-position
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


def filtered(name):
    """The calls in a set of systemd's."""
    text = subprocess.run(['systemd-analyze', '--no-pager', 'syscall-filter', name],
                          stdout=subprocess.PIPE, check=True,
                          timeout=SECONDS_MAX).stdout.decode('utf-8')
    found = set()
    for line in re.findall(r'^ +([@\w-]+)$', text, re.M):
        found |= filtered(line) if line[0] == '@' else {line}
    return found


def trace(folder):
    """What a gateway asks of the kernel in a short life."""
    path = os.path.join(folder, 'trace')
    server = Server()
    command = server.command()
    server.command = lambda: ['strace', '-f', '-qq', '-o', path, *command]
    try:
        server.start()
        server.console.do('partner add 1 name=One', 'store add 11 partner=1',
                          'terminal add 101 partner=1 store=11', 'snapshot')
        server.open(101, is_tls=True).close()
        server.fetch('/metrics')
        children = '/proc/{0}/task/{0}/children'.format(server.process.pid)
        os.kill(int(read(children).split()[0]), signal.SIGTERM)
        server.await_end()
    finally:
        server.close()
    return server.folder.path, read(path)


def the_gateway_lives_within_its_bounds(folder):
    """Calls, sockets, memory and files of a real one are those that the service may have."""
    unit = read(folder, SERVICE)
    allowed = set()
    for names in re.findall(r'^SystemCallFilter=(.*)$', unit, re.M):
        listed = set().union(*map(filtered, names.lstrip('~').split()))
        allowed = allowed - listed if names[0] == '~' else allowed | listed
    families = value(unit, 'RestrictAddressFamilies').split()
    own, calls = trace(folder)
    for name in sorted(set(re.findall(r'^\d+ +(\w+)\(', calls, re.M)) - allowed):
        yield 'calls %s' % name
    for family in sorted(set(re.findall(r'\bsocket\((\w+)', calls)) - set(families)):
        yield 'opens sockets of %s' % family
    if 'PROT_WRITE|PROT_EXEC' in calls:
        yield 'has memory that it writes and executes'
    for path, how in re.findall(r'\bopenat\(\w+, "([^"]+)", (\S+)', calls):
        if re.search('O_WRONLY|O_RDWR|O_CREAT', how) and not path.startswith(own):
            yield 'writes %s' % path


CASES = [every_path_is_filled_in, the_command_line_is_understood,
         the_end_has_the_time_that_the_configuration_gives,
         the_socket_has_a_name_that_the_gateway_takes, the_user_exists_who_runs_it]
# With the programs that they need.
MORE_CASES = [(systemd_understands_the_units, ['systemd-analyze']),
              (systemd_thinks_the_service_safe, ['systemd-analyze']),
              (the_gateway_lives_within_its_bounds, ['systemd-analyze', 'strace'])]


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
        for case, programs in [(case, []) for case in CASES] + MORE_CASES:
            title = case.__name__.replace('_', ' ')
            missing = [name for name in programs if shutil.which(name) is None]
            if 'strace' in programs and re.search(r'^SANITIZER_CFLAGS = \S', read(
                    BUILD, 'Makefile'), re.M):
                tap.skip(title, 'built with sanitizers, which ask for more')
            elif missing:
                tap.skip(title, '%s is not installed' % missing[0])
            else:
                tap.result(title, list(case(folder)))
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
