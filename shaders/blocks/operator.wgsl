// Arithmetic of two numbers, and its slopes.

// 0 a + b, 1 a − b, 2 a·b, 3 a / b, 4 a^b, 5 min(a, b), 6 max(a, b), 7 a above zero and a·b below (PReLU)
override OPERATOR: u32 = 0u;

// Not a number, made from a number, since WGSL has no literal for it.
fn nanOf(v: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(v) | 0x7fc00000u);
}

// a^b as C has it. WGSL's pow() knows no negative a; whole exponents up to 64 are products.
fn power(a: f32, b: f32) -> f32 {
  let whole = trunc(b) == b;
  if (whole && abs(b) <= 64.0) {
    var left = u32(abs(b));
    var square = a;
    var product = 1.0;
    while (left > 0u) {
      if ((left & 1u) == 1u) {
        product *= square;
      }
      square *= square;
      left >>= 1u;
    }
    return select(product, 1.0 / product, b < 0.0);
  }
  if (a < 0.0 && !whole) {
    return nanOf(a);
  }
  if (b == 0.5) {
    return sqrt(a);
  }
  // Beyond 2^24 every number is even.
  let odd = whole && abs(b) < 16777216.0 && (u32(abs(b)) & 1u) == 1u;
  let size = exp2(b * log2(abs(a)));
  return select(size, -size, odd && a < 0.0);
}

fn combined(a: f32, b: f32) -> f32 {
  switch OPERATOR {
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    case 4u: { return power(a, b); }
    case 5u: { return select(select(b, a, a < b || !(a == a)), b, !(b == b)); } // what is NaN stays so
    case 6u: { return select(select(b, a, a > b || !(a == a)), b, !(b == b)); }
    case 7u: { return select(a * b, a, a > 0.0); }
    default: { return a + b; }
  }
}

// The slope in a. Of a minimum and a maximum, equal numbers have half each, as PyTorch has it.
fn slopeInA(a: f32, b: f32) -> f32 {
  switch OPERATOR {
    case 2u: { return b; }
    case 3u: { return 1.0 / b; }
    case 4u: { return select(b * power(a, b - 1.0), 0.0, b == 0.0); }
    case 5u: { return select(select(0.0, 0.5, a == b), 1.0, a < b); }
    case 6u: { return select(select(0.0, 0.5, a == b), 1.0, a > b); }
    case 7u: { return select(b, 1.0, a > 0.0); }
    default: { return 1.0; }
  }
}

// The slope in b. Of 0^b it is 0, as PyTorch has it.
fn slopeInB(a: f32, b: f32) -> f32 {
  switch OPERATOR {
    case 1u: { return -1.0; }
    case 2u: { return a; }
    case 3u: { return -a / b / b; }
    case 4u: {
      if (a == 0.0 && b >= 0.0) {
        return 0.0;
      }
      return power(a, b) * select(log(abs(a)), nanOf(a), a < 0.0);
    }
    case 5u: { return select(select(0.0, 0.5, a == b), 1.0, b < a); }
    case 6u: { return select(select(0.0, 0.5, a == b), 1.0, b > a); }
    case 7u: { return select(a, 0.0, a > 0.0); }
    default: { return 1.0; }
  }
}
