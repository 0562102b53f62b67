// Rounding that compilers leave alone.
//
// The kernel declares `Value`, `Bits`, the unsigned integers of the same width, and `params.nothing`, which is 0.

// v, through bits that no compiler sees through, so that it does not reorder sums across it.
fn opaque(v: Value) -> Value {
  return bitcast<Value>(bitcast<Bits>(v) ^ Bits(params.nothing));
}
