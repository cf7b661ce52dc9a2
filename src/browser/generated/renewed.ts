/** The script of the page that signing in again ends on. Written by `npm run page-scripts` from src/browser/session-guard/renewed.ts. */
export const RENEWED_SCRIPT =
  "var o=\"entrada-session\";function n(){let e=new BroadcastChannel(o);e.postMessage({type:\"entrada:renewed\"}),e.close()}n();setTimeout(()=>window.close(),50);"
