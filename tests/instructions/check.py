"""Counts the instructions of hot paths and compares them with `counts.toml`: no clock, so no noise of the machine.

The released program runs under callgrind, a tool of valgrind: once as `simulate`, once as a server that a client reads
from and subscribes to. A figure that is more than a tenth above its count fails; `--write` makes the counts what they are now.
"""

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from pathlib import Path

from asyncua import Client, ua

COUNTS = Path(__file__).with_name("counts.toml")
# So much more is too much.
TOLERANCE = 0.10
# Values of one Read, how many different ones are asked for, and how often one and the same is.
NODES, NEW, AGAIN = 1000, 10, 20
# Values of one Write, and how many there are.
WRITTEN, WRITES = 100, 20
# Items, and values of them that are waited for.
ITEMS, VALUES = 146, 1500
# A path of the program, and the function that it is in.
SIMULATED = {
    "physics, a step of 73 electrolyzers": "cellhouse::plant::Plant::step",
    "instruments, all read once": "cellhouse::plant::Plant::read",
    "control, a scan of the plant": "cellhouse::control::Controls::scan",
}
SERVED = {
    "address space, built": "cellhouse::ua::space::Space::new",
    "alarm, judged": "cellhouse::alarm::judge::judge",
    "snapshot, a tag stored": "cellhouse::engine::sampler::store",
    "history, a sample put into the log": "cellhouse::history::log::LogDraft::add",
    "value, encoded": "cellhouse::ua::value::encode_value",
    "item, looks at its tag": "cellhouse::ua::subscription::item::Item::sample",
}
# The Reads of the client among all that there are: told by their size, as others are small.
READ = "cellhouse::ua::service::attribute::read"
# Of them: finding a list that has come before, and reading what it names.
FIND, READ_AGAIN = "cellhouse::ua::service::read_list::ReadLists::get", "cellhouse::ua::service::attribute::Sight::read_list"
# Making Publish responses.
SAY = "cellhouse::ua::subscription::share::Share::say"
RESPONSE = "cellhouse::ua::subscription::message::publish_response"
# A Write until its commands are handed to the engine, and from its outcomes to the answer, audit line included.
WRITE, ANSWER = "cellhouse::ua::service::write::write", "cellhouse::ua::service::write::write::{{closure}}"
# Whoever comes may write operating setpoints.
SERVER = 'anonymous_roles = ["Observer", "Operator"]\n'


def costs(path: Path) -> tuple[Counter[str], Counter[str]]:
    """Calls of each function, and the instructions of all of them with what they call."""
    names: dict[str, str] = {}
    calls: Counter[str] = Counter()
    cost: Counter[str] = Counter()
    callee, is_call = "", False

    def name(text: str) -> str:
        number, _, said = text.partition(" ")
        return names.setdefault(number, said)

    for line in path.read_text(errors="replace").splitlines():
        if line.startswith("fn="):
            name(line[3:])
        elif line.startswith("cfn="):
            callee = name(line[4:])
        elif line.startswith("calls="):
            calls[callee] += int(line[6:].split()[0])
            is_call = True
        elif is_call and re.match(r"[0-9+*-]", line):
            cost[callee] += int(line.split()[1])
            is_call = False
    return calls, cost


def each(path: Path, functions: dict[str, str]) -> dict[str, int]:
    """Instructions of one call, by path."""
    calls, cost = costs(path)
    missing = [function for function in functions.values() if not calls[function]]
    if missing:
        sys.exit(f"not called, or built into another function: {', '.join(missing)}")
    return {what: cost[function] // calls[function] for what, function in functions.items()}


def callgrind(out: Path, *command: str) -> list[str]:
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command]


def simulated(program: str, folder: Path) -> dict[str, int]:
    out = folder / "simulated"
    run = callgrind(out, program, "simulate", "--hours", "0.05")
    subprocess.run(run, check=True, capture_output=True)
    return each(out, SIMULATED)


class Handler:
    """Counts values."""

    def __init__(self) -> None:
        self.values = 0

    def datachange_notification(self, *_: object) -> None:
        self.values += 1


async def drive(url: str) -> None:
    """Reads, writes and subscribes, always the same."""
    signals = ["Bath.Temperature", "Electrical.CellVoltage"]
    lines = [(1, 101, 35), (2, 201, 31), (3, 301, 7)]
    cells = [f"Line{line}.EL{first + it}" for line, first, count in lines for it in range(count)]
    ids = [ua.NodeId(f"{cell}.{signal}", 2) for cell in cells for signal in signals]
    assert len(ids) == ITEMS
    nodes = [ua.ReadValueId(NodeId=it, AttributeId=ua.AttributeIds.Value) for it in ids]

    def read(first: int) -> ua.ReadParameters:
        asked = [nodes[(first + it) % ITEMS] for it in range(NODES)]
        return ua.ReadParameters(TimestampsToReturn=ua.TimestampsToReturn.Both, NodesToRead=asked)

    async with Client(url, timeout=120) as client:
        for first in [*range(NEW), *[NEW] * AGAIN]:
            results = await client.uaclient.read(read(first))
            assert all(it.StatusCode.is_good() for it in results)
        setpoints = [client.get_node(f"ns=2;s={it}.Control.CurrentSetpoint") for it in cells]
        setpoints = [setpoints[it % len(setpoints)] for it in range(WRITTEN)]
        values = [ua.DataValue(ua.Variant(it)) for it in await client.read_values(setpoints)]
        for _ in range(WRITES):
            assert all(it.is_good() for it in await client.write_values(setpoints, values))
        handler = Handler()
        subscription = await client.create_subscription(500, handler)
        await subscription.subscribe_data_change([client.get_node(it) for it in ids])
        end = time.monotonic() + 120
        while handler.values < VALUES:
            assert time.monotonic() < end, "values do not come"
            await asyncio.sleep(0.1)


def served(program: str, folder: Path) -> dict[str, int]:
    # Keys are made, and the first entropy is gathered, outside of what is counted: both are the library's.
    out = folder / "served"
    server_file = folder / "server.toml"
    server_file.write_text(SERVER)
    arguments = ["run", "--server", str(server_file), "--data", str(folder / "data"), "--listen", "127.0.0.1:0"]
    arguments += ["--backfill", "0.05"]
    run = callgrind(out, program, *arguments)
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            url = next(line.strip() for line in server.stdout if line.strip().startswith("opc.tcp://"))
            asyncio.run(drive(url))
        finally:
            server.terminate()
            server.stdout.read()
    return each(out, SERVED) | messages(out) | reads(out) | writes(out)


def messages(path: Path) -> dict[str, int]:
    """Instructions of one value in a Publish response: each has a value of every item."""
    calls, cost = costs(path)
    if not calls[SAY] or not calls[RESPONSE]:
        sys.exit(f"not called, or built into another function: {SAY}, {RESPONSE}")
    return {"notification, a value told": cost[SAY] // (calls[RESPONSE] * ITEMS)}


def reads(path: Path) -> dict[str, int]:
    """Instructions of one value of a Read, new and known. Of a known list the first two times count as new ones."""
    calls, cost = costs(path)
    if calls[READ] < NEW + AGAIN or not calls[READ_AGAIN]:
        sys.exit(f"not called, or built into another function: {READ}, {READ_AGAIN}")
    again = cost[FIND] + cost[READ_AGAIN]
    return {
        "Read of 1,000 nodes, each": (cost[READ] - again) // ((NEW + 1) * NODES),
        "Read of 1,000 nodes again, each": again // ((AGAIN - 1) * NODES),
    }


def writes(path: Path) -> dict[str, int]:
    """Instructions of one value of a Write."""
    calls, cost = costs(path)
    if calls[WRITE] != WRITES or not calls[ANSWER]:
        sys.exit(f"not called, or built into another function: {WRITE}, {ANSWER}")
    return {"Write of 100 values, each": (cost[WRITE] + cost[ANSWER]) // (WRITES * WRITTEN)}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("program", help="the released program")
    arguments.add_argument("--write", action="store_true", help="take what is counted now for right")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = simulated(asked.program, Path(folder)) | served(asked.program, Path(folder))
    if asked.write:
        lines = [f'"{what}" = {count}' for what, count in found.items()]
        head = "# Instructions of one call, counted by check.py --write with the released program.\n\n"
        COUNTS.write_text(head + "\n".join(lines) + "\n")
    known = tomllib.loads(COUNTS.read_text())
    wrong = sorted(known.keys() ^ found.keys())
    for what, count in found.items():
        change = count / known.get(what, count) - 1
        print(f"{count:>12,}  {change:+7.1%}  {what}")
        if change > TOLERANCE:
            wrong.append(what)
        elif change < -TOLERANCE:
            print("              that is much less: keep it with --write")
    if wrong:
        sys.exit(f"more instructions than {COUNTS.name} says, or not in it: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
