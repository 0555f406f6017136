"""report.py - goals, tables and the machine: what every case tells in the same way."""
import os
import platform
import statistics
import subprocess
import time


class Goal:
    """A figure and what it must be at least, or at most."""

    def __init__(self, text, value, least=None, most=None):
        self.text, self.value, self.least, self.most = text, value, least, most
        self.is_met = value >= least if most is None else value <= most

    def line(self):
        bound = 'at least %g' % self.least if self.most is None else 'at most %g' % self.most
        return '  %s: %s, goal %s: %s' % (self.text, number(self.value), bound,
                                          'met' if self.is_met else 'missed')

    def json(self):
        return {'text': self.text, 'value': self.value, 'least': self.least, 'most': self.most,
                'met': self.is_met}


def number(value):
    return f'{value:,.0f}' if abs(value) >= 1000 else f'{value:.3g}'


def table(titles, rows):
    """Lines of a table; the first column is text."""
    texts = [[row[0]] + [one if isinstance(one, str) else number(one) for one in row[1:]]
             for row in rows]
    widths = [max(len(line[at]) for line in [titles] + texts) for at in range(len(titles))]
    return ['  ' + '  '.join(one.ljust(width) if at == 0 else one.rjust(width)
                             for at, (one, width) in enumerate(zip(line, widths))).rstrip()
            for line in [titles] + texts]


def median(results, key):
    return statistics.median(result[key] for result in results)


def fsync_us(folder, count=500):
    """p50 and p99 of fdatasync after 4 KiB at the end of a file, without anything added."""
    times = []
    path = os.path.join(folder, 'fsync')
    with open(path, 'wb', buffering=0) as file:
        for _ in range(count):
            file.write(b'\0' * 4096)
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begun) * 1e6)
    os.unlink(path)
    times.sort()
    return {'p50': round(times[count // 2], 1), 'p99': round(times[count * 99 // 100], 1)}


def stalls(seconds=2, least_ms=2):
    """What the machine takes from a loop that only reads the clock, in gaps of at least so much:
    share of the time in percent, and the longest in ms.  No server's tail is below it."""
    begun = before = time.perf_counter()
    gaps = [0]
    while before - begun < seconds:
        now = time.perf_counter()
        if now - before >= least_ms / 1000:
            gaps.append((now - before) * 1000)
        before = now
    return {'percent': round(sum(gaps) / seconds / 10, 2), 'longest_ms': round(max(gaps), 1)}


def file_system(folder):
    run = subprocess.run(['stat', '--file-system', '--format=%T', folder], stdout=subprocess.PIPE,
                         check=True)
    return run.stdout.decode().strip()


def processor():
    with open('/proc/cpuinfo', encoding='utf-8') as file:
        for line in file:
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.machine()


def machine(folder):
    return {'kernel': platform.release(), 'processor': processor(), 'cores': os.cpu_count(),
            'file_system': file_system(folder), 'fsync_us': fsync_us(folder),
            'stalls': stalls()}
