import { each, type Mutant } from "./mutant.ts";

const TESTS = [
  "kernels/attack-loss.test.ts",
  "techniques/robustness/golden.test.ts",
  "techniques/robustness/attacks.test.ts",
];
const of = (name: string, ...changes: readonly (readonly [string, string, number?])[]): Mutant[] =>
  each([`shaders/${name}.wgsl`], TESTS, changes);

/** Mistakes in the kernels of attacks. */
export const ATTACK_MUTANTS: readonly Mutant[] = [
  ...of(
    "attack_loss",
    ["top = max(top, select(a[first + k], LOWEST, k == asked));", "top = max(top, a[first + k]);"],
    ["let score = goal.side * a[first + asked];", "let score = a[first + asked];"],
    ["g = -goal.side;", "g = -1.0;"],
    ["dy[first + k] = goal.direction * slope * g;", "dy[first + k] = slope * g;"],
    ["var value = min(goal.direction * d, params.ceiling);", "var value = goal.direction * d;"],
    ["goal.direction * behind", "behind"],
  ),
  ...of(
    "projected_step",
    ["return clamp(inside, 0.0, 1.0);", "return inside;"],
    ["clamp(moved, centre - params.epsilon, centre + params.epsilon)", "moved"],
    ["length > params.epsilon);", "true);"],
    ["length * sign(g[i])", "length * g[i]"],
    ["(1.0 - params.momentum) * (here - before[i])", "(1.0 - params.momentum) * here"],
  ),
  ...of(
    "apgd_track",
    ["0.75 * f32(params.window)", "0.25 * f32(params.window)"],
    ["now.halved == 0.0 &&", ""],
    ["x[i] = best[i];", ""],
    ["g[i] = bestG[i];", ""],
    ["0.5 * length", "0.75 * length"],
  ),
  ...of("boundary_seed", [
    "select(0.0, 1.0, channel == pair.x) - select",
    "select(0.0, 1.0, channel == pair.x) + select",
  ]),
  ...of("nearest_boundary", ["here < known ||", "here > known ||"], ["abs(f) / length", "abs(f)"]),
  ...of(
    "boundary_step",
    ["losses[n].y > 0.0 ||", ""],
    ["(1.0 + params.overshoot)", "1.0"],
    ["(to.x + BEYOND)", "to.x"],
  ),
  ...of("box_image", ["exp(-2.0 *", "exp(-1.0 *"]),
  ...of(
    "near_attack",
    ["- 2.0 * delta", "- delta"],
    ["* 2.0 * x[first + i] *", "* x[first + i] *"],
    ["loss.y > weight.y &&", ""],
    ["squares < best[kept + params.size]", "true"],
  ),
];
