"""Our own site as one version of the ladder, started by its own command."""

import contextlib
import json
import subprocess

from children import Child, Trouble

# How long `up` may take: at the first start it loads a million photos.
UP_PATIENCE_S = 600


class Ours:
    """The running site: where it is served, and where its database is."""

    def __init__(self, base, record):
        self.base, self.database_url = base, record["database_url"]


@contextlib.contextmanager
def site(program, state_dir, version, log, settings):
    """The site as that version, on a free port and without the lab, as strangers see it."""
    command = [
        program,
        "up",
        "--rung",
        version,
        "--state-dir",
        state_dir,
        "--listen",
        "127.0.0.1:0",
        "--no-lab",
    ]
    with Child(f"our {version}", [*command, *settings], log) as child:
        base = child.wait_until(lambda: child.says("ready "), UP_PATIENCE_S)
        yield Ours(base, running(state_dir))


def running(state_dir):
    """What `up` wrote down. It moves the state where its children can go, and leaves word of that."""
    with contextlib.suppress(FileNotFoundError):
        state_dir = type(state_dir)((state_dir / "moved-to").read_text().rstrip())
    return json.loads((state_dir / "running.json").read_text())


def random_people(program, state_dir, count, file):
    """Writes the photostreams of people drawn uniformly at random, one path a line."""
    command = [program, "urls", "--state-dir", state_dir, "--paths", "--random-people", str(count)]
    drawn = subprocess.run(command, capture_output=True, text=True, check=False)
    if drawn.returncode != 0:
        raise Trouble(f"no list of people: {drawn.stderr.strip()}")
    file.write_text(drawn.stdout)
    return drawn.stdout.split()
