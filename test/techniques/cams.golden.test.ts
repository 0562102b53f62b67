import { againstPyTorch } from "./golden.ts";
import { CAMS } from "./golden-cams.ts";

againstPyTorch(CAMS);
