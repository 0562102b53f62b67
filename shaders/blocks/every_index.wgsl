// An index that means every one: every row, column or channel. The same as EVERY_INDEX of src/kernels/objective.ts.

const EVERY = 0xffffffffu;
