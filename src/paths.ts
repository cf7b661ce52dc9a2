/*
 * Paths of Entrada's own. Settings, pages and the cache build addresses of ours, too, so the paths stand where every
 * folder may import them. Scripts that run in a page write them out: `src/browser` compiles on its own.
 */

/** Every path of ours begins with it, except the callback path (`OPENID_CALLBACK_URL`). */
export const OWN_PREFIX = '/.entrada'

export const LOGIN_PATH = '/.entrada/login'
export const CONSENT_PATH = '/.entrada/consent'
export const LOGOUT_PATH = '/.entrada/logout'
export const SIGNED_OUT_PATH = '/.entrada/signed-out'
export const FRONT_CHANNEL_LOGOUT_PATH = '/.entrada/frontchannel-logout'
export const BACK_CHANNEL_LOGOUT_PATH = '/.entrada/backchannel-logout'
export const PEOPLE_PATH = '/.entrada/people'
export const GROUPS_PATH = '/.entrada/groups'
export const FILES_PATH = '/.entrada/files'
export const PICKER_PATH = '/.entrada/picker'
/** The script in the chat's pages. */
export const PAGE_SCRIPT_PATH = '/.entrada/kit.js'
/** Issuer path of the OpenID provider. */
export const PROVIDER_PATH = '/.entrada/oidc'
/** Cache keys of issuer documents. No route answers here. */
export const DOCUMENTS_PATH = '/.entrada/documents'
