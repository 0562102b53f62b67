/** One buffer that a kernel binds. */
export interface ShaderBinding {
  readonly name: string;
  readonly binding: number;
  readonly access: "uniform" | "read" | "read_write";
}

/** One scalar or vector in a kernel's uniform `params`; `offset` in bytes, `length` in 4-byte words. */
export interface ShaderField {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly type: "u32" | "i32" | "f32";
}

/** A `.wgsl` file, linked with the blocks that it uses, and what was reflected from it when the project was built. */
export interface Shader {
  readonly name: string;
  readonly code: string;
  readonly bindings: readonly ShaderBinding[];
  readonly params: { readonly size: number; readonly fields: readonly ShaderField[] };
  readonly overrides: readonly string[];
}
