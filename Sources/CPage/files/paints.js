// Colours and patterns of the theme in force, and canvases as sharp as the screen.
import { cssColor, hue } from "./dom.js";
import { STATES } from "./states.js";

let fills = null;

/** Colours and patterns of the theme in force. */
export function paints(context) {
  if (fills) return fills;
  fills = STATES.map((state) => {
    const color = cssColor(state.variable);
    const tile = patternTile(color, state.pattern);
    return { color, fill: context.createPattern(tile, "repeat"), tile: { words: wordsOf(tile) }, flat: { plain: wordsOf(patternTile(color, "none"))[0] }, name: state.name };
  });
  fills.groundWord = wordsOf(patternTile(cssColor("--ground"), "none"))[0];
  fills.ink = cssColor("--ink");
  fills.soft = cssColor("--soft");
  fills.faint = cssColor("--faint");
  fills.line = cssColor("--line");
  fills.panel = cssColor("--panel");
  fills.ground = cssColor("--ground");
  fills.accent = cssColor("--accent");
  fills.bad = cssColor("--bad");
  fills.service = (name) => cssColor(hue(name)) || fills.soft;
  return fills;
}

export function forgetPaints() { fills = null; }

/** An 8 × 8 canvas that holds one tile of a pattern. */
function patternTile(color, kind) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = color;
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = pen.fillStyle = cssColor("--ground");
  pen.globalAlpha = 0.55;
  pen.lineWidth = 1.6;
  pen.beginPath();
  if (kind === "diagonal" || kind === "cross") {
    for (const shift of [-8, 0, 8]) { pen.moveTo(shift, 8); pen.lineTo(shift + 8, 0); }
  }
  if (kind === "cross") for (const shift of [-8, 0, 8]) { pen.moveTo(shift, 0); pen.lineTo(shift + 8, 8); }
  if (kind === "vertical") { pen.moveTo(2, 0); pen.lineTo(2, 8); pen.moveTo(6, 0); pen.lineTo(6, 8); }
  if (kind === "horizontal") { pen.moveTo(0, 2); pen.lineTo(8, 2); pen.moveTo(0, 6); pen.lineTo(8, 6); }
  pen.stroke();
  if (kind === "dots") for (const [x, y] of [[2, 2], [6, 6]]) pen.fillRect(x - 1, y - 1, 2, 2);
  return tile;
}

/** A tile's pixels, as words in the order of memory. */
function wordsOf(tile) {
  return new Uint32Array(tile.getContext("2d").getImageData(0, 0, 8, 8).data.buffer);
}

/** Makes a canvas as sharp as the screen; returns its context and size in CSS pixels. */
export function prepare(canvas) {
  const scale = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = Number(canvas.getAttribute("data-height") ?? canvas.clientHeight);
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return { context, width, height };
}

/**
 * The lanes as pixels. Tens of thousands of slices are written straight into memory and handed over in one piece: that
 * takes a tenth of the time that as many rectangles take.
 */
export class Pixels {
  constructor(context, width, height, ratio) {
    this.image = context.createImageData(width, height);
    this.words = new Uint32Array(this.image.data.buffer);
    Object.assign(this, { width, height, ratio });
  }

  clear(color) { this.words.fill(color); }

  /** A rectangle in CSS pixels, of an 8 × 8 tile. */
  fill(left, top, right, bottom, tile) {
    const x1 = Math.max(0, Math.round(left * this.ratio));
    const x2 = Math.min(this.width, Math.max(x1 + 1, Math.round(right * this.ratio)));
    const y2 = Math.min(this.height, Math.round(bottom * this.ratio));
    for (let y = Math.max(0, Math.round(top * this.ratio)); y < y2; y += 1) {
      const row = y * this.width;
      if (tile.plain !== undefined) {
        this.words.fill(tile.plain, row + x1, row + x2);
      } else {
        const line = (y & 7) << 3;
        for (let x = x1; x < x2; x += 1) this.words[row + x] = tile.words[line + (x & 7)];
      }
    }
  }
}
