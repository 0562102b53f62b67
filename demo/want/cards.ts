import { pictureTechniqueNamed } from "../../src/synthesis.ts";
import type { Asked } from "./asked.ts";
import type { Card } from "./card.ts";
import { pictureCard } from "./picture-cards.ts";
import { attackCard, foolingCard } from "./robustness-cards.ts";
import type { Ask } from "./slice.ts";
import { dreamCard, wallCard } from "./unit-cards.ts";

const CARDS: Readonly<Record<Ask, (asked: Asked) => Card>> = {
  dream: dreamCard,
  wall: wallCard,
  fooling: foolingCard,
  attack: attackCard,
};

/** The card of something that is asked for, as the page's state has it now. */
export function cardOf(asked: Asked, ask: Ask): Card {
  return CARDS[ask]?.(asked) ?? pictureCard(asked, pictureTechniqueNamed(ask));
}
