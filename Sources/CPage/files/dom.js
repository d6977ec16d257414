// Small helpers. Text from the lab is only ever set as text: nothing here can turn into markup.

/** Makes an element: properties are set, attributes are those in `attrs`, `label` is for those who do not see it, children are
    elements or texts. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  const { attrs, label, ...rest } = props;
  Object.assign(node, rest);
  if (label) node.setAttribute("aria-label", label);
  for (const [name, value] of Object.entries(attrs ?? {})) node.setAttribute(name, value);
  for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
  return node;
}

/** An element of a drawing. */
export function svg(tag, attrs, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const $ = (id) => document.getElementById(id);

export const on = (id, type, action) => $(id).addEventListener(type, action);

export function button(text, action, props = {}, ...children) {
  const node = el("button", { type: "button", textContent: text, ...props }, ...children);
  node.addEventListener("click", action);
  return node;
}

/** Sets a text only if it differs, so that a screen reader hears what is new. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setClass(node, name) {
  if (node.className !== name) node.className = name;
}

/** Asks the API. Errors say what the lab said. */
export async function api(path, options = {}) {
  const response = await fetch(`/api/v1/${path}`, options);
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail ?? `the lab answered ${response.status}`);
  return body;
}

export function post(path, body) {
  return api(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) });
}

export const shortName = (service) => service.replace("-service", "");

const services = new Map();

/** The services of the system, whose names may end in numbers of their own. */
export function learnServices(names) {
  services.clear();
  for (const [index, name] of names.entries()) services.set(name, index);
}

/** The service that a replica belongs to: payment-service-2 is one of payment-service. */
export const baseName = (replica) => (services.has(replica) ? replica : replica.replace(/-[2-8]$/, ""));

const hues = 8;
const own = ["gateway", "user", "order", "payment"];

/** The colour of a service, as a variable of the style sheet: those of the lab's chain keep theirs. */
export function hue(replica) {
  const base = baseName(replica);
  const place = own.indexOf(shortName(base));
  return `--hue-${place < 0 ? (services.get(base) ?? 0) % hues : place}`;
}

/** A table: headings with `n` at the end are numbers. */
export function table(headings, rows, label) {
  const head = headings.map((text) => {
    const isNumber = text.endsWith(" #");
    return el("th", { className: isNumber ? "n" : "", textContent: isNumber ? text.slice(0, -2) : text, scope: "col" });
  });
  const body = rows.map((row) =>
    el("tr", {}, row.map((cell, index) => {
      const node = el("td", { className: headings[index]?.endsWith(" #") ? "n" : "" });
      node.append(cell instanceof Node ? cell : String(cell ?? ""));
      return node;
    })));
  const attrs = { tabindex: "0", role: "region", "aria-label": label ?? headings.join(", ") };
  return el("div", { className: "scroll", attrs }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
}

export function cssColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
