// Arrays that are repeated along some axes of another (broadcast).
//
// The kernel declares `params.axes: array<vec4<u32>, 8>`, outermost first: an axis's size, and the strides in y, a and b,
// which are 0 where an array is repeated.

// The number of axes; neighbours that all arrays go through alike count as one.
override AXES: u32 = 1u;

// The places in y, a and b of the i-th element of an array that has the axes from `first` to before `end`.
fn placesOf(i: u32, first: u32, end: u32) -> vec3<u32> {
  if (first >= end) {
    return vec3<u32>();
  }
  var rest = i;
  var at = vec3<u32>();
  for (var axis = end - 1u; axis > first; axis--) {
    let here = params.axes[axis];
    at += rest % here.x * here.yzw;
    rest /= here.x;
  }
  return at + rest * params.axes[first].yzw;
}
