"""The talk's stack as versions 0.1, 0.2 and 0.3, each on a free port of loopback."""

import contextlib
import getpass
import http
import json
import os
import re
import shutil
import sys
from pathlib import Path

from children import Child, Trouble, answers, fetch, free_port

# How long one of them may take to answer its first page.
READY_PATIENCE_S = 30
# How many scripts fcgiwrap has running for each core: as many as of ours at 0.1.
SCRIPTS_A_CORE = 4
# How many threads a CherryPy process has, and how many all have: a connection each, and the PostgreSQL
# of `up` leaves 16 to others than the site.
THREADS, THREADS_MAX = 8, 16
# What the template refers to of our site's own files.
ASSETS = ("site.css", "grid.css", "icon.svg", "site.js")


class Peers:
    """Starts them in a folder of its own, on the database of a running site of ours."""

    def __init__(self, source, work, cores):
        self.source, self.work, self.cores = source, work, cores
        self.code = work / "cherrypy"
        shutil.copytree(source, self.code)

    def learn_assets(self, ours, path):
        """Takes the addresses of style sheets, script and icon from a page of ours: its build made them."""
        status, html = fetch(ours, path)
        if status != http.HTTPStatus.OK:
            raise Trouble(f"our own page {path} has status {status}")
        addresses = {}
        for asset in ASSETS:
            stem, extension = asset.split(".")
            found = re.search(rf'"(/static/{stem}\.[0-9a-f]+\.{extension})"', html)
            if not found:
                raise Trouble(f"our own page {path} refers to no {asset}")
            addresses[asset] = found[1]
        (self.code / "assets.json").write_text(json.dumps(addresses))

    def start(self, version, database_url, path):
        """The version, when it answers that page; a context that yields where it is served."""
        starts = {"0.1": self.cgi, "0.2": self.one_server, "0.3": self.behind_nginx}
        return starts[version](database_url, path)

    @contextlib.contextmanager
    def cgi(self, database_url, path):
        socket = self.work / "fcgiwrap.sock"
        base = f"http://127.0.0.1:{free_port()}"
        script = self.code / "photostream.cgi"
        parameters = {"SCRIPT_FILENAME": script, "DATABASE_URL": database_url}
        folder = self.nginx_folder("0.1", base, [socket])
        (folder / "cgi.conf").write_text(
            "".join(f'fastcgi_param {k} "{v}";\n' for k, v in parameters.items())
        )
        command = ["fcgiwrap", "-f", "-c", SCRIPTS_A_CORE * self.cores, "-s", f"unix:{socket}"]
        with self.child("fcgiwrap", command) as fcgiwrap:
            fcgiwrap.wait_until(lambda: socket.exists() or None, READY_PATIENCE_S)
            with self.child("nginx", self.nginx(folder)) as nginx:
                nginx.wait_until(lambda: answers(base, path), READY_PATIENCE_S)
                yield base

    @contextlib.contextmanager
    def one_server(self, database_url, path):
        address = f"127.0.0.1:{free_port()}"
        base = f"http://{address}"
        with self.cherrypy("cherrypy", address, database_url, THREADS) as server:
            server.wait_until(lambda: answers(base, path), READY_PATIENCE_S)
            yield base

    @contextlib.contextmanager
    def behind_nginx(self, database_url, path):
        base = f"http://127.0.0.1:{free_port()}"
        sockets = [self.work / f"cherrypy-{n}.sock" for n in range(self.cores)]
        with contextlib.ExitStack() as stack:
            threads = max(1, min(THREADS, THREADS_MAX // self.cores))
            for socket in sockets:
                server = stack.enter_context(
                    self.cherrypy(socket.stem, f"unix:{socket}", database_url, threads)
                )
                server.wait_until(lambda socket=socket: socket.exists() or None, READY_PATIENCE_S)
            nginx = stack.enter_context(
                self.child("nginx", self.nginx(self.nginx_folder("0.3", base, sockets)))
            )
            nginx.wait_until(lambda: answers(base, path), READY_PATIENCE_S)
            yield base

    def cherrypy(self, name, address, database_url, threads):
        command = [sys.executable, self.code / "one_server.py", address, threads]
        return self.child(name, command, DATABASE_URL=database_url)

    def child(self, name, command, **env):
        """A child that gets nothing of our environment but where programs are: fcgiwrap hands on what
        it has. The virtual environment comes first, for the script's `env python3`."""
        env["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return Child(f"the peer's {name}", command, self.work / f"{name}.log", env)

    def nginx_folder(self, version, base, sockets):
        """The configuration as it stands in the repository, and beside it the addresses it includes."""
        folder = self.work / f"nginx-{version}"
        temporary = folder / "temporary"
        temporary.mkdir(parents=True)
        shutil.copy(self.source / f"nginx-{version}.conf", folder / "nginx.conf")
        # As root nginx would take another user, who cannot enter our folder.
        user = f"user {getpass.getuser()};\n" if os.geteuid() == 0 else ""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        (folder / "main.conf").write_text(f"{user}daemon off;\npid {folder}/pid;\nerror_log stderr warn;\n")
        (folder / "paths.conf").write_text(
            "".join(f"{kind}_temp_path {temporary}/{kind};\n" for kind in kinds)
        )
        (folder / "listen.conf").write_text(f"listen {base.removeprefix('http://')};\n")
        (folder / "app.conf").write_text("".join(f"server unix:{socket};\n" for socket in sockets))
        return folder

    @staticmethod
    def nginx(folder):
        return ["nginx", "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]
