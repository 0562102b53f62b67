import type { Bench, Contender } from "../case.ts";
import type { Runner } from "../runner.ts";
import type { JaxPeer } from "./jax.ts";
import type { OrtPeer } from "./ort.ts";
import type { TfjsPeer } from "./tfjs.ts";

/** tfjs doing a case's work, or the reason why it is not there. */
export function tfjsContender({ tfjs }: Bench, create: (peer: TfjsPeer) => Promise<Runner>): Contender {
  const head = { name: "tfjs", kind: "peer" } as const;
  return "absent" in tfjs ? { ...head, ...tfjs } : { ...head, create: () => create(tfjs) };
}

/** ONNX Runtime Web doing a case's work, or the reason why it is not there. */
export function ortContender({ ort }: Bench, create: (peer: OrtPeer) => Promise<Runner>): Contender {
  const head = { name: "onnxruntime", kind: "peer" } as const;
  return "absent" in ort ? { ...head, ...ort } : { ...head, create: () => create(ort) };
}

/** jax-js doing a case's work, or the reason why it is not there. */
export function jaxContender({ jax }: Bench, create: (peer: JaxPeer) => Promise<Runner>): Contender {
  const head = { name: "jax-js", kind: "peer" } as const;
  return "absent" in jax ? { ...head, ...jax } : { ...head, create: () => create(jax) };
}

/** ONNX Runtime Web where it has no such operation. */
export function ortHasNone(what: string): Contender {
  return { name: "onnxruntime", kind: "peer", absent: what };
}
