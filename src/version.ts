/**
 * Version of this Worker, the same as in `package.json`; a test compares them. A copy, because importing
 * `package.json` would put the whole file into the Worker's script.
 */
export const VERSION = '0.1.0'

/**
 * `User-Agent` of every request that Entrada itself makes. SharePoint knows apps by this form, and throttles
 * requests without an app's name first. Microsoft’s logs show the version.
 */
export const USER_AGENT = `NONISV|Entrada|Entrada/${VERSION}`
