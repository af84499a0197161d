"""Versions 0.2 and 0.3 of the talk's stack: the photostream as a CherryPy site. One process with a
few threads, everything set up once; at 0.3 nginx stands before a process a core.

    DATABASE_URL=postgres://... one_server.py 127.0.0.1:8081 [THREADS]     or     ... unix:/run/one.sock"""

import logging
import sys

import cherrypy
from cherrypy._cpwsgi_server import CPWSGIServer

from photostream import connect, page

# Threads share one interpreter lock, and wait for PostgreSQL and for visitors the rest of the time. With
# 1, 2, 4, 8 and 16 of them one process made 1,030, 1,490, 1,540, 1,800 and 1,790 pages/s.
THREADS = 8


class Site:
    @cherrypy.expose
    def people(self, name):
        cookie = cherrypy.request.cookie.get("session")
        html, personal = page(database(), name, cookie and cookie.value)
        if html is None:
            raise cherrypy.NotFound()
        cherrypy.response.headers["Cache-Control"] = "private, no-store" if personal else "no-store"
        return html.encode()


def database():
    """This thread's own connection, opened again after the database was away."""
    db = getattr(cherrypy.thread_data, "db", None)
    if db is None or db.closed:
        db = cherrypy.thread_data.db = connect()
    return db


def listen(address, threads=THREADS):
    """CherryPy's own server. It keeps as many idle connections as come: its default of 10 would
    have most of the benchmark's connections closed after each answer."""
    if address.startswith("unix:"):
        cherrypy.server.socket_file = address.removeprefix("unix:")
    else:
        host, port = address.rsplit(":", 1)
        cherrypy.server.socket_host, cherrypy.server.socket_port = host, int(port)
    cherrypy.server.thread_pool = int(threads)
    cherrypy.server.socket_queue_size = 128
    server = CPWSGIServer(cherrypy.server)
    server.keep_alive_conn_limit = None
    cherrypy.server.httpserver = server


if __name__ == "__main__":
    # production: no autoreload, no tracebacks in pages, no checks, and no log; errors we want to see.
    cherrypy.config.update({"environment": "production"})
    cherrypy.log.error_log.addHandler(logging.StreamHandler())
    listen(*sys.argv[1:])
    cherrypy.quickstart(
        Site(),
        config={
            "/": {
                "tools.response_headers.on": True,
                "tools.response_headers.headers": [("Content-Type", "text/html; charset=utf-8")],
            }
        },
    )
