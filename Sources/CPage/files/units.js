// Figures as all texts of the page write them, and as the command line does (FigureText.swift): three significant digits
// at most, a space before the unit, a true minus sign. Nothing else of the page rounds a number for people.

const MINUS = "\u2212";
const NONE = "–";

const group = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ",");

/** At most three significant digits, those before the point all there; without zeros at the end. */
function digits(size) {
  if (!(size > 0)) return "0";
  if (size >= 1e15) return String(size);
  let decimals = 0;
  // As long as one more decimal leaves no more than three digits.
  while (decimals < 12 && Math.round(size * 10 ** (decimals + 1)) < 1000) decimals += 1;
  const [whole, fraction] = (Math.round(size * 10 ** decimals) / 10 ** decimals).toFixed(decimals).split(".");
  const rest = (fraction ?? "").replace(/0+$/, "");
  return group(whole) + (rest ? `.${rest}` : "");
}

const isMissing = (value) => value === undefined || value === null || Number.isNaN(value);

/** `0.0123`, `3.97`, `37.7`, `1,235`. */
export function number(value) {
  if (isMissing(value)) return NONE;
  const text = Number.isFinite(value) ? digits(Math.abs(value)) : "∞";
  return value < 0 && text !== "0" ? MINUS + text : text;
}

/** What was counted, exactly: `12,020`, or with a noun `1 thread`, `4 threads`. */
export function count(value, noun, plural = `${noun}s`) {
  const text = isMissing(value) ? NONE : (value < 0 ? MINUS : "") + group(String(Math.abs(Math.round(value))));
  return noun ? `${text} ${value === 1 ? noun : plural}` : text;
}

const parts = (large, largeUnit, small, smallUnit) => `${group(String(large))} ${largeUnit}${small > 0 ? ` ${small} ${smallUnit}` : ""}`;

/** Nanoseconds as a duration: `355 µs`, `12.3 ms`, `7.6 s`, `1 min 40 s`, `2 h 5 min`. */
export function time(ns) {
  if (isMissing(ns)) return NONE;
  if (!Number.isFinite(ns)) return ns < 0 ? `${MINUS}∞` : "∞";
  const size = Math.round(Math.abs(ns));
  const sign = ns < 0 && size > 0 ? MINUS : "";
  if (size === 0) return "0 s";
  if (size < 1000) return `${sign}${size} ns`;
  for (const [unit, scale, end] of [["µs", 1e3, 999.5], ["ms", 1e6, 999.5], ["s", 1e9, 59.95]]) {
    if (size / scale < end) return `${sign}${digits(size / scale)} ${unit}`;
  }
  const seconds = Math.floor(size / 1e9) + (size % 1e9 >= 5e8 ? 1 : 0);
  if (seconds < 3600) return sign + parts(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.floor((seconds + 30) / 60);
  return sign + parts(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

/** A moment of the run: `+12.345 s`. */
export const moment = (ns, decimals = 3) => `+${(ns / 1e9).toFixed(decimals)} s`;

/** A share of 1: `12.3 %`. Less than all is never `100 %`, more than nothing never `0 %`. */
export function percent(share) {
  if (isMissing(share)) return NONE;
  const size = Math.abs(share) * 100;
  const sign = share < 0 && size > 0 ? MINUS : "";
  if (size > 0 && size < 0.01) return `${share < 0 ? `> ${MINUS}` : "< "}0.01 %`;
  if (size < 100 && size >= 99.9) return `${sign}99.9 %`;
  return `${sign}${digits(size)} %`;
}

/** `37.7/s`. */
export const rate = (value) => (isMissing(value) ? NONE : `${number(value)}/s`);

/** A value and its unit, as the API names units. */
export function value(amount, unit) {
  const scales = { ns: 1, us: 1e3, "µs": 1e3, ms: 1e6, s: 1e9 };
  if (isMissing(amount)) return NONE;
  if (scales[unit]) return time(amount * scales[unit]);
  if (unit === "/s") return rate(amount);
  if (unit === "share") return percent(amount);
  if (unit === "1") return number(amount);
  if (unit === "%") return percent(amount / 100);
  return unit ? `${number(amount)} ${unit}` : number(amount);
}
