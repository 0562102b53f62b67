// The rate of a step, by a table of one number a step whose last one goes on. The kernel declares `step` and `rates`.

fn rateAt(number: u32) -> f32 {
  return rates[min(number, arrayLength(&rates) - 1u)];
}
