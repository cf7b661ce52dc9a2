"""Which zip readers take Entrada's archive. Started by zip-readers.sh."""

import hashlib
import http.cookiejar
import json
import os
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
import zipfile
from html.parser import HTMLParser

ORIGIN = os.environ["MEETING_ORIGIN"]
FOLDER = os.environ["MEETING_FOLDER"]
HERE = os.path.dirname(os.path.abspath(__file__))
PLAIN = os.path.join(FOLDER, "plain.zip")
NESTED = os.path.join(FOLDER, "nested.zip")
SCRIPT = os.path.join(FOLDER, "zip-readers.mjs")
ADELE = "adele.vance@contoso.example"
http.cookiejar.DefaultCookiePolicy.return_ok_secure = lambda *_: True


class SignInForm(HTMLParser):
    """The sandbox's sign-in page: where its form goes and its hidden fields."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields = "", {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form" and not self.action:
            self.action = given["action"]
        if tag == "input" and given.get("type") == "hidden":
            self.fields[given["name"]] = given.get("value", "")


def browser():
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    opener = urllib.request.build_opener(jar)
    opener.addheaders = [("accept", "text/html"), ("user-agent", "zip-readers")]
    with opener.open(ORIGIN) as page:
        form, url = SignInForm(page.read().decode()), page.url
    fields = urllib.parse.urlencode({**form.fields, "account": ADELE}).encode()
    opener.open(urllib.parse.urljoin(url, form.action), fields).close()
    return opener


def download(items):
    """The archive, as the browser's form gets it."""
    body = json.dumps({"items": items}).encode()
    headers = {"content-type": "application/json", "sec-fetch-site": "same-origin", "origin": ORIGIN}
    request = urllib.request.Request(f"{ORIGIN}/.entrada/files/archive", body, headers)
    with browser().open(request) as response, open(PLAIN, "wb") as file:
        file.write(response.read())
    # The archive in another one of the same library: its entry holds the signatures that some readers search for.
    with open(NESTED, "wb") as file:
        subprocess.run(["node", SCRIPT, "nest", PLAIN], stdout=file, check=True)


def digest(content):
    return hashlib.sha256(content).hexdigest()


def python(path):
    """SHA-256 of each file by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: digest(archive.read(name)) for name in archive.namelist()}


def run(command, stdin=b"", cwd=FOLDER):
    """Feeds stdin through a pipe, in which no reader can seek."""
    done = subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, timeout=120)
    if done.returncode != 0:
        raise RuntimeError((done.stderr or done.stdout).decode(errors="replace").strip())
    return done.stdout


def printing(*command):
    """A reader that prints a JSON object of SHA-256 by name."""
    return lambda path: json.loads(run([*command, path]))


def extracting(*command, from_stdin=False):
    """A reader that extracts into its working folder."""

    def read(path):
        out = os.path.join(FOLDER, "extracted")
        shutil.rmtree(out, ignore_errors=True)
        os.mkdir(out)
        if from_stdin:
            with open(path, "rb") as file:
                run(command, file.read(), out)
        else:
            run([*command, path], cwd=out)
        return {name: digest(open(os.path.join(out, name), "rb").read()) for name in os.listdir(out)}

    return read


def node(way):
    return printing("node", SCRIPT, way)


def java(way):
    return printing("java", os.path.join(HERE, "ZipReaders.java"), way)


def result_of(read, path):
    files = python(path)
    try:
        found = read(path)
    except Exception as error:  # Whatever a reader fails with is its result.
        lines = str(error).splitlines() or [repr(error)]
        telling = [line for line in lines if "rror" in line or "xception" in line] or lines
        return f"fails: {telling[0].strip()}".replace(FOLDER, "")
    if found == files:
        return "reads all"
    right = sum(found.get(name) == hash for name, hash in files.items())
    return f"wrong: {right} of {len(files)} files right"


def version(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout or done.stderr).splitlines()[0]


def main(items):
    download(items)
    if len(python(PLAIN)) < len(items):
        raise SystemExit("the archive has too few files")
    unzipper, fflate = (
        f"{name} {json.load(open(os.path.join(FOLDER, 'node_modules', name, 'package.json')))['version']}"
        for name in ("unzipper", "fflate")
    )
    unzip = version("unzip", "-v").split(" of ")[0]
    jdk = f"Java {version('java', '--version').split()[1]}"
    busybox = " ".join(version("busybox").split()[:2])
    bsdtar = " ".join(version("bsdtar", "--version").split()[:2])
    meetings = [
        (unzip, "file", extracting("unzip", "-q")),
        (f"Python {sys.version.split()[0]}", "`zipfile`, file", python),
        (jdk, "`ZipFile`, file", java("file")),
        (jdk, "`ZipInputStream`, stream", java("stream")),
        (unzipper, "`Open`, file", node("unzipper-open")),
        (unzipper, "`Parse`, stream", node("unzipper-parse")),
        (fflate, "`unzipSync`, file", node("fflate-sync")),
        (fflate, "`Unzip`, stream", node("fflate-stream")),
        (busybox, "`unzip`, file", extracting("busybox", "unzip", "-q")),
        (busybox, "`unzip -`, stream", extracting("busybox", "unzip", "-q", "-", from_stdin=True)),
        (bsdtar, "file", extracting("bsdtar", "-xf")),
        (bsdtar, "stream", extracting("bsdtar", "-xf", "-", from_stdin=True)),
    ]
    print("| Reader | Way | Files | A zip among the files |\n|---|---|---|---|")
    for reader, way, read in meetings:
        results = " | ".join(result_of(read, path) for path in (PLAIN, NESTED))
        print(f"| {reader} | {way} | {results} |", flush=True)


if __name__ == "__main__":
    main(json.loads(os.environ["MEETING_ITEMS"]))
