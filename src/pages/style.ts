/** The one style sheet of Entrada's pages. System fonts and colours, both schemes, no motion. */
export const STYLE = `
:root{--ink:#1c2330;--soft:#566072;--ground:#f2f4f9;--card:#fff;--line:#dde2ec;--accent:#2b57d9;--on-accent:#fff;--tint:#e9eefc;--done:#157347;--done-tint:#e4f4ea;--stop:#a8480b;--stop-tint:#fdeee2}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebf2;--soft:#a5aebe;--ground:#11141b;--card:#1a1e28;--line:#2f3646;--accent:#8fabff;--on-accent:#10162a;--tint:#232c45;--done:#6bd39a;--done-tint:#183328;--stop:#f2a66b;--stop-tint:#3a2718}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
.card{width:100%;max-width:31rem;background:var(--card);border:1px solid var(--line);border-radius:1.25rem;padding:2.25rem;box-shadow:0 1px 2px rgb(0 0 0/.04),0 1rem 3rem rgb(16 24 48/.08)}
.mark{display:block;width:3.5rem;height:3.5rem;padding:.7rem;border-radius:1rem;background:var(--tint);fill:none;stroke:var(--accent);stroke-width:3.2;stroke-linecap:round;stroke-linejoin:round}
.mark[data-tone=done]{background:var(--done-tint);stroke:var(--done)}
.mark[data-tone=stop],.mark[data-tone=wait]{background:var(--stop-tint);stroke:var(--stop)}
h1{font-size:1.5rem;line-height:1.25;margin:1.25rem 0 .75rem;letter-spacing:-.015em;text-wrap:balance}
h2{font-size:.8rem;margin:0 0 .5rem;color:var(--soft)}
p{margin:.5rem 0;text-wrap:pretty}
.soft{color:var(--soft)}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem}
.button{font:inherit;font-weight:600;display:inline-block;padding:.65rem 1.2rem;border-radius:.7rem;border:1px solid var(--accent);background:var(--accent);color:var(--on-accent);text-decoration:none;cursor:pointer}
.button:hover{filter:brightness(1.08)}
.button.quiet{background:transparent;color:var(--accent);border-color:var(--line)}
.button:focus-visible,a:focus-visible,summary:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
.facts{margin-top:1.75rem;padding-top:1.25rem;border-top:1px solid var(--line)}
dl{margin:0;display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.25rem;font-size:.8rem;color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere;color:var(--ink);font-family:ui-monospace,SFMono-Regular,Consolas,monospace}
@media (max-width:28rem){body{padding:1rem}.card{padding:1.5rem}h1{font-size:1.3rem}.button{width:100%;text-align:center}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
@media (forced-colors:active){.button{border:2px solid}.mark{stroke:CanvasText}}
`
