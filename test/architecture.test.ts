import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path/posix";
import { describe, expect, test } from "vitest";
import { declarationsOf, linkedFile } from "../build/link-shader.ts";
import { PACKED_IN } from "../build/packed.ts";
import { reflectShader } from "../build/wgsl.ts";
import packageJson from "../package.json" with { type: "json" };
import { compileKernel } from "../src/gpu/kernel.ts";
import { testDevice } from "./gpu.ts";

/**
 * The rooms of the library in their order: each may import what stands before it and nothing that stands after. A room
 * that is named with an entry of {@link MAY_IMPORT} sees less.
 */
const ROOMS = [
  "gpu",
  "layers",
  "kernels",
  "graph",
  "images",
  "models",
  "network",
  "relevance",
  "objectives",
  "sampling",
  "optimise",
  "figures",
  "embedding",
  "techniques",
  "metrics",
  "dataset",
  "lab",
  "atlas",
  "index",
  "node",
  "cli",
] as const;

/** Rooms that see less than all before them, and those beside the order; a room followed by ":type" may be named, not used. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  layers: ["gpu", "shaders"],
  kernels: ["gpu", "layers", "shaders"],
  graph: ["gpu", "layers"],
  images: ["gpu", "graph"],
  models: ["gpu", "layers:type", "graph"],
  network: ["gpu", "layers", "kernels", "graph", "images"],
  dataset: ["gpu", "kernels", "graph", "images", "models:type", "network", "techniques"],
  embedding: ["gpu", "kernels", "images", "sampling"],
  techniques: [
    "gpu",
    "layers",
    "kernels",
    "graph",
    "images",
    "network",
    "relevance",
    "objectives",
    "sampling",
    "optimise",
    "embedding",
    "figures:type",
  ],
  figures: ["gpu", "graph", "images"],
  tfjs: ["gpu", "layers", "kernels", "graph", "network"],
  three: ["gpu"],
  // What a user sees, and no more.
  demo: ["index", "three", "shipped"],
  // The page of an atlas stands alone; it knows what its data are.
  atlas: ["lab:type"],
  bench: ["index", "src/node.ts", "tfjs", "build", "shipped"],
};

/** Packages that have a room of their own; nobody else imports them. */
const KEPT_IN: readonly [packages: RegExp, rooms: readonly string[]][] = [
  [/^(node:|(sharp|webgpu|tinyglobby)$)/, ["node", "cli", "bench"]],
  [/^jsfive$/, ["models"]],
  [/^fflate$/, ["images", "models", "node", "cli", "bench"]],
  [/^fast-png$/, ["images"]],
  [/^gifenc$/, ["node", "demo"]],
  [/^(@resvg|@expo-google-fonts)\//, ["figures"]],
  [/^@jsquash\//, ["images"]],
  [/^leven$/, ["gpu"]],
  [/^@tensorflow\//, ["tfjs", "bench"]],
  [/^three\b/, ["three", "demo"]],
  [/^(lil-gui|d3-|@fontsource)/, ["demo"]],
  [/^@bufbuild\//, ["models", "bench"]],
  [/^(onnx|puppeteer)/, ["bench"]],
];

interface Import {
  readonly from: string;
  /** A file of this project, or a package. */
  readonly to: string;
  readonly typeOnly: boolean;
}

function filesUnder(folder: string, extension: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path.replaceAll("\\", "/")))
    .filter((path) => path.endsWith(extension) && !path.endsWith(".d.ts") && !path.includes("node_modules"))
    .sort();
}

function importsOf(from: string): Import[] {
  const source = readFileSync(from, "utf8");
  const named = source.matchAll(/^(?:import|export)\s+(?:(type)\s+)?(?:[\w*$\s{},]*?\s*from\s*)?"([^"]+)"/gm);
  const dynamic = source.matchAll(/\b(typeof\s+)?import\(\s*"([^"]+)"\s*\)/g);
  return [...named, ...dynamic].map(([, type, target = ""]) => ({
    from,
    to: target.startsWith(".") ? normalize(join(dirname(from), target.replace(/\?.*$/, ""))) : target,
    typeOnly: type !== undefined,
  }));
}

/** Entries with a room of their own; the others, `src/index.ts`, `src/figures.ts` and so on, are the library's face. */
const APART = ["node", "tfjs", "three"];

/** `src/layers/pool.ts` is in layers, `src/layers.ts` in index, `demo/main.ts` in demo, the network in models/ is shipped. */
function roomOf(path: string): string {
  const [first = "", second = ""] = path.split("/");
  if (first === "models") return "shipped";
  if (first !== "src" || !second.endsWith(".ts")) return first === "src" ? second : first;
  const entry = basename(second, ".ts");
  return APART.includes(entry) ? entry : "index";
}

const files = ["src", "atlas", "demo", "bench"].flatMap((folder) => filesUnder(folder, ".ts"));
const imports = files.flatMap(importsOf);
const local = imports.filter(({ to }) => to.includes("/") && existsSync(to));
const show = ({ from, to, typeOnly }: Import): string => `${from} -> ${to}${typeOnly ? " (type)" : ""}`;

function mayImport(room: string): readonly string[] {
  return MAY_IMPORT[room] ?? ROOMS.slice(0, ROOMS.indexOf(room as (typeof ROOMS)[number]));
}

function allowed({ from, to, typeOnly }: Import): boolean {
  const room = roomOf(to);
  if (room === roomOf(from)) return true;
  const may = mayImport(roomOf(from));
  return may.includes(room) || may.includes(to) || (typeOnly && may.includes(`${room}:type`));
}

describe("imports", () => {
  test("are seen: this test reads the tree it judges", () => {
    expect(files.length).toBeGreaterThan(30);
    expect(imports.map(show)).toContain("src/gpu/kernel.ts -> src/gpu/device.ts");
    expect(imports.map(show)).toContain("src/layers/activation.ts -> shaders/activation.wgsl");
    expect(allowed({ from: "src/gpu/kernel.ts", to: "src/layers/pool.ts", typeOnly: true })).toBe(false);
    expect(
      allowed({ from: "src/models/keras/build-graph.ts", to: "src/layers/pool.ts", typeOnly: false }),
    ).toBe(false);
    expect(allowed({ from: "demo/main.ts", to: "src/gpu/tensor.ts", typeOnly: true })).toBe(false);
    expect(allowed({ from: "demo/main.ts", to: "src/figures.ts", typeOnly: false })).toBe(true);
    expect(allowed({ from: "src/techniques/a.ts", to: "shaders/a.wgsl", typeOnly: false })).toBe(false);
  });

  test("every room of the house is known", () => {
    const known = new Set<string>([...ROOMS, ...Object.keys(MAY_IMPORT)]);
    expect([...new Set(files.map(roomOf))].filter((room) => !known.has(room))).toEqual([]);
  });

  test("stand in one order: no room that sees less sees one after it", () => {
    const place = (room: string): number => (ROOMS as readonly string[]).indexOf(room.replace(":type", ""));
    const backward = ROOMS.flatMap((room) =>
      mayImport(room).filter((other) => other !== "shaders" && place(other) >= place(room)),
    );
    expect(backward).toEqual([]);
  });

  test("point downwards: techniques -> sampling, objectives -> network -> graph, kernels -> layers -> gpu", () => {
    expect(local.filter((edge) => !allowed(edge)).map(show)).toEqual([]);
  });

  test("name files that exist, with their extension", () => {
    const missing = imports.filter(
      ({ to }) => /^(src|shaders|demo|bench|build)\//.test(to) && !existsSync(to),
    );
    expect(missing.map(show)).toEqual([]);
  });

  test("run in no circle", () => {
    const graph = new Map(
      files.map((file) => [file, local.filter(({ from }) => from === file).map(({ to }) => to)]),
    );
    expect(circleIn(graph)).toEqual([]);
  });

  test("keep each package in its room", () => {
    const strays = imports.filter(({ from, to }) =>
      KEPT_IN.some(([packages, rooms]) => packages.test(to) && !rooms.includes(roomOf(from))),
    );
    expect(strays.map(show)).toEqual([]);
  });

  test("of the library name only packages that come with it", () => {
    const { dependencies, peerDependencies } = packageJson;
    const shipped = [...Object.keys({ ...dependencies, ...peerDependencies }), ...PACKED_IN];
    const unshipped = imports.filter(
      ({ from, to }) =>
        from.startsWith("src/") &&
        !/^(src\/|shaders\/|atlas\/|node:)/.test(to) &&
        !shipped.some((name) => to === name || to.startsWith(`${name}/`)),
    );
    expect(unshipped.map(show)).toEqual([]);
  });
});

test("no source says `using`: what it compiles to imports a package that does not come with the library", () => {
  const sources = files.filter((path) => path.startsWith("src/"));
  expect(sources.length).toBeGreaterThan(30);
  expect(sources.filter((path) => /^\s*(await )?using \w+ =/m.test(readFileSync(path, "utf8")))).toEqual([]);
});

/** The first circle of imports, as the files along it, or nothing. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next);
      if (circle.length > 0) return circle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const circle = visit(file);
    if (circle.length > 0) return circle;
  }
  return [];
}

test("a circle of imports would be found", () => {
  const graph = new Map([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["d", ["b"]],
  ]);
  expect(circleIn(graph)).toEqual(["b", "d", "b"]);
});

const shaders = filesUnder("shaders", ".wgsl");
const blocks = shaders.filter((path) => path.startsWith("shaders/blocks/"));
const kernels = shaders.filter((path) => !blocks.includes(path));

describe.each(kernels.map((path) => [basename(path), path] as const))("%s", (_, path) => {
  const code = linkedFile(path);
  const shader = reflectShader(code, basename(path, ".wgsl"));

  test("says in its header what it computes and what each binding holds", () => {
    const header = code.replace(/^(?:enable\s+\w+;\s*)+/, "").match(/^(\/\/.*\n)+/)?.[0] ?? "";
    expect(header.split("\n")[0]).toMatch(/^\/\/ \S+ .*/);
    const unnamed = shader.bindings.filter(
      ({ name }) => name !== "params" && !new RegExp(`\\b${name}\\b`).test(header),
    );
    expect(unnamed.map(({ name }) => name)).toEqual([]);
  });

  test("binds params first, without gaps, within the default limit of eight storage buffers", () => {
    expect(shader.bindings.map(({ binding }) => binding)).toEqual(shader.bindings.map((_, index) => index));
    const params = shader.bindings.findIndex(({ name }) => name === "params");
    expect(params).toBeLessThanOrEqual(0);
    expect(shader.bindings.filter(({ access }) => access !== "uniform").length).toBeLessThanOrEqual(8);
  });

  test("needs no optional feature unless its name says so", () => {
    const enabled = [...code.matchAll(/^enable\s+(\w+)/gm)].map(([, feature = ""]) => feature);
    for (const feature of enabled) expect(path).toContain(feature);
  });

  test("is imported", () => {
    expect(imports.filter(({ to }) => to === path).map(show)).not.toEqual([]);
  });

  test("compiles as it stands", async ({ skip }) => {
    const device = await testDevice();
    if (/^enable\s+f16/m.test(code)) skip(!device.features.has("shader-f16"), "this adapter has no f16");
    if (/^enable\s+subgroups/m.test(code))
      skip(!device.features.has("subgroups"), "this adapter has no subgroups");
    await expect(compileKernel(device, shader)).resolves.toBeDefined();
  });
});

describe("shared blocks", () => {
  const declared = blocks.map((path) => ({ path, declarations: declarationsOf(readFileSync(path, "utf8")) }));

  test("declare each name once", () => {
    const names = declared.flatMap(({ declarations }) => declarations.map(({ name }) => name));
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("are shared: two kernels or more take something of each, and one or more every declaration", () => {
    const linked = kernels.map((path) => linkedFile(path));
    const lonely = declared.filter(
      ({ path }) =>
        linked.filter((code) => code.includes(`// From ${path.replace("shaders/", "")}.`)).length < 2,
    );
    expect(lonely.map(({ path }) => path)).toEqual([]);
    const idle = declared.flatMap(({ declarations }) =>
      declarations.filter(({ text }) => !linked.some((code) => code.includes(text))),
    );
    expect(idle.map(({ name }) => name)).toEqual([]);
  });

  test("say in their header what they are", () => {
    const silent = blocks.filter((path) => !/^\/\/ \S+ .*/.test(readFileSync(path, "utf8")));
    expect(silent).toEqual([]);
  });
});

test("the library disposes of nothing by `using`, for which the build would import a package", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  const faults = files.filter((path) =>
    /^\s*(await )?using \w+ =/m.test(readFileSync(join("src", path), "utf8")),
  );
  expect(faults).toEqual([]);
});
