"""The talk's own stack beside ours: started, compared page by page, timed in turn, written down.

`make demo-peers` prepares what this needs and runs it."""

import argparse
import contextlib
import datetime
import json
import os
import shlex
import signal
import sys
import tempfile
from pathlib import Path

import psycopg2

import blocks
import ours
import peers
import report
import same_page
from children import Trouble

ROOT = Path(__file__).resolve().parents[3]
# How many people are drawn, uniformly at random.
PEOPLE = 2000
# Enough to keep two cores busy; a CGI script then waits for fifteen others, not for minutes.
CONNECTIONS = 16
# How long everything may take, loading a million photos included.
RUN_MAX_S = 30 * 60


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/demo-peers", description=__doc__.splitlines()[0])
    parser.add_argument("--versions", default="0.1,0.2,0.3", type=lambda text: text.split(","))
    parser.add_argument("--blocks", default=6, type=int, help="an even number: each goes first as often")
    parser.add_argument("--seconds", default=5, type=int, help="how long each is timed in a block")
    parser.add_argument("--connections", default=CONNECTIONS, type=int)
    parser.add_argument("--seed", default=1, type=int, help="of the order of blocks and pages")
    parser.add_argument("--state-dir", default=ROOT / ".flickr-killr", type=Path)
    parser.add_argument(
        "--results", default=ROOT / "docs/results", type=Path, help="where peers.json and peers.md go"
    )
    parser.add_argument(
        "--up", default="", help="more settings for `flickr-killr up`, such as '--users 1000'"
    )
    arguments = parser.parse_args()
    if arguments.blocks < 2 or arguments.blocks % 2 or not set(arguments.versions) <= set(report.STACK):
        parser.error("--blocks is an even number, and --versions are of 0.1, 0.2 and 0.3")
    return arguments


def main():
    arguments = parse_arguments()
    programs = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release"
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(sign, interrupted)
    signal.alarm(RUN_MAX_S)
    for program in ("flickr-killr", "benchmarker"):
        if not (programs / program).exists():
            raise Trouble(
                f"{programs} holds no {program}; cargo build --release --workspace --bins makes both"
            )
    # The sockets lie here, so the path must be short; nobody else may enter it.
    with tempfile.TemporaryDirectory(prefix="peers-", dir="/tmp") as work:
        measure(arguments, programs, Path(work))


def interrupted(sign, _):
    """Ends the run by way of every `with` block, so that nothing is left running."""
    signal.alarm(0)
    raise Trouble("took too long" if sign == signal.SIGALRM else "interrupted")


def measure(arguments, programs, work):
    stack = peers.Peers(ROOT / "rungs/peers/cherrypy", work, os.cpu_count())
    rungs = []
    for number in arguments.versions:
        say(f"{number}: starting ours, then {report.STACK[number]}")
        log, settings = work / "ours.log", shlex.split(arguments.up)
        with ours.site(programs / "flickr-killr", arguments.state_dir, number, log, settings) as site:
            rungs.append(one_version(arguments, programs, work, stack, number, site))
            data = contents(site.database_url)
    result = {
        "command": shlex.join(["scripts/demo-peers", *sys.argv[1:]]) if sys.argv[1:] else "make demo-peers",
        "date": datetime.date.today().isoformat(),
        "machine": report.machine(),
        "data": data,
        "load": report.load(arguments, min(PEOPLE, data["users"])),
        "rungs": rungs,
    }
    arguments.results.mkdir(parents=True, exist_ok=True)
    (arguments.results / "peers.json").write_text(json.dumps(result, indent=1) + "\n")
    (arguments.results / "peers.md").write_text(report.markdown(result))
    say(f"\n{report.table(rungs)}\n\nwritten to {arguments.results}/peers.md and peers.json")


def one_version(arguments, programs, work, stack, number, site):
    """One version of the talk's stack beside the same of ours: first the same page, then how fast."""
    people = work / "people"
    paths = ours.random_people(programs / "flickr-killr", arguments.state_dir, PEOPLE, people)
    stack.learn_assets(site.base, paths[0])
    with stack.start(number, site.database_url, paths[0]) as peer:
        page_bytes, compared = same_page.check(site.base, peer, site.database_url, paths)
        our_bytes, peer_bytes = page_bytes
        say(
            f"{number}: {compared} pages are the same; the first has {peer_bytes:,} bytes, ours {our_bytes:,}"
        )
        load = blocks.Load(
            programs / "benchmarker", people, arguments.connections, arguments.seconds, arguments.seed
        )
        timed = blocks.alternate(load, site.base, peer, arguments.blocks, say)
        sites = {"ours": site.base, "peer": peer}
        wrk = {name: load.wrk(base, work / "people.lua") for name, base in sites.items()}
    return report.rung(number, timed, page_bytes, compared, wrk)


def contents(database_url):
    """What the database holds: people, photos, and the seed they were drawn from."""
    with contextlib.closing(psycopg2.connect(database_url)) as db, db.cursor() as cursor:
        cursor.execute("select (select count(*) from users), (select count(*) from photos)")
        users, photos = cursor.fetchone()
        cursor.execute("select value from flickr_killr where key = 'seed'")
        return {"users": users, "photos": photos, "seed": int(cursor.fetchone()[0])}


def say(text):
    print(text, flush=True)


try:
    main()
except Trouble as trouble:
    sys.exit(f"demo-peers: {trouble}")
