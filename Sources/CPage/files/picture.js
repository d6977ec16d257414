// What is taken away from the page: a link that lasts, and a picture of what is shown with its caption and command.
import { $, el, on, setText } from "./dom.js";
import { tell } from "./commands.js";
import { address } from "./route.js";
import { drawNow, view } from "./state.js";

const margin = 16;

async function copyLink() {
  const link = `${location.origin}${location.pathname}${address(true)}`;
  try {
    await navigator.clipboard.writeText(link);
    tell(`copied: ${link}`, false);
  } catch {
    tell(`the browser does not let the page copy; here is the link: ${link}`, true);
  }
}

/** A copy that stands for itself: canvases as images, and fields with what they say. */
function frozen(node) {
  const copy = node.cloneNode(true);
  const [own, theirs] = [node, copy].map((root) => [...root.querySelectorAll("canvas, select, input, output, meter")]);
  own.forEach((part, index) => {
    const twin = theirs[index];
    if (part.tagName === "CANVAS") {
      const image = el("img", { src: part.toDataURL(), alt: "" });
      image.style.cssText = `width:${part.clientWidth}px;height:${part.clientHeight}px;display:block`;
      twin.replaceWith(image);
    } else if (part.tagName === "SELECT") {
      [...twin.options].forEach((option, place) => option.toggleAttribute("selected", place === part.selectedIndex));
    } else if (part.tagName === "INPUT") twin.setAttribute("value", part.value);
  });
  return copy;
}

async function styles() {
  const text = await (await fetch("/style.css")).text();
  return text.replace(/@media print \{[\s\S]*$/, "");
}

/** What is shown as an SVG of its own, with the sentence or the place over it, and the command and the address below. */
async function drawing() {
  const main = $("main");
  const box = main.getBoundingClientRect();
  const [width, height] = [Math.ceil(box.width) + 2 * margin, Math.ceil(Math.min(main.scrollHeight, 4000)) + 2 * margin + 44];
  const root = el("html");
  root.dataset.theme = document.documentElement.dataset.theme;
  const body = el("body", { className: `${document.body.className} taken` });
  body.dataset.place = document.body.dataset.place;
  body.style.cssText = `width:${width}px;height:${height}px;margin:0;padding:${margin}px;box-sizing:border-box;display:block`;
  const shown = frozen(main);
  shown.style.cssText = `width:${Math.ceil(box.width)}px;height:${Math.ceil(Math.min(main.scrollHeight, 4000))}px`;
  const place = address(true);
  body.append(shown, el("p", { className: "caption" }, el("code", { textContent: `$ ${$("command").textContent}` }), ` chainlab, run ${view.overview?.run_id ?? "–"}  ${place}`));
  root.append(el("style", { textContent: await styles() }), body);
  root.setAttribute("xmlns", "http://www.w3.org/1999/xhtml");
  const text = new XMLSerializer().serializeToString(root);
  return { width, height, svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><foreignObject width="100%" height="100%">${text}</foreignObject></svg>` };
}

async function rasterized({ width, height, svg }) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const scale = 2;
  const canvas = el("canvas", { width: width * scale, height: height * scale });
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.drawImage(image, 0, 0);
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("the browser draws no picture"))), "image/png"));
}

function save(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function copyPicture(kind) {
  setText($("outcome"), "drawing …");
  try {
    const taken = await drawing();
    if (kind === "svg") {
      save(new Blob([taken.svg], { type: "image/svg+xml" }), "chainlab.svg");
      return tell("saved as chainlab.svg", false);
    }
    const png = await rasterized(taken);
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
      return tell("the picture is in the clipboard", false);
    } catch {
      save(png, "chainlab.png");
      return tell("the browser does not let the page copy pictures: saved as chainlab.png", false);
    }
  } catch (error) {
    return tell(`no picture: ${error.message}`, true);
  }
}

/** Paper is light. */
function startPrint() {
  const root = document.documentElement;
  let theme = null;
  const use = (name) => { root.dataset.theme = name; dispatchEvent(new Event("themechange")); drawNow(); };
  addEventListener("beforeprint", () => { theme = root.dataset.theme; use("light"); });
  addEventListener("afterprint", () => use(theme));
}

export function startPicture() {
  startPrint();
  on("copy-link", "click", copyLink);
  on("take", "change", () => {
    const { value } = $("take");
    $("take").value = "";
    if (value === "print") print(); else if (value) copyPicture(value);
  });
}
