"""tap.py - results in the Test Anything Protocol, for the tests that are scripts."""


class Tap:
    """Numbers the results and remembers whether all were good; end() gives the exit status."""

    def __init__(self):
        self.count = 0
        self.is_ok = True

    def result(self, name, complaints=()):
        """One case: good when nobody complains; each complaint is told under it."""
        self.count += 1
        print('%s %d - %s' % ('not ok' if complaints else 'ok', self.count, name))
        for complaint in complaints:
            for line in str(complaint).splitlines():
                print('# ' + line)
        self.is_ok = self.is_ok and not complaints

    def skip(self, name, why):
        self.count += 1
        print('ok %d - %s # SKIP %s' % (self.count, name, why))

    def end(self):
        print('1..%d' % self.count, flush=True)
        return 0 if self.is_ok else 1
