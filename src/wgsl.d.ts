declare module "*.wgsl" {
  const shader: import("./gpu/shader.ts").Shader;
  export default shader;
}
