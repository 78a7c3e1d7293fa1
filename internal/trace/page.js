"use strict";
// The picture is drawn anew whenever what is seen of it changes, and only what is seen: a trace
// of ten thousands of events scrolls as one of ten does.
(() => {
const $ = id => document.getElementById(id);
const D = JSON.parse($("data").textContent);
const E = D.events, H = D.hosts, none = -1;
const kinds = ["message", "connection", "task", "failure", "other", "turn", "draw"];
const off = new Set(["turn", "draw"]), away = new Set();
let zoom = 1, scale = "folded", pinned = 0, matches = [], match = -1;
let Y = [], height = 0, X = [], width = 0, column = 0, lanes = [];
const gutter = 122, row = 13, top = 18;
const main = $("main"), svg = $("picture"), room = $("room");

const escape = s => s.replace(/[&<>"]/g, c => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const seconds = ns => (ns / 1e9).toFixed(6);
function length(ns) {
  for (const [unit, n] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]]) if (ns >= n) return +(ns / n).toPrecision(4) + " " + unit;
  return ns + " ns";
}
const seen = i => !off.has(E[i].k) && !(E[i].h !== none && away.has(E[i].h));

// lay gives each event its height, and each host its column.
function lay() {
  const there = H.map((_, i) => i).filter(i => !away.has(i));
  column = Math.max(190, (main.clientWidth - gutter - 30) / Math.max(1, there.length));
  X = H.map(() => none);
  there.forEach((h, i) => { X[h] = gutter + (i + .38) * column; });
  width = gutter + there.length * column;
  lanes = H.map(() => 0);
  for (const b of D.bars) if (b.h !== none) lanes[b.h] = Math.max(lanes[b.h], b.l + 1);
  let y = top, last = null, first = null, count = 0;
  Y = new Array(E.length);
  for (let i = 0; i < E.length; i++) {
    if (seen(i)) {
      count++;
      if (first === null) first = E[i].t;
      if (last !== null) {
        const dt = E[i].t - last;
        y += zoom * (row + (dt > 0 ? 8 * Math.log10(1 + dt / 1000) : 0));
      }
      last = E[i].t;
    }
    Y[i] = y;
  }
  if (scale === "even" && last > first) {
    const per = Math.min(2e7, 40 * zoom * count) / (last - first);
    for (let i = 0; i < E.length; i++) Y[i] = top + (Math.max(E[i].t, first) - first) * per;
    y = top + (last - first) * per;
  }
  height = y + 60;
  room.style.height = height + "px";
  room.style.width = width + "px";
  heads();
}

const at = i => i === none ? height - 40 : Y[i];
const hot = id => pinned && id === pinned ? " hot" : "";

function dot(i) {
  const e = E[i], x = e.h === none ? gutter - 12 : X[e.h], y = Y[i];
  return `<circle class="${e.k}${hot(e.i)}" data-e="${i}" cx="${x}" cy="${y.toFixed(1)}" r="${e.k === "failure" ? 5 : 3.2}"/>`;
}

// words are the texts beside events, as far as there is room for them.
function words(i, ends) {
  const e = E[i], x = e.h === none ? gutter - 4 : X[e.h] + 8, y = Y[i];
  if (y - (ends[e.h] ?? -99) < 10) return "";
  ends[e.h] = y;
  const last = e.h !== none && x + column * .7 > width;
  const room = Math.max(12, Math.floor(column * (last ? .6 : .9) / 6.7) - 2);
  let text = e.w + (e.l || e.x ? " " + (e.l || e.x) : "");
  if (e.h !== none && text.length > room) text = text.slice(0, room - 1) + "…";
  const size = text.length * 6.65;
  const back = matches.length && found.has(i) ? `<rect class="found" x="${x - 2}" y="${y - 7}" width="${size + 4}" height="14"/>` : "";
  return back + `<text class="label ${e.k}${hot(e.i)}" data-e="${i}" x="${x}" y="${(y + 4).toFixed(1)}">${escape(text)}</text>`;
}

function arrow(n, from, to) {
  const a = D.arrows[n], s = E[a.a], x1 = X[s.h] ?? none, y1 = Y[a.a];
  if (x1 === none || off.has(s.k)) return "";
  let x2, y2, cross = "";
  if (a.b === none) {
    const p = X[s.p] ?? none;
    if (p === none) return "";
    [x2, y2] = [x1 + (p - x1) * .5, Math.min(y1 + 30 * zoom, height - 40)];
  } else {
    const e = E[a.b], there = a.f === "lost" ? s.p : e.h;
    const p = X[there] ?? none;
    if (p === none) return "";
    [x2, y2] = [p, Y[a.b]];
    if (a.f === "lost") {
      const part = p === x1 ? 0 : .6;
      [x2, y2] = [x1 + (p - x1) * part, Math.max(y2, y1 + 8 * zoom)];
      if (p === x1) x2 = x1 + 24;
      cross = `<path class="lost arrow${hot(s.i)}" stroke-width="2" d="M${x2 - 5} ${y2 - 5}l10 10m0 -10l-10 10"/>`;
    }
  }
  if (Math.max(y1, y2) < from || Math.min(y1, y2) > to) return "";
  const kind = a.f || "message";
  if (x1 === x2) {
    const d = `M${x1} ${y1}c22 4 22 ${y2 - y1 - 4} 0 ${y2 - y1}`;
    return `<path class="arrow ${kind}${hot(s.i)}" data-a="${n}" style="fill:none" d="${d}" marker-end="url(#${kind})"/>`;
  }
  const slant = (x2 > x1 ? -4 : 4);
  const place = `x1="${x1}" y1="${y1.toFixed(1)}" x2="${(cross ? x2 : x2 + slant).toFixed(1)}" y2="${y2.toFixed(1)}"`;
  const tip = cross ? "" : ` marker-end="url(#${kind})"`;
  return `<line class="arrow ${kind}${hot(s.i)}" ${place}${tip}/><line class="reach" data-a="${n}" ${place}/>` + cross;
}

function bar(n, from, to) {
  const b = D.bars[n], x = X[b.h] ?? none, y1 = b.a === none ? 0 : Y[b.a], y2 = at(b.b);
  if (x === none || off.has("task") || y2 < from || y1 > to) return "";
  const lane = Math.min(12, (column * .38 - 12) / Math.max(1, lanes[b.h])), left = x - 6 - (b.l + 1) * lane;
  const bad = b.e === "raised" || b.e === "crash" ? " bad" : "";
  const long = Math.max(2, y2 - y1);
  let name = "";
  if (lane >= 10 && long > 30) {
    const y = Math.max(y1, from) + 4, chars = Math.floor((Math.min(y2, to) - y - 4) / 5.4);
    if (chars >= 3) name = `<text class="barname" transform="translate(${left + 3},${y.toFixed(1)}) rotate(90)">${escape(b.n.slice(0, chars))}</text>`;
  }
  return `<rect class="bar${bad}" data-b="${n}" x="${left.toFixed(1)}" y="${y1.toFixed(1)}" width="${(lane - 1.5).toFixed(1)}" height="${long.toFixed(1)}" rx="3"/>${name}`;
}

function band(n, from, to) {
  const b = D.bands[n], y1 = Y[b.a], y2 = at(b.b);
  if (y2 < from || y1 > to) return "";
  let all = "";
  const one = (left, wide, text) => {
    all += `<rect class="band ${b.k}" data-n="${n}" x="${left}" y="${y1.toFixed(1)}" width="${wide}" height="${Math.max(3, y2 - y1).toFixed(1)}"/>`;
    const y = Math.max(y1 + 14, from + 14);
    if (y2 - y > 4) all += `<text class="bandname" x="${left + wide / 2}" y="${(y + (Math.min(y2, to) - y) / 2).toFixed(1)}">${escape(text)}</text>`;
  };
  const x = X[b.h] ?? none, p = X[b.p] ?? none;
  if (b.h === none) one(gutter, width - gutter, b.k);
  else if (b.p === none) { if (x !== none) one(x - column * .33, column * .84, b.k); }
  else if (x !== none && p !== none) {
    const low = Math.min(x, p), high = Math.max(x, p);
    one(low + (high - low) / 2 - 34, 68, `${H[b.h]} ✂ ${H[b.p]}`);
  }
  return all;
}

const patterns = ["down", "pause", "cut"].map((k, i) =>
  `<pattern id="${k}" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(${[45, 0, 135][i]})"><rect width="8" height="8" fill="var(--${["lost", "late", "failure"][i]})" opacity=".16"/><rect width="2" height="8" fill="var(--${["lost", "late", "failure"][i]})" opacity=".55"/></pattern>`).join("")
  + ["message", "late", "lost", "open"].map(k => `<marker id="${k}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="${k}" stroke="none" style="stroke-dasharray:none" d="M0 .8L8 4L0 7.2z"/></marker>`).join("");

// show draws what is seen.
function show() {
  const from = Math.max(0, main.scrollTop - 200), to = main.scrollTop + main.clientHeight + 200;
  const parts = [`<defs>${patterns}</defs>`];
  for (let n = 0; n < D.bands.length; n++) parts.push(band(n, from, to));
  for (const x of X) if (x !== none) parts.push(`<line class="life" x1="${x}" x2="${x}" y1="${from}" y2="${Math.min(to, height - 40)}"/>`);
  for (let n = 0; n < D.bars.length; n++) parts.push(bar(n, from, to));
  let begin = 0, end = E.length;
  for (let low = 0, high = E.length; low < high;) { const m = (low + high) >> 1; if (Y[m] < from) { low = m + 1; begin = low; } else high = m; }
  const dots = [], texts = [], ends = {};
  let last = null, clock = -99;
  for (let i = begin; i < end && Y[i] <= to; i++) {
    if (!seen(i)) continue;
    if (E[i].t !== last && Y[i] - clock >= row) {
      parts.push(`<line class="grid" x1="${gutter - 16}" x2="${width}" y1="${Y[i].toFixed(1)}" y2="${Y[i].toFixed(1)}"/>`);
      texts.push(`<text class="time" x="${gutter - 22}" y="${(Y[i] + 4).toFixed(1)}">${seconds(E[i].t)}</text>`);
      if (last !== null && Y[i] - clock > 34) texts.push(`<text class="gap" x="${gutter - 22}" y="${((Y[i] + clock) / 2 + 3).toFixed(1)}">+${length(E[i].t - last)}</text>`);
      clock = Y[i];
    }
    last = E[i].t;
    dots.push(dot(i));
    if (zoom > .55) texts.push(words(i, ends));
  }
  for (let n = 0; n < D.arrows.length; n++) parts.push(arrow(n, from, to));
  const y = height - 38;
  texts.push(`<line class="finish" x1="${gutter - 16}" x2="${width}" y1="${y}" y2="${y}"/><text class="finish" x="${gutter}" y="${y + 18}">${escape(verdict())}</text>`);
  if (D.left && from < top) texts.push(`<text class="label" x="${gutter}" y="10">${D.left} events before are left out</text>`);
  svg.setAttribute("viewBox", `0 ${from} ${width} ${to - from}`);
  svg.setAttribute("width", width); svg.setAttribute("height", to - from);
  svg.style.top = from + "px";
  svg.classList.toggle("pinned", !!pinned);
  svg.innerHTML = parts.join("") + dots.join("") + texts.join("");
  $("heads").scrollLeft = main.scrollLeft;
  map();
}

const verdict = () => { const v = document.querySelector("#verdict pre"); return v ? v.textContent.trim().split("\n")[0] : "the run ends"; };

function heads() {
  $("heads").innerHTML = "";
  const hidden = H.map((_, i) => i).filter(i => away.has(i));
  const one = (h, x) => {
    const b = document.createElement("button");
    b.textContent = H[h]; b.style.left = x + "px"; b.className = away.has(h) ? "off" : "";
    b.title = away.has(h) ? "show this host" : "hide this host (with Alt: all others)";
    b.onclick = ev => {
      if (ev.altKey) H.forEach((_, i) => { if (i !== h) away.add(i); });
      else if (!away.delete(h)) away.add(h);
      keeping(lay);
    };
    $("heads").append(b);
  };
  H.forEach((_, h) => { if (!away.has(h)) one(h, X[h]); });
  hidden.forEach((h, i) => one(h, 60 + i * 70));
}

// map is the whole of it, beside the picture.
const strip = document.createElement("canvas");
strip.id = "map"; document.body.append(strip);
function map() {
  const box = main.getBoundingClientRect(), h = Math.max(10, Math.floor(box.height) - 16);
  strip.style.top = box.top + "px"; strip.width = 16; strip.height = h; strip.style.height = h + "px";
  const g = strip.getContext("2d"), style = getComputedStyle(document.documentElement), color = n => style.getPropertyValue(n);
  const f = y => y / height * h;
  g.fillStyle = color("--line"); g.fillRect(0, f(main.scrollTop), 16, Math.max(4, f(main.clientHeight)));
  for (let i = 0; i < E.length; i++) {
    if (!seen(i)) continue;
    if (E[i].k === "failure") { g.fillStyle = color("--failure"); g.fillRect(2, f(Y[i]), 12, 2); }
    else { g.fillStyle = color("--message"); g.globalAlpha = .35; g.fillRect(6, f(Y[i]), 4, 1); g.globalAlpha = 1; }
  }
  g.fillStyle = color("--late");
  for (const i of matches) g.fillRect(0, f(Y[i]) - 1, 5, 2);
}
strip.onmousedown = ev => {
  const go = e => { main.scrollTop = (e.clientY - strip.getBoundingClientRect().top) / strip.height * height - main.clientHeight / 2; };
  go(ev); onmousemove = go; onmouseup = () => { onmousemove = onmouseup = null; };
};

// keeping lays anew and keeps in its place the event that is in the middle.
function keeping(change) {
  const middle = main.scrollTop + main.clientHeight / 2;
  let i = Y.findIndex(y => y >= middle);
  const end = i < 0;
  const before = end ? 0 : Y[i] - main.scrollTop;
  change();
  main.scrollTop = end ? height : Y[i] - before;
  search(false); show();
}

let found = new Set();
function search(go) {
  const want = $("find").value.trim().toLowerCase();
  matches = [];
  if (want) E.forEach((e, i) => { if (seen(i) && (e.w + " " + (e.x || "") + " " + (H[e.h] || "")).toLowerCase().includes(want)) matches.push(i); });
  found = new Set(matches);
  if (go) { match = -1; step(1); }
  $("found").textContent = want ? `${matches.length ? match + 1 : 0} of ${matches.length}` : "";
}
function step(d) {
  if (!matches.length) return;
  match = (match + d + matches.length) % matches.length;
  main.scrollTop = Y[matches[match]] - main.clientHeight / 2;
  $("found").textContent = `${match + 1} of ${matches.length}`;
  show();
}

function telling(target) {
  const d = target.dataset;
  if (d.e !== undefined) { const e = E[d.e]; return `${seconds(e.t)} s   ${e.h === none ? "network" : H[e.h]}\n${e.w} ${e.x || ""}`; }
  if (d.a !== undefined) {
    const a = D.arrows[d.a], s = E[a.a], r = a.b === none ? null : E[a.b];
    const how = a.f === "lost" ? "lost" : r ? `arrives ${seconds(r.t)} s, after ${length(r.t - s.t)}${a.f === "late" ? ": late" : ""}` : "under way at the end";
    return `${H[s.h]} ${s.w} ${s.x || ""}\nat ${seconds(s.t)} s; ${how}`;
  }
  if (d.b !== undefined) {
    const b = D.bars[d.b], end = b.b === none ? "goes on" : `${b.e} ${seconds(E[b.b].t)} s`;
    return `${b.n}   on ${H[b.h]}\n${b.a === none ? "" : "from " + seconds(E[b.a].t) + " s, "}${end}`;
  }
  if (d.n !== undefined) {
    const b = D.bands[d.n], e = E[b.a];
    return `${b.k}: ${b.h === none ? "network" : H[b.h]}${b.p === none ? "" : " and " + H[b.p]} ${e.x || ""}\nfrom ${seconds(e.t)} s ${b.b === none ? "on" : "to " + seconds(E[b.b].t) + " s"}`;
  }
  return "";
}
svg.addEventListener("mousemove", ev => {
  const text = telling(ev.target), box = $("hover");
  box.hidden = !text;
  if (!text) return;
  box.textContent = text;
  box.style.left = Math.min(ev.clientX + 14, innerWidth - box.offsetWidth - 8) + "px";
  box.style.top = Math.min(ev.clientY + 14, innerHeight - box.offsetHeight - 8) + "px";
});
svg.addEventListener("mouseleave", () => { $("hover").hidden = true; });
svg.addEventListener("click", ev => {
  const d = ev.target.dataset, id = d.e !== undefined ? E[d.e].i : d.a !== undefined ? E[D.arrows[d.a].a].i : 0;
  pinned = id === pinned ? 0 : id || 0;
  show();
});

for (const k of kinds) {
  if (!E.some(e => e.k === k)) continue;
  const l = document.createElement("label");
  l.className = "kind";
  l.innerHTML = `<input type="checkbox"${off.has(k) ? "" : " checked"}><i style="background:var(--${{ turn: "faint", draw: "faint" }[k] || k})"></i>${k}s`;
  l.firstChild.onchange = ev => { ev.target.checked ? off.delete(k) : off.add(k); keeping(lay); };
  $("kinds").append(l);
}
const larger = f => keeping(() => { zoom = Math.min(16, Math.max(.05, zoom * f)); lay(); });
$("in").onclick = () => larger(1.5); $("out").onclick = () => larger(1 / 1.5);
$("scale").onchange = ev => { scale = ev.target.value; keeping(lay); };
$("find").oninput = () => { search(true); show(); };
$("after").onclick = () => step(1); $("before").onclick = () => step(-1);
if ($("copy")) $("copy").onclick = () => { navigator.clipboard.writeText($("command").textContent); $("copy").textContent = "copied"; };
document.addEventListener("keydown", ev => {
  if (ev.target === $("find")) { if (ev.key === "Enter") step(ev.shiftKey ? -1 : 1); if (ev.key === "Escape") ev.target.blur(); return; }
  const does = { "/": () => { $("find").focus(); ev.preventDefault(); }, n: () => step(1), p: () => step(-1), "+": () => larger(1.5), "-": () => larger(1 / 1.5), Escape: () => { pinned = 0; show(); } }[ev.key];
  if (does && !ev.ctrlKey && !ev.metaKey) does();
});
main.addEventListener("wheel", ev => { if (ev.ctrlKey) { ev.preventDefault(); larger(ev.deltaY < 0 ? 1.2 : 1 / 1.2); } }, { passive: false });
let waiting = false;
main.addEventListener("scroll", () => { if (!waiting) { waiting = true; requestAnimationFrame(() => { waiting = false; show(); }); } });
addEventListener("resize", () => keeping(lay));
const v = $("verdict");
if (v) v.firstElementChild.textContent = verdict();
lay();
main.tabIndex = 0; main.focus();
main.scrollTop = height; // how it ends is what is asked for first
show();
})();
