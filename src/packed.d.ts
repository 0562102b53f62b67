/** A file's bytes, deflated, in base64; see build/packed.ts. */
declare module "*?packed" {
  const bytes: string;
  export default bytes;
}
