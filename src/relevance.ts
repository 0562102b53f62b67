/**
 * Layer-wise relevance propagation, to be recorded: rules and composites.
 * @module vitrine/relevance
 */
import "./gpu/platform.ts";

export { createRelevance, type Relevance, type RelevanceOptions } from "./relevance/relevance.ts";
export {
  COMPOSITES,
  type Composite,
  type CompositeName,
  type RelevanceRule,
  type RuleCase,
} from "./relevance/rules.ts";
