"""supervise.py - what tallygated and the service manager that starts it do for each other.

The test is the service manager: it has a socket for notifications (NOTIFY_SOCKET), hands over
sockets that listen already (LISTEN_FDS), and wants signs of life (WATCHDOG_USEC).
"""
import fcntl
import os
import queue
import re
import signal
import socket
import sys
import threading
import time

from server import BUILD, HOST, SECONDS_MAX, Failed, Server, await_true
from world import Tap, expect_equal, expect_within, run_case, title

EXIT_CONFIG = 78
FIRST_FD = 3
FREE_FD = 64
WATCHDOG_US = 6000000


class Manager:
    """The service manager of one server; a world of its own for a case."""

    def __init__(self):
        self.server = Server()
        self.server.prepare = self._prepare
        self.sockets = []		# (name, socket) that are handed over
        self.environment = {}		# more of it
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notices.bind(self.server.folder.file('notify'))
        self._read = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        """Read at once what is told: few messages fit into a socket, and who tells more waits."""
        while True:
            text = self._notices.recv(4096).decode('utf-8')
            self._read.put(dict(line.split('=', 1) for line in text.splitlines()))
            if not text:
                return

    def _prepare(self):
        """Runs in the process that becomes tallygated."""
        sources = [fcntl.fcntl(handed, fcntl.F_DUPFD, FREE_FD) for _, handed in self.sockets]
        for number, source in enumerate(sources):
            os.dup2(source, FIRST_FD + number)
            os.close(source)
        os.environ['NOTIFY_SOCKET'] = self.server.folder.file('notify')
        os.environ.update(self.environment)
        if self.sockets:
            os.environ['LISTEN_PID'] = str(os.getpid())
            os.environ['LISTEN_FDS'] = str(len(self.sockets))
            os.environ['LISTEN_FDNAMES'] = ':'.join(name for name, _ in self.sockets)

    def listen(self, name, host=HOST):
        """Hand over a socket under that name; its port."""
        self.sockets.append((name, socket.create_server((host, 0))))
        return self.sockets[-1][1].getsockname()[1]

    def listen_console(self):
        """Hand over the console's; its path."""
        path = self.server.folder.file('console.sock')
        self.sockets.append(('console', socket.socket(socket.AF_UNIX)))
        self.sockets[-1][1].bind(path)
        self.sockets[-1][1].listen()
        return path

    def notice(self, key, seconds=SECONDS_MAX):
        """The next message that tells of key, and all before it; each {key: value}."""
        notices = []
        try:
            while not notices or key not in notices[-1]:
                notices.append(self._read.get(timeout=seconds))
        except queue.Empty:
            raise Failed('no %s in %r' % (key, notices)) from None
        return notices

    def failure(self):
        """Why the start failed."""
        while True:
            status = self.notice('STATUS')[-1]['STATUS']
            if status.startswith('start failed: '):
                return status.partition(': ')[2]

    def forget(self):
        """What was told so far."""
        self._notices.sendto(b'MARK=1', self._notices.getsockname())
        self.notice('MARK')

    def await_ready(self):
        return self.notice('READY')

    def close(self):
        self._notices.sendto(b'', self._notices.getsockname())	# ends the thread
        self.server.close()
        for _, handed in self.sockets:
            handed.close()


def statuses(notices):
    return [notice['STATUS'] for notice in notices if 'STATUS' in notice]


def expect_failure(manager, complaint):
    """The server does not start, for that reason."""
    try:
        manager.server.launch()
    except Failed:
        pass				# it did not even come to listen for HTTP
    expect_equal(manager.server.process.wait(), EXIT_CONFIG)
    expect_equal(manager.failure(), complaint)


# Readiness.

def it_is_ready_when_it_has_recovered_and_answers(manager):
    server = manager.server
    server.start()
    manager.await_ready()
    server.console.do('partner add 1 name=One', 'store add 11 partner=1',
                      'terminal add 101 partner=1 store=11')
    server.stop()
    manager.notice('STOPPING')
    server.launch()
    told = manager.await_ready()
    # From this very moment on.
    log = server.process.log()
    expect_equal(server.fetch('/readyz')[0], 200)
    server.plain_port = int(re.search(r'event=listening address=\S+:(\d+) tls=no', log).group(1))
    with server.open(101) as session:
        expect_equal(session.call('PING').status, 'OK')
    steps = statuses(told)
    expect_equal(steps[-1], 'serving')
    expect_equal([step for step in steps if step in ('starting: recover', 'starting: listen')],
                 ['starting: recover', 'starting: listen'])
    expect_equal([notice for notice in told[:-1] if 'READY' in notice], [])
    expect_equal(' event=recovered sequence=0 ' in log, False)
    expect_equal(server.stop(), 0)


def a_start_that_fails_is_told(manager):
    manager.server.settings['keys']['master_file'] = manager.server.folder.file('none')
    manager.server.launch()
    expect_equal(manager.server.process.wait(), EXIT_CONFIG)
    expect_equal(manager.server.folder.file('none') in manager.failure(), True)


def the_end_is_told_when_it_begins(manager):
    server = manager.server
    server.settings['gateway']['drain_ms'] = 20000
    server.start()
    manager.await_ready()
    connection = server.connect()	# it does not close when asked to
    connection.hello()
    server.process.signal(signal.SIGTERM)
    told = manager.notice('STOPPING')[-1]
    expect_equal(server.process.has_ended(), False)
    expect_equal(told['STATUS'], 'draining: no new connections, answers go out')
    expect_equal(int(told['EXTEND_TIMEOUT_USEC']) > 20000 * 1000, True)
    connection.close()
    expect_equal(server.await_end(), 0)


def a_reload_is_told_whether_it_succeeds_or_not(manager):
    server = manager.server
    server.start()
    manager.await_ready()
    server.process.signal(signal.SIGHUP)
    before_us = time.monotonic_ns() // 1000
    began = manager.notice('RELOADING')[-1]
    expect_equal(abs(int(began['MONOTONIC_USEC']) - before_us) < SECONDS_MAX * 10 ** 6, True)
    expect_equal(manager.await_ready()[-1]['STATUS'], 'serving')
    server.folder.write('tallygate.conf', b'nonsense')
    server.process.signal(signal.SIGHUP)
    manager.notice('RELOADING')
    expect_equal(manager.await_ready()[-1]['STATUS'],
                 'serving; the last reload failed, see the log')
    expect_equal(server.stop(), 0)


def signs_of_life_come_when_they_are_wanted(manager):
    manager.environment['WATCHDOG_USEC'] = str(WATCHDOG_US)
    manager.server.start()
    manager.await_ready()
    def one():
        before = time.monotonic()
        expect_equal(manager.notice('WATCHDOG')[-1], {'WATCHDOG': '1'})
        return time.monotonic() - before

    for _ in range(2):
        expect_within(WATCHDOG_US / 10 ** 6, one)
    # One that stands still is silent.
    manager.server.process.signal(signal.SIGSTOP)
    await_true(lambda: manager.server.process.is_stopped(), 'a standstill')
    manager.forget()
    try:
        expect_equal(manager.notice('WATCHDOG', WATCHDOG_US / 10 ** 6), 'none')
    except Failed:
        pass
    manager.server.process.signal(signal.SIGCONT)


def no_signs_of_life_come_unasked(manager):
    manager.server.start()
    time.sleep(2.5)
    manager.server.stop()
    told = manager.notice('STOPPING')
    expect_equal([notice for notice in told if 'WATCHDOG' in notice], [])


def threads_are_named(manager):
    """For `top -H`: an operator sees which of them is busy."""
    manager.server.start()
    manager.await_ready()
    names = {'tallygated', 'io', 'ledger', 'journal', 'upkeep', 'console', 'http'}
    await_true(lambda: {name for name, _ in manager.server.process.threads()} >= names,
               'threads by their names')
    expect_equal(manager.server.stop(), 0)


# Sockets.

class Early(threading.Thread):
    """Something that is done before there is anybody to answer; result() waits for it."""

    def __init__(self, function):
        super().__init__(daemon=True)
        self._function = function
        self._result = None
        self.start()

    def run(self):
        try:
            self._result = self._function()
        except OSError as error:
            self._result = error

    def result(self):
        self.join(SECONDS_MAX)
        if isinstance(self._result, Exception) or self.is_alive():
            raise Failed('nobody answered: %r' % self._result)
        return self._result


def ask_console(path):
    """The console's greeting."""
    with socket.socket(socket.AF_UNIX) as console:
        console.settimeout(SECONDS_MAX)
        console.connect(path)
        return console.recv(4096)


def who_came_before_the_start_is_served(manager):
    server = manager.server
    server.tls_port = manager.listen('tls')
    server.plain_port = manager.listen('plain')
    server.http_port = manager.listen('http')
    path = manager.listen_console()
    trusted = server.authority.context(101)
    for _ in range(2):			# the second time the sockets have waited for the next start
        plain = server.connect()
        early = [Early(lambda: server.connect(trusted)),
                 Early(lambda: server.fetch('/healthz')[2]),
                 Early(lambda: ask_console(path))]
        time.sleep(0.2)			# for connections to be in the queue
        server.launch()
        manager.await_ready()
        tls = early[0].result()
        for connection in (plain, tls):
            connection.hello()
            expect_equal(connection.call('PING').status, 'OK')
            connection.close()
        expect_equal(early[1].result(), b'alive\n')
        expect_equal(early[2].result()[:1] != b'', True)
        found = re.findall(r' event=listening address=\S+:(\d+)', server.process.log())
        expect_equal([int(port) for port in found], [server.tls_port, server.plain_port])
        expect_equal(server.stop(), 0)
        expect_equal(os.path.exists(path), True)


def sockets_that_do_not_fit_stop_the_start(manager):
    cases = [
        ([('telnet', HOST)], 'socket telnet of the service manager: no such name, or its key is '
                             'empty'),
        ([('plain', '0.0.0.0')], 'listen.plain: socket plain of the service manager is not bound '
                                 'to a loopback address'),
        ([('http', '0.0.0.0')], 'http.listen: socket http of the service manager is not bound to '
                                'a loopback address'),
        ([('tls', '0.0.0.0')], 'listen.tls: socket tls of the service manager is not bound to a '
                               'loopback address'),	# the clock is stepped
    ]
    for wanted, complaint in cases:
        manager.sockets = []
        for name, host in wanted:
            manager.listen(name, host)
        expect_failure(manager, complaint)
    manager.sockets = [('plain', socket.socket(socket.AF_INET, socket.SOCK_DGRAM))]
    expect_failure(manager, 'socket plain of the service manager: not a stream socket that '
                            'listens')
    manager.sockets = []
    manager.listen_console()
    manager.sockets = [('tls', manager.sockets[0][1])]
    expect_failure(manager, 'listen.tls: socket tls of the service manager is not bound to an '
                            'Internet address')
    manager.sockets = []
    manager.listen('console')
    try:
        manager.server.launch()
    except Failed:
        pass
    expect_equal(manager.server.process.wait(), EXIT_CONFIG)


CASES = [it_is_ready_when_it_has_recovered_and_answers, a_start_that_fails_is_told,
         the_end_is_told_when_it_begins, a_reload_is_told_whether_it_succeeds_or_not,
         signs_of_life_come_when_they_are_wanted, no_signs_of_life_come_unasked,
         threads_are_named,
         who_came_before_the_start_is_served, sockets_that_do_not_fit_stop_the_start]


def main():
    tap = Tap()
    with open(os.path.join(BUILD, 'config.h'), encoding='utf-8') as file:
        has_systemd = '#define HAVE_LIBSYSTEMD 1' in file.read()
    for case in CASES:
        if has_systemd:
            run_case(tap, case, Manager)
        else:
            tap.skip(title(case), 'built without libsystemd')
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
