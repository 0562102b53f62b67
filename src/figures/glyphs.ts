/**
 * A lettering of single strokes, for the words and numbers in figures: it needs no font on the machine and looks the same in
 * a page and on a server.
 *
 * A glyph is `width:strokes`; strokes are separated by commas. A stroke is a run of points, x then y, each one digit to
 * base 36, in units in which capitals are 12 high: y = 4 is the baseline, d (13) the top of an x, g (16) of a capital, 0 the
 * foot of a p. A point with * is a control point: between two of them the curve passes their middle (quadratic B-spline).
 * z closes a stroke.
 */
const GLYPHS: Readonly<Record<string, string>> = {
  " ": "2:",
  "!": "0:0g 08,04 04",
  '"': "3:0g 0d,3g 3d",
  "#": "8:24 3g,54 6g,08 78,1c 8c",
  $: "8:7e 7g* 0g* 0a* 4a 8a* 84* 04* 06,4i 42",
  "%": "a:0c* 4c* 4g* 0g* z,64* a4* a8* 68* z,14 9g",
  "&": "8:84 1d* 1g* 5g* 5d* 0a* 04* 64* 8a",
  "'": "0:0g 0d",
  "(": "3:3i 0e* 06* 32",
  ")": "3:0i 3e* 36* 02",
  "*": "6:3g 3a,0e 6c,6e 0c",
  "+": "8:09 89,4d 45",
  ",": "1:14 02",
  "-": "4:09 49",
  ".": "0:04 04",
  "/": "5:02 5i",
  "0": "7:04* 74* 7g* 0g* z",
  "1": "7:1d 4g 44",
  "2": "7:0d 0g* 7g* 7b* 04 74",
  "3": "7:0g 6g 3b 7b* 74* 04* 06",
  "4": "7:54 5g 07 77",
  "5": "7:6g 1g 0a 2c* 7c* 74* 04* 06",
  "6": "7:04* 74* 7b* 0b* z,07 0d* 5g",
  "7": "7:0g 7g 24",
  "8": "7:1a* 6a* 6g* 1g* z,04* 74* 7a* 0a* z",
  "9": "7:0g* 7g* 79* 09* z,7d 77* 24",
  ":": "0:04 04,0b 0b",
  ";": "1:14 02,1b 1b",
  "<": "7:7d 09 75",
  "=": "8:0b 8b,07 87",
  ">": "7:0d 79 05",
  "?": "6:0d 0g* 6g* 6b* 38,34 34",
  "@": "b:8b 8d* 3d* 36* 86* 8a,8d 85* b5* bg* 0g* 03* 93",
  A: "8:04 4g 84,18 78",
  B: "8:04 0g 3g 7g* 7a* 3a 0a,3a 8a* 84* 34 04",
  C: "8:8e 8g* 0g* 04* 84* 86",
  D: "8:04 0g 3g 8g* 84* 34 z",
  E: "7:7g 0g 04 74,0a 6a",
  F: "7:7g 0g 04,0a 6a",
  G: "8:8e 8g* 0g* 04* 84* 8a 5a",
  H: "8:04 0g,84 8g,0a 8a",
  I: "0:04 0g",
  J: "6:6g 68 64* 04* 06",
  K: "8:04 0g,7g 09,3c 84",
  L: "7:0g 04 74",
  M: "a:04 0g 57 ag a4",
  N: "8:04 0g 84 8g",
  O: "9:04* 94* 9g* 0g* z",
  P: "8:04 0g 4g 8g* 89* 49 09",
  Q: "9:04* 94* 9g* 0g* z,67 a3",
  R: "8:04 0g 4g 8g* 89* 49 09,49 84",
  S: "8:7e 7g* 0g* 0a* 4a 8a* 84* 04* 06",
  T: "8:0g 8g,4g 44",
  U: "8:0g 08 04* 84* 88 8g",
  V: "8:0g 44 8g",
  W: "c:0g 34 6e 94 cg",
  X: "8:04 8g,0g 84",
  Y: "8:0g 4a 8g,4a 44",
  Z: "8:0g 8g 04 84",
  "[": "3:3i 0i 02 32",
  "\\": "5:0i 52",
  "]": "3:0i 3i 32 02",
  "^": "6:0d 3g 6d",
  _: "7:03 73",
  "`": "2:0g 2e",
  a: "7:04* 74* 7d* 0d* z,7d 74",
  b: "7:04* 74* 7d* 0d* z,0g 04",
  c: "7:7b 7d* 0d* 04* 74* 76",
  d: "7:04* 74* 7d* 0d* z,7g 74",
  e: "7:09 79 7d* 0d* 04* 74* 76",
  f: "5:5g 2g* 2c 24,0d 5d",
  g: "7:04* 74* 7d* 0d* z,7d 74 70* 00* 02",
  h: "7:0g 04,09 0d* 7d* 79 74",
  i: "0:04 0d,0g 0g",
  j: "2:2d 23 20* 00,2g 2g",
  k: "6:0g 04,6d 08,2a 64",
  l: "2:0g 06 04* 24",
  m: "a:04 0d,09 0d* 5d* 59 54,59 5d* ad* a9 a4",
  n: "7:04 0d,09 0d* 7d* 79 74",
  o: "7:04* 74* 7d* 0d* z",
  p: "7:04* 74* 7d* 0d* z,0d 00",
  q: "7:04* 74* 7d* 0d* z,7d 70",
  r: "5:04 0d,08 0d* 5d",
  s: "6:6b 6d* 0d* 09* 39 69* 64* 04* 06",
  t: "5:2g 27 24* 54,0d 5d",
  u: "7:0d 08 04* 74* 78,7d 74",
  v: "6:0d 34 6d",
  w: "a:0d 24 5c 84 ad",
  x: "6:04 6d,0d 64",
  y: "6:0d 34,6d 20",
  z: "6:0d 6d 04 64",
  "{": "4:4i 2i* 2a* 0a 2a* 22* 42",
  "|": "0:0i 02",
  "}": "4:0i 2i* 2a* 4a 2a* 22* 02",
  "~": "8:08 2c* 49 66* 8a",
  "\u00b0": "3:0c* 3c* 3g* 0g* z",
  "\u00b1": "8:0b 8b,4f 47,04 84",
  "\u00b2": "4:0e 0g* 4g* 4d* 09 49",
  "\u00b3": "4:0g 4g 2d 4d* 49* 09* 0a",
  "\u00b7": "0:09 09",
  "\u00d7": "6:06 6c,0c 66",
  "\u0394": "8:04 84 4g z",
  "\u03b1": "8:8d 64* 04* 0d* 6d* 84",
  "\u03b2": "7:00 0e 0g* 6g* 6b* 3b,3b 7b* 74* 04",
  "\u03b3": "6:0d 34,6d 34 30",
  "\u03b5": "6:6c 6d* 0d* 09* 39,39 09* 04* 64* 65",
  "\u03bc": "7:0d 00,08 04* 74* 78,7d 74",
  "\u03c1": "7:00 09 0d* 7d* 74* 04* 06",
  "\u03c3": "8:04* 64* 6d* 0d* z,3d 8d",
  "\u2013": "6:09 69",
  "\u2026": "8:04 04,44 44,84 84",
  "\u2032": "1:1g 0c",
  "\u2191": "6:34 3g,0d 3g 6d",
  "\u2192": "9:09 99,6c 99 66",
  "\u2193": "6:3g 34,07 34 67",
  "\u2202": "7:1f 3g* 7g* 7a* 74* 04* 0c* 7c* 78",
  "\u2207": "8:0g 8g 44 z",
  "\u2211": "8:8g 0g 5a 04 84",
  "\u2212": "7:09 79",
  "\u221a": "9:08 28 44 6g 9g",
  "\u2264": "7:7f 0b 77,04 74",
  "\u2265": "7:0f 7b 07,04 74",
  "\u2299": "9:05* 95* 9e* 0e* z,5a 5a",
  "\u25a1": "7:04 0g 7g 74 z",
};

/** A stroke as straight pieces: x, y of one point after the other, y upwards from the baseline. */
export type Stroke = readonly (readonly [x: number, y: number])[];

/** One character's strokes, in units in which capitals are 12 high. */
export interface Glyph {
  readonly width: number;
  readonly strokes: readonly Stroke[];
}

const made = new Map<string, Glyph>();

/** The glyph of a character; an empty box where there is none. */
export function glyphOf(character: string): Glyph {
  const known = made.get(character);
  if (known) return known;
  const [width = "7", strokes = ""] = splitOnce(GLYPHS[character] ?? GLYPHS["\u25a1"] ?? "7:");
  const glyph = {
    width: Number.parseInt(width, 36),
    strokes: strokes === "" ? [] : strokes.split(",").map(flatten),
  };
  made.set(character, glyph);
  return glyph;
}

// ":" is a separator and a digit's neighbour, never a point.
function splitOnce(text: string): [string, string] {
  const at = text.indexOf(":");
  return [text.slice(0, at), text.slice(at + 1)];
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly control: boolean;
}

const BASELINE = 4;
const PIECES = 6;

function flatten(stroke: string): Stroke {
  const tokens = stroke.split(" ");
  const closed = tokens.at(-1) === "z";
  const points = (closed ? tokens.slice(0, -1) : tokens).map(
    (token): Point => ({
      x: Number.parseInt(token[0] ?? "", 36),
      y: Number.parseInt(token[1] ?? "", 36) - BASELINE,
      control: token.endsWith("*"),
    }),
  );
  const whole = withMiddles(points, closed);
  const [first] = whole;
  if (!first) return [];
  const line: [number, number][] = [[first.x, first.y]];
  let from = first;
  for (let i = 1; i < whole.length; i++) {
    const point = whole[i] ?? first;
    const end = point.control ? (whole[++i] ?? first) : point;
    for (let piece = 1; piece <= (point.control ? PIECES : 1); piece++) {
      const t = point.control ? piece / PIECES : 1;
      const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t * t];
      line.push([a * from.x + b * point.x + c * end.x, a * from.y + b * point.y + c * end.y]);
    }
    from = end;
  }
  return line;
}

/** The same points with those that are implied between control points; it begins and ends on the curve. */
function withMiddles(points: readonly Point[], closed: boolean): Point[] {
  const ring = closed ? [...points, ...points.slice(0, 1)] : points;
  const whole = ring.flatMap((point, index): Point[] => {
    const next = ring[index + 1];
    if (!point.control || !next?.control) return [point];
    return [point, { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2, control: false }];
  });
  const [first] = whole;
  if (!closed || !first?.control) return whole;
  // A closed stroke of control points alone starts at its first implied point.
  const [, start] = whole;
  return start ? [...whole.slice(1), start] : whole;
}
