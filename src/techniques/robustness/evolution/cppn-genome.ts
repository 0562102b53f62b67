import { CPPN_FUNCTIONS, CPPN_INPUTS, MOST_CPPN_VALUES } from "../../../kernels/evolved-pictures.ts";
import type { Draws } from "../../../sampling/draws.ts";
import { polynomialMutation } from "./operators.ts";

/** Function of a neuron. */
export type CppnFunction = (typeof CPPN_FUNCTIONS)[number];

/** A weighted connection between two nodes of a network. */
export interface CppnConnection {
  readonly from: number;
  readonly to: number;
  /** −10…10. */
  readonly weight: number;
}

/**
 * A compositional pattern-producing network without circles. Node 0 is x, 1 y, 2 the distance from the centre, 3 the constant 1;
 * 4, 5 and 6 are the outputs: hue, lightness and saturation; the others are hidden.
 */
export interface CppnGenome {
  /** Functions of the nodes from 4 on. */
  readonly functions: readonly CppnFunction[];
  readonly connections: readonly CppnConnection[];
}

/** Outputs of a network. */
const OUTPUTS = 3;

/** Rates of mutation of the code that Nguyen et al. published. */
export const CPPN_RATES = {
  ...{ addConnection: 0.5, removeConnection: 0.3, moveConnection: 0.5 },
  ...{ addNeuron: 0.5, removeNeuron: 0.2, weight: 0.1, function: 0.1 },
} as const;

const WEIGHTS = [-10, 10] as const;
const ETA = 15;
/** The most connections, so that programs have one size. */
export const MOST_CONNECTIONS = 192;

function isInput(node: number): boolean {
  return node < CPPN_INPUTS;
}

function isOutput(node: number): boolean {
  return node >= CPPN_INPUTS && node < CPPN_INPUTS + OUTPUTS;
}

function nodesOf({ functions }: CppnGenome): number {
  return CPPN_INPUTS + functions.length;
}

function randomWeight(draws: Draws): number {
  return WEIGHTS[0] + draws.unit() * (WEIGHTS[1] - WEIGHTS[0]);
}

function randomFunction(draws: Draws): CppnFunction {
  return draws.of(CPPN_FUNCTIONS) ?? "sine";
}

/** A network to begin with: every input connected to every output, with random weights and functions. */
export function randomCppn(draws: Draws): CppnGenome {
  const connections = Array.from({ length: CPPN_INPUTS * OUTPUTS }, (_, k) => ({
    from: k % CPPN_INPUTS,
    to: CPPN_INPUTS + Math.floor(k / CPPN_INPUTS),
    weight: randomWeight(draws),
  }));
  return { functions: Array.from({ length: OUTPUTS }, () => randomFunction(draws)), connections };
}

/**
 * A mutated network, in the order of the published code: a connection's end moves; weights change by polynomial mutation;
 * functions are drawn anew; a connection comes, one goes, a neuron comes in the middle of a connection, one goes.
 */
export function mutateCppn(genome: CppnGenome, draws: Draws): CppnGenome {
  let next: CppnGenome = {
    functions: genome.functions.map((own) =>
      draws.chance(CPPN_RATES.function) ? randomFunction(draws) : own,
    ),
    connections: genome.connections.map((own) =>
      draws.chance(CPPN_RATES.weight)
        ? { ...own, weight: polynomialMutation(own.weight, WEIGHTS, ETA, draws) }
        : own,
    ),
  };
  if (draws.chance(CPPN_RATES.moveConnection)) next = moveConnection(next, draws);
  if (draws.chance(CPPN_RATES.addConnection)) next = addConnection(next, draws);
  if (draws.chance(CPPN_RATES.removeConnection)) next = removeConnection(next, draws);
  if (draws.chance(CPPN_RATES.addNeuron)) next = addNeuron(next, draws);
  if (draws.chance(CPPN_RATES.removeNeuron)) next = removeNeuron(next, draws);
  return next;
}

/** Nodes that a node's value depends on, itself included. */
function sourcesOf({ connections }: CppnGenome, node: number): ReadonlySet<number> {
  const found = new Set([node]);
  for (const at of found) {
    for (const { from, to } of connections) if (to === at) found.add(from);
  }
  return found;
}

/** Tells whether a connection may be there: into no input, out of no output, in no circle, and not twice. */
function mayConnect(genome: CppnGenome, from: number, to: number): boolean {
  if (isInput(to) || isOutput(from) || sourcesOf(genome, from).has(to)) return false;
  return !genome.connections.some((own) => own.from === from && own.to === to);
}

/** Every node that may be an end of a connection whose other end stands. */
function endsFor(genome: CppnGenome, fits: (node: number) => boolean): number[] {
  return Array.from({ length: nodesOf(genome) }, (_, node) => node).filter(fits);
}

function addConnection(genome: CppnGenome, draws: Draws): CppnGenome {
  if (genome.connections.length >= MOST_CONNECTIONS) return genome;
  const from = draws.of(endsFor(genome, (node) => !isOutput(node))) ?? 0;
  const to = draws.of(endsFor(genome, (node) => mayConnect(genome, from, node)));
  if (to === undefined) return genome;
  return { ...genome, connections: [...genome.connections, { from, to, weight: randomWeight(draws) }] };
}

function removeConnection(genome: CppnGenome, draws: Draws): CppnGenome {
  const gone = draws.below(genome.connections.length);
  return { ...genome, connections: genome.connections.filter((_, k) => k !== gone) };
}

function moveConnection(genome: CppnGenome, draws: Draws): CppnGenome {
  const moved = draws.of(genome.connections);
  if (!moved) return genome;
  const without = { ...genome, connections: genome.connections.filter((own) => own !== moved) };
  const { from, to } = moved;
  const end = draws.chance(0.5)
    ? { from: draws.of(endsFor(without, (node) => node !== from && mayConnect(without, node, to))) ?? from }
    : { to: draws.of(endsFor(without, (node) => node !== to && mayConnect(without, from, node))) ?? to };
  return { ...without, connections: [...without.connections, { ...moved, ...end }] };
}

function addNeuron(genome: CppnGenome, draws: Draws): CppnGenome {
  const { functions, connections } = genome;
  const split = draws.of(connections);
  const full = nodesOf(genome) >= MOST_CPPN_VALUES || connections.length >= MOST_CONNECTIONS;
  if (!split || full) return genome;
  const node = nodesOf(genome);
  return {
    functions: [...functions, randomFunction(draws)],
    connections: [
      ...connections.filter((own) => own !== split),
      { ...split, to: node },
      { ...split, from: node },
    ],
  };
}

function removeNeuron(genome: CppnGenome, draws: Draws): CppnGenome {
  const first = CPPN_INPUTS + OUTPUTS;
  const hidden = nodesOf(genome) - first;
  if (hidden === 0) return genome;
  const gone = first + draws.below(hidden);
  const renamed = (node: number): number => (node > gone ? node - 1 : node);
  return {
    functions: genome.functions.filter((_, k) => k !== gone - CPPN_INPUTS),
    connections: genome.connections
      .filter(({ from, to }) => from !== gone && to !== gone)
      .map(({ from, to, weight }) => ({ from: renamed(from), to: renamed(to), weight })),
  };
}

/** Words of a picture's program. */
export const CPPN_WORDS = 1 + 2 * (MOST_CPPN_VALUES - CPPN_INPUTS) + 2 * MOST_CONNECTIONS;

/**
 * A network as cppn_batch.wgsl runs it: only neurons that an output depends on, each after its sources, the outputs last.
 */
export function programOf(genome: CppnGenome): Uint32Array {
  const outputs = Array.from({ length: OUTPUTS }, (_, k) => CPPN_INPUTS + k);
  const order: number[] = [];
  const visit = (node: number): void => {
    if (isInput(node) || order.includes(node)) return;
    for (const { from, to } of genome.connections) if (to === node) visit(from);
    order.push(node);
  };
  for (const output of outputs) {
    for (const { from, to } of genome.connections) if (to === output) visit(from);
  }
  order.push(...outputs);
  const place = new Map(order.map((node, k) => [node, CPPN_INPUTS + k]));
  const words = [order.length];
  const [weight, bits] = wordOfFloat();
  for (const node of order) {
    const own = genome.connections.filter(({ to }) => to === node);
    words.push(CPPN_FUNCTIONS.indexOf(genome.functions[node - CPPN_INPUTS] ?? "sine"), own.length);
    for (const connection of own) {
      weight[0] = connection.weight;
      words.push(place.get(connection.from) ?? connection.from, bits[0] ?? 0);
    }
  }
  return Uint32Array.from(words);
}

/** One word, as a float and as its bits. */
function wordOfFloat(): [Float32Array, Uint32Array] {
  const word = new ArrayBuffer(4);
  return [new Float32Array(word), new Uint32Array(word)];
}
