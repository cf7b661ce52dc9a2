#!/bin/sh
# Meets Python's OpenID clients: Authlib (which Open WebUI uses), requests-oauthlib and PyJWT, at the versions below,
# against Entrada and the sandbox tenant on loopback. Needs Python 3.10 or later and PyPI, so it runs outside CI:
#   sh test/meetings/python-clients.sh
# Prints a Markdown table; docs/openid-provider.md keeps it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
folder=$(mktemp -d)
started=
clean() {
  [ -z "$started" ] || kill "$started" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean EXIT
trap 'exit 1' INT TERM

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'authlib==1.6.5' 'requests-oauthlib==2.0.0' 'pyjwt[crypto]==2.10.1' 'freezegun==1.5.5'

# The secret has every character that a form-encoded header and a raw one write differently.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
chat=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export MEETING_ORIGIN="http://localhost:$port" MEETING_CHAT="http://127.0.0.1:$chat"
export MEETING_SECRET='plus+slash/percent%41-and-32-characters'
OIDC_CLIENTS="[{\"client_id\":\"chat\",\"client_secret\":\"$MEETING_SECRET\",\"redirect_uris\":[\"$MEETING_ORIGIN/back\"]}]" \
  DOMAIN_SERVER="$MEETING_ORIGIN" ORIGIN_URL="$MEETING_CHAT" \
  node "$root/test/sandbox/start.ts" >"$folder/entrada.log" 2>&1 &
started=$!
for _ in $(seq 60); do
  if python3 -c "import urllib.request; urllib.request.urlopen('$MEETING_ORIGIN/.entrada/health')" 2>/dev/null; then
    "$folder/venv/bin/python" "$here/python_clients.py" "$root/docs/assertion.md"
    exit
  fi
  sleep 1
done
cat "$folder/entrada.log" >&2
exit 1
