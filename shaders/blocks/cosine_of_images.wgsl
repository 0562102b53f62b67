// The cosine between two images' Gram matrices, from likeness.wgsl's products; 0 where one of them is 0.
//
// The kernel declares `params.images`, `params.views` and `products`.

// |g[entry]|², a product with itself.
fn squareOf(entry: u32) -> f32 {
  return products[entry * params.images + entry / params.views];
}

// The entry of an image that is the same view of it as another entry is.
fn likewise(entry: u32, image: u32) -> u32 {
  return image * params.views + entry % params.views;
}

fn cosineOf(entry: u32, image: u32) -> f32 {
  let squares = vec2<f32>(squareOf(entry), squareOf(likewise(entry, image)));
  if (any(squares <= vec2<f32>(0.0))) {
    return 0.0;
  }
  return products[entry * params.images + image] / sqrt(squares.x) / sqrt(squares.y);
}
