/** Where browsers find the chat, and with it Entrada (`DOMAIN_SERVER`). */
export const HOME = 'https://chat.contoso.example'

/** Path of Entrada's own redirect URI; the default of `OPENID_CALLBACK_URL`. */
export const CALLBACK = '/oauth/openid/callback'

/** Name of the session cookie over https. */
export const SESSION = '__Host-entrada'
