// resvg (MPL-2.0, https://github.com/yisibl/resvg-js): its WebAssembly, unchanged.
export { default } from "@resvg/resvg-wasm/index_bg.wasm?packed";
