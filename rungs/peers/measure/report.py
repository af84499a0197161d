"""The table of a run, for the terminal, as Markdown and as JSON."""

import os
import platform
import subprocess
from importlib.metadata import version
from statistics import median

from blocks import WARMUP_S, middle

STACK = {
    "0.1": "nginx, fcgiwrap, a Python script a request",
    "0.2": "one CherryPy process",
    "0.3": "nginx before a CherryPy process a core",
}


def rung(number, blocks, page_bytes, compared, wrk):
    """The result of one version."""
    factors = [block["factor"] for block in blocks]
    sides = {
        name: {
            "pages_per_sec": middle(blocks, name, "pages_per_sec"),
            "average_ms": middle(blocks, name, "average_ms"),
            "page_bytes": size,
            "wrk_pages_per_sec": wrk[name],
        }
        for name, size in zip(("ours", "peer"), page_bytes)
    }
    return {
        "version": number,
        "peer_stack": STACK[number],
        **sides,
        "factor": {"median": median(factors), "min": min(factors), "max": max(factors)},
        "pages_compared": compared,
        "blocks": blocks,
    }


def machine():
    """What the figures depend on."""
    said = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    return {
        "kernel": platform.release(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("cherrypy", "cheroot", "psycopg2-binary", "jinja2")},
        "nginx": said.strip().rpartition("/")[2],
    }


def table(rungs):
    """The table, as Markdown that also reads well in a terminal."""
    head = (
        "version",
        "the talk's stack today",
        "pages/s",
        "average",
        "ours, pages/s",
        "average",
        "factor (range)",
    )
    rows = [head, [":--", ":--", *["--:"] * 5]]
    for result in rungs:
        factor, (peer, ours) = result["factor"], (result["peer"], result["ours"])
        rows.append(
            (
                result["version"],
                result["peer_stack"],
                f"{peer['pages_per_sec']:,.0f}",
                f"{peer['average_ms']:,.1f} ms",
                f"{ours['pages_per_sec']:,.0f}",
                f"{ours['average_ms']:,.1f} ms",
                f"x{factor['median']:.1f} ({factor['min']:.1f} to {factor['max']:.1f})",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "| "
        + " | ".join(pad(cell, width, column) for column, (cell, width) in enumerate(zip(row, widths)))
        + " |"
        for row in rows
    )


def pad(cell, width, column):
    if cell == "--:":
        return "-" * (width - 1) + ":"
    return cell.ljust(width) if column < 2 else cell.rjust(width)


def markdown(result):
    """The whole page for docs/results."""
    load, data, versions = result["load"], result["data"], dict(result["machine"])
    kernel, cores = versions.pop("kernel"), versions.pop("cores")
    sizes = ", ".join(
        f"{r['version']}: {r['peer']['page_bytes']:,} and {r['ours']['page_bytes']:,}"
        for r in result["rungs"]
    )
    return f"""# The talk's own stack beside ours

Made by `{result["command"]}` on {result["date"]}; every number is in [peers.json](peers.json). What the
peers are, and what is the same and what is not: [rungs/peers](../../rungs/peers/README.md).

{table(result["rungs"])}

Photostreams of {load["people"]:,} people drawn uniformly at random out of {data["users"]:,} with
{data["photos"]:,} photos (seed {data["seed"]}), HTML alone and uncompressed, one after the other over each
of {load["connections"]} kept connections. {load["blocks"]} blocks a version, each timing both for
{load["seconds"]} s after {load["warmup_s"]} s of warm-up, who goes first drawn by seed {load["seed"]}.
Pages/s and average request time are medians over the blocks, the factor is the median of the ratios within
a block. Before it was timed each peer served the same pages as ours, byte by byte but for blanks
({result["rungs"][0]["pages_compared"]} compared; bytes of one page, theirs and ours, {sizes}).
{wrk_sentence(result["rungs"])}
The load generator shares the {cores} cores with what it measures: the faster a site, the more that costs it.

Linux {kernel}, {cores} cores; {", ".join(f"{name} {number}" for name, number in versions.items())}.
"""


def wrk_sentence(rungs):
    """How wrk sees the same sites; nothing where it is not installed."""
    parts = [
        f"{r['version']}: {r['peer']['wrk_pages_per_sec']:,.0f} and {r['ours']['wrk_pages_per_sec']:,.0f}"
        for r in rungs
        if r["peer"]["wrk_pages_per_sec"] is not None
    ]
    return f"wrk, once each, saw pages/s of theirs and ours: {'; '.join(parts)}." if parts else ""


def load(arguments, people):
    """How both were asked."""
    return {
        "people": people,
        "connections": arguments.connections,
        "blocks": arguments.blocks,
        "seconds": arguments.seconds,
        "warmup_s": WARMUP_S,
        "seed": arguments.seed,
    }
