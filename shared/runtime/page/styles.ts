/**
 * The page's whole style, sent with the page: nothing is fetched, and the policy allows it by its hash. Directions are
 * logical (start, end), so that pages in right-to-left scripts need nothing of their own.
 */
export const STYLES = `
:root{
  --ground:#f6f6f3;--panel:#fff;--ink:#1d1f23;--soft:#62666f;--line:#e2e2dc;--edge:#85888f;--wash:#f0f0ec;
  --accent:#2b5ac9;--accent-ink:#fff;--accent-wash:#e9effc;--bad:#a8241c;--bad-wash:#fdf0ee;
  --shadow:0 1px 2px rgb(20 22 30/.05),0 8px 28px rgb(20 22 30/.05);
}
@media (prefers-color-scheme:dark){:root{
  --ground:#121316;--panel:#1a1c20;--ink:#ecedf0;--soft:#a3a8b2;--line:#2d3037;--edge:#737985;--wash:#22252a;
  --accent:#93b3ff;--accent-ink:#0d1a3b;--accent-wash:#1f2a45;--bad:#ffb3aa;--bad-wash:#371f1e;--shadow:none;
}}
*,::before,::after{box-sizing:border-box}
[hidden]{display:none!important}
html{color-scheme:light dark;-webkit-text-size-adjust:100%;scroll-padding-block-start:1.5rem}
body{
  margin:0;min-block-size:100dvh;background:var(--ground);color:var(--ink);
  font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;
}
main{max-inline-size:42rem;margin-inline:auto;padding:clamp(2rem,7vw,4.5rem) 1.25rem 2.5rem}
main.wide{max-inline-size:64rem}
main.message{min-block-size:100dvh;display:flex;flex-direction:column;justify-content:center;align-items:flex-start;padding-block:2rem}
h1{margin:0;font-size:clamp(1.7rem,5vw,2.25rem);line-height:1.15;letter-spacing:-.022em;font-weight:680;text-wrap:balance;overflow-wrap:anywhere}
h2{margin:0 0 1rem;font-size:1.05rem;line-height:1.35;font-weight:640;letter-spacing:-.008em}
p{margin:0}
:is(h1,h2,p,li,dd,label,legend,td,th,option,textarea){unicode-bidi:plaintext}
.lead{margin-block-start:.6rem;color:var(--soft);font-size:1.075rem;text-wrap:pretty;overflow-wrap:anywhere}
.muted{color:var(--soft)}
header{margin-block-end:2rem}
.message p{margin-block-start:1.25rem}
.message .lead{margin-block-start:.6rem}
.message pre{max-inline-size:100%;margin-block-start:.75rem}
.entry{inline-size:min(100%,24rem);margin-block-start:1.5rem}
.message .fault{margin-block-start:.3rem}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:16px;padding:clamp(1.1rem,4vw,1.75rem);box-shadow:var(--shadow);min-inline-size:0}
.panel .panel{box-shadow:none;margin-block-end:1.1rem}
.blocks{display:grid;gap:1.25rem;align-items:start}
@media (min-width:44rem){
  .columns-2{grid-template-columns:repeat(2,minmax(0,1fr))}
  .columns-3{grid-template-columns:repeat(3,minmax(0,1fr))}
  .columns-4{grid-template-columns:repeat(4,minmax(0,1fr))}
}
.field{margin-block-end:1.1rem}
label{display:block;margin-block-end:.35rem;font-weight:560;font-size:.95rem}
.optional{color:var(--soft);font-weight:400}
input,textarea,select{
  inline-size:100%;min-block-size:2.9rem;padding:.65rem .85rem;font:inherit;color:inherit;background:var(--panel);
  border:1px solid var(--edge);border-radius:10px;transition:border-color .15s,box-shadow .15s;
}
textarea{display:block;resize:vertical;field-sizing:content;min-block-size:6.5rem;max-block-size:24rem}
input::placeholder,textarea::placeholder{color:var(--soft);opacity:.85}
:is(input,textarea,select):focus-visible{outline:none;border-color:var(--accent);box-shadow:0 0 0 3px var(--accent-wash),0 0 0 1px var(--accent) inset}
:is(input,textarea,select)[aria-invalid=true]{border-color:var(--bad)}
:is(input,textarea,select):disabled{opacity:.6}
.checkbox{display:grid;grid-template-columns:auto 1fr;column-gap:.65rem;align-items:start}
.checkbox input{inline-size:1.2rem;block-size:1.2rem;min-block-size:0;margin:.15rem 0 0;padding:0;accent-color:var(--accent)}
.checkbox label{margin:0;font-weight:450}
.checkbox :is(.help,.fault){grid-column:2}
.help{color:var(--soft);font-size:.875rem;margin-block-start:.3rem}
.fault{color:var(--bad);font-size:.875rem;margin-block-start:.3rem}
:is(.help,.fault,#notice,#connection,.steps,#result-body):empty{display:none}
.actions{display:flex;flex-wrap:wrap;gap:.6rem;margin-block-start:1.4rem}
button,.button{
  display:inline-flex;align-items:center;justify-content:center;gap:.55rem;min-block-size:2.9rem;padding:.6rem 1.35rem;cursor:pointer;
  font:inherit;font-weight:600;text-decoration:none;color:var(--accent-ink);background:var(--accent);border:1px solid transparent;border-radius:10px;
  transition:filter .15s,opacity .15s;
}
:is(button,.button):hover{filter:brightness(1.07)}
:is(button,.button):focus-visible,summary:focus-visible,.scroll:focus-visible,a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
button:disabled{cursor:progress;opacity:.6}
.quiet{color:var(--ink);background:transparent;border-color:var(--line)}
.small{min-block-size:2.1rem;padding:.25rem .8rem;font-size:.875rem;font-weight:520}
[aria-busy=true]::before{content:"";inline-size:1em;block-size:1em;border:2px solid;border-inline-end-color:transparent;border-radius:50%;animation:turn .8s linear infinite}
.notice{
  display:grid;gap:.15rem;margin-block-end:1.25rem;padding:.85rem 1.05rem;background:var(--bad-wash);color:var(--bad);
  border-inline-start:3px solid var(--bad);border-radius:10px;font-size:.95rem;
}
form+#notice{margin-block-start:1.25rem}
.notice button{justify-self:start;margin-block-start:.5rem}
.result{margin-block-start:1.25rem}
.result .notice{margin:0}
#result-title{outline:none;color:var(--soft);font-size:.875rem;font-weight:560;letter-spacing:0;margin-block-end:.75rem}
.steps{list-style:none;margin:0 0 .9rem;padding:0;display:grid;gap:.3rem;color:var(--soft);font-size:.925rem}
.steps li{display:flex;align-items:center;gap:.6rem}
.steps li::before{content:"";flex:none;inline-size:.5rem;block-size:.5rem;border-radius:50%;background:var(--line)}
.steps .running{color:var(--ink)}
.steps .running::before{background:var(--accent);animation:pulse 1.3s ease-in-out infinite}
.steps .waiting::before{background:var(--accent)}
.steps .completed::before{background:var(--accent)}
.steps :is(.failed,.cancelled)::before{background:var(--bad)}
.text,.streaming{white-space:pre-wrap;overflow-wrap:anywhere}
.streaming::after{content:"";display:inline-block;inline-size:.5em;block-size:1em;margin-inline-start:.15em;vertical-align:-.12em;background:var(--accent);border-radius:2px;animation:pulse 1.1s ease-in-out infinite}
.markdown{overflow-wrap:anywhere}
.markdown>:first-child{margin-block-start:0}
.markdown>:last-child{margin-block-end:0}
.markdown :is(p,ul,ol,pre,table,blockquote){margin-block:.8em}
.markdown :is(h1,h2,h3,h4){margin-block:1.3em .5em;font-size:1.1rem;letter-spacing:-.01em;line-height:1.3}
.markdown h1{font-size:1.3rem}.markdown h2{font-size:1.2rem}
.markdown :is(ul,ol){padding-inline-start:1.4em}
.markdown a{color:var(--accent)}
.markdown blockquote{margin-inline:0;padding-inline-start:1em;border-inline-start:3px solid var(--line);color:var(--soft)}
.markdown hr{border:0;border-block-start:1px solid var(--line);margin-block:1.5em}
.markdown img{max-inline-size:100%}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em}
.markdown :not(pre)>code{background:var(--wash);padding:.12em .35em;border-radius:5px}
pre{margin:0;padding:.9rem 1rem;overflow-x:auto;background:var(--wash);border-radius:10px;direction:ltr;text-align:start}
.scroll{overflow-x:auto}
table{inline-size:100%;border-collapse:collapse;font-size:.95rem}
:is(th,td){padding:.55rem .7rem;text-align:start;vertical-align:top;border-block-end:1px solid var(--line)}
th{font-weight:600;font-size:.875rem;color:var(--soft);white-space:nowrap}
tbody tr:last-child td{border-block-end:0}
td.number,th.number{text-align:end}
td.number{font-variant-numeric:tabular-nums}
.outputs{margin:0;display:grid;gap:.9rem}
.outputs dt{color:var(--soft);font-size:.875rem}
.outputs dd{margin:0}
.chart{display:block;inline-size:100%;block-size:auto;direction:ltr}
.chart text{fill:var(--ink);font-size:14px}
.chart .value{fill:var(--soft);font-variant-numeric:tabular-nums}
.chart .mark{fill:var(--accent)}
.chart .stroke{fill:none;stroke:var(--accent);stroke-width:2.5;stroke-linejoin:round}
.chart .ring{stroke-width:38}
.chart .axis{stroke:var(--line)}
.data{margin-block-start:.9rem}
.data summary{cursor:pointer;color:var(--soft);font-size:.9rem}
.tools{display:flex;gap:.5rem;margin-block-start:1.1rem}
.note{margin-block-start:1.1rem;color:var(--soft);font-size:.825rem}
.turns{list-style:none;margin:0 0 1.1rem;padding:0;display:grid;gap:.8rem}
.turns:empty{display:none}
#new-conversation{margin-block-start:.9rem;text-align:center}
.turn{max-inline-size:min(88%,34rem);padding:.7rem 1rem;border-radius:16px;background:var(--wash);min-inline-size:0}
.turn.visitor{justify-self:end;background:var(--accent-wash);border-end-end-radius:5px}
.turn.app{justify-self:start;border-end-start-radius:5px}
.turn .notice{margin:0;padding:0;border:0;background:none}
.turn .steps{margin:0}
.composer{display:grid;grid-template-columns:1fr auto;gap:.6rem;align-items:end}
.composer textarea{min-block-size:2.9rem;max-block-size:12rem;resize:none}
footer form{display:inline;margin-inline-start:.75rem}
.captcha{min-block-size:65px;margin-block-start:.6rem}
footer{margin-block-start:2.5rem;color:var(--soft);font-size:.825rem;text-align:center}
.visually-hidden{position:absolute;inline-size:1px;block-size:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:30rem){
  .actions :is(button,.button){flex:1 1 100%}
  .turn{max-inline-size:94%}
}
@keyframes turn{to{transform:rotate(1turn)}}
@keyframes pulse{50%{opacity:.35}}
@media (prefers-reduced-motion:reduce){*,::before,::after{animation-duration:2.5s!important;transition:none!important}}
@media print{form,footer,.tools,.note{display:none}.panel{border:0;box-shadow:none;padding:0}}
`
  .replaceAll(/\n\s*/g, "")
  .trim();
