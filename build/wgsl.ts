import { basename } from "node:path";
import type { Plugin } from "vite";
import { ResourceType, WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";
import type { Shader, ShaderBinding, ShaderField } from "../src/gpu/shader.ts";
import { blocksBeside, linkShader } from "./link-shader.ts";

const ACCESS: Partial<Record<ResourceType, (access: string) => ShaderBinding["access"]>> = {
  [ResourceType.Uniform]: () => "uniform",
  [ResourceType.Storage]: (access) => (access === "read" ? "read" : "read_write"),
};

/** Reads from WGSL source what TypeScript needs to bind it by name. */
export function reflectShader(code: string, name: string): Shader {
  const module = new WgslReflect(code);
  const entries = module.entry.compute.map((entry) => entry.name);
  if (entries.length !== 1 || entries[0] !== "main") {
    throw new Error(`shader "${name}": expected one compute entry point "main", got [${entries.join(", ")}]`);
  }
  let fields: ShaderField[] = [];
  let paramsSize = 0;
  const bindings = module.getBindGroups().flatMap((group, index) =>
    group.map((variable): ShaderBinding => {
      const access = ACCESS[variable.resourceType]?.(variable.access);
      if (index !== 0 || !access) {
        throw new Error(
          `shader "${name}": expected "${variable.name}" to be a uniform or storage buffer in group 0`,
        );
      }
      if (variable.name === "params") {
        paramsSize = Math.ceil(variable.size / 16) * 16;
        fields = (variable.members ?? []).map((member): ShaderField => {
          // Of a vector, or of an array of vectors, the type of its numbers.
          let type: { readonly name: string; readonly format?: unknown } = member.type;
          while (type.format) type = type.format as typeof type;
          const format = type.name;
          if (format !== "u32" && format !== "i32" && format !== "f32") {
            throw new Error(
              `shader "${name}": expected params.${member.name} to be u32, i32, f32, a vector of these or an array of such of four`,
            );
          }
          return { name: member.name, offset: member.offset, length: member.size / 4, type: format };
        });
      }
      return { name: variable.name, binding: variable.binding, access };
    }),
  );
  return {
    name,
    code,
    bindings,
    params: { size: paramsSize, fields },
    overrides: module.overrides.map((o) => o.name),
  };
}

export interface WgslOptions {
  /** Keep the comments and indentation of the source; its lines stay numbered as they are either way. Default true. */
  readonly comments?: boolean;
  /** A folder of the build in which every kernel is served as well, as one WGSL file. */
  readonly serveIn?: string;
}

/** Comments and indentation. WGSL has no strings, so two slashes always begin a comment. */
const COMMENT = /\/\/.*$|^[ \t]+|[ \t]+$/gm;

/**
 * Vite plugin: `import conv2d from "./conv2d.wgsl"` gives the kernel's source, linked with the blocks that it uses, and its
 * bindings, parameters and overrides already reflected, so that nothing is typed twice and no WGSL parser ships.
 */
export function wgsl({ comments = true, serveIn }: WgslOptions = {}): Plugin {
  return {
    name: "vitrine:wgsl",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith(".wgsl")) return null;
      const name = basename(id, ".wgsl");
      const { files, blocks } = blocksBeside(id);
      for (const file of files) this.addWatchFile(file);
      const source = linkShader(code, name, blocks);
      if (serveIn) this.emitFile({ type: "asset", fileName: `${serveIn}/${name}.wgsl`, source });
      const shader = reflectShader(comments ? source : source.replace(COMMENT, ""), name);
      return { code: `export default ${JSON.stringify(shader)};`, map: { mappings: "" } };
    },
  };
}
