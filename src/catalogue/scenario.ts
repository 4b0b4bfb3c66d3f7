// A scenario: workload x driver x protocol, and its id `WORKLOAD/DRIVER/PROTOCOL?name=value&...`.

import { DRIVER_LIMIT, EAGER_NONE, FILE_MODE_READ, FILE_MODE_WRITE } from "../core/abi.js";
import type { Core, DriverRecord, FileRecord } from "../core/core.js";
import { quoted, UsageError } from "../errors.js";
import { whyNoForm } from "./description.js";
import { type Driver, driverFamily, driverOf } from "./drivers.js";
import { DRIVER_INDEX } from "./generator-parts.js";
import { HOOKS, type Protocol, parseProtocol, whyNoMapped, whyNoPtes } from "./kernels.js";
import { type Parameters, queryText, splitQuery } from "./parameters.js";
import { withCpus } from "./tlb-file.js";
import { type BuiltWorkload, type Workload, workloadOf, workloadParameters } from "./workloads.js";

export interface Scenario {
  id: string;
  workload: Workload;
  driver: Driver;
  protocol: Protocol;
  /** Parameters of workload and driver that differ from their defaults. */
  params: Parameters;
}

/** Why this driver could not exist under a protocol; null when it could. */
export function refusal(driver: Driver, protocol: Protocol): string | null {
  const { eager = EAGER_NONE } = driver.record(protocol.hook);
  const noPtes = eager === EAGER_NONE ? null : whyNoPtes(protocol);
  if (noPtes) return `driver ${driver.id} sets PTEs, under ${protocol.id} no driver can: ${noPtes}`;
  const noForm = takesDescriptor(driver, protocol) ? whyNoForm(driver.description) : undefined;
  if (noForm) return `driver ${driver.id} has no form for ${protocol.id}: ${noForm}`;
  const noMapped = driver.description.ops?.includes("mapped") ? whyNoMapped(protocol) : null;
  return noMapped && `driver ${driver.id} needs vm_ops->mapped under ${protocol.id}: ${noMapped}`;
}

/** Whether the whole hook has to be written for a descriptor. */
function takesDescriptor({ id }: Driver, { hook }: Protocol): boolean {
  switch (hook) {
    case "mmap":
    case "mmap_proto+mmap":
      return false;
    case "compat":
      return id !== "stacked-forward"; // the outer .mmap is what a stacked file has
    default:
      return true;
  }
}

/** A driver's record for a program with so many files, and the one more that it puts in their place. */
export function withOtherFile(
  driver: Driver,
  protocol: Protocol,
  files: number,
): { record: DriverRecord; other: OtherFile | null } {
  const record = driver.record(protocol.hook);
  if (driver.description.file !== "other") return { record, other: null };
  const id = files + 1;
  const file = { driver: NO_DRIVER, mode: FILE_MODE_READ | FILE_MODE_WRITE };
  return { record: { ...record, swapFile: id }, other: { id, file } };
}

export interface OtherFile {
  id: number;
  file: FileRecord;
}

/** A driver record that stays empty. */
const NO_DRIVER = DRIVER_LIMIT - 1;

/** UsageError with the reason when a driver could not exist under a protocol. */
export function checkPair(driver: Driver, protocol: Protocol): void {
  const reason = refusal(driver, protocol);
  if (reason) throw new UsageError(reason);
}

/**
 * The scenario of three parts. UsageError when workload and driver both use a parameter's name, or when the
 * driver could not exist under the protocol.
 */
export function scenarioOf(workload: Workload, driver: Driver, protocol: Protocol): Scenario {
  checkPair(driver, protocol);
  const both = Object.keys(workload.params).find((name) => Object.hasOwn(driver.params, name));
  if (both !== undefined) {
    throw new UsageError(`workload ${workload.id} and driver ${driver.id} both have "${both}"`);
  }
  const params = { ...workload.params, ...driver.params };
  const id = `${workload.id}/${driver.id}/${protocol.id}${queryText(params)}`;
  return { id, workload, driver, protocol, params };
}

/** The scenario with an id. UsageError naming the part that is wrong and what there is. */
export function parseScenario(text: string): Scenario {
  const { id, query } = splitQuery(text);
  const [workloadId, driverId, protocolId, ...rest] = id.split("/");
  if (!workloadId || !driverId || !protocolId || rest.length > 0) {
    throw new UsageError(
      `scenario ${quoted(text)}: expected WORKLOAD/DRIVER/PROTOCOL, such as ` +
        "append-merge/vmops-only/mmap@6.15",
    );
  }
  const family = driverFamily(driverId);
  const ofWorkload = new Set(workloadParameters(workloadId).map((p) => p.name));
  const forWorkload: Record<string, string> = {};
  const forDriver: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) {
    (ofWorkload.has(name) ? forWorkload : forDriver)[name] = value;
  }
  return scenarioOf(
    workloadOf(workloadId, forWorkload),
    driverOf(family, forDriver),
    parseProtocol(protocolId),
  );
}

/**
 * Makes `core` the address space a scenario starts timing in: settings, files, driver, set-up operations.
 * Counters stand at zero afterwards.
 */
export function enterScenario(core: Core, scenario: Scenario, built: BuiltWorkload): void {
  const { protocol, driver } = scenario;
  const settings = {
    ...built.settings,
    profile: protocol.profile,
    hook: HOOKS[protocol.hook].hook,
  };
  core.reset(settings, withCpus(built.tlb, built.cpus));
  const { record, other } = withOtherFile(driver, protocol, built.files.length);
  core.setDriver(DRIVER_INDEX, record);
  built.files.forEach((file, i) => {
    core.setFile(i + 1, file);
  });
  if (other) core.setFile(other.id, other.file);
  core.run(built.setup);
  core.clearCounters();
}
