"""Whether the peer serves the page that ours does. Nothing is timed before this holds."""

import base64
import contextlib
import difflib
import hashlib
import re
import secrets

import psycopg2

from children import Trouble, fetch

# How many strangers' pages are compared.
PAGES = 20
# How many lines of a difference are shown.
DIFFERENCE_LINES = 12
# The same characters, spelled so by askama and so by markupsafe.
SPELLINGS = {"&#38;": "&amp;", "&#60;": "&lt;", "&#62;": "&gt;"}


def normal(html):
    """One tag or text a line: blanks beside tags say nothing, and a run of them is one."""
    for ours, theirs in SPELLINGS.items():
        html = html.replace(ours, theirs)
    html = re.sub(r"\s+", " ", html)
    return re.sub(r" ?(<[^>]*>) ?", r"\n\1\n", html).replace("\n\n", "\n").strip()


def check(ours, peer, database_url, people):
    """Compares strangers' pages, pages of people who are logged in, and a name that nobody has.
    Returns the bytes of one page of each, and how many pages were compared."""
    with contextlib.closing(psycopg2.connect(database_url)) as db:
        db.autocommit = True
        with db.cursor() as cursor:
            # The person of the most photos and the one of the fewest are not to be met at random.
            cursor.execute(
                "(select name from users order by public_photo_count desc, id limit 1)"
                " union all (select name from users order by public_photo_count, id limit 1)"
            )
            edges = [f"/people/{name}" for (name,) in cursor]
        pages = [*people[:PAGES], *edges]
        sizes = [compare(ours, peer, path) for path in pages]
        views = 0
        for viewer, paths in acquaintances(db, people):
            with session(db, viewer) as cookie:
                for path in paths:
                    compare(ours, peer, path, cookie)
                    views += 1
    for base in (ours, peer):
        status, _ = fetch(base, "/people/nobody-has-this-name")
        if status != 404:
            raise Trouble(f"{base} answers {status} for a name that nobody has")
    return sizes[0], len(pages) + views + 1


def compare(ours, peer, path, cookie=None):
    """Raises Trouble with the difference, if there is one; returns the bytes of each."""
    (our_status, our_html), (peer_status, peer_html) = (fetch(base, path, cookie) for base in (ours, peer))
    if our_status != 200 or peer_status != 200:
        raise Trouble(f"{path}: ours has status {our_status}, the peer {peer_status}")
    lines = [normal(html).splitlines() for html in (our_html, peer_html)]
    difference = list(difflib.unified_diff(*lines, "ours", "peer", lineterm="", n=1))
    if difference:
        raise Trouble("\n    ".join([f"{path} is another page:", *difference[:DIFFERENCE_LINES]]))
    return len(our_html.encode()), len(peer_html.encode())


def acquaintances(db, people):
    """Somebody with photos that not everybody may see: they look at their own page, somebody they
    follow does, and both look at a stranger's."""
    with db.cursor() as cursor:
        cursor.execute(
            "select u.id, u.name, min(f.followee_id)"
            "  from users u join follows f on f.follower_id = u.id"
            " where u.contacts_photo_count > 0 and u.private_photo_count > 0"
            " group by u.id order by u.id limit 1"
        )
        found = cursor.fetchone()
    if found is None:
        raise Trouble("nobody has photos that not everybody may see, so the session cannot be checked")
    owner, name, contact = found
    paths = [f"/people/{name}", people[0]]
    return [(owner, paths), (contact, paths)]


@contextlib.contextmanager
def session(db, userid):
    """A session of that person, ended afterwards; yields its cookie."""
    secret = secrets.token_bytes(32)
    token_hash = hashlib.sha256(secret).digest()
    with db.cursor() as cursor:
        cursor.execute(
            "insert into sessions (token_hash, userid, expires_at)"
            " values (%s, %s, now() + interval '5 minutes')",
            (token_hash, userid),
        )
        try:
            yield "session=" + base64.urlsafe_b64encode(secret).decode().rstrip("=")
        finally:
            cursor.execute("delete from sessions where token_hash = %s", (token_hash,))
