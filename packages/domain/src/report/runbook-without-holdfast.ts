import { placedVmKey } from "../applications/application.ts";
import type { PlacedVm } from "../applications/application.ts";
import type { VmOrder } from "./order-vms.ts";
import { commands, heading, paragraph } from "./report-document.ts";
import type { ReportBlock } from "./report-document.ts";
import type { RunbookModel, RunbookStamp } from "./runbook-model.ts";
import { shellLine, shellWord } from "./shell-word.ts";

/** What to type where there is no Holdfast: the reference reader, the kit, and the platform's own client. */
export function stepsWithoutHoldfast(model: RunbookModel, { groups }: VmOrder): readonly ReportBlock[] {
  const { repository, stamps } = model;
  const where = repository === null ? "REPOSITORY" : folderOf(repository.location);
  const vms = groups.flat();
  const [stamp] = stamps;
  return [
    paragraph(
      "On any machine with Debian 12 or later and room for the disks: read them out of the repository by the reference reader, then make disks and VMs by the platform's own client. Nothing of Holdfast is needed but the reader, one file of Python.",
    ),
    heading(3, "5.1 Make ready"),
    commands("apt-get install python3 python3-cryptography libzstd1 libargon2-1 qemu-utils"),
    paragraph(
      repository === null || isFolder(repository.location)
        ? "Mount the volume of the repository; only reading is needed."
        : `The repository is at ${repository.location}. Copy it into a folder called ${where} first, each object to the file of its name.`,
    ),
    paragraph(
      "KIT is a file with the recovery kit, or with its code alone. Without it the reader asks for the passphrase.",
    ),
    commands(`${reader(where)} points`),
    heading(3, "5.2 Read the disks out"),
    paragraph("POINT is the id of a point of the VM, as the list shows it."),
    ...vms.flatMap((placed) => [paragraph(`${placed.vm.name}:`), commands(...diskLines(placed, model, where))]),
    heading(3, "5.3 Sign in to the stamp"),
    commands(...signInLines(stamp)),
    heading(3, "5.4 Make disks and VMs, in the order of section 3"),
    paragraph(
      "ACCOUNT is a storage account on the stamp with a container vhds, SUBNET the ARM id of a subnet, LOCATION the region name of the stamp. Where the client refuses to make a VM of disks, the portal does it: open the OS disk there, and choose to create a VM.",
    ),
    commands(
      ...new Set(vms.map(({ vm }) => `${shellLine("az", "group", "create", "-n", vm.resourceGroup)} -l LOCATION`)),
    ),
    ...vms.flatMap((placed) => [
      paragraph(`${placed.vm.name}:`),
      commands(...makeLines(placed, model, domainOf(stamp))),
    ]),
  ];
}

function reader(where: string): string {
  return `python3 read_holdfast.py --recovery-code-file KIT ${shellWord(where)}`;
}

function isFolder(location: string): boolean {
  return !/^[a-z][a-z0-9+.-]+:/i.test(location);
}

/** Where the repository is read from: it, or the folder that it is copied into. */
function folderOf(location: string): string {
  return isFolder(location) ? location : "./repository";
}

/** The disks as the point names them, or as the inventory does. */
function diskNames(placed: PlacedVm, { newestPoints }: RunbookModel): readonly { name: string; lun: number | null }[] {
  return newestPoints.get(placedVmKey(placed))?.disks ?? placed.vm.disks;
}

/** A name for files and resources, whatever the disk is called. */
function fileOf({ vm }: PlacedVm, lun: number | null): string {
  return `${vm.name}-${lun === null ? "os" : `lun${lun}`}`.replaceAll(/[^A-Za-z0-9_.-]/g, "_");
}

function diskLines(placed: PlacedVm, model: RunbookModel, where: string): readonly string[] {
  const point = model.newestPoints.get(placedVmKey(placed))?.id ?? "POINT";
  return diskNames(placed, model).flatMap(({ name, lun }) => {
    const file = fileOf(placed, lun);
    return [
      `${reader(where)} restore ${shellWord(point)} ${file}.raw --disk ${shellWord(name)}`,
      `qemu-img convert -f raw -O vpc -o subformat=fixed,force_size ${file}.raw ${file}.vhd`,
    ];
  });
}

/** `east.ash.example` of `https://management.east.ash.example`: what the stamp's other addresses end in. */
function domainOf(stamp: RunbookStamp | undefined): string {
  const host = stamp !== undefined && URL.canParse(stamp.armEndpoint) ? new URL(stamp.armEndpoint).hostname : "";
  return host.includes(".") ? host.slice(host.indexOf(".") + 1) : "REGION.DOMAIN";
}

/** The client asks for the secret: it stands in no command. */
function signInLines(stamp: RunbookStamp | undefined): readonly string[] {
  const domain = domainOf(stamp);
  const {
    name = "STAMP",
    armEndpoint = `https://management.${domain}`,
    tenant = "TENANT",
    clientId = "CLIENT",
    caFile = null,
  } = stamp ?? {};
  const suffixes = ["--suffix-storage-endpoint", domain, "--suffix-keyvault-dns", `.vault.${domain}`];
  const profile = ["--profile", "2020-09-01-hybrid"];
  return [
    ...(caFile === null ? [] : [`export REQUESTS_CA_BUNDLE=${shellWord(caFile)}`]),
    shellLine(
      "az",
      "cloud",
      "register",
      "-n",
      name,
      "--endpoint-resource-manager",
      armEndpoint,
      ...suffixes,
      ...profile,
    ),
    shellLine("az", "cloud", "set", "-n", name),
    shellLine("az", "login", "--service-principal", "-u", clientId, "--tenant", tenant),
  ];
}

function makeLines(placed: PlacedVm, model: RunbookModel, domain: string): readonly string[] {
  const { vm } = placed;
  const group = shellWord(vm.resourceGroup);
  const disks = diskNames(placed, model).map(({ lun }) => ({ lun, file: fileOf(placed, lun) }));
  const address = vm.nics
    .flatMap(({ ipConfigurations }) => ipConfigurations)
    .find(({ isPrimary, privateAddress }) => isPrimary && privateAddress !== null)?.privateAddress;
  const nic = address === undefined || address === null ? "" : ` --private-ip-address ${shellWord(address)}`;
  const nicName = shellWord(`${vm.name}-nic`);
  const data = disks.filter(({ lun }) => lun !== null).map(({ file }) => file);
  return [
    ...disks.flatMap(({ file, lun }) => [
      `az storage blob upload --type page --account-name ACCOUNT -c vhds -n ${file}.vhd -f ${file}.vhd`,
      `az disk create -g ${group} -n ${file} --source https://ACCOUNT.blob.${domain}/vhds/${file}.vhd${lun === null ? ` --os-type ${vm.osType}` : ""}`,
    ]),
    `az network nic create -g ${group} -n ${nicName} --subnet SUBNET${nic}`,
    `az vm create -g ${group} -n ${shellWord(vm.name)} --size ${shellWord(vm.sizeName)} --os-type ${vm.osType} --nics ${nicName} --attach-os-disk ${disks.find(({ lun }) => lun === null)?.file ?? "DISK"}${data.length === 0 ? "" : ` --attach-data-disks ${data.join(" ")}`}`,
  ];
}
