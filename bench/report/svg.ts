/** A number of pixels, or text. */
type Attribute = string | number;

/** Text as it stands in HTML and SVG, in attributes too. */
export function escapeText(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (character) =>
      ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[character] ?? character,
  );
}

/** An SVG element; children are markup already, attributes are text. */
export function element(
  name: string,
  attributes: Readonly<Record<string, Attribute>>,
  ...children: string[]
): string {
  const written = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === "number" ? String(Math.round(value * 100) / 100) : value;
    return ` ${key}="${escapeText(text)}"`;
  });
  return `<${name}${written.join("")}>${children.join("")}</${name}>`;
}

/** A picture of a size that shrinks with the page. */
export function svg(width: number, height: number, label: string, ...children: string[]): string {
  const attributes = { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label };
  return element("svg", attributes, ...children);
}

export function text(x: number, y: number, content: string, kind = "", anchor = "start"): string {
  return element("text", { x, y, class: kind, "text-anchor": anchor }, escapeText(content));
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return element("line", { x1, y1, x2, y2, class: kind });
}

/** A dot that says what it is when pointed at. */
export function dot(x: number, y: number, kind: string, tip: string): string {
  return element("circle", { cx: x, cy: y, r: 4.5, class: kind }, element("title", {}, escapeText(tip)));
}

/** A path through points. */
export function path(points: readonly (readonly [number, number])[], kind: string): string {
  const d = points
    .map(([x, y], index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join("");
  return element("path", { d, class: kind });
}

/** A logarithmic axis. */
export interface Scale {
  (value: number): number;
  /** The value at a pixel. */
  readonly invert: (pixel: number) => number;
  /** Positions and labels of lines. */
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/** A plot for a page that is wide, and one for a page that is not; a style sheet shows the one that fits. */
export function twice(wide: string, narrow: string): string {
  return `<div class="if-wide">${wide}</div><div class="if-narrow">${narrow}</div>`;
}

/**
 * A logarithmic scale from values, rounded outwards to 1, 2 or 5 times a power of ten, to pixels.
 * @param most more ticks than these have labels at powers of ten alone.
 */
export function logScale(
  values: readonly number[],
  [from, to]: readonly [number, number],
  write: (value: number) => string,
  most = 7,
): Scale {
  const steps = niceSteps(values);
  const low = Math.log10(steps[0] ?? 1);
  const high = Math.log10(steps.at(-1) ?? 10);
  const scale = (value: number): number => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  const invert = (pixel: number): number => 10 ** (low + ((pixel - from) / (to - from)) * (high - low));
  // Labels want room: over many decades the powers of ten alone.
  const tens = steps.filter((step) => /^1e/.test(step.toExponential(0)));
  const shown = steps.length <= most || tens.length < 2 ? steps : tens;
  return Object.assign(scale, { invert, ticks: shown.map((value) => ({ value, label: write(value) })) });
}

function niceSteps(values: readonly number[]): number[] {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  const low = Math.min(...positive, ...(positive.length > 0 ? [] : [1]));
  const high = Math.max(...positive, low * 1.01);
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)); power++) {
    for (const digit of [1, 2, 5]) all.push(Number(`${digit}e${power}`));
  }
  const first = all.findLastIndex((step) => step <= low * 1.0001);
  const last = all.findIndex((step) => step >= high * 0.9999);
  return all.slice(first, last < 0 ? undefined : Math.max(last, first + 1) + 1);
}

/** A number as an axis writes it: 0.05, 20, 3k, 2M. */
export function axisNumber(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  if (value >= 1e3) return `${value / 1e3}k`;
  return String(value);
}
