// MozJPEG 3 (BSD and IJG licences), as @jsquash/jpeg (Apache License 2.0, https://github.com/jamsinclair/jSquash) compiles it.
export { default as DECODER } from "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm?packed";
export { default as ENCODER } from "@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm?packed";
export { default as decode, init as initDecoder } from "@jsquash/jpeg/decode.js";
export { default as encode, init as initEncoder } from "@jsquash/jpeg/encode.js";
