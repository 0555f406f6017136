"""server.py - a private tallygated for tests, with all that it needs.

A folder, keys, an authority with certificates, ports that the system chooses, and on demand a
MariaDB server on a socket of its own.  Processes die with the test; every wait has its bound.
"""
import ctypes
import http.client
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

from tallygate import Connection, terminal_key

SOURCE = os.environ.get('top_srcdir') or os.path.join(os.path.dirname(__file__), '..', '..')
BUILD = os.environ.get('top_builddir') or SOURCE
SECONDS_MAX = 120
# A process that is killed tells nobody what it ran: contrib/coverage asks for another end.
ENDS_IN_ORDER = 'TG_END_IN_ORDER' in os.environ
HOST = '127.0.0.1'
INSTANCE = 'test'
MASTER_KEY = bytes(range(32))
IDENTIFIER_KEY = bytes(range(32, 64))
PR_SET_PDEATHSIG = 1
# A stepped clock begins on Monday 2026-03-02 at 10:00:00 UTC.
START_UTC_MS = 1772445600000
DAY_MS = 86400000
LIBC = ctypes.CDLL(None)


class Failed(Exception):
    """A server did not do what a test cannot go on without."""


class InVain(Failed):
    """Something that was waited for did not happen in time."""


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def await_true(is_done, what, seconds=SECONDS_MAX, pause=0.01):
    """Look until is_done() tells something true, and return that; pause: seconds between."""
    until = time.monotonic() + seconds
    while True:
        found = is_done()
        if found:
            return found
        if time.monotonic() > until:
            raise InVain('waited in vain: ' + what)
        time.sleep(pause)


def free_port():
    """A port below those that the system gives to clients, so that it stays free over restarts."""
    while True:
        port = random.SystemRandom().randrange(15000, 30000)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
                return port
            except OSError:
                continue


class Folder:
    """A folder of a test's own; close() removes it."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix='tg-system-')

    def file(self, *names):
        return os.path.join(self.path, *names)

    def write(self, name, octets):
        with open(os.open(self.file(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                  'wb') as file:
            file.write(octets)
        return self.file(name)

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Authority:
    """The coalition's certificate authority, by the openssl command."""

    def __init__(self, folder):
        self.folder = folder
        self._openssl('ca', '/CN=Test authority', '-addext', 'keyUsage=keyCertSign,cRLSign')

    def _openssl(self, name, subject, *more):
        command = ['openssl', 'req', '-x509', '-batch', '-noenc', '-days', '2', '-config',
                   '/dev/null', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
                   '-subj', subject, '-keyout', self.folder.file(name + '.key'),
                   '-out', self.folder.file(name + '.pem'), *more]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             stdin=subprocess.DEVNULL, timeout=SECONDS_MAX, check=False)
        if run.returncode:
            raise Failed(run.stdout.decode('utf-8', 'replace'))

    def issue(self, name, subject, purpose, *more):
        """Write name.pem and name.key."""
        self._openssl(name, subject, '-CA', self.folder.file('ca.pem'), '-CAkey',
                      self.folder.file('ca.key'), '-addext', 'extendedKeyUsage=' + purpose,
                      '-addext', 'basicConstraints=critical,CA:FALSE', *more)

    def issue_server(self, name='server'):
        self.issue(name, '/CN=localhost', 'serverAuth', '-addext',
                   'subjectAltName=IP:127.0.0.1,DNS:localhost')

    def issue_terminal(self, number):
        self.issue('terminal%d' % number, '/CN=terminal:%d' % number, 'clientAuth')

    def context(self, terminal=None):
        """What a client trusts, and shows."""
        context = ssl.create_default_context(cafile=self.folder.file('ca.pem'))
        if terminal is not None:
            name = 'terminal%d' % terminal
            if not os.path.exists(self.folder.file(name + '.pem')):
                self.issue_terminal(terminal)
            context.load_cert_chain(self.folder.file(name + '.pem'),
                                    self.folder.file(name + '.key'))
        return context


def config_text(groups):
    """A configuration in libconfig's syntax."""
    def value_text(value):
        if isinstance(value, bool):
            return 'true' if value else 'false'
        if isinstance(value, int):
            return '%d%s' % (value, 'L' if abs(value) >= 2 ** 31 else '')
        if isinstance(value, list):
            return '[ %s ]' % ', '.join(value_text(item) for item in value)
        return '"%s"' % value.replace('\\', '\\\\').replace('"', '\\"')
    return ''.join('%s: {\n%s};\n' % (name, ''.join(
        '\t%s = %s;\n' % (key, value_text(value)) for key, value in sorted(keys.items())))
        for name, keys in sorted(groups.items()))


class Process:
    """A daemon and what it logs."""

    def __init__(self, command, log_path, prepare=None):
        """prepare: called in the process before the command is executed."""
        def begin():
            die_with_parent()
            if prepare:
                prepare()
        self.log_path = log_path
        self._log_start = os.path.getsize(log_path) if os.path.exists(log_path) else 0
        with open(log_path, 'ab') as log:
            self._popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                           stderr=log, preexec_fn=begin,
                                           close_fds=prepare is None)
        self.pid = self._popen.pid

    def log(self):
        """What this process has logged."""
        with open(self.log_path, 'rb') as log:
            log.seek(self._log_start)
            return log.read().decode('utf-8', 'replace')

    def await_log(self, pattern, seconds=SECONDS_MAX):
        """Wait for a match in the log."""
        def look():
            is_over = self.has_ended()	# before the log is read: else its end may be missed
            found = re.search(pattern, self.log(), re.M)
            if found is None and is_over:
                raise Failed('ended with %s:\n%s' % (self._popen.returncode, self.log()))
            return found
        try:
            return await_true(look, pattern, seconds)
        except InVain as error:
            raise Failed('%s\n%s' % (error, self.log()[-4000:])) from None

    def threads(self):
        """(name, state) of each, as the kernel has them."""
        for thread in os.listdir('/proc/%d/task' % self.pid):
            with open('/proc/%d/task/%s/stat' % (self.pid, thread), encoding='ascii') as file:
                name, rest = file.read().split('(', 1)[1].rsplit(')', 1)
            yield name, rest.split()[0]

    def is_stopped(self):
        """SIGSTOP has come to all its threads."""
        return all(state == 'T' for _, state in self.threads())

    def has_ended(self):
        return self._popen.poll() is not None

    def signal(self, number):
        self._popen.send_signal(number)

    def wait(self, seconds=SECONDS_MAX):
        """Exit code."""
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed('did not end in time:\n' + self.log()[-4000:]) from None

    def kill(self):
        self._popen.kill()
        self._popen.wait()


class Reply(list):
    """What the console printed: lines without their indent; is_ok; facts of the last line."""

    def __init__(self, lines):
        super().__init__(re.sub('^  ', '', line) for line in lines[:-1])
        self.end = lines[-1]
        self.is_ok = self.end.split()[0] == 'ok'
        self.facts = dict(re.findall(r'(\w+)=(\S+)', self.end))

    def figure(self, what, missing=None):
        """The number in the row of a table that begins with `what`; missing, if there is none."""
        for line in self:
            found = re.match(re.escape(what) + r' {2,}(-?\d+)\b', line)
            if found:
                return int(found.group(1))
        if missing is not None:
            return missing
        raise Failed('the console tells no %s:\n%s' % (what, '\n'.join(self)))


class Console:
    """One session with the operators' console."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(SECONDS_MAX)
        self._socket.connect(path)
        self._file = self._socket.makefile('r', encoding='utf-8', newline='\n')
        self.greeting = self._read()

    def _read(self):
        lines = []
        for line in self._file:
            lines.append(line.rstrip('\n'))
            if re.match('ok|error', line):
                return Reply(lines)
        raise Failed('the console hung up:\n' + '\n'.join(lines))

    def ask(self, command):
        """The reply, whatever it is."""
        self._socket.sendall(command.encode('utf-8') + b'\n')
        return self._read()

    def do(self, *commands):
        """Replies to commands that must succeed; the last one."""
        for command in commands:
            reply = self.ask(command)
            if not reply.is_ok:
                raise Failed('%s: %s' % (command, reply.end))
        return reply

    def close(self):
        self._file.close()
        self._socket.close()


class Server:
    """A tallygated with a folder of its own.  start(), stop(), kill() any number of times."""

    def __init__(self, is_stepped=True, database=None, settings=None):
        """settings: more keys, as {group: {key: value}}.  database: a Database, or None."""
        self.folder = Folder()
        self.authority = Authority(self.folder)
        self.authority.issue_server()
        self.process = None
        self.prepare = None		# of the process, see Process
        self.console = None
        self.generations = {}		# of terminals whose key is not the first
        os.mkdir(self.folder.file('data'), 0o700)
        self.settings = {
            'gateway': {'instance': INSTANCE, 'reconnect_spread_ms': 50},
            'listen': {'tls': [HOST + ':0'], 'plain': [HOST + ':0']},
            'http': {'listen': [HOST + ':0']},
            'tls': {'certificate_file': self.folder.file('server.pem'),
                    'key_file': self.folder.file('server.key'),
                    'ca_file': self.folder.file('ca.pem')},
            'keys': {'master_file': self.folder.write('master', MASTER_KEY),
                     'identifier_file': self.folder.write('identifier', IDENTIFIER_KEY)},
            'data': {'directory': self.folder.file('data')},
            'journal': {'segment_bytes': 4 << 20, 'batch_bytes': 2 << 20, 'reserve_bytes': 1 << 20,
                        'low_water_bytes': 1 << 20},
            'clock': {'source': 'stepped', 'start_utc_ms': START_UTC_MS} if is_stepped else {},
            'sink': {'enabled': database is not None},
            # A machine that stands still for a moment is no reason to be told BUSY.
            'queue': {'delay_ms': 60000},
            'mariadb': database.settings() if database else {},
        }
        for group, keys in (settings or {}).items():
            self.settings.setdefault(group, {}).update(keys)

    def fetch(self, path, method='GET', **more):
        """An answer over HTTP: status, headers, body."""
        connection = http.client.HTTPConnection(HOST, self.http_port, timeout=SECONDS_MAX)
        try:
            connection.request(method, path, **more)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def command(self):
        """Write the configuration; what starts a server with it."""
        self.folder.write('tallygate.conf', config_text(self.settings).encode('utf-8'))
        return [os.path.join(BUILD, 'gateway', 'tallygated'), '--config',
                self.folder.file('tallygate.conf')]

    def launch(self):
        """Start the process; returns when it answers over HTTP, before recovery."""
        self.process = Process(self.command(), self.folder.file('log'), self.prepare)
        self.http_port = int(self.process.await_log(
            r' event=http_listening address=\S+:(\d+)').group(1))
        return self

    def start(self):
        """Returns when it serves."""
        self.launch()
        self.process.await_log(r' event=ready\b')
        ports = dict(reversed(pair) for pair in re.findall(
            r' event=listening address=\S+:(\d+) tls=(yes|no)', self.process.log()))
        self.tls_port = int(ports['yes'])
        self.plain_port = int(ports['no'])
        self.console = Console(self.folder.file('data', 'console.sock'))
        return self

    def _end(self):
        if self.console is not None:
            self.console.close()
            self.console = None

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.signal(signal.SIGTERM)
        return self.await_end()

    def await_end(self):
        code = self.process.wait()
        self._end()
        return code

    def reload(self):
        """Write the configuration, and SIGHUP; returns when it is in force, or refused."""
        self.command()
        self.reload_file()

    def reload_file(self):
        """The same with the file that is there."""
        ends = re.compile(r' event=(?:reloaded|reload_failed) ')
        count = len(ends.findall(self.process.log()))
        self.process.signal(signal.SIGHUP)
        await_true(lambda: len(ends.findall(self.process.log())) > count, 'the end of a reload')

    def kill(self):
        """kill -9."""
        self.process.kill()
        self._end()

    def close(self):
        if self.process is not None and not self.process.has_ended():
            if ENDS_IN_ORDER:
                self.stop()
            else:
                self.kill()
        self._end()
        self.folder.close()

    def connect(self, tls=None):
        """A connection, nothing said yet; tls: a context, or None for plain."""
        return Connection(HOST, self.tls_port if tls else self.plain_port, tls)

    def key(self, terminal):
        return terminal_key(MASTER_KEY, INSTANCE, terminal, self.generations.get(terminal, 1))

    def open(self, terminal, is_tls=False):
        """A session: by certificate over TLS, by key over plain TCP."""
        connection = self.connect(self.authority.context(terminal) if is_tls else None)
        connection.hello()
        if is_tls:
            answer = connection.auth_by_certificate(terminal)
        else:
            answer = connection.auth_by_key(terminal, self.generations.get(terminal, 1),
                                            self.key(terminal))
        if answer.status != 'OK':
            connection.close()
            raise Failed('terminal %d: %r' % (terminal, answer))
        return connection

    def verify_journal(self):
        """Complaints of tally-journal about the data; only while no server runs."""
        run = subprocess.run([os.path.join(BUILD, 'storage', 'tally-journal'), '-d',
                              self.folder.file('data'), 'verify'], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, timeout=SECONDS_MAX, check=False)
        return [] if run.returncode == 0 else [run.stdout.decode('utf-8', 'replace')]


class Database:
    """A private MariaDB server, see tests/mariadb.c.  Not started yet."""

    @staticmethod
    def missing():
        """None, or which program is not installed."""
        for name in ('mariadbd', 'mariadb-install-db', 'mariadb'):
            if Database._program(name) is None:
                return name + ' is not installed'
        return None

    @staticmethod
    def _program(name):
        return shutil.which(name, path='/usr/sbin:/usr/libexec:/usr/bin:/usr/local/sbin:'
                                       '/usr/local/bin')

    def __init__(self):
        self.folder = Folder()
        self.process = None
        self._user = ['--user=root'] if os.geteuid() == 0 else []
        run = subprocess.run(
            [self._program('mariadb-install-db'), '--no-defaults',
             '--datadir=' + self.folder.file('data'), '--tmpdir=' + self.folder.path,
             '--auth-root-authentication-method=normal', '--skip-test-db',
             '--skip-name-resolve', '--innodb-log-file-size=16M', *self._user],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            timeout=SECONDS_MAX, check=False)
        if run.returncode:
            raise Failed(run.stdout.decode('utf-8', 'replace'))

    def settings(self):
        return {'socket': self.folder.file('socket'), 'user': 'root'}

    def start(self):
        """Returns when it answers; makes the database when there is none."""
        self.process = Process(
            [self._program('mariadbd'), '--no-defaults', '--datadir=' + self.folder.file('data'),
             '--tmpdir=' + self.folder.path, '--socket=' + self.folder.file('socket'),
             '--skip-networking', '--skip-name-resolve', '--performance-schema=OFF',
             '--innodb-buffer-pool-size=64M', '--innodb-log-file-size=16M', *self._user],
            self.folder.file('log'))
        self.process.await_log(r'ready for connections')
        self.query('CREATE DATABASE IF NOT EXISTS tallygate CHARACTER SET utf8mb4', 'mysql')

    def stop(self):
        self.process.signal(signal.SIGTERM)
        return self.process.wait()

    def query(self, sql, database='tallygate'):
        """Rows, each a list of texts; octets that are no text are replaced."""
        run = subprocess.run(
            [self._program('mariadb'), '--no-defaults', '--user=root', '--batch',
             '--skip-column-names', '--socket=' + self.folder.file('socket'), '--execute', sql,
             database], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS_MAX,
            stdin=subprocess.DEVNULL, check=False)
        if run.returncode:
            raise Failed(run.stderr.decode('utf-8', 'replace'))
        return [line.split('\t') for line in run.stdout.decode('utf-8', 'replace').splitlines()]

    def session(self):
        """One session, to be used with `with`: what it locks is free afterwards."""
        return DatabaseSession([self._program('mariadb'), '--no-defaults', '--user=root',
                                '--batch', '--skip-column-names', '--unbuffered',
                                '--socket=' + self.folder.file('socket'), 'tallygate'])

    def close(self):
        if self.process is not None and not self.process.has_ended():
            self.process.kill()
        self.folder.close()


class DatabaseSession:
    """A client that stays connected."""

    def __init__(self, command):
        self._popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       universal_newlines=True, preexec_fn=die_with_parent)

    def do(self, sql):
        """Run a statement that prints nothing; returns when it is done."""
        self._popen.stdin.write(sql + ";\nSELECT 'done';\n")
        self._popen.stdin.flush()
        if self._popen.stdout.readline() != 'done\n':
            raise Failed('not done: ' + sql)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._popen.stdin.close()
        self._popen.wait(SECONDS_MAX)
        self._popen.stdout.close()
