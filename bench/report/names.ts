import type { Entry, Row } from "../result.ts";

/** The style of a contender's marks: ours, tfjs, onnxruntime, jax, or one of our variants. */
export function styleOf({ name, kind }: Pick<Entry, "name" | "kind">): string {
  if (kind === "ours") return "ours";
  if (kind === "variant") return "variant";
  if (name === "jax-js") return "jax";
  return name === "tfjs" ? "tfjs" : "onnxruntime";
}

/** A key to the colours of those that occur in rows. */
export function legend(rows: readonly Row[], kinds: readonly Entry["kind"][]): string {
  const found = new Set(
    rows.flatMap(({ entries }) =>
      entries.filter(({ kind, timed }) => timed && kinds.includes(kind)).map(styleOf),
    ),
  );
  const words: Readonly<Record<string, string>> = {
    ours: "Vitrine",
    tfjs: "tfjs",
    onnxruntime: "ONNX Runtime Web",
    jax: "jax-js",
    variant: "our naive variants",
  };
  return `<p class="key">${[...found].map((style) => `<span class="${style}">${words[style]}</span>`).join(" ")}</p>`;
}
