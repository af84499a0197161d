"""A person's photostream as the Python of the talk makes it: a query for the owner, one for the
photos, one template. Knows nothing of HTTP; the CGI script and the CherryPy site both call `page`.

It runs from a copy below target/, which is where compiled templates and `assets.json` lie."""

import base64
import json
import os
import re

import jinja2
import psycopg2

HERE = os.path.dirname(os.path.abspath(__file__))
PHOTOS_PER_PAGE = 40
EAGER = 8  # so many pictures load at once, the others when they come near the window
NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,29}", re.ASCII)
MEANING = {"public": None, "contacts": "People you follow", "private": "Only you"}

# What each visitor may see, and the stored counts that add up to "so many photos".
STRANGER = ("public",)
CONTACT = ("public", "contacts")
OWNER = ("public", "contacts", "private")

SESSION_SQL = """
    select u.id, u.name, u.display_name
      from sessions s
      join users u on u.id = s.userid
     where s.token_hash = %s and s.expires_at > now()"""

OWNER_SQL = """
    select u.id, u.display_name, u.about, u.follower_count, u.followee_count,
           u.public_photo_count, u.contacts_photo_count, u.private_photo_count,
           exists (select from follows f
                    where f.follower_id = u.id and f.followee_id = %s)
      from users u
     where u.name = %s"""

# One more than a page shows: the last row only says that there are older ones. psycopg2 writes the
# values into the statement, so PostgreSQL sees `visibility in ('public')` and may use the partial index.
PHOTOS_SQL = """
    select id, token, title, width, height, tone, visibility
      from photos
     where userid = %s and visibility in %s
     order by id desc
     limit 41"""


def connect():
    """A connection that only reads: each statement is its own transaction."""
    db = psycopg2.connect(os.environ["DATABASE_URL"])
    db.autocommit = True
    return db


def plural(count, one, many):
    return f"{count:,} {one if count == 1 else many}"


templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE),
    autoescape=True,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
    bytecode_cache=jinja2.FileSystemBytecodeCache(HERE),
)
templates.filters.update(number="{:,}".format, plural=plural)
# The site's style sheets, script and icon by name, at the addresses that its build gave them.
with open(os.path.join(HERE, "assets.json")) as assets:
    templates.globals["assets"] = json.load(assets)
template = templates.get_template("photostream.html")


def page(db, name, session_cookie=None):
    """The page as HTML and whether it is somebody's own view of it; none when there is no such person."""
    if not NAME.fullmatch(name):
        return None, False
    with db.cursor() as cursor:
        viewer = session_cookie and find_viewer(cursor, session_cookie)
        cursor.execute(OWNER_SQL, (viewer and viewer["id"], name))
        row = cursor.fetchone()
        if row is None:
            return None, bool(viewer)
        owner_id, display_name, about, followers, follows, *counts, is_contact = row
        is_own = bool(viewer) and viewer["id"] == owner_id
        audience = OWNER if is_own else CONTACT if is_contact else STRANGER
        cursor.execute(PHOTOS_SQL, (owner_id, audience))
        rows = cursor.fetchall()
    photos = [tile(owner_id, name, place, *row) for place, row in enumerate(rows[:PHOTOS_PER_PAGE])]
    html = template.render(
        viewer=viewer,
        is_own=is_own,
        name=name,
        display_name=display_name,
        about=about,
        photo_count=sum(counts[: len(audience)]),
        follower_count=followers,
        followee_count=follows,
        photos=photos,
        older=f"/people/{name}?before={photos[-1]['id']}" if len(rows) > PHOTOS_PER_PAGE else None,
    )
    return html, bool(viewer)


def find_viewer(cursor, session_cookie):
    """Who holds the session of that cookie. The database knows only the hash of the secret."""
    import hashlib  # a script that starts for every request does not pay for it without a cookie

    try:
        secret = base64.b64decode(session_cookie + "=", altchars=b"-_", validate=True)
    except ValueError:
        return None
    cursor.execute(SESSION_SQL, (hashlib.sha256(secret).digest(),))
    row = cursor.fetchone()
    return row and dict(zip(("id", "name", "display_name"), row))


def tile(owner_id, name, place, photo_id, token, title, width, height, tone, visibility):
    """What the template needs of one photo: shape, colour and addresses."""
    ratio = (100 * width // height + 1) // 2 * 2
    ratio = min(max(ratio, 40), 320)
    href = f"/people/{name}/{photo_id}"
    if visibility == "public":
        token = base64.urlsafe_b64encode(bytes.fromhex(token.replace("-", "")))
        pictures = f"/i/{owner_id}/{token[:22].decode()}"
    else:
        pictures = f"{href}/image"
    return {
        "id": photo_id,
        "href": href,
        "pictures": pictures,
        "title": title,
        "ratio": ratio,
        "share_narrow": min(-(-ratio * 36 // 100), 100),
        "share_wide": min(-(-ratio * 22 // 100), 100),
        "height": max(640 * height // width, 1),
        "tone": tone,
        "eager": place < EAGER,
        "restricted": MEANING[visibility],
    }
