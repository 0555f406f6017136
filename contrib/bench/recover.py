"""recover.py - how fast a gateway that was killed is back: the journal's records are applied.

`--case recovery` alone runs it: with ten million members, ten million earns after the snapshot.
"""
import re
import signal
import statistics

from alone import running
from report import Goal, table
from scale import Coalition

RECOVERED = re.compile(r'event=recovered .*')


class Recovery:
    name = 'recovery'
    title = 'start after kill -9: the records after the snapshot are applied'
    is_disk_bound = False

    def run(self, bench):
        """(lines, goals, figures)."""
        members = bench.options.scale // 7
        coalition = Coalition(bench, members, 170, 10000, 15000, members // 10)
        with running(coalition) as server:
            wanted = server.figure('journal', 'durable sequence') + members
            while server.figure('journal', 'durable sequence') < wanted:
                server.earn('--connections', '16', '--batch', '8190')
            turns = [self.restart(bench, server) for _ in range(bench.options.turns)]
        each = {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
        rate = each['records'] / each['records_ms'] * 1000
        whole = each['records'] / (each['records_ms'] + each['journal_ms']) * 1000
        lines = table(['', 'records', 'journal checked, ms', 'snapshot, ms', 'applied, ms',
                       'applied/s', 'checked and applied/s'],
                      [['kill -9', each['records'], each['journal_ms'], each['snapshot_ms'],
                        each['records_ms'], rate, whole]])
        return lines, [Goal('records applied per second', rate, least=3000000)], {'turns': turns}

    @staticmethod
    def restart(bench, server):
        """What the gateway logs of its recovery."""
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        server.launch()
        with open(server.file('log'), encoding='utf-8', errors='replace') as log:
            line = RECOVERED.findall(log.read())[-1]
        told = {name: int(value) for name, value in re.findall(r'(\w+)=(\d+)', line)}
        bench.say(f'  recovery: {line}')
        return told


CASES = [Recovery()]
