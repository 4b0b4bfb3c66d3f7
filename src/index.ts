// What `import ... from "vmabench"` gives. Everything else is the package's own and may change.

export { DRIVERS } from "./catalogue/drivers.js";
export { PROTOCOLS } from "./catalogue/kernels.js";
export { readSuite, suiteNames } from "./catalogue/suites.js";
export { TLBS } from "./catalogue/tlbs.js";
export { workloadEntries } from "./catalogue/workloads.js";
export type { EventName } from "./core/abi.js";
export { Core, CoreTrap, type VmaView } from "./core/core.js";
export type { FinalState } from "./core/final.js";
export type { Operation } from "./core/operation.js";
export { InputError, MachineError, UsageError } from "./errors.js";
export type { Estimate } from "./estimate/estimate.js";
export {
  runScenario,
  type ScenarioOptions,
  type ScenarioResult,
  type ScenarioTime,
} from "./library/scenario.js";
export type { Results } from "./record/schema.js";
