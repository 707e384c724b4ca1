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
SUSPECTS: dict[str, str] = {
    "SC-21": "Part 4, 5.6.2 ends a channel whose token has expired, 25 % late at most. The peers wait longer than the case does.",
    "ENC-01": "each peer refuses in a way of its own: other codes, no answer, or its end. The row asks for a code that says what is wrong.",
    "RD-12": "Part 4, 5.11.2.4 lists the codes for an encoding that does not fit; the peers read on as if none had been named.",
    "MON-17": "a percent deadband is of a range. Two peers have no analog item, so that little is said against the row.",
    "MON-26": "two peers have no aggregate filters and two fail on the function; ours shows that the row can be passed.",
    "EVT-04": "the codes and the place of the EventFilterResult are those of Part 4, 7.22.3; each peer answers otherwise.",
    "EVT-12": "Part 9, 5.5.7 gives every server with events the method. The peers show it in namespace 0 without having it.",
    "ROL-03": "the peers show the RoleSet of namespace 0 without managing roles: they fail with a code for that.",
    "GDS-02": "the same as ROL-03, for ServerConfiguration.",
    "USR-03": "an anonymous token with the PolicyId of nobody: Part 4, 7.41 makes PolicyIds those that the endpoint offers.",
}


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
