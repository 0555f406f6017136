"""desk.py - operators at a private server: programs on terminals of their own, what they say."""
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import time

from server import BUILD, HOST, SECONDS_MAX, Failed, InVain
from world import World, expect_equal

PASSWORD = 'correct horse battery'
ROLES = ('viewer', 'operator', 'admin')
NAMES = dict(zip(ROLES, ('eve', 'bob', 'ann')))
PROMPT = 'tallygate> '
LOCKOUT_MS = 5000
CLIENT = os.path.join(BUILD, 'admin', 'tally-console')


class Terminal:
    """A program on a terminal of its own, and a person in front of it."""

    def __init__(self, *command, **environment):
        self.seen = ''
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({'TERM': 'dumb', 'LC_ALL': 'C.UTF-8', **environment})
            os.execvp(command[0], command)

    def _read(self, until, what):
        if not select.select([self.fd], [], [], max(0, until - time.monotonic()))[0]:
            raise InVain('no %s in %r' % (what, self.seen))
        try:
            return os.read(self.fd, 65536)
        except OSError:
            return b''

    def hear(self, pattern, seconds=SECONDS_MAX):
        """What came up to the pattern."""
        until = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.seen)
            if found:
                heard, self.seen = self.seen[:found.end()], self.seen[found.end():]
                return heard
            octets = self._read(until, pattern)
            if not octets:
                raise Failed('no %s until the program ended: %r' % (pattern, self.seen))
            self.seen += octets.decode('utf-8', 'replace')

    def hear_end(self):
        """What came up to the end of the program, and its exit status."""
        until = time.monotonic() + SECONDS_MAX
        while True:
            octets = self._read(until, 'end')
            if not octets:
                break
            self.seen += octets.decode('utf-8', 'replace')
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = None
        return self.seen, status

    def type(self, keys):
        os.write(self.fd, keys.encode('utf-8'))

    def say(self, line):
        self.type(line + '\r')

    def close(self):
        os.close(self.fd)
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


class Telnet(Terminal):
    """A person's telnet."""

    def __init__(self, port):
        super().__init__('telnet', HOST, str(port))

    def ask(self, line):
        """The line that ends the answer, and all of the answer."""
        self.say(line)
        answer = self.hear(r'\n(?:ok|error)[^\n]*\n(?:[^\n]*)' + PROMPT)
        return re.findall(r'\n((?:ok|error)[^\r\n]*)', answer)[-1], answer

    def log_in(self, name, password=PASSWORD):
        self.hear('login: ')
        self.say(name)
        self.hear('password: ')
        self.say(password)
        return self.hear(r'\n(?:ok|error)[^\n]*\n')


class Port:
    """The port as octets, without a telnet in between."""

    def __init__(self, port, context=None):
        self._socket = socket.create_connection((HOST, port), SECONDS_MAX)
        if context is not None:
            self._socket = context.wrap_socket(self._socket, server_hostname='localhost')
        self._socket.settimeout(SECONDS_MAX)
        self._seen = b''
        self.log = b''			# all that was heard
        self.last = []			# lines of the last answer before its end

    def send(self, octets):
        self._socket.sendall(octets)

    def hear(self, wanted):
        """What came up to these octets, and these."""
        while wanted not in self._seen:
            octets = self._socket.recv(65536)
            if not octets:
                raise Failed('closed after %r, without %r' % (self._seen, wanted))
            self._seen += octets
            self.log += octets
        at = self._seen.index(wanted) + len(wanted)
        heard, self._seen = self._seen[:at], self._seen[at:]
        return heard

    def has_more(self, seconds):
        """Take what comes within some time; False: nothing did, or the console closed."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return False
        octets = self._socket.recv(65536)
        self._seen += octets
        return bool(octets)

    def hear_close(self):
        """What came until the console closed."""
        try:
            while True:
                octets = self._socket.recv(65536)
                if not octets:
                    break
                self._seen += octets
        except ConnectionResetError:
            pass
        return self._seen

    def log_in(self, name, password=PASSWORD):
        """How the login ended."""
        self.hear(b'login: ')
        self.send(name.encode() + b'\r\n')
        self.hear(b'password: ')
        self.send(password.encode() + b'\r\n')
        return self.end()

    def end(self):
        """The line that ends an answer."""
        self.last = []
        while True:
            line = self.hear(b'\r\n')
            found = re.match(rb'(?:\xff..|tallygate> |login: )*(ok|error)([^\r]*)', line, re.S)
            if found:
                return (found.group(1) + found.group(2)).decode('utf-8')
            self.last.append(line.decode('utf-8', 'replace'))

    def ask(self, line):
        """The line that ends the answer; the lines before it are in last."""
        self.send((line if isinstance(line, bytes) else line.encode('utf-8')) + b'\r\n')
        return self.end()

    def close(self):
        self._socket.close()


class Desk(World):
    """A world with operators of each role."""

    def __init__(self, is_tls=False, settings=None, **options):
        """options: those of a world."""
        super().__init__(settings={**(settings or {}), 'console': {
            'tcp': HOST + ':0', 'tls': is_tls, 'failures': 2, 'lockout_ms': LOCKOUT_MS,
            'operators_file': self.operators_path()}}, **options)
        self._was_made = set()

    @staticmethod
    def operators_path():
        return '/tmp/tg-operators-%d' % os.getpid()

    def close(self):
        for suffix in ('', '.lock'):
            path = self.operators_path() + suffix
            if os.path.exists(path):
                os.unlink(path)
        super().close()

    def port(self):
        return int(self.server.process.await_log(
            r' event=console_listening address=\S+:(\d+)').group(1))

    def socket_path(self):
        return self.server.folder.file('data', 'console.sock')

    def passwd(self, *words, password=PASSWORD):
        run = subprocess.run([os.path.join(BUILD, 'admin', 'tally-passwd'), '-f',
                              self.operators_path(), *words],
                             input=password + '\n', stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, encoding='utf-8', timeout=SECONDS_MAX,
                             check=False)
        return run.returncode, run.stdout

    def name(self, role):
        """The operator of that role, made when first asked for."""
        if role not in self._was_made:
            expect_equal(self.passwd('add', NAMES[role], role), (0, ''))
            self._was_made.add(role)
        return NAMES[role]

    def operator(self, role):
        """A telnet session of that role."""
        name = self.name(role)
        telnet = Telnet(self.port())
        telnet.log_in(name)
        telnet.hear(PROMPT)
        return telnet

    def caller(self, role, context=None):
        """A session of that role at the port, as octets."""
        port = Port(self.port(), context)
        assert port.log_in(self.name(role)).startswith('ok')
        return port

    def commands(self):
        """What the console says of its commands, objects as `help` tells programs."""
        console = self.server.console
        console.do('format json')
        rows = [json.loads(line) for line in console.do('help')]
        console.do('format text')
        return rows


def hear_earn(desk, terminal):
    """A terminal that tails shows an EARN; only what is booked after it began is shown."""
    member = desk.member()
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        desk.earn(member, 50)
        try:
            return terminal.hear(r'EARN +OK', 0.5)
        except InVain:
            continue
    raise InVain('no EARN in %r' % terminal.seen)
