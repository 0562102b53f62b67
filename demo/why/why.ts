import type { OpenQuestion, Question } from "../question.ts";
import { WhyAnswers } from "./answers.ts";
import { askPanel } from "./ask-panel.ts";
import { Decoder } from "./decoder.ts";
import { askHere } from "./here.ts";
import { whyKeys } from "./keys.ts";
import { mapsPanel } from "./maps-panel.ts";
import { type WhyState, whySlice } from "./slice.ts";

/** "Why this?" as it is asked of one network. */
export interface OpenWhy extends OpenQuestion {
  readonly answers: WhyAnswers;
}

/** "Why this?": attribution maps of what the network says. */
export const why: Question<WhyState, OpenWhy> = {
  slice: whySlice,
  open(session, store) {
    const answers = new WhyAnswers(session, store);
    const ask = askPanel(answers);
    const stopHere = askHere(answers, () => ask.ask());
    const decoder = new Decoder(answers);
    return {
      answers,
      panels: [ask, mapsPanel(answers, decoder)],
      keys: whyKeys(answers, () => ask.ask()),
      dispose() {
        stopHere();
        decoder.dispose();
        answers.dispose();
      },
    };
  },
};
