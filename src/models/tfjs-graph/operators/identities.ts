import { combinedConstants } from "../../lowering/constants.ts";
import type { Operator } from "../call.ts";

const same: Operator = (call) => call.given(0);

/** Values are 32-bit floats whatever the file calls them; whole numbers drop what comes after the point. */
const cast: Operator = (call) => {
  const x = call.given(0);
  const to = call.attributes.type("DstT");
  const whole = /^u?int/.test(to);
  if (!whole && !["bool", "float", "double", "half", "bfloat16"].includes(to)) {
    throw call.lowering.unsupported(`numbers made ${to} are not supported`);
  }
  if (call.attributes.flag("Truncate", false)) throw call.lowering.unsupported("Truncate is not supported");
  if (x.kind === "constant") {
    const elements = whole ? "int" : to === "bool" ? "bool" : "float";
    const value = whole
      ? Math.trunc
      : to === "bool"
        ? (one: number) => Number(one !== 0)
        : (one: number) => one;
    return combinedConstants(elements, [x], ([one = 0]) => value(one));
  }
  if (whole || to === "bool") {
    throw call.lowering.unsupported(`what a layer gives is not made ${to}`);
  }
  return x;
};

const unchanged = [
  "Identity",
  "StopGradient",
  "PreventGradient",
  "Snapshot",
  "EnsureShape",
  "Print",
  "PlaceholderWithDefault",
  "CheckNumerics",
];

/** Operators whose input is kept as it is, but for the type of its numbers. */
export const IDENTITIES: Readonly<Record<string, Operator>> = {
  ...Object.fromEntries(unchanged.map((op) => [op, same])),
  IdentityN: (call) => call.inputs,
  Cast: cast,
};
