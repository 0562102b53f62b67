/** The library's words for its own options, and the command line's. */
const WORDS: readonly (readonly [library: RegExp, command: string | ((...found: string[]) => string)])[] = [
  [
    /; raise memory, or create the network with a smaller batch, \{ gradients: false \} or \{ keep: \[\] \}/,
    "; raise --memory, or take a smaller --batch",
  ],
  [
    /; use a memory of at least (\d+).*$/,
    (_, bytes = "") => `; use --memory ${Math.ceil(Number(bytes) / 2 ** 20)} or more`,
  ],
  [/; use a smaller batch/, "; use a smaller --batch"],
  [/; map it with options\.customLayers/, "; the command line cannot map it to others"],
  [/options\.inputShape/, "--size"],
  [/; end the rules with \{.*$/, "; choose other --rules"],
  [
    /; to let it pass relevance on \((.*)\), give \{ pass: .*$/,
    "; to let it pass relevance on ($1), name it with --pass, or take --pass all for all such layers",
  ],
  [
    /; use the rule "gradient"/,
    "; choose a technique of plain gradients (saliency, smoothgrad, integrated-gradients) or of covered images (occlusion, rise)",
  ],
  [/, a colour or \{ image \}/, " or a colour"],
  [/; choose another \(hide\)/, "; choose another with --hide"],
  [/; give segments of your own/, "; choose a technique without segments"],
  [/; use a browser with WebGPU, or createGpu\(\) in Node/, ""],
  [/; leave targets out for the top class/, "; leave --target out for the top class"],
  [/^requestDevice: expected/, "expected"],
  [/; modelFromUrl fetches it/, "; fetch its files first"],
  [/ as \{ inputs: \{ name: values \} \}/, " as --input NAME=FILE or NAME=numbers"],
  [/; give them for good with fixInputs.*$/, "; give them with --input NAME=FILE or NAME=numbers"],
  [/^target: expected/, "--target expects"],
];

/** An error's message in the words of whoever has a command line before them: its options, and not the library's. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return WORDS.reduce((text, [library, command]) => text.replace(library, command as string), message);
}
