import { againstPyTorch } from "./golden.ts";
import { LRP } from "./golden-lrp.ts";

againstPyTorch(LRP);
