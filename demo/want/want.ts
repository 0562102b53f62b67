import type { OpenQuestion, Question } from "../question.ts";
import { WantAnswers } from "./answers.ts";
import { askPanel } from "./ask-panel.ts";
import { wantKeys } from "./keys.ts";
import { picturesPanel } from "./pictures-panel.ts";
import { type WantState, wantSlice } from "./slice.ts";

/** "What does it want?" as it is asked of one network. */
export interface OpenWant extends OpenQuestion {
  readonly answers: WantAnswers;
}

/** "What does it want?": pictures that are made to excite what is selected. */
export const want: Question<WantState, OpenWant> = {
  slice: wantSlice,
  open(session, store) {
    const answers = new WantAnswers(session, store);
    return {
      answers,
      panels: [askPanel(answers), picturesPanel(answers)],
      keys: wantKeys(answers),
      dispose: () => answers.dispose(),
    };
  },
};
