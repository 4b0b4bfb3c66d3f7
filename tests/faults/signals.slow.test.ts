import { MEASURING, SPAWNING, WRITING } from "./commands.js";
import { testSignals } from "./signals.js";

/** VMABENCH_MOMENTS=200 looks closer. */
const MOMENTS = Number(process.env.VMABENCH_MOMENTS ?? 4);

testSignals([...WRITING, ...MEASURING, ...SPAWNING], MOMENTS);
