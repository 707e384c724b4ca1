#!/usr/bin/env python3
"""Makes docs/conformance-peers.md from reports of `cellhouse conformance URL --write --json FILE`.

    tests/conformance/peers.py "Cellhouse=ours.json" "open62541 1.5=open62541.json" ...

The first report is ours. A case that every peer fails is suspect: the page lists those, with what is to be said for
each in SUSPECTS below; one without a word there makes the script fail.
"""

import json
import pathlib
import sys

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "conformance-peers.md"
MARKS = {"passed": "✓", "failed": "✗", "skipped": "–"}

# Why a case stands although no peer passes it.
SUSPECTS: dict[str, str] = {}


def read(argument: str) -> tuple[str, dict[str, dict]]:
    name, _, file = argument.partition("=")
    report = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))
    return name, {row["id"]: row for row in report["rows"]}


def count(rows: dict[str, dict], verdict: str) -> int:
    return sum(row["verdict"] == verdict for row in rows.values())


def suspects(peers: list[tuple[str, dict]]) -> list[str]:
    """Cases that at least two peers ran and none passed."""
    found = []
    for case in peers[0][1]:
        verdicts = [rows[case]["verdict"] for _, rows in peers if case in rows]
        if verdicts.count("failed") >= 2 and "passed" not in verdicts:
            found.append(case)
    return found


def page(reports: list[tuple[str, dict]]) -> str:
    (_, ours), peers = reports[0], reports[1:]
    lines = [
        "# The conformance runner against other servers",
        "",
        "`cellhouse conformance` is itself proved by servers that others wrote: the four peers that our load tests use, each as",
        "its project ships it, on loopback, with security None and anonymous users. A case that every peer fails is suspect,",
        "and is kept only with a reason. Made by `tests/conformance/peers.py`; ✓ passed, ✗ failed, – skipped with a reason.",
        "",
        "| | " + " | ".join(name for name, _ in reports) + " |",
        "| --- " * (len(reports) + 1) + "|",
    ]
    for verdict in MARKS:
        lines.append(f"| {verdict} | " + " | ".join(str(count(rows, verdict)) for _, rows in reports) + " |")
    lines += ["", "A ✗ of a peer is what the row of our list asks for and the server does not do; it need not be a mistake by the",
              "standard: several rows are stricter than it, and say so in their titles.", "", "## Suspects", ""]
    for case in suspects(peers):
        lines.append(f"- {case}, {ours[case]['title']}: {SUSPECTS[case]}")
    if not suspects(peers):
        lines.append("None: every case that more than one peer ran is passed by one of them.")
    lines += ["", "## Case by case", "", "| Case | | " + " | ".join(name for name, _ in reports) + " |",
              "| --- " * (len(reports) + 2) + "|"]
    for case, row in ours.items():
        marks = [MARKS[rows[case]["verdict"]] if case in rows else "" for _, rows in reports]
        lines.append(f"| {case} | {row['title']} | " + " | ".join(marks) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    reports = [read(it) for it in sys.argv[1:]]
    unexplained = [it for it in suspects(reports[1:]) if it not in SUSPECTS]
    for case in unexplained:
        print(f"{case}: {reports[0][1][case]['title']}")
        for name, rows in reports[1:]:
            if case in rows:
                print(f"    {name}: {rows[case]['verdict']}: {rows[case].get('why', '')}")
    if unexplained:
        sys.exit(f"{len(unexplained)} cases that no peer passes have no word in SUSPECTS")
    PAGE.write_text(page(reports), encoding="utf-8")


main()
