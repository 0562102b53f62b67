/** What a TIFF file of one strip, without compression, holds. */
export interface Tiff {
  readonly width: number;
  readonly height: number;
  /** Bits of a value. */
  readonly bits: number;
  /** 1 unsigned, 2 signed, 3 float. */
  readonly format: 1 | 2 | 3;
  /** 1 grey, 2 RGB, 3 palette. */
  readonly photometric: 1 | 2 | 3;
  readonly samples: number;
  readonly data: Uint8Array;
  /** 256 reds, greens and blues, of 16 bits. */
  readonly palette?: readonly number[];
}

/** A TIFF file, little-endian: header, values, then one directory (TIFF 6.0, section 2). */
export function tiff({ width, height, bits, format, photometric, samples, data, palette }: Tiff): Uint8Array {
  const each = (value: number) => Array<number>(samples).fill(value);
  const short = (tag: number, values: readonly number[]) => ({ tag, type: 3, size: 2, values });
  const long = (tag: number, values: readonly number[]) => ({ tag, type: 4, size: 4, values });
  const fields = [
    short(256, [width]),
    short(257, [height]),
    short(258, each(bits)),
    short(259, [1]),
    short(262, [photometric]),
    long(273, [8]),
    short(277, [samples]),
    short(278, [height]),
    long(279, [data.length]),
    short(284, [1]),
    ...(palette ? [short(320, palette)] : []),
    short(339, each(format)),
  ];
  const directory = 8 + data.length + (data.length % 2);
  let beyond = directory + 2 + 12 * fields.length + 4;
  const outside = fields.map(({ size, values }) => (size * values.length > 4 ? size * values.length : 0));
  const bytes = new Uint8Array(outside.reduce((sum, length) => sum + length, beyond));
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0]);
  view.setUint32(4, directory, true);
  bytes.set(data, 8);
  view.setUint16(directory, fields.length, true);
  for (const [i, { tag, type, size, values }] of fields.entries()) {
    const entry = directory + 2 + 12 * i;
    view.setUint16(entry, tag, true);
    view.setUint16(entry + 2, type, true);
    view.setUint32(entry + 4, values.length, true);
    const place = outside[i] ? beyond : entry + 8;
    if (outside[i]) view.setUint32(entry + 8, beyond, true);
    for (const [k, value] of values.entries()) {
      if (size === 2) view.setUint16(place + 2 * k, value, true);
      else view.setUint32(place + 4 * k, value, true);
    }
    beyond += outside[i] ?? 0;
  }
  return bytes;
}
