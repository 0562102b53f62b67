// What the tests of figures in a browser use, as modules.
export { composeFigure } from "../../src/figures/figure.ts";
export { rasterize } from "../../src/figures/rasterize.ts";
