"""servers.py - the servers that are measured: how each is started, and what is asked of it besides.

A server has a folder of its own, answers when start() returns, and is gone after stop().
"""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
EXAMPLES = os.path.join(TOP, 'contrib', 'examples')
SECONDS_TO_START = 600      # seventy million members are read within that, too
TICKS = os.sysconf('SC_CLK_TCK')


class Missing(Exception):
    """A program that this needs is not there."""


def program(name):
    path = shutil.which(name, path=os.environ['PATH'] + ':/usr/sbin:/usr/libexec')
    if path is None:
        raise Missing(name)
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return str(probe.getsockname()[1])


def libconfig(settings):
    """Text of a configuration: {group: {key: value}}."""
    def text(value):
        if isinstance(value, bool):
            return 'true' if value else 'false'
        if isinstance(value, int):
            return str(value) + ('L' if abs(value) >= 1 << 31 else '')
        if isinstance(value, list):
            return '[ ' + ', '.join(text(one) for one in value) + ' ]'
        return '"' + value + '"'
    return ''.join('%s: { %s };\n' % (group, ' '.join('%s = %s;' % (key, text(value))
                                                       for key, value in keys.items()))
                   for group, keys in settings.items())


class Server:
    name = ''

    def __init__(self, bench):
        self.bench = bench
        self.folder = tempfile.mkdtemp(prefix=self.name + '-', dir=bench.folder)
        self.process = None
        self.port = None
        self.log = None

    def spawn(self, command, stdin=subprocess.DEVNULL, stdout=None):
        environment = dict(os.environ)
        if self.bench.sync_us:
            environment['LD_PRELOAD'] = self.bench.built('contrib/bench/.libs/slow_sync.so')
            environment['SLOW_SYNC_US'] = str(self.bench.sync_us)
        self.log = open(self.file('log'), 'ab')
        self.process = subprocess.Popen(command, stdin=stdin, stdout=stdout or self.log,
                                        stderr=self.log, env=environment, cwd=self.folder)

    def file(self, name):
        return os.path.join(self.folder, name)

    def await_that(self, is_ready):
        deadline = time.monotonic() + SECONDS_TO_START
        while not is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(self.file('log'), encoding='utf-8', errors='replace') as log:
                    raise RuntimeError(f'{self.name} did not start:\n{log.read()[-2000:]}')
            time.sleep(0.1)

    def cpu_seconds(self):
        with open(f'/proc/{self.process.pid}/stat', encoding='ascii') as file:
            fields = file.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def cpu_seconds_of_threads(self):
        """By the names of its threads; those of one name together."""
        folder, seconds = f'/proc/{self.process.pid}/task', {}
        for thread in os.listdir(folder):
            with open(f'{folder}/{thread}/stat', encoding='ascii') as file:
                name, fields = file.read().split('(', 1)[1].rsplit(')', 1)
            fields = fields.split()
            seconds[name] = seconds.get(name, 0) + (int(fields[11]) + int(fields[12])) / TICKS
        return seconds

    def memory_bytes(self):
        """What the kernel counts as the process's own."""
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as file:
            for line in file:
                if line.startswith('VmRSS:'):
                    return int(line.split()[1]) * 1024
        raise RuntimeError(f'{self.name} is gone')

    def load_arguments(self):
        """What bench-load is told of the server."""
        return ['--system', self.name, '--port', self.port]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


class Echo(Server):
    name = 'echo'
    is_tls = False

    def start(self):
        keys = [self.bench.keys('server.pem'), self.bench.keys('server.key')]
        self.spawn([self.bench.built('contrib/bench/bench-echo'), *(keys if self.is_tls else [])],
                   stdout=subprocess.PIPE)
        self.port = self.process.stdout.readline().decode().strip()


class TlsEcho(Echo):
    is_tls = True


class Tallygate(Server):
    """The gateway with the example coalition.  settings are laid over those here, by group."""
    name = 'tallygate'

    def __init__(self, bench, settings=None):
        super().__init__(bench)
        self.port, self.tls_port = free_port(), free_port()
        folder, members = self.folder, bench.members + 1000
        self.settings = {
            'gateway': {'instance': 'bench'},
            'listen': {'tls': ['127.0.0.1:' + self.tls_port], 'plain': ['127.0.0.1:' + self.port]},
            'tls': {'certificate_file': bench.keys('server.pem'),
                    'key_file': bench.keys('server.key')},
            'keys': {'master_file': folder + '/master', 'identifier_file': folder + '/identifier'},
            'data': {'directory': folder + '/data', 'snapshot_ms': 0},
            'console': {'socket': folder + '/console'},
            # A closed loop keeps all its requests waiting; what answers BUSY is above that.
            'limits': {'connections': 20000, 'partner_connections': 20000,
                       'partner_in_flight': 1000000, 'in_flight': 256},
            'queue': {'requests': 131072, 'delay_ms': 10000},
            'ledger': {'transactions_max': 60000000, 'members_max': members,
                       'identifiers_max': members},
            'sink': {'enabled': False}, 'originals': {'enabled': False},
        }
        for group, keys in (settings or {}).items():
            self.settings.setdefault(group, {}).update(keys)

    def prepare(self):
        """Secrets, configuration, an empty data directory."""
        for secret in ('master', 'identifier'):
            with open(self.file(secret), 'wb') as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(os.urandom(32))
        with open(self.file('conf'), 'w', encoding='ascii') as file:
            file.write(libconfig(self.settings))
        os.mkdir(self.file('data'))

    def start(self):
        self.prepare()
        self.launch()
        self.make_terminals()
        for noun in ('partners', 'rules', 'stores', 'terminals'):
            folder = self.folder if noun == 'terminals' else EXAMPLES
            if self.console('import', noun, os.path.join(folder, noun + '.csv')) is None:
                raise RuntimeError(f'the {noun} cannot be imported')

    def launch(self):
        self.spawn([self.bench.built('gateway/tallygated'), '--config', self.file('conf')])
        self.await_that(lambda: self.console('show', 'version') is not None)

    def make_terminals(self):
        """Those of the example, which may send batches, too."""
        with open(os.path.join(EXAMPLES, 'terminals.csv'), encoding='utf-8') as file:
            lines = [line.strip() for line in file if not line.startswith('#')]
        rights = 'enroll+inquiry+earn+burn+refund+reverse+batch'
        with open(self.file('terminals.csv'), 'w', encoding='utf-8') as file:
            file.write(lines[0] + ',rights\n')
            file.writelines(line + ',' + rights + '\n' for line in lines[1:])

    def enroll(self):
        """The members that bench-load earns for."""
        self.bench.load(self, ['--enroll', '--connections', '200', '--depth', '8'])

    def console(self, *words):
        run = subprocess.run([self.bench.built('admin/tally-console'), '-s', self.file('console'),
                              *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, timeout=60, check=False)
        return run.stdout.decode() if run.returncode == 0 else None

    def console_process(self, *words):
        """A command that takes its time; its end is the caller's to wait for."""
        return subprocess.Popen([self.bench.built('admin/tally-console'), '-s',
                                 self.file('console'), *words], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def figure(self, page, name):
        """A number that `show PAGE` tells by that name."""
        for line in (self.console('show', page) or '').splitlines():
            words = line[len(name):].split()
            if line.startswith(name + ' ') and words and words[0].replace(',', '').isdigit():
                return int(words[0].replace(',', ''))
        raise RuntimeError(f'the console does not tell "{name}"')

    def load_arguments(self):
        return super().load_arguments() + ['--terminals', self.file('terminals.csv'),
                                           '--master-key', self.file('master')]

    def tally_load(self, *arguments, tls=False, prefix=(), terminals='terminals.csv'):
        """A run of tally-load that is on its way; its end is tally_load_end()'s."""
        where = ['--port', self.tls_port, '--ca', self.bench.keys('server.pem'), '--server-name',
                 'localhost'] if tls else ['--port', self.port, '--plain']
        return subprocess.Popen(
            [*prefix, self.bench.built('contrib/load/tally-load'), *where, '--terminals',
             self.file(terminals), '--master-key', self.file('master'), '--quiet', '--json',
             '--timeout-ms', '60000', '--ping-seconds', '0', *[str(one) for one in arguments]],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)


class TallygateInline(Tallygate):
    """With the ledger step on the I/O thread."""

    def __init__(self, bench):
        super().__init__(bench, {'gateway': {'ledger_thread': 'inline'}})


class Redis(Server):
    name = 'redis'

    def start(self):
        self.port = free_port()
        self.spawn([program('redis-server'), '--port', self.port, '--bind', '127.0.0.1',
                    '--dir', self.folder, '--appendonly', 'yes', '--appendfsync', 'always',
                    '--save', '', '--auto-aof-rewrite-percentage', '0', '--maxclients', '20000',
                    '--tcp-backlog', '4096'])
        self.await_that(lambda: self.client('PING') == 0)
        with open(os.path.join(HERE, 'earn.redis.lua'), 'rb') as library:
            if self.client('-x', 'FUNCTION', 'LOAD', stdin=library) != 0:
                raise RuntimeError('redis refuses the function')

    def client(self, *words, stdin=subprocess.DEVNULL):
        return subprocess.run([program('redis-cli'), '-e', '-p', self.port, *words], stdin=stdin,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
                              check=False).returncode


class Tarantool(Server):
    name = 'tarantool'

    def start(self):
        self.port = free_port()
        self.spawn([program('tarantool'), os.path.join(HERE, 'earn.tarantool.lua'), self.port,
                    self.folder, str(self.bench.members)], stdout=subprocess.PIPE)
        for line in self.process.stdout:
            if line.strip() == b'ready':
                return
        raise RuntimeError('tarantool did not start; see ' + self.file('log'))


class MariaDB(Server):
    name = 'mariadb'
    buffer_pool = '2G'
    redo_log = '1G'
    options = ()

    def start(self):
        """The server, without tables."""
        user = ['--user=root'] if os.geteuid() == 0 else []
        subprocess.run([program('mariadb-install-db'), '--no-defaults',
                        '--datadir=' + self.file('data'), '--tmpdir=' + self.folder,
                        '--auth-root-authentication-method=normal', '--skip-test-db', '--force',
                        *user], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       timeout=SECONDS_TO_START, check=True)
        self.port = self.file('socket')
        self.launch()

    def launch(self):
        """On the data directory that is there."""
        user = ['--user=root'] if os.geteuid() == 0 else []
        self.spawn([program('mariadbd'), '--no-defaults', '--datadir=' + self.file('data'),
                    '--tmpdir=' + self.folder, '--socket=' + self.port, '--skip-networking',
                    '--innodb-flush-log-at-trx-commit=1',
                    '--innodb-buffer-pool-size=' + self.buffer_pool,
                    '--innodb-log-file-size=' + self.redo_log, '--max-connections=2000',
                    '--performance-schema=OFF', '--max-allowed-packet=64M', *self.options,
                    *user])
        self.await_that(lambda: self.query('SELECT 1') is not None)

    def query(self, sql):
        """What the server answers, or None."""
        run = subprocess.run([program('mariadb'), '--no-defaults', '--user=root', '--batch',
                              '--skip-column-names', '--socket=' + self.port], input=sql.encode(),
                             stdout=subprocess.PIPE, stderr=self.log, timeout=600, check=False)
        return run.stdout.decode() if run.returncode == 0 else None


class MariaDBProcedure(MariaDB):
    """With the procedure that does the work of an earn."""

    def start(self):
        super().start()
        with open(os.path.join(HERE, 'earn.mariadb.sql'), encoding='utf-8') as file:
            if self.query(file.read()) is None:
                raise RuntimeError('mariadb refuses the tables')
        if self.query(f'INSERT INTO bench.member (card) '
                      f'SELECT seq FROM bench.seq_0_to_{self.bench.members - 1}') is None:
            raise RuntimeError('mariadb refuses the members')
