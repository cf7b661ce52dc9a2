"""What Python's clients make of Entrada's provider and assertion. Started by python-clients.sh."""

import datetime
import http.cookiejar
import http.server
import importlib.metadata
import os
import re
import sys
import threading
import urllib.parse
from html.parser import HTMLParser

import jwt
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebToken
from freezegun import freeze_time
from requests_oauthlib import OAuth2Session as OauthlibSession

ORIGIN = os.environ["MEETING_ORIGIN"]
CHAT = os.environ["MEETING_CHAT"]
SECRET = os.environ["MEETING_SECRET"]
ISSUER = f"{ORIGIN}/.entrada/oidc"
BACK = f"{ORIGIN}/back"
SCOPE = "openid profile email offline_access"
ADELE = "adele.vance@contoso.example"
# oauthlib refuses http, which is all there is on loopback.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"


# Browsers send Secure cookies to localhost, too. requests makes a new jar for each request, so a policy of one
# jar would be lost.
http.cookiejar.DefaultCookiePolicy.return_ok_secure = lambda *_: True


class Chat(http.server.BaseHTTPRequestHandler):
    """Remembers the headers of the last request."""

    seen = {}

    def do_GET(self):
        Chat.seen = self.headers
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


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


def signed_in_browser():
    browser = requests.Session()
    browser.headers["accept"] = "text/html"
    page = browser.get(ORIGIN)
    form = SignInForm(page.text)
    action = urllib.parse.urljoin(page.url, form.action)
    browser.post(action, data={**form.fields, "account": ADELE}).raise_for_status()
    return browser


def answer_to(browser, url):
    """The chat's own callback address, as the browser is led to it."""
    return browser.get(url, allow_redirects=False).headers["location"]


def authlib_client(secret, method):
    return OAuth2Session(
        "chat", secret, scope=SCOPE, redirect_uri=BACK,
        token_endpoint_auth_method=method, code_challenge_method="S256",
    )


def authlib_tokens(browser, method, secret=SECRET):
    client = authlib_client(secret, method)
    verifier = "v" * 64
    url, _ = client.create_authorization_url(f"{ISSUER}/authorize", code_verifier=verifier)
    return client, client.fetch_token(
        f"{ISSUER}/token", authorization_response=answer_to(browser, url), code_verifier=verifier
    )


def meet_authlib(browser, method):
    client, tokens = authlib_tokens(browser, method)
    refreshed = client.refresh_token(f"{ISSUER}/token", refresh_token=tokens["refresh_token"])
    return client.get(f"{ISSUER}/userinfo").json()["email"], refreshed["id_token"]


def meet_authlib_with_wrong_secret(browser):
    try:
        authlib_tokens(browser, "client_secret_post", "wrong")
    except OAuthError as error:
        return error.error
    raise AssertionError("a wrong secret was accepted")


def authlib_claims(browser):
    _, tokens = authlib_tokens(browser, "client_secret_basic")
    keys = JsonWebKey.import_key_set(requests.get(f"{ISSUER}/jwks").json())
    with behind():
        claims = JsonWebToken(["RS256"]).decode(tokens["id_token"], keys)
        claims.validate(leeway=0)
    return claims["preferred_username"]


def meet_oauthlib(browser):
    client = OauthlibSession("chat", scope=SCOPE.split(), redirect_uri=BACK, pkce="S256")
    url, _ = client.authorization_url(f"{ISSUER}/authorize")
    tokens = client.fetch_token(
        f"{ISSUER}/token", authorization_response=answer_to(browser, url),
        auth=requests.auth.HTTPBasicAuth("chat", SECRET),
    )
    return tokens["token_type"]


def behind():
    """A clock four seconds behind Entrada's."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return freeze_time(now - datetime.timedelta(seconds=4))


def recipe(page):
    """docs/assertion.md's Python, with the addresses of this meeting."""
    code = re.search(r"```python\n(.*?)```", page, re.S).group(1)
    code = code.replace("https://chat.example.com", ORIGIN)
    names = {}
    exec(code.replace("https://chat-internal.example.com", CHAT), names)
    return names["person_of"]


def meet_recipe(page):
    person_of = recipe(page)
    with behind():
        return person_of(Chat.seen)["email"]


def meet_pyjwt_without_leeway():
    key = jwt.PyJWKClient(f"{ORIGIN}/.entrada/jwks.json")
    token = Chat.seen["Entrada-Assertion"]
    signing_key = key.get_signing_key_from_jwt(token).key
    with behind():
        return jwt.decode(token, signing_key, algorithms=["RS256"], audience=CHAT)["email"]


def main(page):
    port = urllib.parse.urlsplit(CHAT).port
    chat = http.server.ThreadingHTTPServer(("127.0.0.1", port), Chat)
    threading.Thread(target=chat.serve_forever, daemon=True).start()
    browser = signed_in_browser()
    authlib, oauthlib, pyjwt = (
        f"{name} {importlib.metadata.version(name)}" for name in ("authlib", "requests-oauthlib", "pyjwt")
    )
    meetings = [
        (authlib, "raw secret in Basic: code, refresh, UserInfo", lambda: meet_authlib(browser, "client_secret_basic")),
        (authlib, "secret in the form: code, refresh, UserInfo", lambda: meet_authlib(browser, "client_secret_post")),
        (authlib, "wrong secret reads as `invalid_client`", lambda: meet_authlib_with_wrong_secret(browser)),
        (authlib, "id token, clock 4 s behind, no leeway", lambda: authlib_claims(browser)),
        (oauthlib, "raw secret in Basic: code with PKCE", lambda: meet_oauthlib(browser)),
        (pyjwt, "recipe of docs/assertion.md, clock 4 s behind", lambda: meet_recipe(page)),
        (pyjwt, "assertion, clock 4 s behind, no leeway", meet_pyjwt_without_leeway),
    ]
    failed = 0
    print("| Library | Meets | Result |\n|---|---|---|")
    for library, what, meet in meetings:
        try:
            browser.get(f"{ORIGIN}/hello")
            meet()
            result = "passes"
        except Exception as error:  # Whatever a library throws is its verdict.
            failed += 1
            result = f"{type(error).__name__}: {error}".replace("\n", " ")
        print(f"| {library} | {what} | {result} |", flush=True)
    chat.shutdown()
    return 1 if failed else 0


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.exit(main(file.read()))
