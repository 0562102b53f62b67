// Parameters of an activation beside `params.alpha`: those of few kinds, so that they are part of the pipeline.

override BETA: f32 = 0.0;  // the largest value of clip; the offset of hard sigmoid; the threshold of general ReLU
override GAMMA: f32 = 0.0; // the largest value of general ReLU
