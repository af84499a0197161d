#!/usr/bin/env python3
"""Version 0.1 of the talk's stack: the same page as a CGI script. For every request the interpreter
starts, imports, connects, answers and exits; `photostream` itself comes compiled from the disk."""

import os
import sys

from photostream import connect, page


def session_cookie():
    if "HTTP_COOKIE" not in os.environ:
        return None
    from http.cookies import SimpleCookie  # seldom needed, so seldom paid for

    cookie = SimpleCookie(os.environ["HTTP_COOKIE"]).get("session")
    return cookie and cookie.value


html, personal = page(connect(), os.environ["PATH_INFO"].removeprefix("/"), session_cookie())
if html is None:
    head, html = "Status: 404 Not Found\nCache-Control: no-store\n", "There is nobody of that name here."
else:
    head = f"Cache-Control: {'private, no-store' if personal else 'no-store'}\n"
sys.stdout.buffer.write(f"{head}Content-Type: text/html; charset=utf-8\n\n{html}".encode())
