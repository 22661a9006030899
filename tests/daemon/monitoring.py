#!/usr/bin/python3
"""Alert rules and dashboard against what a running reeld shows.

    monitoring.py METRICS RULES DASHBOARD PAGE

METRICS is an answer of GET /metrics. Every metric that an expression names is there, every label it
matches, groups by or shows is one of those metrics', and a matcher matches a value that there is or
may be (=~ and =; what != and !~ leave out must have been there). Functions are those of Prometheus.
PAGE (docs/OPERATIONS.md) has a row for each alarm and no other. Exits 1 with a line for each fault.
"""

import json
import re
import shutil
import subprocess
import sys

import yaml

FUNCTIONS = {"abs", "absent", "avg", "count", "histogram_quantile", "increase", "max", "min", "rate",
             "sum"}
GROUPING = {"by", "without", "on", "ignoring"}
OPERATORS = {"and", "or", "unless", "bool"}
TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<range>\[\d+[smhd]\])|(?P<number>\d+(?:\.\d+)?)'
    r"|(?P<name>[a-zA-Z_:][\w:]*)|(?P<sign>=~|!~|!=|==|>=|<=|[-+*/%^<>=(){},]))")


class Fault(Exception):
    pass


def shown(text):
    """{metric: {label: {values}}} of an exposition."""
    metrics = {}
    for line in text.splitlines():
        sample = re.fullmatch(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+(?: \d+)?', line)
        if not sample:
            continue
        labels = metrics.setdefault(sample[1], {})
        for name, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', sample[2] or ""):
            labels.setdefault(name, set()).add(value)
    return metrics


def tokens_of(expression):
    at, tokens = 0, []
    while at < len(expression.rstrip()):
        token = TOKEN.match(expression, at)
        if not token:
            raise Fault(f"cannot be read from '{expression[at:at + 20]}' on")
        tokens.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return tokens


def take_names(tokens, at):
    """The names in the parentheses at `at`, and what is behind them."""
    names = []
    if tokens[at] != ("sign", "("):
        raise Fault("labels stand in parentheses")
    while tokens[at] != ("sign", ")"):
        at += 1
        if tokens[at][0] == "name":
            names.append(tokens[at][1])
    return names, at + 1


def take_matchers(tokens, at, metric, labels):
    """Checks {a="b", c=~"d"} at `at`; what is behind it."""
    while tokens[at] != ("sign", "}"):
        (_, label), (_, how), (kind, text) = tokens[at + 1:at + 4]
        if label not in labels:
            raise Fault(f"{metric} has no label {label}")
        if kind != "string" or how not in ("=", "!=", "=~", "!~"):
            raise Fault(f"{metric}: a matcher is label=\"value\"")
        for value in text[1:-1].split("|") if "~" in how else [text[1:-1]]:
            if not any(re.fullmatch(value, known) for known in labels[label]):
                raise Fault(f"no {label} of {metric} is {value}")
        at += 4
    return at + 1


def check(expression, metrics):
    """The labels that what it gives may have."""
    tokens = tokens_of(expression) + [("end", "")]
    labels, grouped, named, at, depth = set(), None, [], 0, 0
    while tokens[at][0] != "end":
        kind, text = tokens[at]
        depth += {"(": 1, ")": -1}.get(text, 0) if kind == "sign" else 0
        at += 1
        if kind != "name" or text in OPERATORS:
            continue
        if text in GROUPING:
            names, at = take_names(tokens, at)
            named += names
            grouped = set(names) if text == "by" else grouped
        elif text in metrics:
            labels |= set(metrics[text])
            if tokens[at] == ("sign", "{"):
                at = take_matchers(tokens, at, text, metrics[text])
        elif text not in FUNCTIONS:
            raise Fault(f"{text} is no metric that reeld shows, and no function")
    if depth != 0:
        raise Fault("a parenthesis is missing")
    for name in named:
        if name not in labels:
            raise Fault(f"no metric in it has the label {name}")
    return labels if grouped is None else grouped


def rule_faults(rules, metrics, page):
    documented = set(re.findall(r"^\| `(Reel\w+)` \|", page, re.M))
    alarms = [rule for group in rules["groups"] for rule in group["rules"]]
    if len(alarms) < 10:
        yield "there are alarms missing"
    for rule in alarms:
        try:
            labels = check(rule["expr"], metrics)
            for text in rule["annotations"].values():
                for label in re.findall(r"\$labels\.(\w+)", text):
                    if label not in labels:
                        raise Fault(f"shows the label {label}, which it does not have")
            if rule["labels"]["severity"] not in ("page", "ticket"):
                raise Fault("is neither page nor ticket")
        except (Fault, KeyError) as fault:
            yield f"{rule.get('alert')}: {fault}"
    names = {rule["alert"] for rule in alarms}
    for name in names ^ documented:
        yield f"{name} stands only in {'the rules' if name in names else 'the page'}"


def filled_in(expression):
    return expression.replace("$__rate_interval", "5m").replace("$camera", ".*")


def dashboard_faults(dashboard, metrics):
    shown_there = 0
    for variable in dashboard["templating"]["list"]:
        asked = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"])
        if variable["type"] == "query" and (
                not asked or asked[2] not in metrics.get(asked[1], {})):
            yield f"variable {variable['name']}: {variable['query']}"
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(ids) != len(set(ids)):
        yield "two panels have one id"
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            shown_there += 1
            try:
                labels = check(filled_in(target["expr"]), metrics)
                for label in re.findall(r"\{\{\s*(\w+)\s*\}\}", target.get("legendFormat", "")):
                    if label not in labels:
                        raise Fault(f"its legend shows the label {label}, which it does not have")
            except Fault as fault:
                yield f"panel '{panel['title']}': {fault}"
    if shown_there < 20:
        yield "there are panels missing"


def main():
    metrics_file, rules_file, dashboard_file, page_file = sys.argv[1:]
    with open(metrics_file, encoding="utf-8") as file:
        metrics = shown(file.read())
    with open(rules_file, encoding="utf-8") as file:
        rules = yaml.safe_load(file)
    with open(dashboard_file, encoding="utf-8") as file:
        dashboard = json.load(file)
    with open(page_file, encoding="utf-8") as file:
        page = file.read()
    faults = [*rule_faults(rules, metrics, page), *dashboard_faults(dashboard, metrics)]
    for fault in faults:
        print(fault, file=sys.stderr)
    # The judge of the language, where it is installed.
    promtool = shutil.which("promtool")
    if promtool and subprocess.run([promtool, "check", "rules", rules_file], check=False).returncode:
        faults.append("promtool")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
