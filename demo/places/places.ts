import type { OpenQuestion, Question } from "../question.ts";
import { classTip } from "./class-tip.ts";
import { classesPanel } from "./classes-panel.ts";
import { drawClasses } from "./draw-classes.ts";
import { type PlacesState, placesSlice } from "./slice.ts";

/** "What is where?": the classes that a network finds at the places of a picture. */
export const places: Question<PlacesState, OpenQuestion> = {
  slice: placesSlice,
  open(session, store) {
    const draw = (context: CanvasRenderingContext2D) => {
      const { labels, predictions } = session;
      const { cover, target } = store.state;
      // Under a map's colours those of classes would be lost: there the class that is asked is outlined.
      const asked = typeof target === "number" ? target : predictions[0]?.index;
      if (labels)
        drawClasses(context, labels, { cover, outlined: session.overlaid("map") ? asked : undefined });
    };
    const lay = () => session.overlay("classes", session.labels && store.state.classes ? draw : undefined);
    const stops = [
      session.answered.listen(lay),
      store.listen((_, changed) => {
        if (changed.has("classes") || changed.has("cover") || changed.has("target")) lay();
      }),
    ];
    return {
      panels: [classesPanel(session, store), classTip(session)],
      keys: [
        {
          keys: ["O"],
          does: "the classes of places over the picture, or not",
          press: { o: () => store.set({ classes: !store.state.classes }) },
        },
      ],
      dispose() {
        for (const stop of stops) stop();
      },
    };
  },
};
