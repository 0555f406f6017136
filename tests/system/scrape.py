"""scrape.py - what /metrics says, read as Prometheus would, and checked against METRICS.md."""
import os
import re
import shutil
import subprocess

from server import SOURCE, Failed

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


def promtool():
    """Its path, or None."""
    return shutil.which('promtool')


def run_promtool(*arguments, octets=b''):
    """Complaints of promtool."""
    run = subprocess.run([promtool(), *arguments], input=octets, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=120, check=False)
    return [] if run.returncode == 0 else [run.stdout.decode('utf-8', 'replace')]


class Row:
    """A metric as METRICS.md tells it."""

    def __init__(self, name, kind, unit, labels):
        self.name = name
        self.kind = kind
        self.unit = unit
        self.labels = labels


def documented():
    """The rows of METRICS.md by name."""
    with open(os.path.join(SOURCE, 'gateway', 'METRICS.md'), encoding='utf-8') as page:
        found = re.findall(r'^\| `(\w+)` \| (counter|gauge|histogram) \| (\w*) \| (.*?) \|',
                           page.read(), re.M)
    rows = {name: Row(name, kind, unit, re.findall(r'`(\w+)`', labels))
            for name, kind, unit, labels in found}
    if not rows:
        raise Failed('METRICS.md has no table')
    return rows


class Scrape(dict):
    """Values by (name, label values in the order of the row...); kinds by name."""

    def __init__(self, text):
        super().__init__()
        self.kinds = {}
        self.helps = {}
        self.order = []				# names of samples, as they came
        for line in text.split('\n')[:-1]:
            self._take(line)
        if not text.endswith('\n'):
            raise AssertionError('the last line has no end')

    def _take(self, line):
        head = re.match(r'# (HELP|TYPE|UNIT) (\w+) (.*)$', line)
        if head:
            into = {'HELP': self.helps, 'TYPE': self.kinds, 'UNIT': {}}[head.group(1)]
            if head.group(2) in into:
                raise AssertionError('told twice: ' + line)
            into[head.group(2)] = head.group(3)
            return
        found = SAMPLE.match(line)
        if not found:
            raise AssertionError('not a sample: %r' % line)
        labels = found.group(2) or ''
        pairs = LABEL.findall(labels)
        if ','.join('%s="%s"' % pair for pair in pairs) != labels:
            raise AssertionError('not labels: %r' % line)
        key = (found.group(1), *(value for _, value in pairs))
        if key in self:
            raise AssertionError('told twice: %r' % line)
        self[key] = float(found.group(3))
        self.order.append((found.group(1), [name for name, _ in pairs]))

    def total(self, name):
        """The sum over all labels."""
        return sum(value for key, value in self.items() if key[0] == name)

    def complaints(self):
        """What does not agree with METRICS.md."""
        rows = documented()
        for name, kind in self.kinds.items():
            if name not in rows:
                yield name + ' is not in METRICS.md'
            elif rows[name].kind != kind:
                yield '%s is a %s, not a %s' % (name, kind, rows[name].kind)
        for name, labels in self.order:
            base = re.sub(r'_(bucket|sum|count)$', '', name)
            row = rows.get(name) or rows.get(base)
            if row is None or (row.name != name and row.kind != 'histogram'):
                yield name + ' is not in METRICS.md'
                continue
            wanted = row.labels + (['le'] if name.endswith('_bucket') else [])
            if labels != wanted:
                yield '%s has labels %r, not %r' % (name, labels, wanted)
            if row.name not in self.kinds or row.name not in self.helps:
                yield row.name + ' has no TYPE or HELP'

    def histogram(self, name, *labels):
        """Counts by upper bound; the sum and the count are checked with it."""
        buckets = [(key[-1], value) for key, value in self.items()
                   if key[:-1] == (name + '_bucket', *labels)]
        counts = [value for _, value in buckets]
        if counts != sorted(counts) or buckets[-1][0] != '+Inf':
            raise AssertionError('%s is not cumulative: %r' % (name, buckets))
        if counts[-1] != self[(name + '_count', *labels)]:
            raise AssertionError('%s: its count is not its last bucket' % name)
        return dict(buckets)


def scrape(server):
    """What /metrics says now."""
    status, _, body = server.fetch('/metrics')
    if status != 200:
        raise AssertionError('/metrics: %d' % status)
    return Scrape(body.decode('utf-8'))
