"""Programs that this one starts: each in a group of its own, known to be ready when it answers,
stopped kindly, then by force, always waited for."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from urllib.parse import urlsplit

# How long a child may take to end by itself; PostgreSQL writes a checkpoint meanwhile.
STOP_PATIENCE_S = 60
# How often we look whether something has happened.
LOOK_EVERY_S = 0.02
# How long one page may take.
PAGE_PATIENCE_S = 10
# How many lines of a log are shown when its writer failed.
LOG_TAIL_LINES = 15


class Trouble(Exception):
    """What went wrong, as a sentence for the person who started the run."""


class Child:
    """A running program whose output goes to a log. It ends when the `with` block does."""

    def __init__(self, name, command, log, env=None):
        self.name, self.log = name, log
        try:
            with open(log, "wb") as output:
                self.process = subprocess.Popen(
                    [str(word) for word in command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=env,
                    start_new_session=True,
                )
        except FileNotFoundError:
            raise Trouble(f"{command[0]} is missing; `make demo-peers` installs what is needed") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """The leader first: nginx and `up` end their own. Then whoever is left of the group, such as
        the children of fcgiwrap."""
        self.process.terminate()
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_PATIENCE_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def wait_until(self, ready, patience_s):
        """Waits until `ready()` is not none, and returns it."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise self.trouble(f"ended with code {self.process.returncode} instead of becoming ready")
            result = ready()
            if result is not None:
                return result
            time.sleep(LOOK_EVERY_S)
        raise self.trouble(f"was not ready after {patience_s} s")

    def says(self, beginning):
        """The rest of the first line of its log that begins so; none when there is no such line yet."""
        for line in self.log.read_text(errors="replace").splitlines(keepends=True):
            if line.startswith(beginning) and line.endswith("\n"):
                return line.removeprefix(beginning).strip()
        return None

    def trouble(self, what):
        tail = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return Trouble("\n    ".join([f"{self.name} {what}; it said last:", *tail]))


def fetch(base, path, cookie=None):
    """Status and body of a page."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=PAGE_PATIENCE_S)
    try:
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def answers(base, path):
    """Whether a page comes; none when not, so that one can wait for it."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        if fetch(base, path)[0] == http.HTTPStatus.OK:
            return True
    return None


def free_port():
    """A port of loopback that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
