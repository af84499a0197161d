"""Two sites under the same load in turn: blocks, each of which times both once."""

import json
import random
import shutil
import subprocess
from statistics import median

from children import Trouble

# How long the load runs before it is counted: a CGI script under it takes the better part of a second.
WARMUP_S = 2
# How far completed pages a second times their mean time may lie from the number of connections.
LITTLE_TOLERANCE = 0.25
# How long after its end a load generator is given up.
OVERTIME_S = 30


class Load:
    """What is asked for, and how hard."""

    def __init__(self, benchmarker, people, connections, seconds, seed):
        self.benchmarker, self.people = benchmarker, people
        self.connections, self.seconds, self.seed = connections, seconds, seed

    def time(self, base):
        """The benchmarker's report of one run; Trouble unless every page came."""
        command = [self.benchmarker, self.people, "--base", base, "--pages-only", "--no-gzip", "--json"]
        command += ["--threads", 1, "--connections", self.connections, "--seed", self.seed]
        command += [
            "--warmup",
            f"{WARMUP_S}s",
            "--duration",
            f"{self.seconds}s",
            "--timeout",
            f"{OVERTIME_S}s",
        ]
        report = json.loads(self.run(command))
        if report["errors"]["total"]:
            raise Trouble(f"{base} failed under load: {report['errors']}")
        in_flight = report["pages_per_sec"] * report["average_request_ms"] / 1000
        if abs(in_flight / self.connections - 1) > LITTLE_TOLERANCE:
            raise Trouble(
                f"{in_flight:.1f} pages were under way on average over {self.connections} connections"
            )
        return report

    def wrk(self, base, script):
        """Pages a second as wrk sees them; none where it is not installed."""
        if not shutil.which("wrk"):
            return None
        script.write_text(
            "local paths = {}\n"
            f'for line in io.lines("{self.people}") do paths[#paths + 1] = line end\n'
            'request = function() return wrk.format("GET", paths[math.random(#paths)]) end\n'
            "done = function(all)\n"
            "    local pages = all.requests - all.errors.status\n"
            '    io.write("pages ", pages / all.duration * 1e6, "\\n")\n'
            "end\n"
        )
        command = ["wrk", "-t1", f"-c{self.connections}", f"-d{self.seconds}s", "--timeout", f"{OVERTIME_S}s"]
        said = self.run([*command, "-s", script, base]).splitlines()
        return next(float(line.split()[1]) for line in said if line.startswith("pages "))

    def run(self, command):
        command = [str(word) for word in command]
        limit = WARMUP_S + self.seconds + OVERTIME_S
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit)
        if ended.returncode != 0:
            raise Trouble(f"{command[0]} ended with code {ended.returncode}: {ended.stderr.strip()}")
        return ended.stdout


def alternate(load, ours, peer, count, say):
    """Runs that many blocks, an even number; each site goes first in half of them, in random order."""
    firsts = ["ours", "peer"] * (count // 2)
    random.Random(load.seed).shuffle(firsts)
    blocks = []
    for number, first in enumerate(firsts, 1):
        sites = {"ours": ours, "peer": peer}
        order = sorted(sites, key=lambda name: name != first)
        block = {"first": first, **{name: figures(load.time(sites[name])) for name in order}}
        block["factor"] = block["ours"]["pages_per_sec"] / block["peer"]["pages_per_sec"]
        say(
            f"block {number}   the talk's stack {block['peer']['pages_per_sec']:8,.0f}"
            f"   ours {block['ours']['pages_per_sec']:8,.0f}   factor {block['factor']:.1f}"
        )
        blocks.append(block)
    return blocks


def figures(report):
    """What is kept of a run."""
    times = report["request_times"]
    return {
        "pages_per_sec": report["pages_per_sec"],
        "average_ms": report["average_request_ms"],
        **{quantile: times[quantile] for quantile in ("p50_ms", "p95_ms", "p99_ms", "max_ms")},
        "pages": report["pages"],
        "generator_us_per_page": report["generator"]["cpu_us_per_request"],
        "generator_busy": report["generator"]["busy"],
    }


def middle(blocks, name, key):
    """The median of one figure of one site over all blocks."""
    return median(block[name][key] for block in blocks)
