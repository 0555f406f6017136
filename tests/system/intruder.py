#!/usr/bin/env python3
"""intruder.py - whoever is not meant to be at the console, and what would forge a line of the log.

    tests/system/intruder.py            2,000 lines of noise to the console
    tests/system/intruder.py full       200,000
"""
import random
import re
import socket
import sys

from desk import Desk, PASSWORD, Port
from server import HOST, SECONDS_MAX, Failed
from tallygate import PAGE, Unanswered
from world import expect, expect_equal, run

NOISE_LINES = 200000 if sys.argv[1:2] == ['full'] else 2000
LINES_AT_ONCE = 200
SILENCE_SECONDS = 0.2
SEED = 4711
# A line of the log: keys and values, the values plain or in quotes.
LOG_LINE = re.compile(r'time=\S+ level=(?:error|warn|info|debug) event=\w+'
                      r'(?: \w+=(?:"(?:[^"\\\x00-\x1f\x7f]|\\["\\]|\\x[0-9a-f]{2})*"|'
                      r'[^\s"\x00-\x1f\x7f]*))*')
# What must never be in a log that somebody reads on a terminal.
CONTROLS = re.compile(r'[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]')
FORGED = 'level=error event=forged'


class Local:
    """The Unix socket, as octets."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(SECONDS_MAX)
        self._socket.connect(path)

    def say(self, octets):
        try:
            self._socket.sendall(octets)
        except OSError:
            pass

    def hear_all(self):
        heard = b''
        try:
            while True:
                piece = self._socket.recv(65536)
                if not piece:
                    return heard
                heard += piece
        except ConnectionResetError:
            return heard

    def close(self):
        self._socket.close()


def wrong_lines(log):
    """Lines of the log that are none, or are not fit to be seen."""
    return [line for line in log.splitlines()
            if not LOG_LINE.fullmatch(line) or CONTROLS.search(line)]


def expect_sound_log(desk):
    expect_equal(wrong_lines(desk.server.process.log())[:5], [])


# A browser.

FORM = (b'POST / HTTP/1.1\r\nHost: 127.0.0.1:7412\r\nContent-Type: text/plain\r\n'
        b'Content-Length: 40\r\n\r\n')
BROWSERS = [FORM, b'GET /partner%20add%2077 HTTP/1.1\r\n\r\n', b'OPTIONS * HTTP/1.1\r\n\r\n',
            b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', b'\r\nHost: x\r\n', b'host: x\r\n',
            b'help\r\nPOST / HTTP/1.1\r\n', b'\x16\x03\x01\x02\x00\x01' + b'\n' * 3]
COMMANDS = b'partner add 77 name=Forged\r\nshutdown yes\r\n'


def no_line_of_a_browser_is_a_command(desk):
    for octets in BROWSERS:
        peers = [Local(desk.socket_path()), Port(desk.port())]
        for peer in peers:
            send = peer.say if isinstance(peer, Local) else peer.send
            hear = peer.hear_all if isinstance(peer, Local) else peer.hear_close
            try:
                send(octets + COMMANDS * 3)
            except OSError:
                pass
            heard = hear()
            assert b'Forged' not in heard, heard
            peer.close()
    expect_equal(desk.server.console.ask('partner show 77').is_ok, False)
    expect_equal(desk.server.process.has_ended(), False)
    expect_sound_log(desk)


# Noise.

def noise_does_nothing_but_end_in_error(desk):
    """Commands cut, joined and sprinkled with what a telnet, a terminal or malice may send."""
    draw = random.Random(SEED)
    words = sorted({word for row in desk.commands() for word in str(row).split()})
    bits = [b'\xff\xfb\x01', b'\xff\xf4\xff\xfd\x06', b'\xff\xfa\x18\x01', b'\xff\xf0', b'\xff',
            b'\x1b[2J', b'\x1b]0;x\x07', b'\x00', b'\x08\x08', b'\x7f', b'\x03', b'\t', b'"', b'\\',
            b'=', b'=' * 50, b'\xc2\x9b', b'\xe2\x80\xae', b'\xf0\x9f\x92\xa9', b'\xff\xff\xff',
            b'\xc0\x80', b'%s%n%x', b"';--", b'A' * 2000, b'\r', b'-1', b'18446744073709551616']
    before = desk.server.console.do('show accounts')
    for _ in range(NOISE_LINES // LINES_AT_ONCE):
        caller = desk.caller('viewer')
        noise = bytearray()
        for _ in range(LINES_AT_ONCE):
            line = b' '.join(
                draw.choice(bits) if draw.random() < 0.4 else draw.choice(words).encode()
                for _ in range(draw.randrange(1, 6)))
            noise += line + draw.choice([b'\n', b'\r\n', b'\r\0'])
        try:
            caller.send(bytes(noise))
            while caller.has_more(SILENCE_SECONDS):
                pass
        except OSError:
            pass
        caller.close()
    expect_equal(desk.server.console.do('show accounts'), before)
    expect_sound_log(desk)


# Forged lines.

FORGERIES = ['x\n' + FORGED, 'x\r\n' + FORGED, 'x" ' + FORGED, 'x\\" ' + FORGED, 'x\x1b[2K\x1b[1G',
             'x\u2028' + FORGED, 'x\u0085' + FORGED, 'x\u202e' + FORGED, 'x\x00' + FORGED]


def no_text_of_a_till_forges_a_line(desk):
    """SOFTWARE, RECEIPT and an identifier, refused or escaped; wherever they come to be seen."""
    console = desk.server.console
    console.do('log level debug')
    for text in FORGERIES:
        with desk.server.connect() as session:
            answer = session.call('HELLO', version=1, client_nonce=bytes(16), software=text)
            if answer.status == 'OK':
                session.welcome, session._client_nonce = answer, bytes(16)
                expect(session.auth_by_key(201, 1, desk.server.key(201)))
                console.do('show sessions', 'show terminals')
        till = desk.till(201)
        for fields in ({'receipt': text[:40]}, {'lines': [[text[:16], 0, 1000, 1]]}):
            till.call('EARN', **{**desk.request('EARN', amount=100, identifier_type=1,
                                                identifier=desk.card()).fields, **fields})
        till.call('INQUIRY', identifier_type=3, identifier=text[:60])
    console.do('log level info')
    expect_sound_log(desk)
    log = desk.server.process.log()
    expect_equal([line for line in log.splitlines() if line.startswith(FORGED)], [])


def no_text_of_an_operator_forges_a_line(desk):
    """Names at the login, passwords typed as names, and what they say in commands."""
    for text in FORGERIES:
        port = Port(desk.port())
        octets = text.encode('utf-8')
        try:
            port.hear(b'login: ')
            port.send(octets + b'\r\n')
            port.hear(b'password: ')
            port.send(b'wrong\r\n')
            port.end()
        except Failed:
            pass
        finally:
            port.close()
        desk.server.console.ask('partner change 1 name="%s"' % text.replace('\n', ' '))
        desk.server.console.ask('adjust 1 +1 %s' % text.replace('\n', ' '))
    desk.server.console.do('show partners', 'show audit', 'partner change 1 name=One')
    expect_sound_log(desk)


def a_path_of_the_pages_forges_nothing(desk):
    for path in ('/%0aforged', '/' + 'x' * 5000, '/%00', '/\x1b[2J', '//etc/passwd',
                 '/../../etc/passwd'):
        peer = socket.create_connection((HOST, desk.server.http_port), SECONDS_MAX)
        peer.sendall(b'GET ' + path.encode('latin-1') + b' HTTP/1.0\r\n\r\n')
        heard = b''
        while True:
            piece = peer.recv(65536)
            if not piece:
                break
            heard += piece
        peer.close()
        assert b'root:' not in heard and not heard.startswith(b'HTTP/1.0 200'), heard[:200]
    expect_sound_log(desk)


# Ports that are not the console's.

def a_file_that_is_none_is_not_quoted(desk):
    """An operator who may import may not read files by their complaints."""
    secret = desk.server.folder.write('secret', b'hush0,hush1\nhush2,hush3\n"hush4\n')
    for noun in ('partners', 'rules', 'stores', 'terminals'):
        for path in (secret, desk.server.folder.file('master'), '/etc/shadow'):
            reply = desk.server.console.ask('import %s %s' % (noun, path))
            expect_equal(reply.is_ok, False)
            said = '\n'.join(reply) + reply.end
            assert 'hush' not in said and 'root' not in said, said
    assert 'hush' not in desk.server.process.log()


def an_export_overwrites_nothing(desk):
    path = desk.server.folder.write('mine', b'mine')
    expect_equal(desk.server.console.ask('export stores ' + path).is_ok, False)
    with open(path, 'rb') as file:
        expect_equal(file.read(), b'mine')


CASES = [
    no_line_of_a_browser_is_a_command,
    noise_does_nothing_but_end_in_error,
    no_text_of_a_till_forges_a_line,
    no_text_of_an_operator_forges_a_line,
    a_path_of_the_pages_forges_nothing,
    a_file_that_is_none_is_not_quoted,
    an_export_overwrites_nothing,
]


if __name__ == '__main__':
    sys.exit(run(CASES, Desk))
