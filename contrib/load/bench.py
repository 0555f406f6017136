#!/usr/bin/env python3
"""bench.py - how fast a private gateway is on this machine, with its disk.

    contrib/load/bench.py [OPTION...]          after `make`; --help tells the options

For each transport and depth, several turns, the configurations taking turns so that what else the
machine does falls on all of them.  A turn begins with a fresh gateway and its members, measures the
disk (4 KiB written and synced, again and again), and then runs tally-load in a closed loop.  The
medians of the turns are printed, with the lowest and highest rate.

Gateway, tally-load and disk share this machine, as the figures do.  MariaDB takes no part: it is
never on a terminal's way.  Durability is as ever: every answer waits for fdatasync.
"""
import argparse
import json
import os
import platform
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
EXAMPLES = os.path.join(TOP, 'contrib', 'examples')
READY_SECONDS_MAX = 30
PROBE_SYNCS, PROBE_BYTES = 400, 4096
TICKS = os.sysconf('SC_CLK_TCK')

# A closed loop keeps all its requests waiting; the bounds that answer BUSY are above that.
CONFIG = '''
gateway: {{ instance = "bench"; io_threads = {io_threads}; ledger_thread = "{ledger}"; }};
listen: {{ tls = [ "127.0.0.1:0" ]; plain = [ "127.0.0.1:0" ]; }};
tls: {{ certificate_file = "{home}/server.pem"; key_file = "{home}/server.key"; }};
keys: {{ master_file = "{home}/master"; identifier_file = "{home}/identifier"; }};
data: {{ directory = "{home}/data"; snapshot_ms = 0; }};
queue: {{ requests = 262144; delay_ms = 60000; }};
limits: {{ partner_in_flight = 1000000; in_flight = {in_flight}; }};
sink: {{ enabled = false; }};
console: {{ socket = "{home}/console.sock"; }};
'''


def fail(text):
    sys.exit('bench: ' + text)


def read_options():
    parser = argparse.ArgumentParser(
        description='How fast a private gateway is on this machine, with its disk.')
    parser.add_argument('--build', default=TOP, help='where `make` has built (%(default)s)')
    parser.add_argument('--directory', default='.',
                        help='on the disk to be measured; a folder there is made and removed')
    parser.add_argument('--connections', type=int, default=1000)
    parser.add_argument('--depths', default='1,16', help='requests in flight on each (%(default)s)')
    parser.add_argument('--transports', default='plain,tls', help='(%(default)s)')
    parser.add_argument('--turns', type=int, default=5)
    parser.add_argument('--seconds', type=int, default=5, help='of load in each turn (%(default)s)')
    parser.add_argument('--members', type=int, default=10000)
    parser.add_argument('--mix', help="as tally-load's; its own mix if not given")
    parser.add_argument('--io-threads', type=int, default=1)
    parser.add_argument('--ledger-thread', choices=['inline', 'own'], default='inline')
    parser.add_argument('--json', metavar='FILE', help='write every turn there')
    options = parser.parse_args()
    options.depths = [int(depth) for depth in options.depths.split(',')]
    options.transports = options.transports.split(',')
    for name in options.transports:
        if name not in ('plain', 'tls'):
            fail('a transport is plain or tls, not ' + name)
    return options


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def probe_disk(home):
    """p50 and p99, in ms, of a write of 4 KiB into a file that is there, and its fdatasync."""
    path = os.path.join(home, 'probe')
    block = os.urandom(PROBE_BYTES)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    times = []
    try:
        os.write(descriptor, bytes(PROBE_SYNCS * PROBE_BYTES))
        os.fsync(descriptor)
        for index in range(PROBE_SYNCS):
            begin = time.perf_counter()
            os.pwrite(descriptor, block, index * PROBE_BYTES)
            os.fdatasync(descriptor)
            times.append((time.perf_counter() - begin) * 1000)
    finally:
        os.close(descriptor)
        os.unlink(path)
    return quantile(times, 0.5), quantile(times, 0.99)


def make_keys(home):
    """An authority's certificate, which is the server's too, and two secrets."""
    with open(os.path.join(home, 'openssl.log'), 'wb') as log:
        made = subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
             '-nodes', '-keyout', os.path.join(home, 'server.key'),
             '-out', os.path.join(home, 'server.pem'), '-days', '30', '-subj', '/CN=localhost',
             '-addext', 'subjectAltName=DNS:localhost'],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
    if made.returncode != 0:
        fail('openssl failed')
    for name in ('master', 'identifier'):
        descriptor = os.open(os.path.join(home, name), os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(descriptor, os.urandom(32))
        os.close(descriptor)


class Gateway:
    """A gateway with the example coalition, on data of its own."""

    def __init__(self, options, home):
        self.options, self.home = options, home
        self.log = os.path.join(home, 'gateway.log')
        shutil.rmtree(os.path.join(home, 'data'), ignore_errors=True)
        os.mkdir(os.path.join(home, 'data'))
        config = os.path.join(home, 'gateway.conf')
        with open(config, 'w', encoding='ascii') as file:
            file.write(CONFIG.format(home=home, io_threads=options.io_threads,
                                     ledger=options.ledger_thread,
                                     in_flight=max(options.depths + [32])))
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                [self.program('gateway/tallygated'), '--config', config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.ports = self.await_ready()
        for noun in ('partners', 'rules', 'stores', 'terminals'):
            subprocess.run([self.program('admin/tally-console'), '-s',
                            os.path.join(home, 'console.sock'), 'import', noun,
                            os.path.join(EXAMPLES, noun + '.csv')],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)

    def program(self, path):
        return os.path.join(self.options.build, path)

    def await_ready(self):
        """The ports it listens at, by transport."""
        until = time.monotonic() + READY_SECONDS_MAX
        while self.process.poll() is None and time.monotonic() < until:
            with open(self.log, encoding='utf-8') as log:
                text = log.read()
            if 'event=ready' in text:
                return {'tls' if is_tls == 'yes' else 'plain': port for port, is_tls in
                        re.findall(r'event=listening address=\S+:(\d+) tls=(\w+)', text)}
            time.sleep(0.01)
        with open(self.log, encoding='utf-8') as log:
            fail('the gateway did not start\n' + log.read())

    def cpu_seconds(self):
        with open('/proc/%d/stat' % self.process.pid, encoding='ascii') as file:
            fields = file.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def load(self, transport, depth, *more):
        """What tally-load tells of a run."""
        command = [self.program('contrib/load/tally-load'), '--port', self.ports[transport],
                   '--terminals', os.path.join(EXAMPLES, 'terminals.csv'),
                   '--master-key', os.path.join(self.home, 'master'),
                   '--connections', str(self.options.connections), '--depth', str(depth),
                   '--members', str(self.options.members), '--timeout-ms', '60000',
                   '--quiet', '--json'] + list(more)
        if transport == 'plain':
            command.append('--plain')
        else:
            command += ['--ca', os.path.join(self.home, 'server.pem'),
                        '--server-name', 'localhost']
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
        if run.returncode != 0:
            fail('tally-load ended with %d' % run.returncode)
        return json.loads(run.stdout.decode('utf-8'))

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def children_cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def take_turn(options, home, transport, depth):
    """The figures of one turn."""
    sync_p50_ms, sync_p99_ms = probe_disk(home)
    gateway = Gateway(options, home)
    try:
        # Members first, so that the run has nothing else in it.
        gateway.load(transport, depth, '--requests', '1', '--mix', 'inquiry=1')
        before, children_before = gateway.cpu_seconds(), children_cpu_seconds()
        more = ['--mix', options.mix] if options.mix else []
        told = gateway.load(transport, depth, '--no-enroll', '--seconds', str(options.seconds),
                            *more)
        gateway_cpu = gateway.cpu_seconds() - before
        load_cpu = children_cpu_seconds() - children_before
    finally:
        gateway.end()
    return {'transport': transport, 'depth': depth,
            'rate': told['answered'] / told['seconds'],
            'p50_ms': told['latency']['p50_ms'], 'p99_ms': told['latency']['p99_ms'],
            'p99.9_ms': told['latency']['p99.9_ms'], 'p99.99_ms': told['latency']['p99.99_ms'],
            'max_ms': told['latency']['max_ms'],
            'busy': told['busy'], 'lost': told['lost'], 'answered': told['answered'],
            'connect_p99_ms': told['connect']['p99_ms'],
            'gateway_cores': gateway_cpu / told['seconds'],
            'load_cores': load_cpu / told['seconds'],
            'sync_p50_ms': sync_p50_ms, 'sync_p99_ms': sync_p99_ms}


def machine(options, home):
    """Words for what the figures depend on."""
    model = 'unknown processor'
    with open('/proc/cpuinfo', encoding='utf-8') as file:
        found = re.search(r'^model name\s*: (.*)$', file.read(), re.M)
        model = found.group(1) if found else model
    system = subprocess.run(['df', '--output=fstype', home], stdout=subprocess.PIPE,
                            check=False).stdout.decode('utf-8').split()[-1:]
    commit = subprocess.run(['git', '-C', TOP, 'describe', '--always', '--dirty'],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            check=False).stdout.decode('utf-8').strip()
    return ('%d cores (%s), Linux %s, %s; source %s; %d connections, closed loop, %s, '
            '%d members, medians of %d turns of %d s'
            % (os.cpu_count(), model, platform.release(), ''.join(system) or 'unknown file system',
               commit or 'unknown', options.connections,
               'mix ' + options.mix if options.mix else "tally-load's mix", options.members,
               options.turns, options.seconds))


def print_summary(turns, configurations):
    def median(rows, name):
        return statistics.median(row[name] for row in rows)

    print('\n%-6s %5s %10s %19s %36s %15s' %
          ('', '', 'requests', 'over the turns', '-------- latency in ms ---------',
           '- cores used -'))
    print('%-6s %5s %10s %19s %8s %8s %8s %9s %8s %6s %6s' %
          ('', 'depth', 'a second', 'lowest to highest', 'p50', 'p99', 'p99.9', 'p99.99', 'gateway',
           'load', 'BUSY'))
    for transport, depth in configurations:
        rows = [turn for turn in turns
                if (turn['transport'], turn['depth']) == (transport, depth)]
        rates = [row['rate'] for row in rows]
        print('%-6s %5d %10.0f %8.0f to %7.0f %8.2f %8.2f %8.2f %9.2f %8.2f %6.2f %6d' %
              (transport, depth, statistics.median(rates), min(rates), max(rates),
               median(rows, 'p50_ms'), median(rows, 'p99_ms'), median(rows, 'p99.9_ms'),
               median(rows, 'p99.99_ms'), median(rows, 'gateway_cores'),
               median(rows, 'load_cores'), sum(row['busy'] for row in rows)))
    print('\nthe disk, idle before each turn: 4 KiB written and synced p50 %.2f, p99 %.2f ms '
          '(medians); p50 %.2f to %.2f' %
          (median(turns, 'sync_p50_ms'), median(turns, 'sync_p99_ms'),
           min(turn['sync_p50_ms'] for turn in turns), max(turn['sync_p50_ms'] for turn in turns)))


def main():
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    options = read_options()
    for path in ('gateway/tallygated', 'admin/tally-console', 'contrib/load/tally-load'):
        if not os.path.exists(os.path.join(options.build, path)):
            fail('%s is not built in %s' % (path, options.build))
    configurations = [(transport, depth) for depth in options.depths
                      for transport in options.transports]
    turns = []
    with tempfile.TemporaryDirectory(prefix='tally-bench.', dir=options.directory) as home:
        home = os.path.abspath(home)
        make_keys(home)
        words = machine(options, home)
        print(words)
        for number in range(1, options.turns + 1):
            for transport, depth in configurations:
                turn = take_turn(options, home, transport, depth)
                turns.append(turn)
                print('turn %d  %-5s depth %-3d %8.0f/s  p50 %.2f  p99 %.2f ms  '
                      'disk p50 %.2f p99 %.2f ms' %
                      (number, transport, depth, turn['rate'], turn['p50_ms'], turn['p99_ms'],
                       turn['sync_p50_ms'], turn['sync_p99_ms']), flush=True)
    print_summary(turns, configurations)
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as file:
            json.dump({'machine': words, 'turns': turns}, file, indent=2)
            file.write('\n')


if __name__ == '__main__':
    main()
