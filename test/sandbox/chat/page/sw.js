// The page does not register it: it is here because real chats have one, and a proxy must carry it.
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
