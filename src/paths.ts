/*
 * Paths of Entrada's own. Settings, pages and the cache build addresses of ours, too, so the paths stand where every
 * folder may import them. Scripts that run in a page write them out: `src/browser` compiles on its own.
 */

/** Every path of ours begins with it, except the callback path (`OPENID_CALLBACK_URL`). */
export const OWN_PREFIX = '/.entrada'

/** Begins a sign-in. */
export const LOGIN_PATH = '/.entrada/login'
/** Asks for the permissions of a feature. */
export const CONSENT_PATH = '/.entrada/consent'
/** Ends the session. */
export const LOGOUT_PATH = '/.entrada/logout'
/** Shows the end of a sign-out. */
export const SIGNED_OUT_PATH = '/.entrada/signed-out'
/** Receives sign-outs from the issuer through the browser. */
export const FRONT_CHANNEL_LOGOUT_PATH = '/.entrada/frontchannel-logout'
/** Receives sign-outs from the issuer’s server. */
export const BACK_CHANNEL_LOGOUT_PATH = '/.entrada/backchannel-logout'
/** People search and photos. */
export const PEOPLE_PATH = '/.entrada/people'
/** Members of groups. */
export const GROUPS_PATH = '/.entrada/groups'
/** Metadata and content of files. */
export const FILES_PATH = '/.entrada/files'
/** The page with Microsoft’s file picker. */
export const PICKER_PATH = '/.entrada/picker'
/** The script in the chat's pages. */
export const PAGE_SCRIPT_PATH = '/.entrada/kit.js'
/** Issuer path of the OpenID provider. */
export const PROVIDER_PATH = '/.entrada/oidc'
/** Cache keys of issuer documents. No route answers here. */
export const DOCUMENTS_PATH = '/.entrada/documents'
