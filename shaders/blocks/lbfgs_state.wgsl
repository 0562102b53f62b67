// State of L-BFGS for one image, as its kernels share it. Everything speaks of the loss, minus the objective.

struct LbfgsState {
  count: u32,     // pairs that are kept
  newest: u32,    // the place of the last one
  moves: u32,     // 1: a new direction is found in this step; 0: the last one is tried with a smaller length
  stored: u32,    // 1: the last move gave a pair
  before: f32,    // length of the last move, in units of its direction
  length: f32,    // length of this one
  scale: f32,     // of the first guess at the inverse Hessian, yᵀs / yᵀy
  loss: f32,      // where the last direction begins
}

// The place of the pair that is `back` pairs older than the newest.
fn pairAt(state: LbfgsState, back: u32, history: u32) -> u32 {
  return (state.newest + history - back) % history;
}
