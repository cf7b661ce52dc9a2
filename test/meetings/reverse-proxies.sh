#!/bin/sh
# Runs the recipes of docs/protecting-the-chat.md in the real nginx, Caddy and HAProxy against a small chat, and
# prints a table. Outside CI, because it needs Debian's packages: apt-get install nginx caddy haproxy
#
#   sh test/meetings/reverse-proxies.sh
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
pids=''
stop() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}
trap stop EXIT

CHAT=3917
NGINX=3918
CADDY=3919
HAPROXY=3920

# The chat: shows the headers it received, streams two events a second apart, and accepts WebSockets.
cat > "$work/chat.mjs" <<'CHAT_END'
import { createServer } from 'node:http'
const server = createServer((request, response) => {
  if (request.url !== '/events') return response.end(JSON.stringify(request.headers))
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('data: first\n\n')
  setTimeout(() => response.end('data: last\n\n'), 2000)
})
// Answers the key of RFC 6455 §1.3.
server.on('upgrade', (request, socket) => {
  socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n')
})
server.listen(Number(process.argv[2]), '127.0.0.1')
CHAT_END

# The requests that Entrada and a stranger send.
cat > "$work/ask.mjs" <<'ASK_END'
import { request } from 'node:http'
const [port, name] = process.argv.slice(2)
const SECRET = 'the secret'
const ENTRADA = {
  'entrada-origin-secret': SECRET,
  host: 'chat.example.com',
  'x-forwarded-for': '198.51.100.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'chat.example.com',
  'x-forwarded-name': 'Lovelace, Ada',
}
const ask = (path, headers) =>
  new Promise((resolve, reject) => {
    const began = Date.now()
    const asked = request({ host: '127.0.0.1', port, path, headers })
    asked.on('error', reject)
    asked.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode })
    })
    asked.on('response', (response) => {
      let text = ''
      let firstMs
      response.on('data', (chunk) => {
        firstMs ??= Date.now() - began
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode, text, firstMs }))
    })
    asked.end()
  })
const without = await ask('/', { host: 'chat.example.com' })
const wrong = await ask('/', { ...ENTRADA, 'entrada-origin-secret': `${SECRET}x` })
const right = await ask('/', ENTRADA)
const seen = right.status === 200 ? JSON.parse(right.text) : {}
const events = await ask('/events', ENTRADA)
const socket = await ask('/', {
  ...ENTRADA,
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
})
const checks = {
  'no secret: 403': without.status === 403,
  'wrong secret: 403': wrong.status === 403,
  'right secret: 200': right.status === 200,
  'chat does not see the secret': right.status === 200 && seen['entrada-origin-secret'] === undefined,
  'Host': seen.host === 'chat.example.com',
  'visitor address': String(seen['x-forwarded-for']).split(',')[0] === '198.51.100.7',
  'X-Forwarded-Proto': seen['x-forwarded-proto'] === 'https',
  'X-Forwarded-Host': seen['x-forwarded-host'] === 'chat.example.com',
  'name with a comma': seen['x-forwarded-name'] === 'Lovelace, Ada',
  'events arrive at once': events.status === 200 && events.firstMs < 1000,
  'WebSocket': socket.status === 101,
}
for (const [check, holds] of Object.entries(checks)) {
  console.log(`${name.padEnd(8)} ${check.padEnd(30)} ${holds ? 'ok' : 'FAILED'}`)
}
process.exitCode = Object.values(checks).every(Boolean) ? 0 : 1
ASK_END

# The recipe of one proxy, as the page shows it, with the chat's port of this run.
recipe() {
  awk -v fence="\`\`\`$1" '
    { line = $0; sub(/^ +/, "", line) }
    line == "```" { inside = 0 }
    inside { print }
    line == fence { inside = 1 }
  ' "$root/docs/protecting-the-chat.md" | sed "s/localhost:3000/127.0.0.1:$CHAT/" > "$work/$1.recipe"
  [ -s "$work/$1.recipe" ] || { echo "no recipe for $1"; exit 1; }
}

wait_for() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    curl -s -o /dev/null "http://127.0.0.1:$1/" && return
    sleep 0.5
  done
  echo "nothing listens on $1"
  exit 1
}

node "$work/chat.mjs" $CHAT &
pids="$pids $!"
wait_for $CHAT

recipe nginx
{
  echo "daemon off; pid $work/nginx.pid; error_log stderr; events {}"
  echo "http { access_log off; client_body_temp_path $work/body; proxy_temp_path $work/proxy;"
  echo "fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;"
  echo "server { listen 127.0.0.1:$NGINX;"
  cat "$work/nginx.recipe"
  echo '} }'
} > "$work/nginx.conf"
nginx -c "$work/nginx.conf" -e stderr &
pids="$pids $!"

recipe caddyfile
{
  echo '{'
  echo 'admin off'
  echo '}'
  echo "http://:$CADDY {"
  cat "$work/caddyfile.recipe"
  echo '}'
} > "$work/Caddyfile"
HOME="$work" caddy run --config "$work/Caddyfile" --adapter caddyfile 2> "$work/caddy.log" &
pids="$pids $!"

recipe haproxy
{
  echo 'defaults'
  echo '  mode http'
  echo '  timeout connect 5s'
  echo '  timeout client 60s'
  echo '  timeout server 60s'
  echo "frontend public"
  echo "  bind 127.0.0.1:$HAPROXY"
  cat "$work/haproxy.recipe"
} > "$work/haproxy.cfg"
haproxy -f "$work/haproxy.cfg" &
pids="$pids $!"

failed=0
for proxy in nginx:$NGINX caddy:$CADDY haproxy:$HAPROXY; do
  wait_for "${proxy#*:}"
  node "$work/ask.mjs" "${proxy#*:}" "${proxy%:*}" || failed=1
done
exit $failed
