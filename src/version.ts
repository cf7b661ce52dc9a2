/**
 * Version of this Worker, as in `package.json`; a test compares them. Written down, because importing
 * `package.json` would put all of it into the Worker's script.
 */
export const VERSION = '0.1.0'

/**
 * `User-Agent` of every request that Entrada makes for itself. The form is the one by which SharePoint tells
 * apps apart: requests that do not name their app are throttled first. Microsoft’s logs show the version.
 */
export const USER_AGENT = `NONISV|Entrada|Entrada/${VERSION}`
