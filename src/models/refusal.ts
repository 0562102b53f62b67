/** The way that stays open to whoever has a network that Vitrine does not run; messages of readers end in it. */
export const OTHERWISE =
  "blackBox() still explains what another program runs: occlusion, RISE, LIME and saliency by numerical differentiation";
