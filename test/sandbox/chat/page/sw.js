// The page does not register this file. It exists because real chats have a service worker, which a
// proxy must deliver.
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
