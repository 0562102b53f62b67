import { againstPyTorch } from "./golden.ts";
import { SAMPLING } from "./golden-sampling.ts";

againstPyTorch(SAMPLING);
