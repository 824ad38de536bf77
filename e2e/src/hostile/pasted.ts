/** HTML as somebody might have put it on a clipboard; everything that runs sets `hacked`, everything that asks asks `HOST`. */
const HOST = 'https://attacker.invalid'
const RUN = 'window.hacked=1'

export const HOSTILE_HTML = `
<p>pasted <b>bold</b></p>
<script>${RUN}</script><script src="${HOST}/a.js"></script>
<img src="${HOST}/b.png" onerror="${RUN}" onload="${RUN}"><img src="x" onerror="${RUN}">
<picture><source srcset="${HOST}/c.png"></picture><video src="${HOST}/d" poster="${HOST}/e" autoplay></video>
<svg onload="${RUN}"><script>${RUN}</script><image href="${HOST}/f.png"/><a xlink:href="javascript:${RUN}"><text>svg</text></a></svg>
<math><mtext><style><img src="x" onerror="${RUN}"></style></mtext></math>
<form action="${HOST}/g"><input autofocus onfocus="${RUN}"><button formaction="javascript:${RUN}">go</button></form>
<p style="background:url(${HOST}/h.png)" onclick="${RUN}" class="skip-link notice" id="content">styled</p>
<style>@import "${HOST}/i.css"; body { background: url(${HOST}/j.png) }</style><link rel="stylesheet" href="${HOST}/k.css">
<iframe src="${HOST}/l" srcdoc="<script>parent.hacked=1</script>"></iframe><object data="${HOST}/m"></object><embed src="${HOST}/n">
<meta http-equiv="refresh" content="0;url=${HOST}/o"><base href="${HOST}/">
<p><a href="javascript:${RUN}">plain</a> <a href="java&#9;script:${RUN}">tab</a> <a href="java&#10;script:${RUN}">line</a>
<a href=" JaVaScRiPt:${RUN}">mixed</a> <a href="&#1;javascript:${RUN}">control</a> <a href="data:text/html,<script>${RUN}</script>">data</a>
<a href="vbscript:x">vb</a> <a href="//attacker.invalid/p">relative</a>
<a href="https://example.org/fine" target="_self" rel="opener" class="skip-link" onclick="${RUN}">good</a></p>
<pre><code class="language-x skip-link">code</code></pre>
<div data-pm-slice="9 9 [&quot;script&quot;,{},&quot;image&quot;,null]">slice</div>`
