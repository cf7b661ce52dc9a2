/** The one style sheet of Entrada's pages. System fonts and colours, both schemes, no motion. */
export const STYLE = `
:root{--ink:#1c2330;--soft:#5a6475;--ground:#f3f5f9;--card:#fff;--line:#dce1ea;--accent:#2b57d9;--on-accent:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebf2;--soft:#a2abbb;--ground:#12151c;--card:#1b1f29;--line:#303747;--accent:#8fabff;--on-accent:#10162a}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
.card{width:100%;max-width:30rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;padding:2.25rem 2rem;box-shadow:0 .5rem 2rem rgb(0 0 0/.06)}
.mark{width:2.5rem;height:2.5rem;fill:none;stroke:var(--accent);stroke-width:3;stroke-linecap:round}
h1{font-size:1.4rem;line-height:1.25;margin:.75rem 0 .5rem;letter-spacing:-.01em}
p{margin:.5rem 0}
.soft{color:var(--soft)}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem}
.button{font:inherit;font-weight:600;display:inline-block;padding:.6rem 1.1rem;border-radius:.6rem;border:1px solid var(--accent);background:var(--accent);color:var(--on-accent);text-decoration:none;cursor:pointer}
.button.quiet{background:transparent;color:var(--accent);border-color:var(--line)}
.button:focus-visible,a:focus-visible,summary:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
dl{margin:1.5rem 0 0;padding-top:1rem;border-top:1px solid var(--line);display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;font-size:.85rem;color:var(--soft)}
dt{font-weight:600}
dd{margin:0;overflow-wrap:anywhere;font-family:ui-monospace,SFMono-Regular,Consolas,monospace}
@media (forced-colors:active){.button{border:2px solid}}
`
