#!/usr/bin/env python3
"""Checks claims.toml, and that what is written from it is up to date. `--write` writes it; needs no package.

Written: docs/conformance.md, and src/ua/claims.rs (ServerProfileArray and ConformanceUnits of the Server object).
The verdicts of the runner come from `conformance*.json` in the folder given by --results: a case that failed in one of
them has failed, one that passed in any has passed. The other tests have run before, in `./test`.
"""

import argparse
import json
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests/conformance/claims.toml"
PAGE = ROOT / "docs/conformance.md"
CODE = ROOT / "src/ua/claims.rs"
CASE = re.compile(r"[A-Z]+-[0-9]+")
CASE_ROW = re.compile(r'\b(?:case|alone)\(\s*"([A-Z]+-[0-9]+)"')
PROFILE_KEYS = {"id": int, "name": str, "uri": str, "includes": list}
UNIT_KEYS = {
    "id": int, "name": str, "profiles": list, "optional": bool, "optional_in": list, "claimed": bool, "why": str,
    "tests": list, "documents": list,
}


class Table:
    """The claims, and what is wrong with them."""

    def __init__(self, text: str):
        whole = tomllib.loads(text)
        self.profiles: list[dict] = whole.pop("profile", [])
        self.units: list[dict] = whole.pop("unit", [])
        self.mistakes = [f"unknown table {it}" for it in whole]
        for row in self.profiles:
            self.keys("profile", row, PROFILE_KEYS, {"id", "name", "uri"})
        for row in self.units:
            self.keys("unit", row, UNIT_KEYS, {"id", "name", "profiles", "claimed"})
        if not self.mistakes:
            self.by_id = {it["id"]: it for it in self.profiles}
            self.links()

    def keys(self, kind: str, row: dict, known: dict, needed: set) -> None:
        name = f"{kind} {row.get('id', '?')}"
        self.mistakes += [f"{name}: unknown key {it}" for it in row.keys() - known.keys()]
        self.mistakes += [f"{name}: {it} is missing" for it in needed - row.keys()]
        wrong = [it for it in row.keys() & known.keys() if not isinstance(row[it], known[it])]
        self.mistakes += [f"{name}: {it} has the wrong type" for it in wrong]

    def links(self) -> None:
        """Ids are unique, names of profiles lead somewhere, nothing includes itself."""
        for kind, rows in (("profile", self.profiles), ("unit", self.units)):
            ids = [it["id"] for it in rows]
            self.mistakes += [f"{kind} {it} stands twice" for it in sorted({it for it in ids if ids.count(it) > 1})]
        for row in self.profiles + self.units:
            for other in [*row.get("includes", []), *row.get("profiles", []), *row.get("optional_in", [])]:
                if other not in self.by_id:
                    self.mistakes.append(f"{row['id']}: there is no profile {other}")
        place = {it["id"]: at for at, it in enumerate(self.profiles)}
        for row in self.profiles:
            for other in row.get("includes", []):
                if other in place and row["id"] in self.reach(other, set()):
                    self.mistakes.append(f"profile {row['id']} includes itself by way of {other}")

    def reach(self, profile: int, seen: set[int]) -> set[int]:
        """A profile and all that it includes."""
        if profile not in seen:
            seen.add(profile)
            for other in self.by_id.get(profile, {}).get("includes", []):
                self.reach(other, seen)
        return seen

    def missing(self, profile: int) -> list[dict]:
        """Mandatory units of a profile that are not claimed."""
        parts = self.reach(profile, set())

        def counts(unit: dict) -> bool:
            optional_in = set(unit.get("optional_in", []))
            return not unit.get("optional") and bool(parts.intersection(unit["profiles"]) - optional_in)

        return [it for it in self.units if counts(it) and not it["claimed"]]

    def claimed_uris(self) -> list[str]:
        """URIs of the profiles that are claimed, each once."""
        return list(dict.fromkeys(it["uri"] for it in self.profiles if not self.missing(it["id"])))

    def claimed_units(self) -> list[str]:
        return sorted(it["name"] for it in self.units if it["claimed"])


def cases() -> set[str]:
    """Ids of the runner's cases."""
    files = (ROOT / "src/conformance").rglob("*.rs")
    return {found for it in files for found in CASE_ROW.findall(it.read_text())}


@cache
def text(path: str) -> str | None:
    file = ROOT / path
    return file.read_text() if file.is_file() else None


def is_there(test: str) -> bool:
    """Whether `file::name` is a test function of that file."""
    path, _, name = test.partition("::")
    source = text(path)
    function = rf"(?:fn|def) {re.escape(name)}\(" if not path.endswith(".js") else rf'test\([`"]{re.escape(name)}'
    return bool(source and name and re.search(function, source))


def has_heading(document: str) -> bool:
    path, _, heading = document.partition("#")
    if ROOT / path == PAGE:
        return heading in ("Profiles", "Capacities")
    return bool(re.search(rf"^#+ {re.escape(heading)}$", text(path) or "", re.MULTILINE))


def check_evidence(table: Table, known: set[str]) -> list[str]:
    """A claim has evidence that exists; what is not claimed has a reason."""
    wrong = []
    for unit in table.units:
        name = f"unit {unit['id']} {unit['name']}"
        tests, documents = unit.get("tests", []), unit.get("documents", [])
        if not unit["claimed"]:
            if not unit.get("why"):
                wrong.append(f"{name}: not claimed, and no why")
            if tests or documents:
                wrong.append(f"{name}: not claimed, but has tests")
            continue
        if "why" in unit:
            wrong.append(f"{name}: claimed, but has a why")
        if documents and not unit["name"].startswith("Documentation"):
            wrong.append(f"{name}: a document is no evidence here")
        if not tests and not documents:
            wrong.append(f"{name}: claimed without a test")
        for test in tests:
            if not (test in known if CASE.fullmatch(test) else is_there(test)):
                wrong.append(f"{name}: there is no test {test}")
        wrong += [f"{name}: there is no {it}" for it in documents if not has_heading(it)]
    return wrong


def verdicts(folder: Path) -> dict[str, str]:
    """The runner's verdict for each case, over all reports in a folder."""
    found: dict[str, str] = {}
    weight = {"skipped": 0, "passed": 1, "failed": 2}
    for report in sorted(folder.glob("conformance*.json")):
        for row in json.loads(report.read_text())["rows"]:
            found[row["id"]] = max(found.get(row["id"], "skipped"), row["verdict"], key=weight.__getitem__)
    return found


def check_verdicts(table: Table, found: dict[str, str]) -> list[str]:
    """No case of a claim has failed, and a claim does not rest on cases that were skipped."""
    wrong = []
    for unit in table.units:
        own = [it for it in unit.get("tests", []) if CASE.fullmatch(it)]
        others = len(unit.get("tests", [])) - len(own) + len(unit.get("documents", []))
        name = f"unit {unit['id']} {unit['name']}"
        wrong += [f"{name}: {it} has failed" for it in own if found.get(it) == "failed"]
        if own and not others and not any(found.get(it) == "passed" for it in own):
            wrong.append(f"{name}: of {', '.join(own)} none has passed")
    return wrong


def code(table: Table) -> str:
    """The Rust file that the Server object tells its claims from."""

    def strings(items: list[str]) -> str:
        if not items:
            return "&[]"
        return "&[\n" + "".join(f"    {json.dumps(it, ensure_ascii=False)},\n" for it in items) + "]"

    return (
        "//! What this server claims (Part 5, 6.3.2). Written from tests/conformance/claims.toml by check.py beside it.\n\n"
        "/// ServerProfileArray: profiles of which every mandatory unit is claimed.\n"
        f"pub const PROFILES: &[&str] = {strings(table.claimed_uris())};\n\n"
        "/// ConformanceUnits: units that a test of ours shows, by name.\n"
        f"pub const UNITS: &[&str] = {strings(table.claimed_units())};\n"
    )


HEAD = """# Conformance

What this server claims of OPC UA Part 7 (profiles), and why it may. This page is written from
`tests/conformance/claims.toml` by `tests/conformance/check.py --write`; `./test claims` fails when it is stale, when a
claim has no test, or when a test of a claim has failed. The Server object tells the same: `ServerProfileArray` and
`ConformanceUnits` below `ServerCapabilities`.

Nobody has certified this: the claims rest on our own tests, not on the Compliance Test Tool of the OPC Foundation.
"""

CTT = """
## Checking it yourself

`cellhouse conformance opc.tcp://HOST:4840` runs the cases named below against any server, writes JSON and JUnit if asked,
and exits with 1 if one fails. A case that cannot be shown on that server is skipped and says why.

With a licence of the Compliance Test Tool (UACTT, for members of the OPC Foundation):

1. Start a server for the test alone, with a data folder of its own. Where the program has `--fixture`, use it: the tool needs nodes
   of every type to read and write.
2. Add the users that the tool asks for: `cellhouse user add NAME --role Operator`, and one with the role Engineer.
3. Connect once from the tool, then trust it: `cellhouse cert list`, `cellhouse cert trust THUMBPRINT`.
4. In the tool's project enter the URL, the users, the nodes below `Objects`, and the numbers under Capacities below.
5. Select the profiles claimed here and run. Report what fails together with the log of `RUST_LOG=debug`.
"""


def cell(text_: str) -> str:
    return text_.replace("|", "\\|").replace("`", "")


def page(table: Table) -> str:
    """docs/conformance.md."""
    lines = [HEAD, "## Profiles\n", "| Profile | Id | Claimed | Mandatory units that are missing |", "| --- | --- | --- | --- |"]
    for row in table.profiles:
        missing = table.missing(row["id"])
        names = ", ".join(cell(it["name"]) for it in missing[:6])
        names += f" and {len(missing) - 6} more" if len(missing) > 6 else ""
        lines.append(f"| {cell(row['name'])} | {row['id']} | {'no' if missing else '**yes**'} | {names} |")
    claimed = [it for it in table.units if it["claimed"]]
    others = [it for it in table.units if not it["claimed"]]
    lines += ["", "Two of them share one URI in the Foundation's database: Standard 2022 and Standard 2025."]
    lines += [capacities(), CTT, f"## Units that are claimed: {len(claimed)} of {len(table.units)}\n"]
    lines += ["| Unit | Id | Shown by |", "| --- | --- | --- |"]
    for unit in claimed:
        evidence = [f"`{it}`" for it in unit.get("tests", []) + unit.get("documents", [])]
        lines.append(f"| {cell(unit['name'])} | {unit['id']} | {', '.join(evidence)} |")
    lines += [f"\n## Units that are not claimed: {len(others)}\n", "| Unit | Id | | Why not |", "| --- | --- | --- | --- |"]
    for unit in others:
        kind = "optional" if unit.get("optional") else ""
        lines.append(f"| {cell(unit['name'])} | {unit['id']} | {kind} | {cell(unit['why'])} |")
    return "\n".join(lines) + "\n"


def capacities() -> str:
    """The numbers of Documentation - Core Capacities, from the configuration as shipped."""
    limits = tomllib.loads((ROOT / "config/server.toml").read_text())["limits"]
    rows = [
        ("Secure channels, TCP connections", "connections"),
        ("Sessions", "sessions"),
        ("Subscriptions of all sessions", "subscriptions"),
        ("Subscriptions of one session", "subscriptions_per_session"),
        ("Monitored items of all subscriptions", "monitored_items"),
        ("Monitored items of one subscription", "monitored_items_per_subscription"),
        ("Values in the queue of one item", "queue_size"),
        ("Publish requests waiting in one session", "publish_requests"),
        ("Messages kept for Republish, per subscription", "retransmission_queue"),
        ("Browse continuation points of one session", "continuation_points"),
        ("History continuation points of one session", "history_continuation_points"),
        ("Values of a history in one answer, per node", "history_values"),
        ("Operations in one request", "operations"),
        ("Bytes of one message", "message_bytes"),
        ("Elements of one array", "array_length"),
        ("Bytes of one string", "string_bytes"),
    ]
    lines = [
        "\n## Capacities\n",
        "As shipped in `config/server.toml`; each can be changed there and is shown below `ServerCapabilities` where the standard has a",
        "place for it. Query continuation points: 0, the service is not there. What was measured is in",
        "`tests/server/capacity.rs`: 100 sessions with 500 subscriptions and 200,000 items in less than 2 GiB.\n",
        "| | As shipped |",
        "| --- | ---: |",
    ]
    return "\n".join(lines + [f"| {name} | {limits[key]:,} |" for name, key in rows])


def written(table: Table, is_writing: bool) -> list[str]:
    """Writes what comes from the table, or tells which of it is stale."""
    wrong = []
    for path, content in ((CODE, code(table)), (PAGE, page(table))):
        if is_writing:
            path.write_text(content)
        elif not path.is_file() or path.read_text() != content:
            wrong.append(f"{path.relative_to(ROOT)} is stale: run tests/conformance/check.py --write")
    return wrong


def main() -> int:
    arguments = argparse.ArgumentParser(description="Checks the claims of conformance.")
    arguments.add_argument("--write", action="store_true", help="write docs/conformance.md and src/ua/claims.rs")
    arguments.add_argument("--results", type=Path, help="folder with the runner's conformance*.json")
    asked = arguments.parse_args()
    table = Table(TABLE.read_text())
    wrong = table.mistakes or check_evidence(table, cases()) + written(table, asked.write)
    if asked.results and not table.mistakes:
        found = verdicts(asked.results)
        wrong += check_verdicts(table, found) if found else [f"no conformance*.json in {asked.results}: run ./test unit first"]
    for line in wrong:
        print(line, file=sys.stderr)
    if not wrong:
        print(f"{len(table.claimed_units())} units and {len(table.claimed_uris())} profiles are claimed, each with its tests")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
