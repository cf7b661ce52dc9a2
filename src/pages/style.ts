/** The one style sheet of Entrada's pages. System fonts, both colour schemes, no motion. */
export const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1c2330,#e8ebf2);--soft:light-dark(#566072,#a5aebe);--ground:light-dark(#f2f4f9,#11141b);--card:light-dark(#fff,#1a1e28);--line:light-dark(#dde2ec,#2f3646);--accent:light-dark(#2b57d9,#8fabff);--done:light-dark(#157347,#6bd39a);--stop:light-dark(#a8480b,#f2a66b)}
*{box-sizing:border-box}
body{margin:0;min-height:100dvh;display:grid;place-items:center;padding:1rem;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,sans-serif}
.card{width:100%;max-width:31rem;background:var(--card);border:1px solid var(--line);border-radius:1.25rem;padding:min(2.25rem,6vw);box-shadow:0 1rem 3rem rgb(16 24 48/.08)}
.mark{display:block;width:3.5rem;padding:.7rem;border-radius:1rem;color:var(--accent);background:color-mix(in srgb,currentColor 12%,transparent);fill:none;stroke:currentColor;stroke-width:3.2;stroke-linecap:round;stroke-linejoin:round}
.mark[data-tone=done]{color:var(--done)}
.mark[data-tone=stop],.mark[data-tone=wait]{color:var(--stop)}
h1{font-size:1.5rem;line-height:1.25;margin:1.25rem 0 .75rem;text-wrap:balance}
h2{font-size:.8rem;margin:0 0 .5rem;color:var(--soft)}
p{margin:.5rem 0}
.soft{color:var(--soft)}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem}
.button{font:inherit;font-weight:600;padding:.65rem 1.2rem;border-radius:.75rem;border:1px solid var(--accent);background:var(--accent);color:var(--card);text-decoration:none;cursor:pointer}
.button.quiet{background:none;color:var(--accent);border-color:var(--line)}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
.facts{margin-top:1.75rem;padding-top:1.25rem;border-top:1px solid var(--line)}
dl{margin:0;display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.25rem;font-size:.8rem;color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere;color:var(--ink);font-family:ui-monospace,monospace}
@media (max-width:28rem){.button{width:100%;text-align:center}dl{display:block}dd{margin-bottom:.5rem}}
`
