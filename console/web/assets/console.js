/* Small things a page needs in the browser: submit on change, and the text of a chart's tooltip. */
(() => {
  "use strict";
  if (!/(^|; )skyground_theme=/.test(document.cookie) && matchMedia("(prefers-color-scheme: dark)").matches) {
    document.cookie = "skyground_theme=dark; path=/; max-age=31536000; samesite=lax";
    location.reload();
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
  });
  const escape = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const line = (mark, name, value) => `<div style="display:flex;gap:16px;justify-content:space-between"><span>${mark}${escape(name)}</span><b>${escape(value)}</b></div>`;
  /* A point is [time, value, text of the value, notes]; notes are lines of plain text. */
  window.skygroundTooltip = (params) => {
    const points = (Array.isArray(params) ? params : [params]).filter((point) => point.value && point.value.length > 2);
    if (!points.length) return "";
    const seen = new Set();
    const rows = points.map((point) => {
      const key = point.value[0] + point.value[2] + point.value[4];
      if (seen.has(key)) return "";
      seen.add(key);
      const notes = String(point.value[3] || "").split("\n").filter(Boolean).map((note) => `<div style="opacity:.75;font-size:12px;max-width:320px;white-space:normal">${escape(note)}</div>`);
      return line(point.marker, point.value[4], point.value[2]) + notes.join("");
    });
    return `<div style="font-weight:600;margin-bottom:4px">${escape(points[0].value[5])}</div>` + rows.join("");
  };
  window.skygroundCompact = (value) => (Math.abs(value) >= 10000 ? Number(value).toPrecision(3) : String(+Number(value).toPrecision(4)));
})();
