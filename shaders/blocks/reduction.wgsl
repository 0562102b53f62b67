// What a reduction takes of each element, how it combines two, and what it makes of all.
//
// A kernel that calls `ofAll` declares `params.scale`.

const BY_SUM = 0u;
const BY_LARGEST = 1u;
const BY_SMALLEST = 2u;
const BY_PRODUCT = 3u;

override COMBINE: u32 = 0u; // one of these
override ELEMENT: u32 = 0u; // what is taken of x, as `ofElement` numbers it
override RESULT: u32 = 0u;  // what is made of all, as `ofAll` numbers it

// What is taken of an element; `known` is what is known of its output before: its largest element, or the output itself.
fn ofElement(x: f32, known: f32) -> f32 {
  switch ELEMENT {
    case 1u: { return abs(x); }
    case 2u: { return x * x; }
    case 3u: { return exp(x - known); }
    case 4u: { return f32(x == known); }
    case 5u: { return select(x, 1.0, x == 0.0); }
    case 6u: { return f32(x == 0.0); }
    default: { return x; }
  }
}

// What begins a reduction whose first element gives `first`.
fn beginning(first: f32) -> f32 {
  return select(first, f32(COMBINE == BY_PRODUCT), COMBINE == BY_SUM || COMBINE == BY_PRODUCT);
}

fn takenTogether(a: f32, b: f32) -> f32 {
  switch COMBINE {
    case BY_LARGEST: { return max(a, b); }
    case BY_SMALLEST: { return min(a, b); }
    case BY_PRODUCT: { return a * b; }
    default: { return a + b; }
  }
}

fn ofAll(value: f32, known: f32) -> f32 {
  switch RESULT {
    case 1u: { return value * params.scale; }
    case 2u: { return sqrt(value); }
    case 3u: { return log(value); }
    case 4u: { return known + log(value); }
    default: { return value; }
  }
}
