import { QUICK } from "./commands.js";
import { testSignals } from "./signals.js";

testSignals(QUICK, 2);
