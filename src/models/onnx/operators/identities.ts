import { combinedConstants } from "../../lowering/constants.ts";
import { activated } from "../../lowering/elementwise.ts";
import type { Lowering } from "../../lowering/lowering.ts";
import type { ConstantValue, LayerValue, Value } from "../../lowering/value.ts";
import { missing, type Operator } from "../call.ts";
import { dtypeOf } from "../tensor.ts";
import { kindOf } from "../tensors.ts";

const cast: Operator = (call): Value => {
  const { attributes, lowering } = call;
  const x = call.given(0);
  const dtype = dtypeOf(attributes.number("to"));
  if (dtype === "string" || dtype === "other") {
    throw lowering.unsupported("numbers made text, complex or floats of 8 bits are not supported");
  }
  return castTo(
    lowering,
    x,
    kindOf(dtype),
    lowering.unsupported(`layers' numbers made ${dtype} are not supported`),
  );
};

function castTo(
  lowering: Lowering,
  x: LayerValue | ConstantValue,
  kind: ConstantValue["elements"],
  error: Error,
): Value {
  if (x.kind === "layer") {
    if (kind !== "bool") return kind === "float" ? x : missing(error, x);
    return activated(lowering, activated(lowering, x, { kind: "abs" }, "size"), { kind: "sign" });
  }
  if (kind === x.elements) return x;
  return combinedConstants(kind, [x], ([value = 0]) =>
    kind === "int" ? Math.trunc(value) : kind === "bool" ? Number(value !== 0) : value,
  );
}

const castLike: Operator = (call): Value => {
  const like = call.given(1);
  const kind = like.kind === "constant" ? like.elements : "float";
  return castTo(
    call.lowering,
    call.given(0),
    kind,
    call.lowering.unsupported("layers' numbers made whole are not supported"),
  );
};

const identity: Operator = (call) => call.given(0);

/** Dropout at inference; its mask is wanted by nobody. */
const dropout: Operator = (call) => {
  const training = call.constantIf(2)?.read()[0] ?? 0;
  // PyTorch's attention drops a share of 0 while it trains.
  const share = call.constantIf(1)?.read()[0] ?? 0.5;
  if (training !== 0 && share !== 0) throw call.lowering.unsupported("training_mode is not supported");
  return [call.given(0), missing(call.lowering.unsupported("the mask of a dropout is not supported"))];
};

/** Classes instead of scores: at the end of a network the scores themselves are kept. */
const places =
  (of: "largest" | "smallest"): Operator =>
  (call) => {
    const source = call.layer(0);
    const error = call.lowering.unsupported(
      `the places of the ${of} values have no gradient, so the values themselves are kept`,
    );
    const ranked = of === "largest" ? true : undefined;
    return call.outputs.map(() => ({ kind: "missing", error, source, ranked }));
  };

/** Operators whose input is kept as it is, but for the type of its numbers. */
export const IDENTITIES: Readonly<Record<string, Operator>> = {
  ArgMax: places("largest"),
  ArgMin: places("smallest"),
  Cast: cast,
  CastLike: castLike,
  Dropout: dropout,
  Identity: identity,
};
