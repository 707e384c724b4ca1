"""Starts and stops a Cellhouse server of one's own: free port, temporary folder, own users."""

import os
import re
import subprocess
import threading
import time
from pathlib import Path

PASSWORD = "correct horse battery staple"
URL = re.compile(r"opc\.tcp://\S+")


class Plant:
    """A running server. `url` is where it answers."""

    def __init__(self, folder: Path, config: str | None = None, extra: list[str] | None = None):
        self.binary = os.environ["CELLHOUSE"]
        self.data = folder / "data"
        self.command = [self.binary, "run", "--backfill", "0", "--listen", "127.0.0.1:0", "--data", str(self.data)]
        if config:
            self.command += ["--config", config]
        self.command += extra or []
        self.log: list[str] = []
        self.url = ""
        self.process = None

    def add_user(self, name: str, role: str) -> None:
        subprocess.run(
            [self.binary, "user", "add", name, "--role", role, "--data", str(self.data)],
            input=PASSWORD + "\n",
            text=True,
            check=True,
            capture_output=True,
        )

    def cert(self, *arguments: str) -> str:
        """What `cellhouse cert` says."""
        command = [self.binary, "cert", *arguments, "--data", str(self.data)]
        return subprocess.run(command, text=True, check=True, capture_output=True).stdout

    def trust(self, certificate: bytes, name: str) -> None:
        folder = self.data / "pki" / "trusted" / "certs"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.der").write_bytes(certificate)

    def start(self, timeout_s: float = 20.0) -> "Plant":
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        ready = threading.Event()

        def read() -> None:
            for line in self.process.stdout:
                self.log.append(line.rstrip())
                found = URL.search(line)
                if found and not ready.is_set():
                    self.url = found.group(0).rstrip("/")
                    ready.set()
            ready.set()

        threading.Thread(target=read, daemon=True).start()
        if not ready.wait(timeout_s) or not self.url:
            self.stop()
            raise AssertionError("the server did not start:\n" + "\n".join(self.log))
        return self

    def stop(self) -> int:
        """Asks it to stop and waits; the exit code."""
        if self.process is None:
            return 0
        self.process.terminate()
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("the server did not stop within 10 s") from None

    def rss_kib(self) -> int:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1])
        return 0


async def eventually(check, timeout_s: float = 10.0, every_s: float = 0.05):
    """Waits until `check()` gives something true, and gives it back."""
    import asyncio

    end = time.monotonic() + timeout_s
    while True:
        found = await check()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout_s} s")
        await asyncio.sleep(every_s)


async def is_cut_off(node) -> bool:
    """Whether a node can no longer be read, because the server has ended the channel."""
    from asyncua import ua

    try:
        await node.read_value()
    except (ConnectionError, ua.UaError, OSError):
        return True
    return False
