"""watch.py - health, readiness and metrics over HTTP, as a prober and Prometheus see them."""
import signal
import socket
import subprocess
import sys

from server import HOST, Server, await_true
from world import Tap, expect_equal, run_case, run_together

ANSWER_SECONDS_MAX = 120
TRIES = 10


def get(server, path, status=200):
    """The body, as text."""
    found, _, body = server.fetch(path)
    expect_equal((path, found, body if found != status else None), (path, status, None))
    return body.decode('utf-8')


def raw(server, octets):
    """What is answered to octets on a connection, until it is closed."""
    with socket.create_connection((HOST, server.http_port), ANSWER_SECONDS_MAX) as connection:
        connection.sendall(octets)
        answer = b''
        while True:
            more = connection.recv(65536)
            if not more:
                return answer
            answer += more


# Pages and requests.

def the_pages_are_there(world):
    server = world.server
    expect_equal(get(server, '/healthz'), 'alive\n')
    expect_equal(get(server, '/readyz'), 'ready\n')
    status, headers, body = server.fetch('/metrics?debug=1')
    expect_equal((status, headers['Content-Type'], headers['Cache-Control']),
                 (200, 'text/plain; version=0.0.4; charset=utf-8', 'no-store'))
    expect_equal(int(headers['Content-Length']), len(body))
    for line in (b'tallygate_ready 1\n', b'tallygate_phase{phase="serving"} 1\n',
                 b'tallygate_phase{phase="starting"} 0\n'):
        expect_equal(line in body, True)


def head_tells_all_but_the_body(world):
    server = world.server
    for path in ('/healthz', '/readyz'):
        _, wanted, body = server.fetch(path)
        found = server.fetch(path, 'HEAD')
        wanted.pop('Date'), found[1].pop('Date')
        expect_equal(found, (200, wanted, b''))
        expect_equal(int(wanted['Content-Length']), len(body))
    answer = raw(server, b'HEAD /healthz HTTP/1.0\r\n\r\n')
    expect_equal(answer.partition(b'\r\n\r\n')[2], b'')


def other_paths_and_methods_are_refused(world):
    server = world.server
    for path in ('/', '/metrics/', '/healthz/x', '//metrics', '/../metrics', '/Metrics'):
        for method in ('GET', 'HEAD', 'POST'):
            expect_equal((path, server.fetch(path, method)[0]), (path, 404))
    for method in ('POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'):
        for path in ('/healthz', '/readyz', '/metrics'):
            status, headers, _ = server.fetch(path, method, body=b'x')
            expect_equal((method, status, headers.get('Allow')), (method, 405, 'GET, HEAD'))
    for request in (b'BREW /metrics HTTP/1.1\r\n\r\n', b'TRACE /metrics HTTP/1.1\r\n\r\n'):
        answer = raw(server, request.replace(b'\r\n\r\n', b'\r\nConnection: close\r\n\r\n'))
        expect_equal(answer[:12], b'HTTP/1.1 501')


def large_and_malformed_requests_are_refused(world):
    server = world.server
    expect_equal(server.fetch('/healthz', 'POST', body=b'x' * 100000)[0], 413)
    for request in (b'GET /healthz HTTP/1.1\r\nA: ' + b'x' * 10000 + b'\r\n\r\n',
                    b'GET /' + b'x' * 10000 + b' HTTP/1.1\r\n\r\n',
                    b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
                    b'GET\r\n\r\n'):
        expect_equal(raw(server, request)[:12], b'HTTP/1.1 400')
    expect_equal(get(server, '/readyz'), 'ready\n')


def a_connection_may_ask_again(world):
    answer = raw(world.server, b'GET /healthz HTTP/1.1\r\n\r\n'
                               b'GET /nothing HTTP/1.1\r\n\r\n'
                               b'GET /readyz HTTP/1.1\r\nConnection: close\r\n\r\n')
    expect_equal((answer.count(b'HTTP/1.1 200'), answer.count(b'HTTP/1.1 404')), (2, 1))


def only_loopback_is_listened_on(world):
    server = world.server
    for address in ('0.0.0.0:0', '192.0.2.1:9000', '[::]:9000', 'localhost:9000', '127.0.0.1'):
        server.settings['http']['listen'] = [address]
        run = subprocess.run(server.command() + ['--check-config'], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=60, check=False)
        expect_equal((address, run.returncode), (address, 78))
        expect_equal(b'http.listen: "' + address.encode() in run.stderr, True)
    server.settings['http']['listen'] = [HOST + ':0']


# Readiness.  These have a server of their own, which they start.

class Alone:
    """A server that is not started yet."""

    def __init__(self):
        self.server = Server()

    def close(self):
        self.server.close()


def it_answers_during_recovery(alone):
    """A MariaDB that accepts and says nothing holds up the start."""
    server = alone.server
    with socket.create_server((HOST, 0)) as mute:
        server.settings['sink']['enabled'] = True
        server.settings['mariadb']['port'] = mute.getsockname()[1]
        for _ in range(TRIES):
            server.launch()
            alive, ready, metrics = (server.fetch(path)[::2] for path in (
                '/healthz', '/readyz', '/metrics'))
            if ' event=sink_cursor ' not in server.process.log():
                break
            server.kill()	# it is held up for 3 s: too short for a machine that is busy
        expect_equal(alive, (200, b'alive\n'))
        expect_equal(ready, (503, b'starting: recovery is not done\n'))
        expect_equal(b'tallygate_ready 0\n' in metrics[1], True)
        expect_equal(b'tallygate_connections' in metrics[1], False)
        server.process.await_log(r' event=ready\b')
        expect_equal(get(server, '/readyz'), 'ready\n')


def it_is_not_ready_without_room_for_the_journal(alone):
    server = alone.server
    server.settings['journal']['low_water_bytes'] = 2 ** 62
    server.start()
    await_true(lambda: server.fetch('/readyz')[0] == 503, 'not ready')
    expect_equal(get(server, '/readyz', 503), 'journal: disk nearly full\n')
    expect_equal(get(server, '/healthz'), 'alive\n')


def it_is_not_ready_while_the_clock_waits(alone):
    server = alone.server
    server.start()
    server.console.do('partner add 1 name=One')
    server.stop()
    server.settings['clock'] = {}
    server.start()
    expect_equal(get(server, '/readyz', 503), "clock: waits for the console's `clock accept`\n")
    server.console.do('clock accept yes')
    expect_equal(get(server, '/readyz'), 'ready\n')


def it_is_not_ready_when_all_connections_are_taken(alone):
    server = alone.server
    server.settings['limits'] = {'connections': 2}
    server.start()
    connections = [server.connect() for _ in range(2)]
    await_true(lambda: server.fetch('/readyz')[0] == 503, 'not ready')
    expect_equal(get(server, '/readyz', 503), 'connections: no room for another one\n')
    connections[0].close()
    await_true(lambda: server.fetch('/readyz')[0] == 200, 'ready')
    connections[1].close()


def it_says_that_it_drains(alone):
    server = alone.server
    server.start()
    connection = server.connect()	# it does not close when asked to
    connection.hello()
    server.process.signal(signal.SIGTERM)
    await_true(lambda: server.fetch('/readyz')[0] == 503, 'draining')
    expect_equal(get(server, '/readyz', 503), 'draining: no new connections, answers go out\n')
    expect_equal(get(server, '/healthz'), 'alive\n')
    expect_equal('tallygate_phase{phase="draining"} 1\n' in get(server, '/metrics'), True)
    connection.close()
    expect_equal(server.await_end(), 0)


SHARED = [the_pages_are_there, head_tells_all_but_the_body, other_paths_and_methods_are_refused,
          large_and_malformed_requests_are_refused, a_connection_may_ask_again,
          only_loopback_is_listened_on]
ALONE = [it_answers_during_recovery, it_is_not_ready_without_room_for_the_journal,
         it_is_not_ready_while_the_clock_waits, it_is_not_ready_when_all_connections_are_taken,
         it_says_that_it_drains]


def main():
    tap = Tap()
    run_together(tap, SHARED)
    for case in ALONE:
        run_case(tap, case, Alone)
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
