import { GiB } from "@holdfast/kernel";
import type { ArmCall } from "../arm/provider.ts";
import { badParameter, unknownMember } from "./compute-errors.ts";
import {
  asObject,
  booleanAt,
  type Fields,
  integerAt,
  objectAt,
  onlyKnown,
  stringAt,
  tagsAt,
} from "./request-fields.ts";

/** Largest managed disk of the platform. */
export const maxDiskGB = 1023;

/** A PUT or PATCH of a disk or snapshot, understood and checked as far as it can be without looking at anything else. */
export interface DiskRequest {
  readonly body: Fields;
  readonly tags: Record<string, string> | undefined;
  readonly sku: string | undefined;
  readonly osType: string | undefined;
  readonly diskSizeGB: number | undefined;
  readonly incremental: boolean;
  /** Undefined in a PATCH. */
  readonly creation: CreationRequest | undefined;
}

export interface CreationRequest {
  readonly createOption: "Empty" | "Import" | "Copy" | "FromImage" | "Upload";
  readonly sourceUri: string | undefined;
  readonly sourceResourceId: string | undefined;
  readonly storageAccountId: string | undefined;
  readonly imageId: string | undefined;
  readonly imageLun: number | undefined;
  readonly uploadSizeBytes: number | undefined;
}

const topLevel = ["id", "name", "type", "location", "tags", "sku", "managedBy", "properties", "etag"];
const shared = [
  "osType",
  "creationData",
  "diskSizeGB",
  "provisioningState",
  "timeCreated",
  "encryptionSettingsCollection",
];
const since: readonly (readonly [string, readonly string[]])[] = [
  ["2018-09-30", ["hyperVGeneration"]],
  ["2019-03-01", ["diskSizeBytes", "uniqueId"]],
  ["2019-07-01", ["encryption"]],
];

function knownProperties(call: ArmCall, kind: "disks" | "snapshots"): string[] {
  const known = [...shared, ...since.flatMap(([version, names]) => (call.apiVersion >= version ? names : []))];
  if (kind === "disks" && call.apiVersion >= "2018-09-30") {
    known.push("diskState", "diskIOPSReadWrite", "diskMBpsReadWrite");
  }
  if (kind === "snapshots" && call.apiVersion >= "2019-03-01") known.push("incremental");
  return known;
}

function readSku(body: Fields): string | undefined {
  if (body["sku"] === undefined || body["sku"] === null) return undefined;
  const sku = objectAt(body, "sku");
  onlyKnown(sku, ["name", "tier"], "DiskSku", "sku");
  const name = stringAt(sku, "name");
  if (name === undefined || name === "Standard_LRS" || name === "Premium_LRS") return name;
  throw badParameter(
    `SKU ${name} is not supported for resource type Disk in this region. Supported SKUs for this region are Premium_LRS,Standard_LRS`,
  );
}

function readSize(properties: Fields): number | undefined {
  const size = integerAt(properties, "diskSizeGB");
  if (size !== undefined && (size < 1 || size > maxDiskGB)) {
    throw badParameter(
      `The value '${size}' of disk parameter 'diskSizeGB' is out of range. Value '${size}' must be between '1' and '${maxDiskGB}' inclusive.`,
    );
  }
  return size;
}

function refuseWhatIsNotSupported(properties: Fields): void {
  const generation = stringAt(properties, "hyperVGeneration");
  if (generation !== undefined && generation !== "V1") {
    throw badParameter(`Hyper-V generation '${generation}' is not supported. Supported generations are 'V1'.`);
  }
  const encryption = objectAt(properties, "encryption");
  const encryptionType = stringAt(encryption, "type") ?? "EncryptionAtRestWithPlatformKey";
  if (encryption["diskEncryptionSetId"] !== undefined || encryptionType !== "EncryptionAtRestWithPlatformKey") {
    throw badParameter("Disk encryption sets are not supported in this region.");
  }
  if (objectAt(properties, "encryptionSettingsCollection")["enabled"] === true) {
    throw badParameter("Azure Disk Encryption is not supported in this region.");
  }
}

function readCreation(properties: Fields): CreationRequest {
  const creation = asObject(properties["creationData"], "disk.creationData");
  const known = ["createOption", "storageAccountId", "imageReference", "sourceUri", "sourceResourceId"];
  onlyKnown(creation, [...known, "sourceUniqueId", "uploadSizeBytes"], "CreationData", "properties.creationData");
  const asked = stringAt(creation, "createOption");
  const options = ["Empty", "Import", "Copy", "FromImage", "Upload"] as const;
  const createOption = options.find((option) => option.toLowerCase() === asked?.toLowerCase());
  if (createOption === undefined) {
    throw badParameter(`The value '${asked ?? ""}' of parameter 'disk.creationData.createOption' is not supported.`);
  }
  const image = objectAt(creation, "imageReference");
  return {
    createOption,
    sourceUri: stringAt(creation, "sourceUri"),
    sourceResourceId: stringAt(creation, "sourceResourceId"),
    storageAccountId: stringAt(creation, "storageAccountId"),
    imageId: stringAt(image, "id"),
    imageLun: integerAt(image, "lun"),
    uploadSizeBytes: integerAt(creation, "uploadSizeBytes"),
  };
}

/** Reads a PUT or PATCH. Throws ArmError 400 for what the version or the platform does not know. */
export function readDiskRequest(call: ArmCall, kind: "disks" | "snapshots"): DiskRequest {
  const body = asObject(call.body, "disk");
  const object = kind === "disks" ? "Disk" : "Snapshot";
  if (Array.isArray(body["zones"]) && body["zones"].length > 0) throw unknownMember("zones", object, "zones");
  onlyKnown(body, [...topLevel, "zones"], object, "");
  const properties = objectAt(body, "properties");
  onlyKnown(properties, knownProperties(call, kind), `${object}Properties`, "properties");
  refuseWhatIsNotSupported(properties);
  const osType = stringAt(properties, "osType");
  if (osType !== undefined && osType !== "Linux" && osType !== "Windows") {
    throw badParameter(`The value '${osType}' of parameter 'osType' is not supported.`);
  }
  return {
    body,
    tags: tagsAt(body),
    sku: readSku(body),
    osType,
    diskSizeGB: readSize(properties),
    incremental: booleanAt(properties, "incremental") ?? false,
    creation: call.method === "PUT" ? readCreation(properties) : undefined,
  };
}

/** GB as the platform counts a size: whole, rounded up. */
export function gigabytes(bytes: number): number {
  return Math.ceil(bytes / GiB);
}
