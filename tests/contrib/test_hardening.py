#!/usr/bin/env python3
"""test_hardening.py - what is installed is hardened as it was compiled and linked to be, gives
nobody rights that he has not, and makes no files that strangers can read.
"""
import os
import re
import shlex
import stat
import subprocess
import sys
import tempfile

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
sys.path[1:1] = [TESTS, os.path.join(TESTS, 'system')]

from server import Server			# pylint: disable=wrong-import-position
from tap import Tap				# pylint: disable=wrong-import-position

SOURCE = os.environ.get('top_srcdir') or os.path.join(TESTS, '..')
BUILD = os.path.abspath(os.environ.get('top_builddir') or SOURCE)
SECONDS_MAX = 60
LIBRARY = '.libs/libtallygate.so'


def installed():
    """Paths of everything that is installed and runs."""
    yield LIBRARY
    for folder in ('admin', 'contrib', 'gateway', 'storage'):
        with open(os.path.join(SOURCE, folder, 'local.mk'), encoding='utf-8') as file:
            for path in re.findall(r'^s?bin_PROGRAMS \+= %D%/(\S+)$', file.read(), re.M):
                where, name = os.path.split(os.path.join(folder, path))
                linked = os.path.join(where, '.libs', name)
                yield linked if os.path.exists(os.path.join(BUILD, linked)) else (
                    os.path.join(where, name))


def make_variable(name):
    with open(os.path.join(BUILD, 'Makefile'), encoding='utf-8') as file:
        return re.search(r'^%s = ?(.*)$' % name, file.read(), re.M).group(1)


# Without optimisation, and beside the sanitizers, there is none.
IS_FORTIFIED = '_FORTIFY_SOURCE' in make_variable('HARDENING_CPPFLAGS')


def complaints(path):
    """What is wrong with one binary; path: below the build, or absolute."""
    text = subprocess.run(['readelf', '-W', '--file-header', '--program-headers', '--dynamic',
                           '--dyn-syms', os.path.join(BUILD, path)], stdout=subprocess.PIPE,
                          check=True, timeout=SECONDS_MAX).stdout.decode('utf-8')
    wanted = {
        'position independent': r'^ *Type: +DYN ',
        'a program, not only a library': r'\(FLAGS_1\).*\bPIE\b' if path != LIBRARY else '',
        'relocations read-only': r'^ *GNU_RELRO ',
        'symbols bound at start': r'\(FLAGS_1\).*\bNOW\b',
        'stack not executable': r'^ *GNU_STACK .* RW +0x',
        'stack protected': r'UND __stack_chk_fail\b',
        'calls checked (_FORTIFY_SOURCE)': r'UND __\w+_chk\b' if IS_FORTIFIED else '',
    }
    for what, pattern in wanted.items():
        if not re.search(pattern, text, re.M):
            yield 'not ' + what
    for what, pattern in {'memory writable and executable': r'^ *LOAD .* RWE ',
                          'text relocations': r'\(TEXTREL\)',
                          'a search path for libraries': r'\((RPATH|RUNPATH)\)'}.items():
        # Before installation libtool's programs know where the library was built.
        if re.search(pattern, text, re.M) and not ('path' in what and '/.libs/' in path):
            yield what
    if os.stat(os.path.join(BUILD, path)).st_mode & (stat.S_ISUID | stat.S_ISGID):
        yield 'set-user-ID or set-group-ID'


def a_soft_program_is_noticed():
    """Every one of the checks can fail."""
    with tempfile.TemporaryDirectory(prefix='tg-hardening-') as folder:
        path = os.path.join(folder, 'soft')
        subprocess.run([*shlex.split(make_variable('CC')), '-x', 'c', '-', '-o', path, '-no-pie',
                        '-fno-stack-protector', '-U_FORTIFY_SOURCE', '-Wl,-z,norelro,-z,lazy',
                        '-Wl,-z,execstack,-rpath,/nowhere'], input=b'int main(void) { return 0; }',
                       stderr=subprocess.DEVNULL, check=True, timeout=SECONDS_MAX)
        os.chmod(path, 0o4755)
        found = list(complaints(path))
    return [] if len(found) == 8 + IS_FORTIFIED else found + ['no more']


def open_to_strangers(folder):
    """Paths below the folder that others than owner and group may use."""
    for where, folders, names in os.walk(folder):
        for name in folders + names:
            path = os.path.join(where, name)
            if os.lstat(path).st_mode & 0o007:
                yield '%s: mode %o' % (path, os.lstat(path).st_mode & 0o7777)


def files_are_private():
    """Under a umask that hides nothing."""
    server = Server(settings={'gateway': {'snapshot_at_end': True},
                              'journal': {'segment_bytes': 4 << 20}})
    server.prepare = lambda: os.umask(0)
    data = server.folder.file('data')
    try:
        server.start()
        server.console.do('partner add 1 name=One', 'snapshot')
        found = list(open_to_strangers(data))
        server.stop()
        names = os.listdir(data)
        found += list(open_to_strangers(data))
        if not [name for name in names if 'snapshot' in name]:
            found.append('no snapshot among %s' % names)
    finally:
        server.close()
    return found


def the_operators_file_is_private():
    server = Server()
    path = server.folder.file('operators')
    try:
        subprocess.run([os.path.join(BUILD, 'admin/tally-passwd'), '-f', path, 'add', 'ann',
                        'admin'], input=b'a long password\n', check=True, timeout=SECONDS_MAX,
                       stdout=subprocess.DEVNULL, preexec_fn=lambda: os.umask(0))
        mode = os.stat(path).st_mode & 0o7777
    finally:
        server.close()
    return [] if mode == 0o600 else ['mode %o' % mode]


def main():
    tap = Tap()
    for path in installed():
        if make_variable('SANITIZER_CFLAGS'):
            tap.skip('%s is hardened' % path, 'built with sanitizers: not what is installed')
        else:
            tap.result('%s is hardened' % path, list(complaints(path)))
    tap.result('a soft program is noticed', a_soft_program_is_noticed())
    tap.result('files of the gateway are private', files_are_private())
    tap.result('the operators\' file is private', the_operators_file_is_private())
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
