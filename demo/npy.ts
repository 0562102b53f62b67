/** An array as a NumPy file (.npy 1.0), float32 in C order. */
export function npyOf({
  data,
  shape,
}: {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}): Blob {
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const facts = `{'descr': '<f4', 'fortran_order': False, 'shape': (${axes}), }`;
  // The values begin at a multiple of 64 bytes.
  const header = `${facts.padEnd(Math.ceil((facts.length + 11) / 64) * 64 - 11)}\n`;
  const head = new Uint8Array([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, 0, 0]);
  new DataView(head.buffer).setUint16(8, header.length, true);
  return new Blob([head, header, Float32Array.from(data)], { type: "application/octet-stream" });
}
