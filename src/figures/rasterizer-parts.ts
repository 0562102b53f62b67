import regular from "@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf?packed";
import semiBold from "@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf?packed";

export { initWasm, Resvg } from "@resvg/resvg-wasm";

/** Inter (The Inter Project Authors, SIL Open Font License 1.1), cut down to the characters of figures. */
export const FONTS: readonly string[] = [regular, semiBold];
