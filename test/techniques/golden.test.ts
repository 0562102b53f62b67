import { againstPyTorch } from "./golden.ts";
import { PASSES } from "./golden-passes.ts";

againstPyTorch(PASSES);
