"""observe.py - what is shipped for Prometheus and Grafana asks only for metrics that there are."""
import json
import os
import re
import sys

SOURCE = os.environ.get('top_srcdir') or os.path.join(os.path.dirname(__file__), '..', '..')
sys.path[1:1] = [os.path.join(SOURCE, 'tests'), os.path.join(SOURCE, 'tests', 'system')]

from scrape import documented, promtool, run_promtool	# pylint: disable=wrong-import-position
from tap import Tap					# pylint: disable=wrong-import-position

PROMETHEUS = os.path.join(SOURCE, 'contrib', 'prometheus')
DASHBOARD = os.path.join(SOURCE, 'contrib', 'grafana', 'tallygate.json')
RULES = os.path.join(PROMETHEUS, 'tallygate.rules.yml')
TESTS = os.path.join(PROMETHEUS, 'tallygate.test.yml')
FOREIGN = {'up'}		# of Prometheus itself


def text_of(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def names_in(expression):
    """Names of metrics and recorded rules in a PromQL expression."""
    bare = re.sub(r'"[^"]*"|\'[^\']*\'', '', expression)
    bare = re.sub(r'\{[^}]*\}', '', bare)
    bare = re.sub(r'\b(by|without|on|ignoring)\s*\([^)]*\)', '', bare)
    return {name for name in re.findall(r'(?<![\w:$.])([a-z_][\w:]*)(?!\s*\()(?![\w:])', bare)
            if name.startswith(('tallygate', 'process', 'up'))}


def recorded():
    """Names that the rules record."""
    return set(re.findall(r'^\s+- record: (\S+)', text_of(RULES), re.M))


def unknown(names):
    """Of the names, those that no row of METRICS.md and no rule gives."""
    rows, known = documented(), recorded() | FOREIGN
    for name in sorted(names):
        base = re.sub(r'_(bucket|sum|count)$', '', name)
        if name in known or (name in rows and rows[name].kind != 'histogram'):
            continue
        if base == name or base not in rows or rows[base].kind != 'histogram':
            yield name + ' is not in METRICS.md'


def wrong_labels(expression):
    """Labels asked for in braces that their metric has not."""
    rows = documented()
    for name, braces in re.findall(r'([a-z_][\w:]*)\{([^}]*)\}', expression):
        row = rows.get(name) or rows.get(re.sub(r'_(bucket|sum|count)$', '', name))
        allowed = {'instance', 'job', 'le'} | set(row.labels if row else [])
        for label in re.findall(r'(\w+)\s*[!=]=?~?\s*"', braces):
            if row and label not in allowed:
                yield '%s has no label %s' % (name, label)


def expressions_of_dashboard():
    dashboard = json.loads(text_of(DASHBOARD))
    for panel in dashboard['panels']:
        for target in panel.get('targets', []):
            yield panel['title'], target['expr']
    for variable in dashboard['templating']['list']:
        if variable['type'] == 'query':
            yield variable['name'], variable['query']


def dashboard_complaints():
    """What is wrong with the dashboard."""
    dashboard = json.loads(text_of(DASHBOARD))
    numbers = [panel['id'] for panel in dashboard['panels']]
    if len(set(numbers)) != len(numbers):
        yield 'two panels have the same id'
    if sum(1 for panel in dashboard['panels'] if panel.get('targets')) < 10:
        yield 'there are hardly any panels'
    for title, expression in expressions_of_dashboard():
        names = names_in(expression)
        if not names:
            yield '%s asks for nothing: %s' % (title, expression)
        yield from unknown(names)
        yield from wrong_labels(expression)


def rules_complaints():
    """Metrics that rules ask for, or that their tests make up, and that there are not."""
    expressions = re.findall(r'^\s+expr: (?:>-\n)?((?:.+\n)(?:\s{10,}(?!\w+:).+\n)*)',
                             text_of(RULES), re.M)
    if len(expressions) != text_of(RULES).count('expr:'):
        yield 'not every expression is found'
    for expression in expressions:
        yield from unknown(names_in(expression))
        yield from wrong_labels(expression)
    for series in re.findall(r'series: (.+)', text_of(TESTS)):
        yield from unknown(names_in(series) | {series.split('{')[0]})
        yield from wrong_labels(series)


def untested_alerts():
    """Alerts that no test names."""
    alerts = set(re.findall(r'^\s+- alert: (\S+)', text_of(RULES), re.M))
    for alert in sorted(alerts - set(re.findall(r'alertname: (\w+)', text_of(TESTS)))):
        yield alert + ' is in no test'


def self_test():
    """A metric that is not there must be seen, and one that is must not."""
    if names_in('sum by (le) (rate(tallygate_x_bucket{a="b"}[5m])) / up') != {
            'tallygate_x_bucket', 'up'}:
        yield 'names are not found'
    if not list(unknown({'tallygate_nothing_total'})):
        yield 'an unknown metric is not seen'
    if not list(unknown({'tallygate_answer_seconds'})):
        yield 'a histogram without its suffix is not seen'
    if list(unknown({'tallygate_answer_seconds_bucket', 'tallygate_ready'})):
        yield 'known metrics are complained about'
    if not list(wrong_labels('tallygate_ready{colour="red"}')):
        yield 'an unknown label is not seen'


PROMTOOL = [
    ('promtool takes the configuration', ('check', 'config',
                                          os.path.join(PROMETHEUS, 'prometheus.yml'))),
    ('promtool takes the rules', ('check', 'rules', RULES)),
    ('alerts come when they should, and not else', ('test', 'rules', TESTS)),
]


def main():
    tap = Tap()
    tap.result('what is not there is seen', list(self_test()))
    tap.result('the dashboard is JSON, and asks for metrics that there are',
               list(dashboard_complaints()))
    tap.result('the rules ask for metrics that there are', list(rules_complaints()))
    tap.result('every alert has its test', list(untested_alerts()))
    for name, arguments in PROMTOOL:
        if promtool() is None:
            tap.skip(name, 'promtool is not installed')
        else:
            tap.result(name, run_promtool(*arguments))
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
