import { againstPyTorch } from "./golden.ts";
import { MASKS } from "./golden-masks.ts";

againstPyTorch(MASKS);
